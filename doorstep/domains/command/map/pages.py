"""The command map: a page that is told once a second what moved (`run.stream`), for a wall and a laptop."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from doorstep.domains.command.calls import kinds
from doorstep.domains.command.map.layers import told as told_layers
from doorstep.domains.command.units import status
from doorstep.kernel.org import town
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.web import ground

PATH: Final = "/command/map"
WALL: Final = "/command/wall"
_MAY: Final = ("dispatch", "duty", "supervise")


def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The map; what is on it comes over the stream, and only what the viewer may see."""
    if not any(viewer.may(verb) for verb in _MAY):
        raise refuse_right()
    told = words()
    units = [(one.id, one.name) for one in town().units.values() if one.kind == "station" and one.active]
    return render(request, "command/map/map.html", {
        "map": drawn(viewer), "words": told, "stream_url": getattr(request, "stream_url", ""),
        "dispatch": viewer.may("dispatch"), "wall": request.path == WALL, "units": units, "kinds": kinds.kinds(),
        "levels": kinds.LEVELS,
    })  # fmt: skip


def layers(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The layers as JSON, asked for again every half minute by a page that shows one."""
    if not any(viewer.may(verb) for verb in _MAY):
        raise refuse_right()
    return JsonResponse(told_layers(viewer, bool(request.GET.get("cover"))))


def drawn(viewer: Viewer) -> dict[str, Any] | None:
    """What lies under a map of the command centre and where it begins; None without a base map."""
    base, here = ground.base(), town().units.get(viewer.unit_id or 0)
    if base is None:
        return None
    placed = [one for one in town().points.values() if one.lon is not None]
    point = next((one for one in placed if here and one.unit_id == here.id), None) or next(iter(placed), None)
    return {
        **base.told, "mine": here.code if here else "",
        "marks": [{"at": [point.lon, point.lat]}] if point else [], "here": None, "show": [], "areas": "/map/areas/station",
    }  # fmt: skip


def words() -> dict[str, Any]:
    """States, levels and kinds in both languages, by code."""
    return {
        "states": {code: [one.zh, one.en] for code, one in status.NAMES.items()},
        "levels": {code: [one.zh, one.en] for code, one in kinds.LEVELS.items()},
        "kinds": {one.code: [one.title.zh, one.title.en] for one in kinds.kinds()},
    }
