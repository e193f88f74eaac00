"""The call-back that a bad rating opens: to a unit that had no hand in the matter, with a deadline; nothing of it reaches who had.

It is a matter of its own, tied to nothing. With the person's consent it names them and the matter; without, it says only which
unit, which item and what was written, so that it can be mended though nobody can be called. "Unfounded" is never the word of the
unit that looked into it: a second one decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from doorstep.domains.ratings.machine import MACHINE
from doorstep.kernel import change
from doorstep.kernel.begin import bring
from doorstep.kernel.org import town
from doorstep.kernel.trust import SYSTEM, Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.flow import State
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.machine import Command, move
from doorstep.rulebook.words import Refused, Words

_TELLING: Final = re.compile(r"[0-9A-Za-z０-９]{6,}|\S+@\S+")
"""Numbers, addresses of mail and the like by which somebody could be known."""


def kind() -> pack.Pack:
    """The pack of call-backs: the one that the machine moves. Refused: "no-item" if this town has none."""
    found = next((one for one in pack.every() if one.raw["flow"].get("machine") == MACHINE), None)
    if found is None:
        raise Refused(
            "no-item", Words("没有配置评价回访。", "No pack for call-backs is offered."), status=503
        )
    return found


def open_call_back(vote_id: UUID, text: str, *, named: bool) -> None:
    """Open the call-back of a bad vote, as the system: no session that rated stands in it. The scope of the caller is
    restored afterwards.
    """
    found, fresh = kind(), uuid7()
    with scope_kept() as cursor:
        cursor.execute("select ratings.begin_call_back(%s, %s)", [vote_id, fresh])
        about = _json(cursor.fetchone()[0])
        if about is not None:
            _bring(found, fresh, about, text, named)


@contextmanager
def scope_kept() -> Iterator[Any]:
    """A cursor whose functions may make the caller the system; afterwards the caller's own scope is back."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('doorstep.ctx', true)")
        mine = cursor.fetchone()[0] or ""
        yield cursor
        cursor.execute("select set_config('doorstep.ctx', %s, true)", [mine])


def end_call_back(matter_id: UUID) -> None:
    """End a call-back whose rating was entered wrongly, as the system, whose scope the transaction has for it already."""
    system = Viewer(account_id=SYSTEM, kind="system", name=Words("系统", "System"))
    opened = change.lock(matter_id)
    state, happened = move(opened.flow, State.from_json(opened.row.flow), Command("withdraw"), {}, opened.at)
    change.finish(
        system,
        opened,
        "withdrawn",
        state,
        happened,
        {},
        {"reason": "评价录错了 · the rating was entered wrongly"},
    )


def _bring(found: pack.Pack, fresh: UUID, about: Mapping[str, Any], text: str, named: bool) -> None:
    units = town().units
    first, second, above = reviewers(int(about["unit"]), set(about["hands"]))
    data: dict[str, Any] = {
        "about": {
            "item": about["item"],
            "unit": units[about["unit"]].code,
            "level": str(about["level"]),
        },
        "call": {"unit": units[first].code, "second": units[second].code, "above": units[above].code},
    }
    if named:
        data["about"]["number"] = about["number"]
    if text:
        data["about"]["words"] = text if named else screened(text)
    system = Viewer(account_id=SYSTEM, kind="system", name=Words("系统", "System"))
    change.validate(system, found, data, None)
    bring(
        system, found.code, data, at_point=_points(first)[0], channel=found.channels[0], hand_out=None, person=None,
        party_id=UUID(about["party"]) if named and about["party"] else None, matter_id=fresh,
    )  # fmt: skip


def screened(text: str) -> str:
    """``text`` without numbers and addresses by which its writer could be known."""
    return _TELLING.sub("…", text)


def reviewers(unit_id: int, hands: set[int]) -> tuple[int, int, int]:
    """Who looks into a bad rating of ``unit_id``, who decides whether it was unfounded, and who presses when that is late: the
    nearest unit above without a hand in it, one beside that or above, and the next above it without a hand, else the second.
    Refused: "no-reviewer" if the town has no two such units.
    """
    units = town().units
    above, here = [], units[unit_id]
    while here.parent_id is not None:
        here = units[here.parent_id]
        above.append(here)
    bureaus = (u for u in units.values() if u.kind in ("county", "city"))
    beside = sorted(bureaus, key=lambda u: (u.kind != "county", u.id))
    free = [u for u in dict.fromkeys([*above, *beside]) if u.id not in hands and u.active and _points(u.id)]
    if len(free) < 2:
        raise Refused(
            "no-reviewer",
            Words(
                "没有两个未经手的单位来回访。",
                "There are no two units without a hand in it to look into this.",
            ),
            status=503,
        )
    second = next((u for u in free[1:] if u.kind == free[0].kind), free[1])
    over = next((u for u in above if u in free[1:]), second)
    return free[0].id, second.id, over.id


def phone_beside(unit_id: int, hands: set[int]) -> str:
    """Where one can ring to have a rating of ``unit_id`` written down by a unit without a hand in it; empty if there is none."""
    try:
        first, *_ = reviewers(unit_id, hands)
    except Refused:
        return ""
    return next((str(p.phone) for p in _points(first) if p.phone), "")


def _points(unit_id: int) -> list[Any]:
    return sorted((p for p in town().points.values() if p.unit_id == unit_id), key=lambda p: p.id)


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value
