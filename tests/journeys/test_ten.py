"""Ten unlike items, each from the first answer to its paper, as its own example tells it: over the API, by whoever a step
is given to. Nothing here knows an item: what is done is what the pack says."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest

from doorstep.domains import studio
from doorstep.rulebook import pack
from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.pack.profile import put
from tests.api.calls import Caller
from tests.cast import Cast, fresh

ITEMS = (
    "CR-001", "HZ-047", "HZ-051", "HZ-055", "JG-042", "JG-063", "WA-005", "ZA-002", "ZA-021", "ZH-001",
)  # fmt: skip
#: Who brings it through a channel, and where.
BRINGS = {"online": ("resident", "HW-1"), "hall": ("clerk2", "HALL-1"), "station": ("clerk", "HW-1")}
#: Codes of the town, for those of the examples.
HERE = {"example-station": "AL-LJ-LX", "example-county": "AL-LJ", "example-hall": "HALL-1"}
#: Who works for a unit.
STAFF = {
    "AL-LJ-HW": "clerk", "AL-HALL": "clerk2", "AL-LJ-LX": "approver", "AL-LJ": "county_approver", "AL": "city_approver",
}  # fmt: skip


def _example(one: pack.Pack) -> dict[str, Any]:
    """The first example that is brought where somebody of the cast is, and ends with a paper."""
    return next(
        raw
        for raw in one.raw["examples"]
        if raw["course"] == "granted" and raw["channel"] in BRINGS and raw["expect"].get("papers")
    )


class Life:
    """One matter, lived by the cast."""

    def __init__(self, cast: Cast, one: pack.Pack, example: Mapping[str, Any]) -> None:
        self.cast, self.one, self.example = cast, one, example
        self.role, self.point = BRINGS[example["channel"]]
        self.data = self._here(copy.deepcopy(dict(example["data"])))
        self.id = UUID(self._open())

    def ask(self, role: str, method: str, path: str, body: Any = None) -> Any:
        answer = Caller(role, self.cast[role].token).ask(method, path, body)
        assert answer.status_code in (200, 201), answer.content.decode()
        return answer.json()

    def _open(self) -> str:
        body: dict[str, Any] = {
            "item": self.one.code,
            "point": self.point,
            "channel": self.example["channel"],
            "data": self.data,
        }
        if self.role != "resident":
            me = self.cast.person("resident")
            body["parties"] = [{"role": "applicant", "name": me["name"], "id_no": me["id_no"]}]
        return str(self.ask(self.role, "POST", "matters", body)["id"])

    def _here(self, data: dict[str, Any]) -> dict[str, Any]:
        """The example's answers with people, places and files of this town."""
        people = {"applicant": self.cast.person("resident"), "other_parent": self.cast.person("neighbour")}
        for one in self.one.form.fields:
            value, (who, _, key) = at_pointer(data, one.pointer), one.fact.partition(".")
            if value is None:
                continue
            if one.widget == "upload":
                put(data, one.pointer, str(self.cast.upload(self.role, one.material)))
            elif who in people and key in people[who]:
                put(data, one.pointer, people[who][key])
            elif value in HERE.values() or (isinstance(value, str) and value in HERE):
                put(data, one.pointer, HERE.get(value, value))
        return data

    def do(self, move: Mapping[str, Any]) -> None:
        if "hears" in move:
            self._hear(move["step"], move["hears"])
            return
        step = self.one.flow.step(move["step"])
        body = {"step": move["step"], "outcome": move.get("outcome") or step.outcomes[0]}
        owner = self._owner(move["step"])
        if any(give.blank for give in self.one.gives):
            self._put_on_sheets(owner)
        self.ask(owner, "POST", f"matters/{self.id}/act", body)

    def _put_on_sheets(self, role: str) -> None:
        """What is printed on a numbered blank has its sheet named by whoever is next."""
        from doorstep.domains.blanks import bind, stock
        from doorstep.kernel import read

        with self.cast.enter(role) as viewer:
            found = read.read_matter(viewer, self.id, purpose=self.one.purpose)
            for sheet in (one for one in bind.sheets(found) if not one.serial):
                first = f"TEN{int(fresh(), 16) % 10**9:09d}"
                stock.receive(viewer, sheet.kind, first, 1)
                stock.issue(viewer, sheet.kind, first, 1)
                bind.bind(viewer, found, sheet.number, first)

    def _owner(self, step: str) -> str:
        from doorstep.kernel.models import Step
        from doorstep.kernel.org import town
        from doorstep.kernel.trust import enter_system

        with enter_system(self.id):
            row = Step.objects.get(matter_id=self.id, name=step, closed_at=None)
        return STAFF[town().units[row.unit_id].code] if row.unit_id else "resident"

    def _hear(self, step: str, said: str) -> None:
        """A connector, a payment or an appointment answers; another person signs."""
        from doorstep.kernel import matter
        from doorstep.kernel.models import Tie
        from doorstep.kernel.trust import enter_system

        if self.one.flow.step(step).kind == "sub":
            with self.cast.enter(self.role):
                part = Tie.objects.filter(matter_id=self.id, kind="child").latest("at").other_id
            outcome = "done" if said == "granted" else "refuse"
            self.ask("neighbour", "POST", f"matters/{part}/act", {"step": "sign", "outcome": outcome})
            return
        with enter_system(self.id) as system:
            matter.hear(system, self.id, step=step, said=said)

    def seen(self) -> Any:
        """The matter as its own person sees it."""
        return self.ask("resident", "GET", f"matters/{self.id}")


@pytest.mark.parametrize("code", ITEMS)
def test_A01_each_of_ten_unlike_items_is_finished_and_its_paper_made(
    cast: Cast, as_worker: Iterator[None], code: str
) -> None:
    one = pack.current(code)
    example = _example(one)
    life = Life(cast, one, example)
    for move in example["do"]:
        life.do(move)
    seen = life.seen()
    assert seen["closed_at"] and seen["state"] == example["expect"]["ended"]
    assert len(seen["papers"]) == len(example["expect"]["papers"])


def test_A01_ten_unlike_items_are_on_the_shelf_and_eleven_in_twelve_mistakes_are_noticed() -> None:
    tried = [studio.mutate(pack.current(code)) for code in ITEMS]
    assert [one.as_dict() for one in tried if one.as_dict()["share"] < 0.9] == []
    made, caught = sum(one.tried for one in tried), sum(one.caught for one in tried)
    assert caught / made > 11 / 12
