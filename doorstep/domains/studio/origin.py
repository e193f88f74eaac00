"""Where a value is from: for each that layers set or may set, what it is in one place, who set it and why, who else may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from doorstep.domains.studio import dated
from doorstep.domains.studio.compare import values
from doorstep.kernel.org import reach, town, unit_named
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.pack import Offer, Pack, offers
from doorstep.rulebook.pack.shelf import ROOT, library
from doorstep.rulebook.words import Words
from doorstep.web import saying
from doorstep.web.catalogue import CHANNELS

LEVELS: Mapping[str, Words] = {
    "province": Words("省里", "the province"), "city": Words("市里", "the city"),
    "county": Words("分局", "the county"), "station": Words("派出所", "the station"),
}  # fmt: skip
_GONE, _NOTHING = Words("不再有", "gone"), Words("没有", "nothing")
_KINDS = {
    "insert": Words("在“{n}”旁边加一步", "add a step beside “{n}”"),
    "add_branch": Words("给“{n}”加一个分支", "add a branch to “{n}”"),
    "skip": Words("略过“{n}”", "leave out “{n}”"), "drop": Words("不要“{n}”", "ask for no “{n}”"),
    "offer": Words("增加渠道：{n}", "add the channel: {n}"), "withdraw": Words("停办渠道：{n}", "close the channel: {n}"),
    "delegate": Words("把决定交给{n}", "hand the decision to {n}"),
}  # fmt: skip
_ALL = Words("整个事项", "the whole item")
_GUIDE = {
    "hours": Words("指南：什么时候有人", "Guide: when somebody is there"),
    "local": Words("指南：本地说明", "Guide: what is special here"),
    "where": Words("指南：在哪里办", "Guide: where"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A unit whose version can be looked at. ``own``: a layer of its own changes this item."""

    code: str
    name: Words
    own: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Hand:
    """One layer that set a value. ``was``: what it was before."""

    layer: Words
    level: Words
    why: Words
    was: Words
    first: date | None
    last: date | None
    sure: bool
    source: Words


@dataclass(frozen=True, slots=True)
class Origin:
    """One value that layers set: what it is now, and everybody who set it, the last in force."""

    title: Words
    now: Words
    hands: tuple[Hand, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """One thing that is left to the levels below. ``kind`` and ``name``: the operation, and to what."""

    what: Words
    levels: tuple[Words, ...]
    bound: Words | None
    kind: str
    name: str
    by: tuple[str, ...]


def places(code: str, unit: str) -> tuple[Place, ...]:
    """Counties and stations, each below its own county. ``unit`` is the one that is looked at."""
    own = offers(code)
    units = [one for one in town().units.values() if one.active and one.kind in ("county", "station")]
    units.sort(key=lambda one: (one.county or 0, one.station or 0))
    return tuple(Place(one.code, one.name, one.id in own, one.code == unit) for one in units)


def digest_in(held: Mapping[int, Sequence[Offer]], unit: str, day: date) -> bytes:
    """The version that is offered in a place on a day; empty if none is."""
    scope = (*reach(unit_named(unit)), 0) if unit else (0,)
    return next((one.hash for place in scope for one in held.get(place, ()) if one.holds(day)), b"")


def origins(found: Pack, day: date) -> tuple[Origin, ...]:
    """Every value that a layer set."""
    now = values(found, day)
    return tuple(
        Origin(title_of(found, name), _now(name, now), tuple(hand(name, one) for one in rows))
        for name, rows in found.provenance.items()
    )


def untouched(found: Pack, day: date) -> int:
    """How many values that layers could reach are still the base's own."""
    return sum(name not in found.provenance for name in values(found, day))


def left(found: Pack) -> tuple[Left, ...]:
    """What this item leaves to the levels below, and within what."""
    return tuple(_left(found))


def _left(found: Pack) -> Iterator[Left]:
    for kind, names in (found.raw.get("layers") or {}).items():
        for name, bound in names.items():
            if kind == "set":
                by = tuple(bound["by"])
                yield Left(title_of(found, f"/{name}"), _levels(by), _bound(bound), kind, name, by)
            else:
                what = _KINDS[kind].format(n=_name(found, kind, name))
                yield Left(what, _levels(bound), None, kind, name, tuple(bound))


def says(found: Pack, op: Mapping[str, Any]) -> Words:
    """What an operation of a layer does, as a sentence. ``found``: the item, for the names of its parts."""
    kind = next(one for one in (*_KINDS, "set", "optional") if one in op)
    if kind == "set":
        value = op["value"] if isinstance(op["value"], Mapping) else None
        said = Words.of(value) if value else _value(op["value"])
        return Words("{w}定为 {v}", "{w}: {v}").format(w=title_of(found, f"/{op['set']}"), v=said)
    if kind in ("insert", "add_branch"):
        return Words("加一步“{n}”", "add the step “{n}”").format(n=Words.of(op[kind]["title"]))
    if kind == "optional":
        return Words("“{n}”不再必须", "“{n}” is no longer needed").format(n=_name(found, "drop", op[kind]))
    return _KINDS[kind].format(n=_name(found, kind, str(op[kind])))


def _levels(names: Sequence[str]) -> tuple[Words, ...]:
    return tuple(LEVELS[one] for one in names)


def _bound(bound: Mapping[str, Any]) -> Words | None:
    said = [Words("只能更长", "only longer") if bound.get("longer") else None]
    if "at_least" in bound:
        said.append(Words("不少于 {v}", "not less than {v}").format(v=_value(bound["at_least"])))
    if "at_most" in bound:
        said.append(Words("不多于 {v}", "not more than {v}").format(v=_value(bound["at_most"])))
    told = [one for one in said if one]
    return Words("，".join(one.zh for one in told), ", ".join(one.en for one in told)) if told else None


def _name(found: Pack, kind: str, name: str) -> Words:
    if kind in ("offer", "withdraw"):
        return CHANNELS.get(name, _ALL)
    if kind == "delegate":
        return LEVELS[name]
    if kind == "drop":
        return _material(found, name)
    step = found.flow.steps.get(name)
    return step.title if step else _same(name)


def _material(found: Pack, code: str) -> Words:
    """What a paper is called; one that a layer dropped is known to the files alone."""
    held = found.library.materials.get(code) or library(ROOT).materials.get(code)
    return held.title if held else _same(code)


def title_of(found: Pack, pointer: str) -> Words:
    """The name of a value in words."""
    head, _, name = pointer.strip("/").partition("/")
    if head == "limits":
        title = next((one.title for one in dated.limits(found) if one.name == name), _same(name))
        return title if name in ("statutory", "promise") else Words(f"时限：{title.zh}", f"Limit: {title.en}")
    if head == "channels":
        return Words("渠道：{n}", "Channel: {n}").format(n=CHANNELS.get(name, _ALL))
    if head == "guide":
        return _GUIDE.get(name) or Words("指南里的一段（{n}）", "A paragraph of the guide ({n})").format(
            n=_same(name)
        )
    if head == "remind":
        step = found.flow.steps.get(name)
        return Words("提前提醒：{n}", "Reminder before: {n}").format(n=step.title if step else _same(name))
    if head == "materials":
        return Words("材料：{n}", "Paper: {n}").format(n=_material(found, name))
    if head == "flow":
        step = found.flow.steps.get(name.partition("/")[2])
        return Words("步骤：{n}", "Step: {n}").format(n=step.title if step else _same(name.partition("/")[2]))
    plain = {
        "fees": Words("费用", "Fee"), "visits": Words("跑几趟", "Visits"), "competent": Words("由哪一级决定", "Who decides"),
        "title": Words("名称", "Title"), "aliases": Words("当地的叫法", "What people here call it"),
    }  # fmt: skip
    return plain.get(head, _same(pointer))


def _now(pointer: str, now: Mapping[str, Words]) -> Words:
    if pointer == "/competent/level":
        return LEVELS.get(now[pointer].zh, now[pointer])
    return now.get(pointer, _GONE)


def hand(pointer: str, row: Mapping[str, Any]) -> Hand:
    """Who set a value, from a line of its provenance."""
    days = [date.fromisoformat(row[key]) if row.get(key) else None for key in ("from", "to")]
    was = LEVELS.get(str(row["was"])) if pointer == "/competent/level" else None
    return Hand(
        Words.of(row["title"]), LEVELS[row["level"]], Words.of(row["why"]), was or _was(row["was"]), days[0], days[1],
        bool(row["sure"]), dated.source_words(str(row["source"])),
    )  # fmt: skip


def _was(value: Any) -> Words:
    """What a value was, as a person reads it."""
    if value is None or value is False:
        return _NOTHING
    if value is True:
        return Words("能办", "offered")
    if isinstance(value, list):
        told = [_value(one) for one in value]
        return Words("、".join(one.zh for one in told), ", ".join(one.en for one in told))
    if isinstance(value, Mapping):
        words = value if "zh" in value else value.get("title")
        return Words.of(words) if words else Words("要", "needed")
    return _value(value)


def _value(value: Any) -> Words:
    try:
        return Limit.parse(str(value)).words
    except ValueError:
        return CHANNELS.get(str(value)) or (
            _same(saying.money(value)) if "." in str(value) else _same(str(value))
        )


def _same(text: str) -> Words:
    return Words(text, text)
