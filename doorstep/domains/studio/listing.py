"""The list of items, by branch and group: find one, see what each has, whether its examples hold, how many matters run on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from doorstep.domains.studio import counts
from doorstep.domains.studio.card import Card, cards, run_all
from doorstep.domains.studio.frame import show
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.format import whole
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import BRANCHES, CHANNELS

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One item in the list."""

    card: Card
    head: Words | None
    """The group that begins with it."""
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
    """A branch or group to choose, with how many items it has."""

    code: str
    title: Words
    count: int
    here: bool


def listing(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Every item on offer, fifty a page. A post runs the examples of those that are listed."""
    everything, order = cards(), {code: at for at, code in enumerate(BRANCHES)}
    q, branch, group = (request.GET.get(key, "").strip() for key in ("q", "branch", "group"))
    found = [one for one in everything if all(word in one.search for word in q.lower().split())]
    of_branch = [one for one in found if not branch or one.branch == branch]
    fits = [one for one in of_branch if not group or one.group.zh == group]
    fits.sort(key=lambda one: (order[one.branch], one.group.zh, one.code))
    page = _page(request.GET.get("page", ""), len(fits))
    listed = fits[(page - 1) * _PAGE : page * _PAGE]
    if request.method == "POST":
        run_all(listed)
        return redirect(request.get_full_path())
    context = {
        "lines": _lines(listed, counts.open_matters()), "q": q, "branch": branch, "group": group, "total": len(everything),
        "found": len(fits), "in_branch": len(of_branch), "branches": _branches(found, branch), "of_all": len(found),
        "groups": _groups(of_branch, group) if branch else (), "page": page, "more": page * _PAGE < len(fits),
        "codes": {one.code for one in everything}, "to_run": any(one.told is None for one in listed),
    }  # fmt: skip
    return show(request, "listing", context)


def _page(text: str, count: int) -> int:
    last = max(1, -(-count // _PAGE))
    return min(whole(text) or 1, last)


def _lines(listed: Sequence[Card], running: Mapping[str, Mapping[bytes, int]]) -> tuple[Line, ...]:
    lines: list[Line] = []
    last: tuple[str, str] = ("", "")
    for one in listed:
        head = Words(
            f"{BRANCHES[one.branch].zh}，{one.group.zh}", f"{BRANCHES[one.branch].en}, {one.group.en}"
        )
        by_version = running.get(one.code, {})
        total = sum(by_version.values())
        older = sum(count for digest, count in by_version.items() if digest not in one.in_force)
        passed = None if one.told is None else sum(told.ok for told in one.told)
        channels = tuple(CHANNELS[channel] for channel in one.channels)
        begins = (one.branch, one.group.zh) != last
        last = (one.branch, one.group.zh)
        lines.append(Line(one, head if begins else None, channels, total, older, passed))
    return tuple(lines)


def _branches(found: Iterable[Card], here: str) -> tuple[Choice, ...]:
    """The branches that have an item, in their order."""
    held = Counter(one.branch for one in found)
    return tuple(
        Choice(code, title, held[code], code == here)
        for code, title in BRANCHES.items()
        if held[code] or code == here
    )


def _groups(found: Sequence[Card], here: str) -> tuple[Choice, ...]:
    """The groups of a branch, as they are sorted in the list."""
    held, titles = Counter(one.group.zh for one in found), {one.group.zh: one.group for one in found}
    return tuple(Choice(zh, titles[zh], held[zh], zh == here) for zh in sorted(held))
