"""The difference between two versions of an item, as a lawyer or a chief reads it: which clause, what it was and is, who
set it, by which law and from when. Two published versions, a published one and the file, the base and a place: any two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from doorstep.domains.studio import origin
from doorstep.domains.studio.clause import Clause, clauses
from doorstep.domains.studio.frame import head, show
from doorstep.domains.studio.history import history, layered
from doorstep.domains.studio.origin import Hand
from doorstep.domains.studio.stack import Stacks, read_stacks
from doorstep.kernel.org import unit_named
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

_MARK = 10
_STEP = "/flow/steps/"
_FOLLOWS = ("/flow", "/form", "/examples", "/tables")


@dataclass(frozen=True, slots=True)
class Amended:
    """One clause that differs; without ``was`` it is new, without ``now`` it is gone. ``hand``: the layer that set what is
    now, or had set what was; None if the national base did."""

    was: Clause | None
    now: Clause | None
    hand: Hand | None
    follows: bool = False
    """No layer set it itself; it is another because of what layers set."""

    @property
    def clause(self) -> Clause:
        return self.now or self.was  # type: ignore[return-value]  # one of them is there

    @property
    def reworded(self) -> bool:
        """It says the same, from another source, on other days or more surely."""
        return bool(self.was and self.now and self.was.said == self.now.said)


@dataclass(frozen=True, slots=True)
class Group:
    """What differs in one part of an item."""

    section: Words
    rows: tuple[Amended, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """A version that may be compared: ``key`` names it in an address."""

    key: str
    title: Words


def amendments(before: Pack, after: Pack, day: date) -> tuple[Group, ...]:
    """Everything that differs on a day, part by part in the order of a guide."""
    was, now = clauses(before, day), clauses(after, day)
    groups: dict[str, list[Amended]] = {}
    for name in [*now, *(name for name in was if name not in now)]:
        old, new = was.get(name), now.get(name)
        if old != new:
            hand = _hand(name, after)
            follows = hand is None and name.startswith(_FOLLOWS) and _laid_anew(before, after)
            told = Amended(old, new, hand, follows)
            groups.setdefault(told.clause.section.zh, []).append(told)
    return tuple(Group(rows[0].clause.section, tuple(rows)) for rows in groups.values())


def _hand(name: str, after: Pack) -> Hand | None:
    """Who set the clause as it is now, or the limit of the step that it is; if no layer does any more, none."""
    rows = after.provenance.get(name)
    if not rows and name.startswith(_STEP):
        name = f"/limits/{after.asks.get(name.removeprefix(_STEP), {}).get('limit')}"
        rows = after.provenance.get(name)
    return origin.hand(name, rows[-1]) if rows else None


def _laid_anew(before: Pack, after: Pack) -> bool:
    return bool(after.provenance) and before.provenance != after.provenance


def compared(request: HttpRequest, viewer: Viewer, item: str) -> HttpResponse:
    """Two versions beside each other. Refused: "no-item", "no-unit", "no-side" for one that there is not."""
    unit = request.GET.get("unit", "")
    found, day = layered(item, unit), calendar().day_of(clock.now())
    stacks = read_stacks()
    listed = tuple(sides(found, unit, stacks))
    keys = [one.key for one in listed]
    old, new = request.GET.get("from", ""), request.GET.get("to", "") or keys[0]
    old = old or next((one for one in (keys if new != keys[0] else keys[1:]) if one.startswith("v")), "base")
    before, after = (_pack(one, found, unit, stacks) for one in (old, new))
    groups = amendments(before, after, day)
    context = {
        **head(found, "difference", unit), "sides": listed, "from": old[: _MARK + 2], "to": new[: _MARK + 2],
        "groups": groups, "count": sum(len(one.rows) for one in groups), "same": before.hash == after.hash,
        "swap": f"/studio/{found.code}/difference?" + urlencode({"unit": unit, "from": new, "to": old}),
    }  # fmt: skip
    return show(request, "difference", context)


def sides(found: Pack, unit: str, stacks: Stacks) -> Iterator[Side]:
    """What can be compared: in force here, in force in places that have their own, published before, as the file says, the
    national base."""
    seen = {found.hash}
    yield Side(key_of(found.hash), _here(unit, found))
    day = calendar().day_of(clock.now())
    for place in origin.places(found.code, unit):
        if place.own and (digest := origin.digest_in(pack.offers(found.code), place.code, day)) not in seen:
            seen.add(digest)
            yield Side(key_of(digest), Words("现在在{n}", "in force at {n}").format(n=place.name))
    for one in history(found.code, most=50):
        for digests in one.versions.values():
            for digest in digests:
                if digest and digest not in seen:
                    seen.add(digest)
                    at = one.at.astimezone(calendar().zone)
                    when, by = f"{at:%Y-%m-%d}", one.by
                    title = Words(f"第 {one.number} 次发布，{when}，{by}", f"no. {one.number}, {when}, {by}")
                    yield Side(key_of(digest), title)
    if found.code in stacks.codes:
        yield Side("file", Words("文件现在写的", "as the files say now"))
        yield Side("base", Words("国家基础包，没有加层", "the national base, without layers"))


def key_of(digest: bytes) -> str:
    """How a published version is named in an address."""
    return f"v-{digest.hex()[:_MARK]}"


def _here(unit: str, found: Pack) -> Words:
    if not unit:
        return Words("现在全市用的", "in force in the whole city")
    return Words("现在在{n}", "in force at {n}").format(n=unit_named(unit).name)


def _pack(key: str, found: Pack, unit: str, stacks: Stacks) -> Pack:
    if key in ("file", "base"):
        try:
            return (
                stacks.base(found.code)
                if key == "base"
                else stacks.layered(found.code, unit, calendar().day_of(clock.now()))
            )
        except (pack.Unusable, Flawed) as why:
            words = Words(
                f"文件现在有错，比不了：{why}", f"the files have a mistake and cannot be compared: {why}"
            )
            raise Refused("no-side", words, status=409) from None
    digests = {found.hash, *(one.hash for held in pack.offers(found.code).values() for one in held)}
    digests |= {
        one for told in history(found.code) for listed in told.versions.values() for one in listed if one
    }
    mark = key.removeprefix("v-")
    digest = next((one for one in digests if mark and one.hex().startswith(mark)), None)
    if digest is None:
        raise Refused("no-side", Words("没有这个版本。", "There is no such version."), status=404)
    return pack.version(digest)
