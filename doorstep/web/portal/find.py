"""Finding a service: by one's own words, by what happened, by branch, by how or where one wants to come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from doorstep.kernel.org import reach_at, town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Refused, Words
from doorstep.web import finding
from doorstep.web.catalogue import BRANCHES, CHANNELS
from doorstep.web.language import lang
from doorstep.web.occasions import Occasion, occasions
from doorstep.web.places import brought, extent, lists_at, offered, online_here
from doorstep.web.portal.points import by_kind

_OPEN = 40
"""Up to so many services are shown at once; more lie folded in their groups."""
_KEPT = 64
"""So many drawn lists are kept, some 150 KB each at most."""
_drawn: dict[tuple[object, ...], str] = {}
EXTENTS = {"do": Words("网上可办", "done online"), "look": Words("网上可查", "looked up online")}
_FAR = {
    "do_whole": Words("网上全程", "wholly online"),
    "do_apply": Words("网上可申请", "apply online"),
    "look_answer": Words("网上可查", "look it up online"),
    "look_guide": Words("网上看指南", "its guide is online"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A service on a list. ``way``: what can be said of it at a glance, such as that nobody has to come."""

    code: str
    title: Words
    line: Words
    way: Words | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Services of one group of a branch."""

    title: Words
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch with what is left of it."""

    code: str
    title: Words
    groups: tuple[Group, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to narrow or widen the list."""

    title: Words
    url: str
    count: int
    chosen: bool
    icon: str = ""
    line: Words | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader wants to see. Empty: no matter. Words that name nothing here count as not said."""

    q: str = ""
    occasion: str = ""
    branch: str = ""
    channel: str = ""
    point: str = ""
    extent: str = ""
    """Online: ``do`` what can be done, ``look`` what can be looked up."""

    @classmethod
    def of(cls, request: HttpRequest) -> Wanted:
        """From the address of a page."""
        said = {
            name: request.GET.get(name, "").strip()[:80]
            for name in ("q", "occasion", "branch", "channel", "point", "extent")
        }
        known = {
            "branch": BRANCHES,
            "channel": CHANNELS,
            "occasion": {one.id for one in occasions()},
            "extent": EXTENTS,
        }
        return cls(**{name: told if told in known.get(name, (told,)) else "" for name, told in said.items()})

    def url(self, **other: str) -> str:
        """The address of the list with something changed."""
        asked = replace(self, **other)
        told = {name: value for name in asked.__slots__ if (value := getattr(asked, name))}
        return "/find" + ("?" + urlencode(told) if told else "")

    @property
    def narrowed(self) -> bool:
        """Is anything but words wished for?"""
        return bool(self.occasion or self.branch or self.channel or self.point or self.extent)


def find(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What fits the words, and below it everything, narrowed by what is wished."""
    wanted = Wanted.of(request)
    there, note = _there(wanted.point)
    wanted = wanted if there is not None else replace(wanted, point="")
    packs = there if there is not None else offered()
    context = {
        **asked(wanted.q, wanted.channel == "online"),
        "occasion": _occasion(wanted.occasion),
        "list": _list(request, packs, wanted, note),
    }
    return render(request, "web/portal/find.html", context)


def _list(request: HttpRequest, packs: Sequence[Pack], wanted: Wanted, note: Words | None) -> str:
    """The list and all that narrows it: the same for everybody, so it is drawn once for each choice, language and publication."""
    wanted = replace(wanted, q="")
    key = (wanted, lang(), hash(tuple(one.hash for one in packs)), note)
    if key not in _drawn:
        if len(_drawn) >= _KEPT:
            _drawn.clear()
        _drawn[key] = render_to_string("web/portal/_find_list.html", _told(packs, wanted, note), request)
    return _drawn[key]


def _told(packs: Sequence[Pack], wanted: Wanted, note: Words | None) -> dict[str, object]:
    shown = narrowed(packs, wanted)
    own, rest = _by_list(shown, wanted.point)
    return {
        "wanted": wanted, "only_now": wanted.url(channel="" if wanted.channel == "online" else "online"),
        "note": note, "count": len(shown), "all": len(offered()), "open": len(shown) <= _OPEN,
        "branches": [*own, *branches_of(rest)], "occasion": _occasion(wanted.occasion), "points": _places(),
        "occasions": [one for one in told_occasions(packs, wanted) if one.count], "by_branch": _by_branch(packs, wanted),
        "by_channel": _by_channel(packs, wanted), "by_extent": _by_extent(packs, wanted),
        "in_order": tuple(map(card, shown)) if wanted.occasion else (),
    }  # fmt: skip


def hits(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Only what fits the words, put under the box while somebody types."""
    wanted = Wanted.of(request)
    return render(request, "web/portal/_hits.html", asked(wanted.q, wanted.channel == "online"))


def asked(q: str, online: bool = False) -> dict[str, object]:
    """The words, at most three services that fit them, if wished only those that can be begun online, and where to go with
    what is not for the police.
    """
    return {
        "q": q,
        "hits": [
            card(hit.pack) for hit in finding.find(q, brought(offered(), "online") if online else offered())
        ]
        if q
        else [],
        "signpost": finding.signpost(q) if q else None,
    }


def narrowed(packs: Iterable[Pack], wanted: Wanted) -> tuple[Pack, ...]:
    """Those that were wished for; by occasion in the order in which they are needed."""
    occasion = _occasion(wanted.occasion)
    found = tuple(occasion.of(packs) if occasion else packs)
    if wanted.channel:
        there = brought(found, wanted.channel, wanted.point)
        read = {one.code for one in found if wanted.channel == "online" and extent(one.code) == "look_guide"}
        found = tuple(one for one in found if one in there or one.code in read) if read else there
    return tuple(
        one
        for one in found
        if (not wanted.branch or one.branch == wanted.branch)
        and (not wanted.extent or extent(one.code).startswith(f"{wanted.extent}_"))
    )


def card(one: Pack) -> Card:
    """A service as a list shows it."""
    return Card(one.code, one.title, one.summary, _way(one))


def _way(one: Pack) -> Words | None:
    if far := extent(one.code):
        return _FAR[far]
    if not online_here(one):
        return None
    whole = "online" in (one.raw.get("no_meeting") or ()) or one.raw.get("visits") == 0
    return Words("网上全程", "wholly online") if whole else Words("网上可申请", "apply online")


def _there(point: str) -> tuple[tuple[Pack, ...] | None, Words | None]:
    """What can be brought at a point, as its layers and its lists say; None everywhere else."""
    if not point:
        return None, None
    try:
        return brought(pack.listed(reach_at(point)), point=point), None
    except Refused as refusal:
        return None, refusal.words


def _by_list(packs: Sequence[Pack], point: str) -> tuple[list[Branch], Sequence[Pack]]:
    """The services of a point's lists, in the groups of each list that has groups; and all others."""
    held, found, rest = {one.code: one for one in packs}, [], list(packs)
    for one in lists_at(point) if point else ():
        groups = [
            Group(group.title, tuple(card(held[code]) for code in group.items if code in held))
            for group in one.groups
        ]
        count = sum(len(group.cards) for group in groups)
        if count:
            found.append(Branch(one.code, one.title, tuple(group for group in groups if group.cards), count))
            rest = [each for each in rest if each.code not in one.items]
    return found, rest


def _places() -> list[tuple[Words, list[tuple[str, Words]]]]:
    """Where one can go, by kind: code and name of each."""
    points = town().point_by_code
    return [(title, [(code, points[code].name) for code in codes]) for title, codes in by_kind()]


def _occasion(named: str) -> Occasion | None:
    return next((one for one in occasions() if one.id == named), None)


def told_occasions(packs: Sequence[Pack], wanted: Wanted) -> list[Choice]:
    """What happens to people, each with how many services there are for it."""
    return [
        Choice(one.title, wanted.url(occasion="" if one.id == wanted.occasion else one.id, q=""), len(one.of(packs)),
               one.id == wanted.occasion, one.icon, one.line)
        for one in occasions()
    ]  # fmt: skip


def _by_branch(packs: Iterable[Pack], wanted: Wanted) -> list[Choice]:
    rest = narrowed(packs, replace(wanted, branch=""))
    counts = {code: sum(one.branch == code for one in rest) for code in BRANCHES}
    return [
        Choice(
            BRANCHES[code], wanted.url(branch="" if code == wanted.branch else code), n, code == wanted.branch
        )
        for code, n in counts.items()
        if n
    ]


def _by_channel(packs: Iterable[Pack], wanted: Wanted) -> list[Choice]:
    rest = tuple(packs)
    counts = {code: len(narrowed(rest, replace(wanted, channel=code))) for code in ("online", *CHANNELS)}
    return [
        Choice(
            CHANNELS[code],
            wanted.url(channel="" if code == wanted.channel else code),
            n,
            code == wanted.channel,
        )
        for code, n in counts.items()
        if n
    ]


def _by_extent(packs: Iterable[Pack], wanted: Wanted) -> list[Choice]:
    """What can be done online, and what can only be looked up, where the region's lists tell them apart."""
    rest = tuple(packs)
    counts = {code: len(narrowed(rest, replace(wanted, extent=code))) for code in EXTENTS}
    return [
        Choice(title, wanted.url(extent="" if code == wanted.extent else code), counts[code], code == wanted.extent)
        for code, title in EXTENTS.items()
        if counts[code]
    ]  # fmt: skip


def branches_of(packs: Iterable[Pack]) -> list[Branch]:
    """Services in groups, branch by branch."""
    order = {code: at for at, code in enumerate(BRANCHES)}
    found = []
    ordered = sorted(packs, key=lambda one: (order[one.branch], one.raw["group"]["zh"], one.code))
    for code, of_it in groupby(ordered, key=lambda one: one.branch):
        members = list(of_it)
        groups = [
            Group(Words.of(same[0].raw["group"]), tuple(map(card, same)))
            for _, rows in groupby(members, key=lambda one: one.raw["group"]["zh"])
            if (same := list(rows))
        ]
        found.append(Branch(code, BRANCHES[code], tuple(groups), len(members)))
    return found
