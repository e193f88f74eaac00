"""The people every test may ask for, and who must be refused: the same town that the demonstration shows.

`cast["resident"]` has a token; `cast.enter("clerk")` opens her transaction; `cast["gone"]` left the force today and kept
an old token.
"""

from __future__ import annotations

import json
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from doorstep.kernel.idempotency import Done
    from doorstep.kernel.trust import Viewer


@dataclass(frozen=True)
class Member:
    """One person of the cast: how they sign in, and a token that is already theirs."""

    role: str
    name: str
    login: str
    password: str
    token: str


@dataclass(frozen=True)
class Cast:
    members: dict[str, Member]

    def __getitem__(self, role: str) -> Member:
        return self.members[role]

    def enter(self, role: str) -> AbstractContextManager[Viewer]:
        """A transaction in the scope of this person."""
        from doorstep.kernel import trust

        return trust.enter(self.members[role].token)

    def upload(self, role: str, material: str = "PHO") -> UUID:
        """A small picture uploaded by this person."""
        from doorstep.kernel import file
        from doorstep.sim.town import picture

        stored = file.receive([picture(1)])
        with self.enter(role) as viewer:
            return file.add(viewer, stored, material)

    def person(self, role: str = "resident") -> dict[str, str]:
        """Who somebody is by the own record; for staff, who has no record here, the person at the window."""
        from doorstep.kernel.party import own_person

        with self.enter(role) as viewer:
            own = own_person(viewer)
        if own is None:
            return {"name": "云小满", "id_no": "990101199003071288", "mobile": "19900000001"}
        return {"name": own.name, "id_no": own.id_no, "mobile": own.phone}

    def card(self, role: str, **changed: Any) -> dict[str, Any]:
        """The answers of a sound application for a temporary identity card: decided at Y, handed out at Z."""
        data: dict[str, Any] = {
            "applicant": self.person(role),
            "household": {"address": "橘园路 12 号 3-201", "station": "AL-LJ-LX"},
            "reason": "lost",
            "photo": str(self.upload(role)),
            "pick_up": {"point": "HALL-1"},
        }
        return data | changed

    def apply(self, role: str = "resident", **changed: Any) -> Done:
        """The resident applies online; the point X is the Hewan counter, where the clerk of the cast works."""
        from doorstep.kernel import matter

        data = self.card(role, **changed)
        with self.enter(role) as viewer:
            return matter.open_matter(
                viewer, item="HZ-078", point="HW-1", channel="online", data=data, request_id=fresh()
            )

    def act(self, role: str, matter_id: UUID, step: str, outcome: str = "done", **more: Any) -> Done:
        """This person finishes a step."""
        from doorstep.kernel import matter

        with self.enter(role) as viewer:
            return matter.act(
                viewer,
                matter_id,
                step=step,
                outcome=outcome,
                request_id=more.pop("request_id", fresh()),
                **more,
            )


def fresh() -> str:
    """A request id that nobody used."""
    return secrets.token_hex(8)


def make_cast(data_dir: Path) -> Cast:
    """Build the demo town without history and sign everybody in."""
    from doorstep.kernel import trust
    from doorstep.sim import town
    from doorstep.sim.office import open_office

    town.build(lambda _: None)
    rows = json.loads((data_dir / "demo.json").read_text())
    members = {
        r["role"]: Member(
            r["role"], r["name"], r["login"], r["password"], trust.sign_in(r["login"], r["password"])
        )
        for r in rows
    }
    login, password = f"gone-{fresh()}", "gone-1234"
    from doorstep.rulebook.region import region

    rights = list(region().roles["approver"])
    order = {"login": login, "password": password, "kind": "officer", "role": "approver", "rights": rights,
             "name": ["走了", "Gone"], "unit": 102, "assurance": 2}  # fmt: skip
    with open_office() as office:
        account = office.ask([{"make": order}])[0]
        token = trust.sign_in(login, password)
        office.ask([{"end": account}])
    members["gone"] = Member("gone", "走了", login, password, token)
    return Cast(members)
