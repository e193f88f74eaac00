"""A duty unit that is on duty past its shift: after a grace its crew is asked, after another one the dispatcher is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from doorstep.domains.command.units import duty, region, status
from doorstep.domains.command.units.duty import Standing
from doorstep.kernel.idempotency import Done
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words

LONGER: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(hours=36)
WHY: Final = Words("班到点了", "The shift was over")


def crew_asked(unit: Standing, now: datetime) -> bool:
    """Whether its crew is to say that they go off or stay: past the grace, and not out for anything."""
    return _over(unit, now) > region.told().grace


def centre_asked(units: Iterable[Standing], now: datetime) -> list[Standing]:
    """Of which units nobody said anything for another grace, the longest first."""
    late = [one for one in units if _over(one, now) > 2 * region.told().grace]
    return sorted(late, key=lambda one: one.shift_to or now)


def stay(viewer: Viewer, duty_unit_id: int, request_id: str) -> Done:
    """It stays on duty for another hour, as its crew or whoever commands it says. Refused: "no-right", "off-duty" (409), "long"
    (409) for a shift of more than 36 hours.
    """
    was, mine, until = duty.one(duty_unit_id), duty.mine(viewer), clock.now() + LONGER
    if was.state == status.OFF or was.shift_from is None:
        raise duty.off_duty()
    if until > was.shift_from + _LONGEST:
        words = Words(
            "连续在班不能超过 36 小时，请换人。", "No shift is longer than 36 hours: let others take over."
        )
        raise Refused("long", words, status=409)
    crew = (viewer.account_id,) if mine and mine.id == duty_unit_id else ()
    return duty.sign_on(viewer, duty_unit_id, request_id, crew=crew, until=until)


def _over(unit: Standing, now: datetime) -> timedelta:
    """How long it is past its end; nothing while it could not go off anyhow."""
    if unit.shift_to is None or unit.on_matter or status.OFF not in status.NEXT[unit.state]:
        return timedelta()
    return now - unit.shift_to
