"""What others are writing of layers above or below one's own and have not published yet: seen by everybody at work there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from doorstep.domains.studio import sheet
from doorstep.domains.studio.proposal import reaches, touched
from doorstep.domains.studio.sheet import Sheet, Whose, whose
from doorstep.domains.studio.stack import Stacks
from doorstep.kernel.org import town
from doorstep.kernel.row import fetch
from doorstep.rulebook.words import Words

_WAITING = """select l.unit_id, coalesce(h.version, 0) from
(select distinct on (unit_id) unit_id, id, version, items from layer_sheet order by unit_id, version desc) l
left join (select distinct on (unit_id) unit_id, sheet_id from layer_in_force order by unit_id, publication_id desc) f
  on f.unit_id = l.unit_id left join layer_sheet h on h.id = f.sheet_id
where l.unit_id <> %s and l.id is distinct from f.sheet_id and (l.items is not null or f.sheet_id is not null)"""


@dataclass(frozen=True, slots=True)
class Beside:
    """What somebody wrote of another layer: of which items and points, when, and what."""

    of: Whose
    by: str
    at: datetime
    said: tuple[Words, ...]
    names: tuple[str, ...]


def beside(now: Stacks, of: Whose, name: str = "") -> tuple[Beside, ...]:
    """What waits to be published in layers above and below a unit's; with ``name`` only of this item or point."""
    return tuple(one for one in _beside(now, of) if not name or name in one.names)


def _beside(now: Stacks, of: Whose) -> Iterator[Beside]:
    codes = {0: "", **{one.id: one.code for one in town().units.values()}}
    for unit, version in fetch(_WAITING, of.id):
        other = whose(codes[unit]) if unit in codes else None
        if other is None or not (reaches(other, of.id) or reaches(of, other.id)):
            continue
        saves = sheet.since(unit, version)
        names = _names(now, other, saves[-1]) if saves else []
        if names:
            said = tuple(one.said for one in saves)
            yield Beside(
                other, "、".join(dict.fromkeys(one.by for one in saves)), saves[-1].at, said, tuple(names)
            )


def _names(now: Stacks, other: Whose, last: Sheet) -> list[str]:
    """The items and points that would be another way. A layer that is handed back to its file touches all it had."""
    own = now.own(other.code)
    raw = own.raw if own else {}
    items, points = raw.get("items") or {}, raw.get("points") or {}
    if last.items is None:
        return [*items, *points]
    return touched(items, last.items) + touched(points, points if last.points is None else last.points)
