"""Reading for pages and people: a pack as it holds in one place with who set what, and who published it when and why."""

from __future__ import annotations

from doorstep.kernel import offer
from doorstep.kernel.offer import Published
from doorstep.kernel.org import reach, unit_named
from doorstep.rulebook import pack


def layered(code: str, unit: str = "") -> pack.Pack:
    """The pack of an item as it is published for a unit, by its code; without one, wherever no county or station says
    otherwise. Its ``provenance`` holds who set what. Refused: "no-item", "no-unit"."""
    return pack.current(code, reach(unit_named(unit)) if unit else ())


def history(code: str = "", unit: str = "", most: int = 100) -> tuple[Published, ...]:
    """Publications, the latest first; of one item if ``code`` is given, and that changed what holds for ``unit``."""
    return offer.history(code, (0, *reach(unit_named(unit))) if unit else (), most)
