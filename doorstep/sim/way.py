"""The way of one life's matter: by its example's course, each step by whoever has it, at an hour that could be.

A step that a layer put in between is done in the usual way. Some are slow, some never come, and what runs out meanwhile is marked
late at its hour, as the worker would have.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from doorstep.kernel import assign, matter, trust
from doorstep.kernel.models import Step
from doorstep.kernel.org import police_of, town
from doorstep.rulebook import clock, pack
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flow import CORRECT, step_of
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused
from doorstep.sim import after, answers, outside, shift

if TYPE_CHECKING:
    from doorstep.sim.life import Life

_LONGEST = 30
"""Turns that a life takes at most."""
_BY_CLERK = ("received", "hand_out")
_NEVER = {"applicant": 0.08, "wait": 0.12, "sub": 0.08, "unit": 0.03}
"""How many never do what waits for them, by whom it is."""
_SLOW = 0.05
"""How many steps of units are done after their time."""
_MOVED = 0.03
"""How many matters of a station are handed over to another."""
_GIVEN = 0.45
"""How much of what waits at a desk is somebody's."""
_HOLDERS = ("approver", "approver", "colleague")
_DESKS = ("competent", "county", "city")
_NO_SHOW = 0.15
"""How many who booked a time do not come then."""
_SLEEPS_UNTIL = 7
Move = Mapping[str, Any]


class Way:
    """From the application to the end, or to who has it this morning."""

    def __init__(self, life: Life, matter_id: UUID) -> None:
        self.life, self.id, self.chance, self.horizon = life, matter_id, life.chance, life.horizon
        self.at, self.turn = life.at, 0
        self.comes_at: datetime | None = None
        """For when a time is booked."""
        self.paid: UUID | None = None
        """The payment that was taken in cash."""
        self.moved = False
        self.row, self.waits = outside.look_at(matter_id)
        self.of = pack.version(bytes(self.row.pack))
        self.asked_unit = self.chance.choice(
            sorted(u.code for u in town().units.values() if u.kind == "station" and u.id != self.row.unit_id)
        )
        self.moves = [self._here(move) for move in life.example.get("do") or () if not move.get("error")]

    def go(self) -> None:
        """All of it."""
        while self.row.closed_at is None and self.turn < _LONGEST and self._turn():
            self.turn += 1
            self.row, self.waits = outside.look_at(self.id)
        if self.paid is not None and not self.life.wish.stop_at:
            shift.gives_back(self, self.paid)
        if self.row.closed_at is not None:
            after.afterwards(self)
        else:
            self._given_to()

    @property
    def request_id(self) -> str:
        """Of this turn: the same when it is lived again."""
        return f"life-{self.life.named}-{self.turn}"

    def _here(self, move: Move) -> Move:
        """The move with a unit of this town where the example asks one that is nowhere."""
        found = dict(move)
        for key in ("add", "step"):
            name, _, code = str(move.get(key, "")).rpartition("@")
            declared = self.of.flow.steps.get(name.removeprefix(CORRECT))
            if declared is not None and declared.by == "branch" and code not in town().by_code:
                found[key] = f"{name}@{self.asked_unit}"
        return found

    # ---- one turn ----

    def _turn(self) -> bool:
        """What happens next. False if nothing does before this morning."""
        moves = list(self.moves)
        move, step = self._next()
        if move is None:
            return self._runs_out(self.horizon)
        at = self._when(move, step)
        if self._runs_out(min(at or self.horizon, self.horizon)):
            if not move.get("late"):
                self.moves = moves  # it is still to be done, now late
            return True
        if at is None or at >= self.horizon:
            return False
        self.at = at
        if step is not None and self._is_for_others(step):
            self.moves = moves
            return self._hand_over(step)
        with clock.clock_at(at):
            return self._move(move, step)

    def _is_for_others(self, step: Step) -> bool:
        """Now and then it turns out that another station is in charge."""
        station = town().units[self.row.unit_id]
        here = step.by == "competent" and step.unit_id == station.id
        usual = here and station.kind == "station" and not self.moved
        wish = self.life.wish
        return usual and not (wish.stop_at or wish.course) and self.chance.random() < _MOVED

    def _hand_over(self, step: Step) -> bool:
        self.moved = True
        here = town().units[self.row.unit_id]
        near = sorted(
            u.code for u in town().units.values() if u.kind == here.kind and u.parent_id == here.parent_id
        )
        to = self.chance.choice([code for code in near if code not in (here.code, self.asked_unit)])
        with clock.clock_at(self.at), self.life.staff.enter(self.at_desk(step)) as viewer:
            matter.hand_over(
                viewer, self.id, unit=to, reason="住的地方归他们管", request_id=f"{self.request_id}-moved"
            )
        return True

    def _given_to(self) -> None:
        """Some of what waits at a desk was given to somebody there."""
        step = next((one for one in self.waits if one.unit_id and one.by in _DESKS), None)
        if (
            step is None
            or self.chance.random() > _GIVEN
            or town().units[int(step.unit_id or 0)].kind == "partner"
        ):
            return
        desk, post = self.at_desk(step), self.chance.choice(_HOLDERS)
        at = max(self.at, step.opened_at) + timedelta(minutes=self.chance.randrange(5, 90))
        if at >= self.horizon:
            return
        to = self.life.staff.id_of(self.life.staff.at(int(step.unit_id or 0), post))
        with clock.clock_at(at), self.life.staff.enter(desk) as viewer:
            assign.assign(viewer, self.id, step=step.name, to=to, request_id=f"{self.request_id}-given")

    def _next(self) -> tuple[Move | None, Step | None]:
        """The example's next move that can be, else the first step that waits done in the usual way; none when that is the
        applicant's.
        """
        first = self.moves[0] if self.moves else {}
        if first.get("withdraw") or ("add" in first and self._can_add(first["add"])):
            return self.moves.pop(0), None
        named = {one.name: one for one in self.waits}
        for place, move in enumerate(self.moves):
            if move.get("step") in named:
                del self.moves[: place + 1]
                return move, named[move["step"]]
        usual = next((one for one in self.waits if one.by != "applicant"), None)
        return ({"step": usual.name}, usual) if usual else (None, None)

    def _can_add(self, token: str) -> bool:
        """Does what it is added beside wait now?"""
        rule, waits = self.of.flow.step(token).adhoc, {step_of(one.name) for one in self.waits}
        return rule is None or not rule.while_ or not waits.isdisjoint(rule.while_)

    def _runs_out(self, at: datetime) -> bool:
        """The first step that is due before ``at`` is marked late at its hour. True if one was."""
        due = sorted((one.due_at, one.name) for one in self.waits if one.due_at and one.late_at is None)
        for when, name in due[:1]:
            if when >= at:
                break
            self.at = max(self.at, when + timedelta(minutes=1))
            with clock.clock_at(self.at), trust.enter_system(self.id) as system:
                matter.mark_late(system, self.id, name)
            return True
        return False

    # ---- when ----

    def _when(self, move: Move, step: Step | None) -> datetime | None:
        """When somebody gets to it; None if nobody does."""
        wish, by = self.life.wish, step.by if step else "applicant"
        if wish.stop_at == by or move.get("late"):
            return None
        if wish.stop_at or wish.today:
            return self.comes_at or self.at + timedelta(minutes=self.chance.randrange(8, 30))
        if by == "call":
            return self.at + timedelta(seconds=self.chance.randrange(2, 40))
        kind = by if by in _NEVER else "unit"
        if not wish.course and self.chance.random() < _NEVER[kind]:
            return None
        if step is None or kind != "unit":
            hours = self.chance.randrange(1, 40 if by != "wait" else 16)
            at = self.at + timedelta(hours=hours, minutes=self.chance.randrange(60))
            return self._awake(at) if self.life.resident else self.office(f"{max(1, hours // 3)} workhour")
        return self._at_a_desk(step)

    def _awake(self, at: datetime) -> datetime:
        """At night nobody does anything: in the morning, or later."""
        local = at.astimezone(calendar().zone)
        return at + timedelta(hours=_SLEEPS_UNTIL - local.hour) if local.hour < _SLEEPS_UNTIL else at

    def _at_a_desk(self, step: Step) -> datetime:
        """Within the time it has, in office hours; now and then after it."""
        if self.comes_at:
            came, self.comes_at = max(self.comes_at, self.at), None
            if self.chance.random() < _NO_SHOW:  # and comes without an appointment, some days later
                self.at = came + timedelta(hours=1)
                return self.office(f"{self.chance.randrange(8, 40)} workhour")
            return came + timedelta(minutes=self.chance.randrange(1, 12))
        if step.late_at is not None or step.due_at is None or step.by == "hand_out":
            return self.office(f"{self.chance.randrange(1, 14)} workhour")
        if self.chance.random() < _SLOW:
            return max(step.due_at, self.at) + timedelta(minutes=self.chance.randrange(20, 300))
        if step.due_at - self.at <= timedelta(hours=1.5):
            return min(self.at + timedelta(minutes=self.chance.randrange(3, 14)), step.due_at)
        found = self.office(f"{self.chance.choice((1, 1, 1, 2, 2, 3))} workhour")
        return found if found < step.due_at else max(self.at, step.due_at - timedelta(minutes=2))

    def office(self, later: str) -> datetime:
        """So many working hours from now, or a little before, as long as the office is open then."""
        due = clock.due(self.at, Limit.parse(later), calendar()).at
        early = due - timedelta(minutes=self.chance.randrange(1, 50))
        opens, _ = shift.half_day(due)
        return max(self.at + timedelta(minutes=3), early if early >= opens else due)

    # ---- who ----

    def _move(self, move: Move, step: Step | None) -> bool:
        """Do it. False if the way ends here, because what is waited for is beyond this town."""
        if step is None:
            self._apart(move)
        elif step.by == "call":
            outside.answers_call(self, step, move.get("hears"))
        elif step.by == "sub":
            return outside.signs(self, step, move.get("hears") or "granted")
        elif step.by == "wait":
            return outside.message(self, step, str(move.get("hears") or ""))
        elif step.by == "applicant":
            self._mine(move, step)
        else:
            self._act(move, step, self.at_desk(step))
        return True

    def _apart(self, move: Move) -> None:
        if move.get("withdraw"):
            life = self.life
            with life.staff.enter(life.resident or life.staff.at(life.x.unit_id, "clerk")) as viewer:
                present = None if life.resident else life.person
                matter.withdraw(viewer, self.id, request_id=self.request_id, reason="不办了", present=present)
            return
        row, by = self.row, str(move.get("by", "competent"))
        above = {
            "received": police_of(town().units[self.life.x.unit_id]).id,
            "county": row.county or row.city,
            "city": row.city,
        }
        unit = int(above.get(by) or row.unit_id)
        with self.life.staff.enter(self.life.staff.at(unit, "colleague")) as viewer:
            matter.add_step(
                viewer, self.id, step=move["add"], request_id=self.request_id, reason="请核对登记里的记载，答复我们",
                days=2 if self.of.flow.step(move["add"]).extends else None,
            )  # fmt: skip

    def _mine(self, move: Move, step: Step) -> None:
        """The applicant's own, online or at the window where it was brought."""
        life = self.life
        life.hands = life.resident or life.clerk
        fixed = answers.changed(self.of.form, life.data, move.get("change") or {}, life.town)
        with clock.clock_at(self.at), life.staff.enter(life.hands) as viewer:
            matter.act(
                viewer, self.id, step=step.name, outcome=move.get("outcome") or "done", data=fixed,
                request_id=self.request_id, present=None if life.resident else life.person,
            )  # fmt: skip
        life.data = fixed

    def _act(self, move: Move, step: Step, login: str) -> None:
        declared = self.of.flow.step(step.name)
        outcome = move.get("outcome") or (declared.outcomes[0] if declared.outcomes else "done")
        try:
            self._done(move, step, login, outcome)
        except Refused as no:
            if no.code != "no-blank":
                raise
            shift.on_blanks(self, login)
            self._done(move, step, login, outcome)

    def _done(self, move: Move, step: Step, login: str, outcome: str) -> None:
        why = move.get("reason") or self._why(step, outcome)
        faults = [{"field": "", "reason": why, "text": "补交的材料里才看出来"}] if outcome == "return" else []
        with self.life.staff.enter(login) as viewer:
            matter.act(
                viewer, self.id, step=step.name, outcome=outcome, reason=why, faults=faults if why in self._known(outcome) else (),
                data=self._writes(move, step, outcome), request_id=self.request_id,
            )  # fmt: skip

    def _writes(self, move: Move, step: Step, outcome: str) -> Any:
        """What the officer writes at this step: as the example says, or as another of the same item."""
        if "data" in move or outcome in ("return", "refuse") or step_of(step.name) not in self.of.fills:
            return move.get("data")
        return self.of.writes(step.name, move)

    def _known(self, outcome: str) -> Mapping[str, Any]:
        return self.of.reasons.get(outcome, {})

    def _why(self, step: Step, outcome: str) -> str:
        """A reason of the pack, or the answer of a unit that was asked, where the example leaves it open."""
        if self.of.flow.step(step.name).by == "branch":
            return "核对过了，登记属实"
        return next(
            iter(self.of.reasons.get(outcome, {})),
            "理由写在决定里" if outcome in ("return", "refuse") else "",
        )

    def at_desk(self, step: Step) -> str:
        """The login of whoever does a unit's step."""
        unit = int(step.unit_id or 0)
        if town().units[unit].kind == "partner":
            return self.life.staff.bringer(town().points[self.row.hand_out_id])
        return self.life.staff.at(unit, self.life.post if step.by in _BY_CLERK else "approver")

    def asked(self, step: Step) -> Mapping[str, Any]:
        """What the pack says of a step that waits."""
        found: Mapping[str, Any] = self.of.asks.get(step_of(step.name), {})
        return found
