"""Publishing what the files say: checked as a whole, all or nothing, only what changed; and taking a publication back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from doorstep.domains.studio.models import LayerInForce
from doorstep.domains.studio.sheet import stacks_in_force, was_before
from doorstep.domains.studio.stack import Stacks, read_stacks
from doorstep.domains.studio.timetable import note_files, settle
from doorstep.kernel import offer
from doorstep.kernel.event import canonical
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.pack import Offer
from doorstep.rulebook.region import Region, calendar
from doorstep.rulebook.words import Refused, Words

FOUNDING = ("doorstep", "随程序发布 · published with the program")
_NO_FILE = b""
_NOTHING = {0: [Offer(b"")]}


@dataclass
class Draft:
    """What would be published: items by place and time, and the packs they need. ``points``: those that changed with it."""

    made: list[offer.Made] = field(default_factory=list)
    versions: dict[bytes, pack.Pack] = field(default_factory=dict)
    points: list[str] = field(default_factory=list)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(one.code for one in self.made)


def fingerprints(stacks: Stacks) -> dict[str, bytes]:
    """For each item 32 bytes that change when its file, what all share, or what a layer says of it changes."""
    found = {}
    for path, plain in pack.fingerprints(stacks.root).items():
        code, digest = path.stem, hashlib.sha256(plain)
        for layer in stacks.layers:
            if code in layer.raw["items"]:
                told = [layer.name, layer.level, layer.unit, layer.raw["title"], layer.raw["items"][code]]
                digest.update(canonical(told))
        found[code] = digest.digest()
    return found


def draft(stacks: Stacks, known: Mapping[str, Iterable[bytes]], *, passing: bool = False) -> Draft:
    """What of the files is not ``known`` by its fingerprint; items that have lost their file are offered no longer.

    ``passing``: an item on which a layer that was written by page does not fit any more stays as it was published; without
    it, and where a file does not fit, Flawed.
    """
    drawn, today = Draft(), calendar().day_of(clock.now())
    sources = fingerprints(stacks)
    for code, source in sources.items():
        if source not in known.get(code, ()):
            try:
                drawn.made.append(offer.Made(code, source, times(stacks, code, today, drawn.versions)))
            except Flawed:
                if not passing or not _by_page(stacks, code):
                    raise
    for code in sorted(set(known) - set(sources)):
        if _NO_FILE not in known[code]:
            drawn.made.append(offer.Made(code, _NO_FILE, _NOTHING))
    return drawn


def _by_page(stacks: Stacks, code: str) -> bool:
    """Whether a layer over this item was written by page."""
    return any(one.by_page and one.operations(code) for one in stacks.layers)


def times(stacks: Stacks, code: str, today: date, versions: dict[bytes, pack.Pack]) -> dict[int, list[Offer]]:
    """The offers of an item by unit. The first holds also for any day before today, should the clock be set back."""
    found = {}
    for place in stacks.places(code):
        held = stacks.periods(code, place, today)
        found[_id(stacks.region, place)] = [
            Offer(one.hash, first if at else None, last) for at, (first, last, one) in enumerate(held)
        ]
        versions |= {one.hash: one for _, _, one in held}
    return found


def _id(region: Region, unit: str) -> int:
    return next((int(one["id"]) for one in region.units if one["code"] == unit), 0)


def found_packs() -> None:
    """At founding and at each start, as the migrator: bring points in line, publish the files that no publication knew yet.

    What was taken back stays so until its file changes. Unusable or Flawed if the files cannot be used.
    """
    files = read_stacks()
    now = stacks_in_force(files)
    by, why = FOUNDING
    note_files(files)
    settle(now, by=by, why=why)
    known: dict[str, Iterable[bytes]] = {
        code: [_NO_FILE] if held[-1] == _NO_FILE else [one for one in held if one != _NO_FILE]
        for code, held in offer.sources().items()
    }
    drawn = draft(now, known, passing=True)
    if drawn.made:
        offer.publish(drawn.made, list(drawn.versions.values()), by=by, why=why)


def publish_files(stacks: Stacks, *, by: str, why: str, base: int | None = None) -> tuple[int, Draft]:
    """Put in force what the files say, where it differs. Returns the number (0: nothing differed) and what was published.
    What is said of points is taken over with it.

    Unusable, with every finding, if one file has a flaw: then nothing is published. Refused: "published-meanwhile" (409) if
    another published one of these items after ``base``; "why" if no reason is given.
    """
    if not why.strip():
        raise Refused("why", Words("请写明为什么发布。", "Say why it is published."))
    base = offer.last() if base is None else base
    drawn = checked(stacks)
    note_files(stacks)
    drawn.points = settle(stacks, by=by, why=why)
    if not drawn.made and not drawn.points:
        return 0, drawn
    return offer.publish(drawn.made, list(drawn.versions.values()), by=by, why=why, base=base), drawn


def checked(stacks: Stacks) -> Draft:
    """What of the files is not in force. Unusable, with every finding, if a base pack or layer of it has a flaw."""
    held = {code: was[-1] for code, was in offer.sources().items()}
    changed = [code for code, source in fingerprints(stacks).items() if source != held.get(code)]
    findings = stacks.findings(changed)
    if findings:
        raise pack.Unusable(findings)
    return draft(stacks, {code: [source] for code, source in held.items()})


def roll_back(number: int, *, by: str, why: str) -> int:
    """What held before a publication is in force again, by a further publication; nothing is deleted. If it put a unit's
    sheet in force, so is the sheet before it.

    Refused: "no-publication" (404); "published-meanwhile" (409) if one of its items was published again since.
    """
    try:
        made = offer.before(number)
    except Refused:  # one that said something of points only names no item
        if not LayerInForce.objects.filter(publication_id=number).exists():
            raise
        made = []
    back = offer.publish(made, [], by=by, why=why, base=number, undoes=number)
    was_before(number, back)
    settle(stacks_in_force(), by=by, why=why)
    return back
