"""Who is sent to a call, and what each says: alerted together in one transaction, so in the same second.

A sending is a row for one duty unit and one call while it is out, and a duty unit is out once: the database holds to both. What
moves the matter moves the rows, whoever asks (`follow`), so that page, telephone and worker cannot differ.
"""

# ruff: noqa: S608 - statements are put together from the constants below, nothing that anybody sent
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError

from doorstep.domains.command.calls import force
from doorstep.domains.command.calls.machine import MACHINE, OUT
from doorstep.domains.command.calls.models import Sending
from doorstep.domains.command.calls.verbs import done_by, locked, operator
from doorstep.domains.command.units import duty
from doorstep.kernel import change
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.org import town
from doorstep.kernel.row import first, insert, rows, run
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook.flow import Happening, branch_of, step_of, token_of
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_OUT: Final = "where matter_id = %s and ended = ''"
_STEPS: Final = {
    "coming": ("answer",),
    "there": ("answer", "arrive"),
    "cleared": ("answer", "arrive", "work"),
}
"""What a duty unit says, and the steps that are behind it then: who forgot to say “coming” is there all the same."""
_SAYS: Final = {"answer": "coming", "arrive": "there", "work": "cleared"}
_STANDS: Final = {"answer": "moving", "arrive": "there"}
_MARK: Final = {"answer": "answered_at", "arrive": "there_at", "work": "finished_at"}


def send(
    viewer: Viewer, matter_id: UUID, *, units: Sequence[int], request_id: str, reason: Mapping[str, Any] | None = None,
    overridden_why: str = "", version: int | None = None,
) -> Done:  # fmt: skip
    """Alert these duty units at once. ``reason`` by unit's id: what advised it (with ``runner_up``); ``overridden_why``: why
    somebody else than advised. Who is out for this call already is not alerted again.

    Refused: "no-right", "not-found", "no-duty-unit" (409), "unit-busy" (409), "call.nobody" (422), "moved-on" (409), "ended" (409).
    """
    operator(viewer)

    def do() -> Done:
        opened = locked(matter_id, version)
        change.not_ended(opened)
        out = {one.duty_unit_id for one in rows(Sending, _OUT, matter_id)}
        wanted = [one for one in force.named(units) if one.id not in out]
        if not wanted and units:
            return change.done(opened.row)
        _free(wanted, matter_id)
        for one in wanted:
            told = dict((reason or {}).get(str(one.id)) or (reason or {}).get(one.id) or {})
            _alert(opened, one, told, overridden_why)
        codes = {"units": [one.id for one in wanted]} | (
            {"overridden": True} if overridden_why.strip() else {}
        )
        body = {"why": overridden_why.strip()} if overridden_why.strip() else {}
        done = done_by(
            viewer,
            opened,
            "handle",
            "send",
            given={"branches": [branch(one) for one in wanted]},
            codes=codes,
            body=body,
        )
        for one in wanted:
            force.occupy(one.id, matter_id, branch(one), "assigned")
        return done

    content = {"matter": str(matter_id), "units": list(units), "why": overridden_why}
    return once(viewer, "call_send", request_id, content, do, change.done_of)


def branch(unit: Any) -> str:
    """The name of a duty unit in the machine: the kernel takes the organisational unit behind the last dot."""
    return f"{unit.callsign}.{town().units[unit.unit_id].code}"


def _free(wanted: Sequence[Any], matter_id: UUID) -> None:
    busy = [one for one in wanted if one.on_matter not in (None, matter_id)]
    if busy:
        raise _busy("、".join(one.callsign for one in busy))


def _busy(who: str) -> Refused:
    words = Words(
        "{who} 正在办别的警情，先召回再派。什么都没有改动。",
        "{who} is out for another call; recall it first. Nothing was changed.",
    )
    return Refused("unit-busy", words.format(who=who), status=409)


def _alert(opened: change.Opened, unit: Any, told: dict[str, Any], overridden_why: str) -> None:
    runner_up = told.pop("runner_up", None)
    try:
        insert(Sending(
            id=uuid7(), matter_id=opened.row.id, branch=branch(unit), callsign=unit.callsign, duty_unit_id=unit.id,
            unit_id=unit.unit_id, alerted_at=opened.at, seen_at=None, answered_at=None, there_at=None, finished_at=None,
            late_at=None, ended="", reason=told, runner_up=runner_up, overridden_why=overridden_why.strip()[:200],
        ))  # fmt: skip
    except IntegrityError as twice:
        raise _busy(unit.callsign) from twice


def say(
    viewer: Viewer, matter_id: UUID, *, outcome: str, request_id: str, text: str = "", unit: int | None = None
) -> Done:
    """A duty unit says coming, there, cleared or cannot, by the telephone of one of its members; or an operator writes down what
    ``unit`` said by radio. Done when it is cleared with a word of how it ended; cannot with a reason.

    Refused: "no-right" for anybody else, "not-sent" (409) if it is not out for this call, "moved-on" (409), "reason".
    """
    if unit is None:
        viewer.need("duty")
    else:
        operator(viewer)
    if outcome not in (*_STEPS, "cannot"):
        raise Refused("outcome", Words("请选一个。", "Choose one."))
    if outcome in ("cleared", "cannot") and not text.strip():
        words = Words("写一句：怎么处置的，或者为什么去不了。", "A sentence: how it was settled, or why not.")
        raise Refused("reason", words, faults=(("/text", words),))

    def do() -> Done:
        locked(matter_id)
        mine = unit if unit is not None else getattr(force.mine(viewer), "id", None)
        out = first(Sending, f"{_OUT} and duty_unit_id = %s", matter_id, mine) if mine is not None else None
        if out is None:
            words = Words(
                "这起警情没有派您，或者已经召回。", "You are not out for this call, or were recalled."
            )
            raise Refused("not-sent", words, status=409)
        body = {"text": text.strip()[:1000]} if text.strip() else {}
        codes = {"unit": out.duty_unit_id} | ({"by_radio": True} if unit is not None else {})
        return _said(viewer, matter_id, out, outcome, codes, body)

    content = {"matter": str(matter_id), "outcome": outcome, "text": text, "unit": unit}
    return once(viewer, "call_say", request_id, content, do, change.done_of)


def _said(
    viewer: Viewer,
    matter_id: UUID,
    out: Sending,
    outcome: str,
    codes: Mapping[str, Any],
    body: Mapping[str, Any],
) -> Done:
    at = _open_step(locked(matter_id), out.branch)
    if outcome == "cannot":
        return done_by(viewer, locked(matter_id), token_of(at, out.branch), "cannot", codes=codes, body=body)
    steps = _STEPS[outcome]
    if at not in steps:
        raise change.moved_on()
    done = change.done(locked(matter_id).row)
    for step in steps[steps.index(at) :]:
        last = step == steps[-1]
        done = done_by(
            viewer,
            locked(matter_id),
            token_of(step, out.branch),
            _SAYS[step],
            codes=codes,
            body=body if last else {},
        )
    return done


def _open_step(opened: change.Opened, branch: str) -> str:
    found = (step_of(one) for one in opened.row.flow.get("open", {}) if branch_of(one) == branch)
    step = next((one for one in found if one in OUT), "")
    if not step:
        raise change.moved_on()
    return step


def seen(viewer: Viewer, matter_id: UUID) -> None:
    """The alert is on the telephone of the viewer's duty unit; the operator sees when. Nothing if it is not out for it."""
    mine = force.mine(viewer)
    if mine is not None:
        mark = (
            f"update sending set seen_at = clock_timestamp() {_OUT} and duty_unit_id = %s and seen_at is null"
        )
        run(mark, matter_id, mine.id)


def recall(
    viewer: Viewer, matter_id: UUID, *, request_id: str, units: Sequence[int] = (), why: str = ""
) -> Done:
    """Call these duty units back, or all that are out: they stand down together. Refused: "no-right", "not-found", "call.nobody"
    (422) if none is out, "call.not_out" (409).
    """
    operator(viewer)

    def do() -> Done:
        opened = locked(matter_id)
        out = rows(Sending, _OUT, matter_id)
        wanted = [one.branch for one in out if not units or one.duty_unit_id in units]
        body = {"why": why.strip()[:500]} if why.strip() else {}
        return done_by(viewer, opened, "handle", "recall", given={"branches": wanted}, body=body)

    content = {"matter": str(matter_id), "units": list(units), "why": why}
    return once(viewer, "call_recall", request_id, content, do, change.done_of)


def settle_next(viewer: Viewer, matter_id: UUID, *, branch: str, request_id: str) -> Done:
    """Nobody else needs to go in place of one who cannot. Refused: "no-right", "not-found", "flow.closed_step" (409)."""
    operator(viewer)

    def do() -> Done:
        return done_by(viewer, locked(matter_id), token_of("next", branch), "enough")

    content = {"matter": str(matter_id), "branch": branch}
    return once(viewer, "call_enough", request_id, content, do, change.done_of)


def follow(viewer: Viewer, opened: change.Opened, happened: Sequence[Happening]) -> None:
    """In the transaction of each verb: the rows of a call keep step with its matter. Refused: "no-right" for whoever answers for a
    duty unit that is not theirs, by whatever door.
    """
    if opened.flow.machine != MACHINE:
        return
    for one in happened:
        step = step_of(one.step)
        if one.kind == "step.closed" and step in OUT:
            _closed(viewer, opened, one)
        elif one.kind == "late" and step in OUT:
            run(
                f"update sending set late_at = %s {_OUT} and branch = %s",
                opened.at,
                opened.row.id,
                branch_of(one.step),
            )
    state, ended = opened.row.state, opened.row.closed_at
    if any(one.kind == "ended" for one in happened):
        run(
            "update call_place set state = %s, closed_at = %s where matter_id = %s",
            state,
            ended,
            opened.row.id,
        )


def _closed(viewer: Viewer, opened: change.Opened, one: Happening) -> None:
    step, name, matter_id = step_of(one.step), branch_of(one.step), opened.row.id
    out = first(Sending, f"{_OUT} and branch = %s", matter_id, name)
    if out is None:
        raise Refused("not-sent", Words("没有派过它。", "It was never sent."), status=409)
    _theirs(viewer, out)
    if one.outcome == _SAYS[step] and step != "work":
        _mark(out, _MARK[step], opened.at)
        force.occupy(out.duty_unit_id, matter_id, name, _STANDS[step])
        return
    if step == "work" and one.outcome == "cleared":
        _mark(out, _MARK[step], opened.at)
    ended = "closed" if one.outcome == "close" else one.outcome
    run("update sending set ended = %s where id = %s", ended, out.id)
    force.release(out.duty_unit_id, matter_id)


def _theirs(viewer: Viewer, out: Sending) -> None:
    """Only its members answer for a duty unit; the centre writes down what it hears, and recalls."""
    if viewer.kind == "system" or viewer.may("dispatch"):
        return
    if getattr(force.mine(viewer), "id", None) != out.duty_unit_id:
        raise refuse_right()


def _mark(out: Sending, column: str, at: datetime) -> None:
    run(f"update sending set {column} = %s where id = %s and {column} is null", at, out.id)


_PRESSED: Final = {"moving": "coming", "there": "there", "finished": "cleared", "broken": "cannot"}
_BY_KEY: Final = "按状态键报的"


def pressed(viewer: Viewer, standing: Any, state: str, why: str, request_id: str) -> bool:
    """A crew that is out pressed how it stands on its own page, or an operator set it: the call hears of it. False: it is nothing
    of a call.
    """
    outcome = _PRESSED.get(state)
    if outcome is None or standing.on_matter is None:
        return False
    by_radio = None if getattr(force.mine(viewer), "id", None) == standing.id else standing.id
    say(
        viewer,
        standing.on_matter,
        outcome=outcome,
        text=why or _BY_KEY,
        unit=by_radio,
        request_id=f"{request_id}-call",
    )
    if state == "broken":
        duty.set_state(viewer, standing.id, state, why or _BY_KEY, f"{request_id}-broken")
    return True


duty.ON_CALL.append(pressed)
change.followed_by(follow)
