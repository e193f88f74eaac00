"""For who leads units without working with records of persons: what is open, by unit and item. Counts alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from doorstep.domains.counter import frame
from doorstep.kernel.org import below, town, unit_words
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import clock, pack
from doorstep.rulebook.words import Refused, Words

_ITEMS = "select unit_id, item, waits, late, near from trust.desk_items(%s, %s)"
_SOON = timedelta(days=3)


def led(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The list of the units that are led, as counts. Nothing is given to anybody from here. Refused: "no-right"."""
    if request.method != "GET":
        raise refuse_right()
    now, code = clock.now(), request.GET.get("unit", "")
    mine = {one: town().units[one] for one in below(viewer.unit_id)}
    named = next((one.id for one in mine.values() if one.code == code), None)
    lines = [one for one in fetch(_ITEMS, now, now + _SOON) if named in (None, one[0])]
    context = {
        "lines": _lines(lines, by_item=named is not None), "unit": code if named else "", "by_item": named is not None,
        "choice": sorted((one for one in mine.values() if one.active), key=lambda one: one.id),
    }  # fmt: skip
    return frame.show(request, viewer, "led", context)


def _lines(found: Iterable[tuple[int, str, int, int, int]], *, by_item: bool) -> list[dict[str, Any]]:
    """One line a unit, or an item of one unit, in their order: nobody is ranked."""
    sums: dict[tuple[int, str], list[int]] = {}
    for unit, item, *counts in found:
        held = sums.setdefault((unit, item if by_item else ""), [0, 0, 0])
        held[:] = [a + b for a, b in zip(held, counts, strict=True)]
    return [
        {"title": _item(item) if by_item else unit_words(unit), "open": waits, "late": late, "near": near,
         "url": "" if by_item else f"/counter/oversee?unit={town().units[unit].code}"}
        for (unit, item), (waits, late, near) in sorted(sums.items())
    ]  # fmt: skip


def _item(code: str) -> Words:
    try:
        return pack.current(code).title
    except Refused:  # it is offered no longer
        return Words(code, code)
