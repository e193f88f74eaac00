"""What a life waits for besides the police: another system's answer, another person's signature, money, a time.

The registers and the payment service are played here as the stand-ins play them, at the hour of the life; nothing is sent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from doorstep.domains.accounts import bound
from doorstep.domains.appointments import verbs as appointments
from doorstep.domains.family import kin
from doorstep.domains.payments import service
from doorstep.domains.payments import verbs as payments
from doorstep.kernel import call, child, matter, read, trust
from doorstep.kernel.models import Matter, Step
from doorstep.kernel.party import Person
from doorstep.kernel.row import at_once, fetch, first
from doorstep.kernel.trust import not_found
from doorstep.rulebook import clock
from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.region import calendar
from doorstep.sim import shift
from doorstep.standin import registers

if TYPE_CHECKING:
    from doorstep.sim.way import Way

_ONLINE = 0.7
"""How many of those with an account pay online."""


def look_at(matter_id: UUID) -> tuple[Matter, list[Step]]:
    """A matter as it stands, and what waits for somebody or something, in the order it came up. Within the life's transaction."""
    waits = "where matter_id = %s and closed_at is null order by opened_at, id"
    asked = ((None, "select trust.enter_system(%s)"), (Matter, "where id = %s"), (Step, waits))
    _, found, steps = at_once(*((model, sql, matter_id) for model, sql in asked))
    if not found:
        raise not_found()
    return found[0], steps


def answers_call(way: Way, step: Step, said: str | None) -> None:
    """The system that a call asks answers ``said``, or what it usually does."""
    with trust.enter_system(way.id) as system:
        asked = call.question(system, way.id, step.name)
        if asked is None:
            return
        said = said or asked.answers[0]
        on = calendar().day_of(clock.now()).isoformat()
        told = registers.look_up(asked.connector, dict(asked.tells), on)
        call.heard(system, way.id, step.name, asked, said, told if said == asked.answers[0] else {})


def signs(way: Way, step: Step, said: str) -> bool:
    """The other person signs, declines, or lets it pass. False if it has not run out yet."""
    child_id, row = _part(way, step)
    waits = _open_step(child_id)
    if waits is None:
        return False
    if said == "closed":
        return _passes(way, child_id, waits)
    outcome = "done" if said == "granted" else "refuse"
    person = at_pointer(way.life.data, way.asked(step).get("who", "/applicant")) or {}
    shown = Person(str(person.get("name", "")), str(person.get("id_no", "")), str(person.get("mobile", "")))
    login = way.life.signers.get(shown.id_no, "")
    with way.life.staff.enter(login or way.life.clerk) as viewer:
        if not login:
            child.let_in(viewer, row.number, shown, purpose=way.of.purpose)
        matter.act(
            viewer, child_id, step=waits.name, outcome=outcome, request_id=f"{way.request_id}-signed",
            present=None if login else shown,
        )  # fmt: skip
    return True


def _part(way: Way, step: Step) -> tuple[UUID, Matter]:
    """The matter that the other person signs."""
    with trust.enter_system(way.id):
        child_id = fetch("select matter_id from trust.children_of(%s, %s)", way.id, step.name)[-1][0]
    with trust.enter_system(child_id):
        row = first(Matter, "where id = %s", child_id)
    if row is None:
        raise not_found()
    return child_id, row


def _open_step(matter_id: UUID) -> Step | None:
    with trust.enter_system(matter_id):
        return first(Step, "where matter_id = %s and closed_at is null order by opened_at, id", matter_id)


def _passes(way: Way, child_id: UUID, waits: Step) -> bool:
    if waits.due_at is None or waits.due_at >= way.horizon:
        return False
    way.at = max(way.at, waits.due_at + timedelta(minutes=1))
    with clock.clock_at(way.at), trust.enter_system(child_id) as system:
        matter.mark_late(system, child_id, waits.name)
    return True


def message(way: Way, step: Step, said: str = "") -> bool:
    """What a wait is for comes, if it is something that this town knows; what a domain carries out ends as it is ``said``."""
    name = str(way.asked(step).get("message", ""))
    if name in (bound.ACCOUNT, bound.DOCUMENT):
        with trust.enter_system(way.id) as system:
            matter.hear(system, way.id, step=step.name, said=said or "done", message=name)
        return True
    known = {payments.MESSAGE: _paid, appointments.MESSAGE: _booked, kin.MESSAGE: _entered}
    answer = known.get(name)
    return answer is not None and answer(way)


def _paid(way: Way) -> bool:
    """Online for most who have an account, in cash at the window for all others."""
    life = way.life
    opens, closes = shift.half_day(way.at)
    online = life.wish.today or not opens <= way.at <= closes or way.chance.random() < _ONLINE
    if life.resident and service.available() and online:
        with life.staff.enter(life.resident) as viewer:
            address = payments.begin(viewer, read.read_matter(viewer, way.id), "/")
            payments.came_back(viewer, _signed(address, way.request_id))
        return True
    return shift.take_cash(way)


def _entered(way: Way) -> bool:
    with trust.enter_system(way.id) as system:
        kin.entered(system, way.id)
    return True


def _signed(address: str, reference: str) -> dict[str, str]:
    """What the payment service says of an order that was paid."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    told = {"order": asked["order"], "state": "paid", "amount": asked["amount"], "reference": reference}
    return told | {"sig": service.sign(told)}


def _booked(way: Way) -> bool:
    """A free time of the next days."""
    life = way.life
    with life.staff.enter(life.resident or life.clerk) as viewer:
        found = read.read_matter(viewer, way.id) if life.resident else shift.at_window(viewer, way.of, way.id)
        today = calendar().day_of(clock.now())
        soonest = 1 if life.wish.today else way.chance.randrange(1, 4)
        for later in range(soonest, appointments.DAYS_AHEAD):
            free = appointments.slots(found.hand_out, today + timedelta(days=later))
            if free:
                way.comes_at = way.chance.choice(free).at
                appointments.book(viewer, found, way.comes_at)
                return True
    return False
