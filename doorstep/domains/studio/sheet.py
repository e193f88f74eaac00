"""A unit's own layer as it is written by page: sheets, kept save by save, of which one is in force.

A layer has one source. It is its file until somebody of the unit puts a sheet in force; from then on it is the sheet,
until the unit hands it back to the file. A sheet holds what a file holds under ``items``, in the same notation, is checked
by the same rules, and can be written out as that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction

from doorstep.domains.studio.models import LayerInForce, LayerSheet
from doorstep.domains.studio.stack import Stacks, read_stacks
from doorstep.domains.studio.timetable import Points
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.org import town, unit_named
from doorstep.kernel.row import fetch, first, insert, rows
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

PROVINCE = "province"
"""How the province, which is no unit of this deployment, is called in an address."""
Items = Mapping[str, Mapping[str, Any]]
_IN_FORCE = (
    "select distinct on (unit_id) unit_id, sheet_id from layer_in_force order by unit_id, publication_id desc"
)

_TOLD = "select id, at, by, why, undoes from publication where id = any(%s)"
_BEFORE = """select f.unit_id, (select b.sheet_id from layer_in_force b where b.unit_id = f.unit_id and b.publication_id < %s
order by b.publication_id desc limit 1) from layer_in_force f where f.publication_id = %s"""


@dataclass(frozen=True, slots=True)
class Whose:
    """A unit whose layer is looked at: ``id`` 0 and an empty ``code`` for the province."""

    id: int
    code: str
    name: Words
    level: str

    @property
    def path(self) -> str:
        """Where its layer is."""
        return f"/studio/layers/{self.code or PROVINCE}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A layer as somebody saved it. ``items`` None: it is the file's again; ``points`` None: these are the file's."""

    id: UUID
    version: int
    items: Items | None
    points: Points | None
    said: Words
    by: str
    account_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """A publication of a unit's layer by page, with what was saved for it. ``sheet`` None: the file again."""

    number: int
    at: datetime
    by: str
    why: str
    undoes: int | None
    sheet: Sheet | None
    did: tuple[Words, ...]


def whose(code: str) -> Whose:
    """The unit with this code, or the province. Refused: "no-unit"."""
    if code in ("", PROVINCE):
        return Whose(0, "", Words("省厅", "Provincial department"), "province")
    unit = unit_named(code)
    level = unit.kind if unit.kind in ("city", "county") else "station"
    return Whose(unit.id, unit.code, unit.name, level)


def may_lay(unit_id: int) -> bool:
    """Whether whoever asks may write the layer of this unit (0: the province): as the database says."""
    return bool(fetch("select trust.may_lay(%s)", unit_id)[0][0])


def latest(unit_id: int) -> Sheet | None:
    """The last that was saved of a unit's layer, published or not."""
    row = first(LayerSheet, "where unit_id = %s order by version desc limit 1", unit_id)
    return _sheet(row) if row else None


def since(unit_id: int, version: int) -> tuple[Sheet, ...]:
    """What was saved after a version, in order."""
    found = rows(LayerSheet, "where unit_id = %s and version > %s order by version", unit_id, version)
    return tuple(map(_sheet, found))


def in_force(unit_id: int) -> Sheet | None:
    """The sheet that was put in force last; None, or one without items, while the layer is its file."""
    found = fetch(
        "select sheet_id from layer_in_force where unit_id = %s order by publication_id desc limit 1", unit_id
    )
    return _named(found[0][0]) if found and found[0][0] else None


def editions(unit_id: int) -> tuple[Edition, ...]:
    """Everything that was published of a unit's layer by page, the latest first."""
    held = rows(LayerInForce, "where unit_id = %s order by publication_id", unit_id)
    saved = {one.id: _sheet(one) for one in rows(LayerSheet, "where unit_id = %s order by version", unit_id)}
    told = {row[0]: row for row in fetch(_TOLD, [one.publication_id for one in held])}
    found, upto = [], 0
    for one in held:
        at = saved.get(one.sheet_id) if one.sheet_id else None
        did = tuple(each.said for each in saved.values() if at and upto < each.version <= at.version)
        upto = max(upto, at.version if at else 0)
        number, when, by, why, undoes = told[one.publication_id]
        found.append(Edition(number, when, by, why, undoes, at, did))
    return tuple(reversed(found))


def stacks_in_force(files: Stacks | None = None) -> Stacks:
    """All layers of this deployment as they are now: the sheets in force over the files."""
    files = files or read_stacks()
    held = {unit: sheet for unit, sheet in fetch(_IN_FORCE) if sheet}
    if not held:
        return files
    sheets = {one.id: _sheet(one) for one in rows(LayerSheet, "where id = any(%s)", list(held.values()))}
    codes = {0: "", **{one.id: one.code for one in town().units.values()}}
    told = {codes[unit]: sheets[one] for unit, one in held.items() if unit in codes}
    laid = files.with_items({code: one.items for code, one in told.items() if one.items is not None})
    points = {
        code: one.points for code, one in told.items() if one.items is not None and one.points is not None
    }
    return laid.with_points(points) if points else laid


def was_before(number: int, back: int) -> None:
    """A publication was taken back by another, as the migrator: if it put a unit's sheet in force, that of before is again."""
    for unit, before in fetch(_BEFORE, number, number):
        insert(LayerInForce(publication_id=back, unit_id=unit, sheet_id=before))


def save(
    viewer: Viewer,
    of: Whose,
    items: Items | None,
    points: Points | None,
    said: Words,
    *,
    seen: int,
    request_id: str,
) -> Done:
    """Keep a unit's layer as it is now written. ``seen``: the version that its writer saw; nothing is published.

    Refused: "no-right"; "layer-changed" (409) if somebody saved another meanwhile, who it was and what it did.
    """
    if not may_lay(of.id):
        raise refuse_right()

    def do() -> Done:
        behind = since(of.id, seen)
        if behind:
            raise _changed(behind)
        row = LayerSheet(
            id=uuid7(), unit_id=of.id, version=seen + 1, items=_text(items), points=_text(points), said=said.as_dict(),
            account_id=viewer.account_id, by=viewer.name.zh, at=clock.now(),
        )  # fmt: skip
        try:
            with transaction.atomic():
                insert(row)
        except IntegrityError:
            raise _changed(since(of.id, seen)) from None
        return Done(row.id, "", "draft", row.version)

    content = {"unit": of.id, "items": items, "points": points, "seen": seen}
    return once(viewer, "save_layer", request_id, content, do, _done)


def refuse_changed(unit_id: int, seen: int) -> None:
    """Refused: "layer-changed" (409), for a page that shows an older version than the last."""
    raise _changed(since(unit_id, seen))


def _changed(behind: tuple[Sheet, ...]) -> Refused:
    """Somebody else was quicker; nothing of either is lost."""
    who = "、".join(dict.fromkeys(one.by for one in behind))
    zh, en = "；".join(one.said.zh for one in behind), "; ".join(one.said.en for one in behind)
    return Refused(
        "layer-changed",
        Words(
            f"您写的时候，{who} 刚存了一次：{zh}。您写的都还在，没有存；看过再存一次就行，两个人改的都会留下。",
            f"While you were writing, {who} saved: {en}. What you typed is still here and not saved. Look at it, then save "
            "again; what both of you did will be kept.",
        ),
        status=409,
    )


def _done(sheet_id: UUID) -> Done:
    found = _named(sheet_id)
    return Done(sheet_id, "", "draft", found.version if found else 0)


def _named(sheet_id: UUID) -> Sheet | None:
    row = first(LayerSheet, "where id = %s", sheet_id)
    return _sheet(row) if row else None


def _sheet(row: LayerSheet) -> Sheet:
    items, points = (orjson.loads(one) if one is not None else None for one in (row.items, row.points))
    return Sheet(row.id, row.version, items, points, Words.of(row.said), row.by, row.account_id, row.at)


def _text(told: Items | Points | None) -> str | None:
    return orjson.dumps(told).decode() if told is not None else None
