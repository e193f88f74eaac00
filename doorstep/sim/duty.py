"""Who is on duty in a demo town: officers of the cast sign on themselves, the others over the radio; and where they are."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domains.command.units import duty, feed
from doorstep.domains.command.units.fixes import Fix
from doorstep.kernel import trust
from doorstep.rulebook.words import Refused
from doorstep.sim.staff import Staff

_RIDES = ("officer", "approver", "other_station")
"""Who of the cast has a unit: two of one station ride together."""
_WHY = "电台签到"


def sign_on(staff: Staff, *, all_units: bool) -> int:
    """The cast takes its cars, the first of the own station; with ``all_units`` the dispatcher signs on the others. How many."""
    known = [
        one["login"] for one in staff.place.cast if one["login"] in _RIDES and one["login"] in staff.known
    ]
    riding = sum(_own(staff, login) for login in known)
    if all_units:
        for one in _free(staff):
            with staff.enter("dispatcher") as viewer:
                riding += duty.sign_on(viewer, one, f"demo-on-{one}", crew=(), why=_WHY).state == "available"
    return riding


def _own(staff: Staff, login: str) -> int:
    with staff.enter(login) as viewer:
        own = [one for one in duty.roster() if one.unit_id == viewer.unit_id]
        if not own or duty.mine(viewer):
            return 0
        duty.sign_on(viewer, own[0].id, f"demo-on-{own[0].id}")
    return 1


def _free(staff: Staff) -> list[int]:
    """Units that are off duty; none in a place without a dispatcher."""
    if "dispatcher" not in staff.known:
        return []
    with staff.enter("dispatcher"):
        return [one.id for one in duty.roster() if one.state == "off"]


def report(token: str, duty_unit_id: int, fixes: Sequence[Fix]) -> bool:
    """Where a unit was, reported by somebody's session as a device would. False where it is not taken."""
    try:
        with trust.enter(token) as viewer:
            feed.report(viewer, duty_unit_id, fixes)
    except Refused:
        return False
    return True
