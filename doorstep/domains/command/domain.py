"""Command 接处警和指挥: what calls, duty units, dispatch, the map, patrols and the duty room bring, each from its own package."""

from __future__ import annotations

from doorstep.domains.command.api import router
from doorstep.domains.command.calls import routes as calls
from doorstep.domains.command.dispatch import routes as dispatch
from doorstep.domains.command.machine import MACHINES
from doorstep.domains.command.map import routes as map_
from doorstep.domains.command.net import routes as net
from doorstep.domains.command.patrol import routes as patrol
from doorstep.domains.command.playback import routes as playback
from doorstep.domains.command.room import routes as room
from doorstep.domains.command.units import routes as units
from doorstep.kernel.plug import Domain
from doorstep.rulebook.words import Words

DOMAIN = Domain(
    name="command",
    title=Words("接处警和指挥", "Command"),
    routes=(
        *calls.ROUTES,
        *dispatch.ROUTES,
        *map_.ROUTES,
        *net.ROUTES,
        *room.ROUTES,
        *patrol.ROUTES,
        *playback.ROUTES,
        *units.ROUTES,
    ),
    tiles=(
        *calls.TILES,
        *dispatch.TILES,
        *map_.TILES,
        *room.TILES,
        *patrol.TILES,
        *playback.TILES,
        *units.TILES,
    ),
    slots=(*calls.SLOTS,),
    api=router,
    machines=MACHINES,
    chores=(*calls.CHORES, *room.CHORES, *patrol.CHORES, *units.CHORES),
)
