"""Parent and child: a ``sub`` step opens a matter of its own, whose end reaches the step in the same transaction.

Whoever moves one of the two may not see the other: the database lets the verb in by their tie (``sql/family.sql``), and
all verbs on a family wait for each other at its root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection

from doorstep.kernel import change
from doorstep.kernel.begin import bring
from doorstep.kernel.models import Tie
from doorstep.kernel.org import town
from doorstep.kernel.party import HELD, Person, find_or_add, people
from doorstep.kernel.trust import Viewer, keys, not_found
from doorstep.rulebook import clock, pack
from doorstep.rulebook import flow as flows
from doorstep.rulebook.field import Fault, at_pointer
from doorstep.rulebook.flow import Happening, State
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.machine import Command, move
from doorstep.rulebook.words import Refused, Words

_LEFT = ("cancelled", "withdrawn", "lapsed")


def follow(viewer: Viewer, opened: change.Opened, happened: Sequence[Happening]) -> None:
    """What a move of one matter means for its children and its parent."""
    for one in happened:
        asked = opened.pack.asks.get(flows.step_of(one.step), {})
        if asked.get("kind") == "sub" and one.kind == "step.opened":
            _open(viewer, opened, one.step, asked)
        elif asked.get("kind") == "sub" and one.outcome in _LEFT and not asked.get("keeps_on"):
            _call_off(viewer, opened, one)
    if opened.row.tied and any(one.kind == "ended" for one in happened):
        _report(viewer, opened)


change.followed_by(follow)


@contextmanager
def _family(matter_id: UUID) -> Iterator[None]:
    """Let this transaction see one more matter: a parent, a child, or one that is being opened."""
    if not _one("select trust.enter_family(%s)", matter_id):
        raise not_found()
    yield
    _one("select trust.leave_family()")


def _one(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _open(viewer: Viewer, opened: change.Opened, step: str, asked: Mapping[str, Any]) -> None:
    row, found, child_id = opened.row, pack.current(asked["item"]), uuid7()
    person, party_id = _whose(viewer, opened, found, asked)
    data = _copied(found, opened.data, asked, person)
    points = town().points
    with _family(child_id):
        made = bring(
            viewer, found.code, data, at_point=points[row.point_id], channel=row.channel, hand_out=points[row.hand_out_id].code,
            person=person, party_id=party_id, origin=row.id, step=step, watched_by=row.unit_id, matter_id=child_id,
        )  # fmt: skip
        if person is not None:
            change.check_name(party_id, person)
        tie = Tie(id=uuid7(), matter_id=row.id, other_id=child_id, kind="child", step=step, at=clock.now())
        tie.save(force_insert=True)
    row.tied = True
    codes = {"to": str(child_id), "item": found.code, "step": step}
    change.told(viewer, opened, "part_opened", codes, {"number": made.row.number})


def _whose(
    viewer: Viewer, opened: change.Opened, found: pack.Pack, asked: Mapping[str, Any]
) -> tuple[Person | None, UUID | None]:
    """The person whose matter it will be: as the answers name somebody, else the applicant of this one."""
    mine = opened.row.applicant_id
    if "who" not in asked:
        return (people([mine]).get(mine) if mine else None), mine
    said = at_pointer(opened.data, asked["who"]) or {}
    person = Person(str(said.get("name", "")), str(said.get("id_no", "")), str(said.get("mobile", "")))
    party_id = find_or_add(viewer, person, purpose=found.purpose)
    if party_id == mine:
        words = Words(
            "另一方不能是您自己，请核对号码。", "The other person cannot be yourself; check the number."
        )
        raise Refused("same-person", words, faults=((f"{asked['who']}/id_no", words),))
    return person, party_id


def _copied(
    found: pack.Pack, answers: Any, asked: Mapping[str, Any], person: Person | None
) -> dict[str, Any]:
    """The answers that a child is opened with."""
    own = {one.pointer: getattr(person, HELD[one.fact], "") for one in found.form.fields if one.fact in HELD}
    own |= {to: at_pointer(answers, of) for to, of in (asked.get("copies") or {}).items()}
    data: dict[str, Any] = {}
    for pointer, value in own.items():
        *groups, last = pointer.split("/")[1:]
        at = data
        for group in groups if value not in (None, "") else ():
            at = at.setdefault(group, {})
        if value not in (None, ""):
            at[last] = value
    return data


def _children(matter_id: UUID, step: str) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("select matter_id from trust.children_of(%s, %s)", [matter_id, step])
        return [row[0] for row in cursor.fetchall()]


def _call_off(viewer: Viewer, opened: change.Opened, left: Happening) -> None:
    """The parent does not wait any more: the child that is still open ends too."""
    for child_id in _children(opened.row.id, left.step)[-1:]:
        with _family(child_id):
            child = change.lock(child_id, asked=True)
            if child.row.closed_at is not None:
                continue
            state = State.from_json(child.row.flow)
            back = left.outcome == "withdrawn" and flows.may_withdraw(child.flow, state)
            state, happened = move(child.flow, state, Command("withdraw" if back else "stop"), {}, child.at)
            change.finish(viewer, child, "called_off", state, happened, {}, {})


def waited_for(opened: change.Opened) -> tuple[Happening, ...]:
    """The open steps that wait for a child which ends when nobody waits any more, as if they were cancelled."""
    asks = opened.pack.asks
    waits = (
        step
        for step in State.from_json(opened.row.flow).open
        if asks.get(flows.step_of(step), {}).get("kind") == "sub"
    )
    return tuple(
        Happening("step.closed", step, outcome="cancelled")
        for step in waits
        if not asks[flows.step_of(step)].get("keeps_on")
    )


def call_off(viewer: Viewer, opened: change.Opened, left: Sequence[Happening]) -> None:
    """The matter has gone another way: the children that it waited for end. Only after it has been written."""
    for one in left:
        _call_off(viewer, opened, one)


def _report(viewer: Viewer, child: change.Opened) -> None:
    """The child has ended: its state is the answer that the parent's step waits for, if it still does."""
    with connection.cursor() as cursor:
        cursor.execute("select matter_id, step from trust.parent_of(%s)", [child.row.id])
        found = cursor.fetchone()
    if found is None:
        return
    parent_id, step = found
    with _family(parent_id):
        up = change.lock(parent_id, asked=True)
        state = State.from_json(up.row.flow)
        if state.ended or step not in state.open or _children(parent_id, step)[-1:] != [child.row.id]:
            return
        facts = up.pack.facts(up.data, channel=up.row.channel)
        state, happened = move(up.flow, state, Command("answer", step, child.row.state), facts, up.at)
        codes = {"step": step, "said": child.row.state, "from": str(child.row.id)}
        change.finish(viewer, up, "heard", state, happened, codes, {})


def let_in(viewer: Viewer, number: str, person: Person, *, purpose: str) -> UUID:
    """Somebody came to a window with the number of an open matter of theirs: this unit may see it for a day.

    Refused: "no-right", "not-found" if number and identity number do not belong together.
    """
    viewer.need("receive")
    tokens = keys().blind("number", number.strip()), keys().blind("id_no", person.id_no)
    found: UUID | None = _one("select trust.let_in(%s, %s, %s)", *tokens, purpose)
    if found is None:
        raise not_found()
    return found


def signed_faults(opened: change.Opened, answers: Any) -> tuple[Fault, ...]:
    """Answers that another person has signed and that a correction would change, or that a signer would change."""
    words = Words(
        "这一项对方已经签过，不能再改；要改请撤回重办。",
        "Somebody has signed this; to change it, withdraw and begin anew.",
    )
    if opened.pack.part_of:
        words = Words(
            "这一项是请您签的内容，不能改；不同意就选不同意。",
            "This is what you are asked to sign and cannot be changed; you may decline.",
        )
        fixed = [
            one.pointer for one in opened.pack.form.fields if at_pointer(opened.data, one.pointer) is not None
        ]
    else:
        decided = State.from_json(opened.row.flow).decided
        signed = [one for name, one in opened.pack.asks.items() if decided.get(f"{name}.answer") == "granted"]
        fixed = [
            of
            for one in signed
            for of in (*(one.get("copies") or {}).values(), *([one["who"]] if "who" in one else ()))
        ]
    return tuple(Fault(of, words) for of in fixed if at_pointer(opened.data, of) != at_pointer(answers, of))
