"""Moving a running matter to the version of its item that is in force now, if it can go on there from where it stands.

A matter keeps the version that it was opened under; nothing moves it by itself. What was promised stays: dues do not
change, steps that open from here on have the limits of the new version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from doorstep.kernel import change, due
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.lists import Row, these
from doorstep.kernel.models import Matter
from doorstep.kernel.org import reach, town
from doorstep.kernel.row import fetch, rows
from doorstep.kernel.trust import BRANCHES, Viewer, keys
from doorstep.rulebook import pack
from doorstep.rulebook.flow import State
from doorstep.rulebook.flow_fit import misfits
from doorstep.rulebook.words import Refused, Words

_COUNT = """select item, pack, unit_id, branch, count(*) from matter
where unit_id = any(%s) and closed_at is null group by 1, 2, 3, 4"""
_THESE = """where item = %s and closed_at is null and (unit_id, pack) in (select * from unnest(%s::int[], %s::bytea[]))
order by opened_at, id limit %s offset %s"""
_NAMES = {number: name for name, number in BRANCHES.items()}


def repin(viewer: Viewer, matter_id: UUID, *, reason: str, request_id: str) -> Done:
    """From here on the matter goes by the version in force for its competent unit.

    Refused: "not-found", "no-right", "ended" (409), "same-version" (409), "does-not-fit" (409) with what stands in the way.
    """

    def do() -> Done:
        opened = change.lock(matter_id)
        row, was = opened.row, opened.pack
        viewer.need("repin", was.branch)
        change.not_ended(opened)
        found = pack.current(row.item, reach(town().units[row.unit_id]))
        if found.hash == was.hash:
            words = Words("它已经是现在的版本了。", "It goes by the version in force already.")
            raise Refused("same-version", words, status=409)
        state = State.from_json(row.flow)
        _fit(opened, found, state)
        row.pack, row.tied = found.hash, True
        row.figures = found.figures_of(opened.data, row.channel)
        opened.pack = found
        codes = {"pack": found.hash.hex(), "from": was.hash.hex(), "promise": str(due.promised(row, was))}
        return change.finish(viewer, opened, "repinned", state, (), codes, {"reason": reason})

    return once(viewer, "repin", request_id, {"matter": str(matter_id), "reason": reason}, do, change.done_of)


def _fit(opened: change.Opened, found: pack.Pack, state: State) -> None:
    """Refuse a version in which the matter could not go on from where it stands."""
    if no := _against(opened.row, opened.data, opened.pack, found, state):
        zh, en = "；".join(one.zh for one in no), "; ".join(one.en for one in no)
        raise Refused(
            "does-not-fit",
            Words(
                f"这件事按现在的版本接不下去，仍按受理时的版本办。原因：{zh}。",
                f"It cannot go on in the version in force and stays under the one it was accepted under: {en}.",
            ),
            status=409,
        )


def _against(row: Matter, data: Any, was: pack.Pack, found: pack.Pack, state: State) -> list[Words]:
    """What stands in the way: where it stands, who accepts it, or an answer that the new version does not take."""
    no = misfits(was.flow_on(row.law_date), found.flow_on(row.law_date), state)
    if found.accepted_at != was.accepted_at:
        no.append(Words("受理的步骤不同", "another step accepts it"))
    named = ((found.form.field(one.pointer), one) for one in found.form.validate(data))
    return no + [
        Words(f"“{field.title.zh}”：{one.words.zh}", f"'{field.title.en}': {one.words.en}")
        if field
        else Words(f"“{one.pointer}”：{one.words.zh}", f"{one.pointer}: {one.words.en}")
        for field, one in named
    ]


@dataclass(frozen=True, slots=True)
class Older:
    """An open matter under another version than the one in force. ``why``: what stands in the way of moving it, if anything."""

    row: Row
    why: tuple[Words, ...]


def older(viewer: Viewer, units: Sequence[int]) -> dict[str, int]:
    """How many open matters of these units go by another version than the one in force there, by item. Refused: "no-right"."""
    counted: Counter[str] = Counter()
    for item, _unit, _digest, count in _under_older(viewer, units):
        counted[item] += count
    return dict(counted)


def candidates(
    viewer: Viewer, item: str, units: Sequence[int], most: int = 100, skip: int = 0
) -> tuple[Older, ...]:
    """The open matters of one item and these units that go by an older version, those that were opened first, ``most`` of
    them behind the first ``skip``; whether each could move is found in its answers too, of which nothing is shown. One
    logged list. Refused: "no-right"."""
    pairs = [(unit, digest) for code, unit, digest, _ in _under_older(viewer, units) if code == item]
    why: dict[UUID, tuple[Words, ...]] = {}
    for row in rows(Matter, _THESE, item, [one for one, _ in pairs], [one for _, one in pairs], most, skip):
        found = _newer(item, row.unit_id, bytes(row.pack))
        if found is not None and row.key is not None:
            data, was = change.open_data(row, keys().unwrap(bytes(row.key), row.id.bytes)), bytes(row.pack)
            why[row.id] = tuple(_against(row, data, pack.version(was), found, State.from_json(row.flow)))
    seen = these(viewer, list(why), "repin")
    return tuple(Older(seen[one], why[one]) for one in why if one in seen)


def _under_older(viewer: Viewer, units: Sequence[int]) -> Iterator[tuple[str, int, bytes, int]]:
    """Item, unit, version and how many: open matters of theirs by another version than the one in force there."""
    viewer.need("repin")
    for item, digest, unit, branch, count in fetch(_COUNT, list(units)):
        if viewer.may("repin", _NAMES[branch]) and _newer(item, unit, bytes(digest)):
            yield item, unit, bytes(digest), count


def _newer(item: str, unit: int, digest: bytes) -> pack.Pack | None:
    """The version in force for a unit, if it is another than this; None too where the item is offered no more."""
    try:
        found = pack.current(item, reach(town().units[unit]))
    except Refused:
        return None
    return found if found.hash != digest else None
