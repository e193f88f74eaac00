"""Packs beside a catalogue: where an item's times, visits, channels, fee, kind and papers are not those of its row.

A catalogue is a table as the national item model has it (tab-separated, see ``skeleton``). A paper that an item may ask for, or
asks for with certain answers only, is the pack's own affair; one that it always wants must stand in the row, and none of the
row's may be missing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from doorstep.domains.studio.skeleton import KINDS, UNITS, Row
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.pack import Pack


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing in which a pack and its row differ: what, as the pack has it, as the row has it."""

    code: str
    what: str
    pack: str
    row: str

    def __str__(self) -> str:
        return f"{self.code} {self.what}: {self.pack or '-'} | {self.row or '-'}"


def gaps(packs: Sequence[Pack], catalogue: Path) -> Iterator[Gap]:
    """All differences, in the order of the catalogue; parts of other items have no row."""
    known = {one.code: one for one in packs}
    with catalogue.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            one = known.pop(row["code"], None)
            yield from _of(one, row) if one else [Gap(row["code"], "pack", "", row["title"])]
    yield from (Gap(one.code, "row", one.title.zh, "") for one in known.values() if not one.part_of)


def _of(one: Pack, row: Row) -> Iterator[Gap]:
    told = {
        "kind": (str(one.raw["kind"]), KINDS.get(row["type_code"], "")),
        "visits": (str(one.raw["visits"]), row["visits"]),
        "channels": (_set(one.channels), _set(row["channels"].split(","))),
        "statutory": (_time(one.statutory), _time(_limit(row, "statutory"))),
        "promise": (_time(one.promise), _time(_limit(row, "promised"))),
        "fee": (_fee(one, Decimal(row["fee_yuan"])), str(Decimal(row["fee_yuan"]))),
    }
    yield from (Gap(one.code, what, *pair) for what, pair in told.items() if pair[0] != pair[1])
    wanted = {code for code in row["materials"].split(",") if code}
    listed = {asked.material.code for asked in one.materials}
    always = {asked.material.code for asked in one.materials if asked.required and not asked.depends}
    yield from (Gap(one.code, "missing", "", code) for code in sorted(wanted - listed))
    yield from (Gap(one.code, "needless", code, "") for code in sorted(always - wanted))


def _set(names: Sequence[str]) -> str:
    return ",".join(sorted(names))


def _limit(row: Row, name: str) -> Limit | None:
    unit = UNITS.get(row[f"{name}_unit"], "")
    return Limit.parse(f"{row[name]} {unit}") if row[name] and unit else None


def _time(limit: Limit | None) -> str:
    """At once is at once in any unit."""
    return str(limit) if limit and limit.value else "0"


def _fee(one: Pack, told: Decimal) -> str:
    """The row's amount, if the pack has it in some case; else what the pack may cost at most. A sum that an answer names is
    no fee of the item.
    """
    known = {Decimal(row.value["amount"]) for row in one.fees() if "amount" in row.value}
    return str(told if told in known else max(known, default=Decimal(0)))
