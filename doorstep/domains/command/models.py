"""The tables of all packages of this domain, as Django looks for them."""

from __future__ import annotations

from doorstep.domains.command.calls.models import (
    AddressFlag,
    CallDevice,
    CallPlace,
    CallReceipt,
    Sending,
    ShiftSigned,
)
from doorstep.domains.command.dispatch.models import Closure
from doorstep.domains.command.net.models import Cordon, CordonPost
from doorstep.domains.command.patrol.models import PatrolCheck, PatrolLeg, PatrolMark, PatrolPlan, PatrolStop
from doorstep.domains.command.playback.models import Playback
from doorstep.domains.command.room.models import RoomHandover, RoomQuery, RoomReport
from doorstep.domains.command.units.models import (
    DutyMember,
    DutyNote,
    DutyOrder,
    DutyPosition,
    DutyState,
    DutyUnit,
    SafetyCheck,
)

__all__ = [
    "AddressFlag",
    "CallDevice",
    "CallPlace",
    "CallReceipt",
    "Closure",
    "Cordon",
    "CordonPost",
    "DutyMember",
    "DutyNote",
    "DutyOrder",
    "DutyPosition",
    "DutyState",
    "DutyUnit",
    "PatrolCheck",
    "PatrolLeg",
    "PatrolMark",
    "PatrolPlan",
    "PatrolStop",
    "Playback",
    "RoomHandover",
    "RoomQuery",
    "RoomReport",
    "SafetyCheck",
    "Sending",
    "ShiftSigned",
]
