"""Named slots of the kit's pages, which domains fill: the kit knows no domain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from doorstep.kernel.plug import Slot

#: Where a page has room. The subject is the matter (MatterView) that the page shows; of a case and of a line of a receipt, its id;
#: of a whole receipt, its lines; of what was brought where no police stand, its id; of a layer, the points that would be open
#: otherwise (``point``, ``before``, ``after``); of a person's own list, its finished rows; of the pages of
#: signing in and of the own account, and of where staff go from any page, nothing.
NAMES = frozenset(
    {
        "counter.case",
        "errand.pay",
        "layer.touched",
        "matter.top",
        "matter.rate",
        "matter.paper",
        "counter.paper",
        "receipt.code",
        "receipt.rate",
        "mine.top",
        "account.top",
        "account.more",
        "login.top",
        "login.ways",
        "staff.nav",
    }
)
_filled: dict[str, list[Slot]] = {}


def fill(slots: Iterable[Slot]) -> None:
    """Let these slots be drawn from now on. Raises ValueError for a slot that no page has."""
    _filled.clear()
    for one in slots:
        if one.name not in NAMES:
            raise ValueError(f"no page has a slot '{one.name}'")
        _filled.setdefault(one.name, []).append(one)


def draw(request: HttpRequest, name: str, subject: Any) -> SafeString:
    """What the domains put into this slot for the viewer of the request; empty if none does."""
    viewer = request.viewer  # type: ignore[attr-defined]
    parts = []
    for one in _filled.get(name, ()):
        context = one.fill(request, viewer, subject)
        if context is not None:
            parts.append(render_to_string(one.template, dict(context), request=request))
    return mark_safe("".join(parts))  # noqa: S308  (each part is a rendered template)
