"""Is everyone all right? Asked by whoever commands a unit, or by the clock; its crew answers; silence goes to the dispatcher."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from doorstep.domains.command.units import duty, region
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import SYSTEM, Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

ANSWERS: Final = {
    "well": Words("都平安", "All of us are well"),
    "help": Words("要支援", "We need help"),
}
THERE_FOR: Final = timedelta(minutes=20)
"""After so long at a call the clock asks."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question that is open, or was answered "help". ``late``: nobody answered in time."""

    id: UUID
    duty_unit_id: int
    callsign: str
    asked_at: datetime
    due_at: datetime
    late: bool
    answer: str
    asked_by: UUID

    @property
    def by_clock(self) -> bool:
        return self.asked_by == SYSTEM


def ask(viewer: Viewer, duty_unit_id: int, request_id: str) -> Done:
    """Ask a unit. Refused: "no-right", "off-duty" (409), "asked" (409) while it has not answered."""

    def do() -> Done:
        stands, now, fresh = duty.one(duty_unit_id), clock.now(), uuid7()
        due = now + region.told().answer_within
        duty.refuse(fetch("select trust.safety_ask(%s, %s, %s, %s)", fresh, stands.id, now, due))
        return Done(fresh, stands.callsign, "asked", 1)

    return once(viewer, "safety_ask", request_id, {"unit": duty_unit_id}, do, _done)


def answer(viewer: Viewer, check_id: UUID, said: str, request_id: str) -> Done:
    """The crew's answer, or what whoever commands them heard. Refused: "no-answer", "no-right", "answered" (409)."""
    if said not in ANSWERS:
        raise Refused("no-answer", Words("请选“都平安”或“要支援”。", "Choose “all well” or “we need help”."))

    def do() -> Done:
        duty.refuse(fetch("select trust.safety_answer(%s, %s, %s)", check_id, said, clock.now()))
        return Done(check_id, "", said, 1)

    return once(viewer, "safety_answer", request_id, {"check": str(check_id), "said": said}, do, _done)


def open_checks(duty_unit_id: int | None = None) -> list[Check]:
    """What waits for an answer, and who asked for help in the last hour; of all units the viewer sees, or of one. Worst first."""
    now = clock.now()
    found = fetch(
        """select s.id, s.duty_unit_id, d.callsign, s.asked_at, s.due_at,
          s.late_at is not null or (s.answered_at is null and s.due_at <= %s),
          s.answer, s.asked_by from safety_check s join duty_unit d on d.id = s.duty_unit_id
        where (s.answered_at is null or s.answer = 'help' and s.answered_at > %s) and (%s::int is null or d.id = %s)
        order by s.answer = 'help' desc, s.due_at""",
        now, now - timedelta(hours=1), duty_unit_id, duty_unit_id,
    )  # fmt: skip
    return [Check(*row) for row in found]


def watch() -> int:
    """Ask units that have been at their call for long; say of what nobody answered in time that it is late. Returns how many."""
    now = clock.now()
    asked = fetch("select trust.safety_round(%s, %s, %s)", now, THERE_FOR, region.told().answer_within)
    return int(asked[0][0]) + int(fetch("select trust.safety_late(%s)", now)[0][0])


def _done(check_id: UUID) -> Done:
    return Done(check_id, "", "", 1)
