"""The duty units as calls see them: who is on duty, whose telephone this is, and that somebody is taken or free again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from doorstep.domains.command.units import duty
from doorstep.domains.command.units.status import BROKEN, OFF
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words

_AWAY: Final = (OFF, BROKEN)


def standing() -> list[Any]:
    """Duty units that could be sent: on duty and in order."""
    return [one for one in duty.standing() if one.state not in _AWAY]


def named(ids: Sequence[int]) -> list[Any]:
    """These duty units. Refused: "no-duty-unit" (409) if one of them is not on duty, or out of order."""
    found = {one.id: one for one in duty.standing(tuple(ids)) if one.state not in _AWAY}
    if missing := [one for one in ids if one not in found]:
        words = Words(
            "选的警力里有已经下班或者故障的，请重新选。",
            "One of those is not on duty any more or out of order; choose again.",
        )
        raise Refused(
            "no-duty-unit", words, status=409, faults=tuple((f"/units/{m}", words) for m in missing)
        )
    return [found[one] for one in dict.fromkeys(ids)]


def mine(viewer: Viewer) -> Any | None:
    """The duty unit that the viewer is a member of now."""
    return duty.mine(viewer) if viewer.may("duty") else None


def occupy(duty_unit_id: int, matter_id: UUID, slot: str, state: str) -> None:
    """This duty unit is busy with this call, and how it stands."""
    duty.occupy(duty_unit_id, matter_id, slot, state)


def release(duty_unit_id: int, matter_id: UUID) -> None:
    """It is done with this call."""
    duty.release(duty_unit_id, matter_id)
