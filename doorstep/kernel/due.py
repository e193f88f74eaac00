"""When a matter and its open steps are due: counted from what is recorded, so that it can always be counted anew.

The promise counts from acceptance. What pauses lets the whole stand still, and the open steps of its block with it; each
extension that was granted is counted on. All of this stands in step rows and event headers, and survives erasure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson

from doorstep.kernel.models import Matter, Step
from doorstep.kernel.row import fetch, rows, run
from doorstep.rulebook import clock
from doorstep.rulebook.clock import Due, Limit, Pause
from doorstep.rulebook.flow import Flow, Happening, branch_of, step_of
from doorstep.rulebook.flow_shape import within
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import calendar

_TOLD = """select kind, at, header from event where matter_id = %s
and kind in ('opened', 'reclassified', 'repinned', 'acted') order by seq"""


def accept(row: Matter, found: Pack, at: datetime) -> None:
    """The application is accepted: the law of this day holds, and the promise counts from now."""
    row.law_date = calendar().day_of(at)
    _set(row, clock.due(at, found.promise_on(row.law_date), calendar()))


def at_once(row: Matter, found: Pack, happened: Sequence[Happening], at: datetime) -> None:
    """What is promised at once waits for nobody but a connector, or the officer who has to look: until their step is due."""
    if row.due_at is None or found.promise_on(row.law_date).value:
        return
    flow = found.flow_on(row.law_date)
    for one in happened:
        if one.kind == "step.opened" and one.limit and _looked_at(flow, one.step):
            until = clock.due(at, one.limit, calendar())
            if until.at > row.due_at:
                _set(row, until)


def touched(flow: Flow, happened: Sequence[Happening]) -> bool:
    """Whether what happened lets the whole stand still or go on again, or makes it longer."""
    steps = (
        (one, flow.steps[step_of(one.step)])
        for one in happened
        if one.kind in ("step.opened", "step.closed", "late")
    )
    return any(step.pauses or (step.extends and one.kind == "step.closed") for one, step in steps)


def recount(row: Matter, found: Pack, now: datetime) -> bool:
    """Count the matter and its open steps anew, by the calendar as it is now. True if nothing of it is provisional.

    The rows alone change: what was promised is the limit, and that stands in the pack and in the chain.
    """
    steps, told = rows(Step, "where matter_id = %s order by opened_at, id", row.id), _told(row, found)
    flow = found.flow_on(row.law_date)
    still = [
        (one.name, Pause(one.opened_at, one.closed_at or max(one.due_at or now, now)))
        for one in steps
        if (step := flow.steps.get(step_of(one.name))) and step.pauses
    ]
    counted = [_step(flow, one, still, told, now) for one in steps if one.closed_at is None]
    whole = _whole(row, found, steps, [pause for _, pause in still], told)
    if whole is not None:
        at_hand = (
            [due for one, due in counted if due and _looked_at(flow, one.name)]
            if not told.promise.value
            else []
        )
        _set(row, max([whole, *at_hand], key=lambda due: due.at))
        run(
            "update matter set due_at = %s, provisional = %s where id = %s",
            row.due_at,
            row.provisional,
            row.id,
        )
    return not any(due.provisional for _, due in counted if due) and not row.provisional


@dataclass(slots=True)
class _Told:
    """What the chain says: since when the matter is what it is, what was promised, and what was granted besides, when."""

    since: datetime
    promise: Limit
    longer: list[tuple[datetime, Limit]] = field(default_factory=list)


def _told(row: Matter, found: Pack) -> _Told:
    told = _Told(row.opened_at, found.promise_on(row.law_date))
    for kind, at, header in fetch(_TOLD, row.id):
        codes = orjson.loads(header)
        if kind in ("opened", "reclassified"):
            told = _Told(at, found.promise_on(row.law_date))
        if "promise" in codes:
            told.promise = Limit.parse(codes["promise"])
        if "longer" in codes:
            told.longer.append((at, Limit.parse(codes["longer"])))
    return told


def promised(row: Matter, found: Pack) -> Limit:
    """What was promised when it was accepted, whatever version it goes by now."""
    return _told(row, found).promise


def _whole(
    row: Matter, found: Pack, steps: Sequence[Step], pauses: Sequence[Pause], told: _Told
) -> Due | None:
    """When the whole is due; None while it is not accepted."""
    if row.due_at is None:
        return None
    accepted = [
        one.closed_at
        for one in steps
        if one.closed_at and one.closed_at >= told.since and found.accepts(one.name, one.outcome)
    ]
    since = accepted[-1] if accepted else told.since
    more = [limit for at, limit in told.longer if at >= since]
    return clock.extended(since, [told.promise, *more], calendar(), pauses)


def _step(
    flow: Flow, one: Step, still: Sequence[tuple[str, Pause]], told: _Told, now: datetime
) -> tuple[Step, Due | None]:
    """An open step counted anew. Those of the police stand still with the whole, and are extended with it."""
    step = flow.steps.get(step_of(one.name))
    if step is None or step.limit is None:
        return one, None
    shares = step.place >= 0 and one.unit_id is not None
    paused = [
        pause
        for name, pause in still
        if shares and within(branch_of(name), branch_of(one.name)) and name != one.name
    ]
    more = [limit for at, limit in told.longer if shares and at >= one.opened_at]
    due = clock.extended(one.opened_at, [step.limit, *more], calendar(), paused)
    if (due.at, due.provisional) != (one.due_at, one.provisional):
        remind = clock.reminder(due.at, step.remind, calendar()) if step.remind else None
        run(
            "update step set due_at = %s, provisional = %s, remind_at = %s, late_at = %s where id = %s",
            due.at, due.provisional, remind if remind and remind > now else None,
            one.late_at if due.at <= now else None, one.id,
        )  # fmt: skip
    return one, due


def _looked_at(flow: Flow, token: str) -> bool:
    """Whether a step is one that a connector answers or the police do; what the applicant or the counter keeps is not."""
    step = flow.steps[step_of(token)]
    return step.kind == "call" or step.by in ("received", "competent", "county", "city", "branch")


def _set(row: Matter, due: Due) -> None:
    row.due_at, row.provisional = due.at, due.provisional


def provisional(before: datetime, most: int) -> Iterator[UUID]:
    """The matters with a due time that was counted into a year without a calendar, and falls ``before`` (worker role)."""
    yield from dict.fromkeys(
        one for one, _ in fetch("select matter_id, name from trust.provisional_steps(%s, %s)", before, most)
    )
