"""The list of items: find one, see what each has, whether its examples hold, and how many open matters run on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from doorstep.domains.studio import counts
from doorstep.domains.studio.card import Card, cards, run_all
from doorstep.domains.studio.frame import show
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import BRANCHES, CHANNELS

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One item in the list."""

    card: Card
    channels: tuple[Words, ...]
    open: int
    older: int
    """Open matters that still go on under an earlier version."""
    passed: int | None

    @property
    def all_passed(self) -> bool:
        return self.passed == self.card.examples


@dataclass(frozen=True, slots=True)
class Choice:
    """A branch to choose, with how many items it has."""

    code: str
    title: Words
    count: int
    here: bool


def listing(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Every item on offer, fifty a page. A post runs the examples of those that are listed."""
    everything = cards()
    q, branch = request.GET.get("q", "").strip(), request.GET.get("branch", "")
    fits = [one for one in everything if _fits(one, q, branch)]
    page = _page(request.GET.get("page", ""), len(fits))
    listed = fits[(page - 1) * _PAGE : page * _PAGE]
    if request.method == "POST":
        run_all(listed)
        return redirect(request.get_full_path())
    context = {
        "lines": _lines(listed, counts.open_matters()), "q": q, "branch": branch, "total": len(everything), "found": len(fits),
        "branches": _branches(everything, branch), "page": page, "more": page * _PAGE < len(fits),
        "codes": {one.code for one in everything}, "to_run": any(one.told is None for one in listed),
    }  # fmt: skip
    return show(request, "listing", context)


def _fits(one: Card, q: str, branch: str) -> bool:
    return (not branch or one.branch == branch) and all(word in one.search for word in q.lower().split())


def _page(text: str, count: int) -> int:
    last = max(1, -(-count // _PAGE))
    return min(int(text), last) if text.isdecimal() and int(text[:6]) > 0 else 1


def _lines(listed: Sequence[Card], running: Mapping[str, Mapping[bytes, int]]) -> tuple[Line, ...]:
    lines = []
    for one in listed:
        by_version = running.get(one.code, {})
        total = sum(by_version.values())
        older = sum(count for digest, count in by_version.items() if digest not in one.in_force)
        passed = None if one.told is None else sum(told.ok for told in one.told)
        channels = tuple(CHANNELS[channel] for channel in one.channels)
        lines.append(Line(one, channels, total, older, passed))
    return tuple(lines)


def _branches(everything: Iterable[Card], here: str) -> tuple[Choice, ...]:
    """The branches that have an item, in their order."""
    held = [one.branch for one in everything]
    return tuple(
        Choice(code, title, held.count(code), code == here)
        for code, title in BRANCHES.items()
        if code in held
    )
