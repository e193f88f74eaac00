"""The intake screen: one form that is kept as it is typed, and what is thought of it meanwhile.

Every change is sent to `think`: the draft is stored (sealed, as all drafts are), and back come the kinds that fit, the next
question, the level with its reason, where the place is, who may report the same, and what is to be known of the address.
Without a script a button does the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from doorstep.domains.command.calls import kinds, reading
from doorstep.domains.command.calls.verbs import Report
from doorstep.geo.beside import Hit
from doorstep.geo.crs import Degrees
from doorstep.geo.talk import Away
from doorstep.kernel import draft
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Words
from doorstep.web import ground

ITEM: Final = "call"
"""What a draft of a call is a draft of."""
_SAID: Final = ("place", "words", "name", "phone", "language", "threatened", "silent", "ring_back")
_KEPT: Final = (*_SAID, "kind", "kind_q", "spot", "at", "parent", "by")
_AT: Final = re.compile(r"(-?\d{1,3}\.\d{3,})\s*[,，]\s*(-?\d{1,2}\.\d{3,})")
_FITS: Final = 0.3
_FEW: Final = 6
_WAYS: Final = ("phone", "text", "person", "officer")


@dataclass(frozen=True, slots=True)
class Thought:
    """What is known of a call while it is typed."""

    typed: Mapping[str, str]
    fits: tuple[kinds.Kind, ...]
    kind: kinds.Kind | None
    questions: tuple[tuple[kinds.Question, str], ...]
    current: str
    judged: kinds.Judged | None
    plan: kinds.Plan | None
    hits: tuple[Hit, ...]
    away: bool
    at: Degrees | None
    place: str
    station: Words | None
    community: Words | None
    near: tuple[reading.OpenCall, ...]
    flags: tuple[reading.Flag, ...]
    report: Report
    parent: UUID | None


def typed(post: Mapping[str, Any]) -> dict[str, str]:
    """What a form sends, as it is kept in the draft."""
    found = {name: str(post.get(name, ""))[:1000] for name in _KEPT}
    asked = {name: str(value)[:12] for name, value in post.items() if name.startswith("ask.")}
    return {name: value for name, value in {**found, **asked}.items() if value}


def kept(viewer: Viewer, draft_id: str) -> tuple[dict[str, str], str]:
    """The newest draft of the operator, or the one named; empty if there is none."""
    found = draft.my_drafts(viewer, item=ITEM)
    mine = next((one for one in found if not draft_id or str(one.id) == draft_id), None)
    return ({name: str(value) for name, value in mine.data.items()}, str(mine.id)) if mine else ({}, "")


def keep(viewer: Viewer, told: Mapping[str, str], draft_id: str) -> str:
    """Store what was typed. A draft that is gone begins anew."""
    known = {str(one.id) for one in draft.my_drafts(viewer, item=ITEM)}
    there = UUID(draft_id) if draft_id in known else None
    return str(draft.save_draft(viewer, ITEM, dict(told), "typed", there).id)


def think(viewer: Viewer, told: Mapping[str, str]) -> Thought:
    """Everything that follows from what was typed so far."""
    fits = matching(told.get("kind_q", ""))
    kind = next((one for one in kinds.kinds() if one.code == told.get("kind")), None)
    fits = (kind, *fits) if kind and kind not in fits else fits
    answers = {q.name: told.get(f"ask.{q.name}", "") for q in kind.questions} if kind else {}
    judged = kinds.judge(kind.code, answers) if kind else None
    hits, here, away = where(told)
    at = here.at if here else None
    report = Report(
        kind=kind.code if kind else "", by=told.get("by") if told.get("by") in _WAYS else "phone",  # type: ignore[arg-type]
        said={name: told[name] for name in _SAID if told.get(name)}, answers=answers,
        lon=at[0] if at else None, lat=at[1] if at else None, ground=code_of(here, "station"), zone=code_of(here, "community"),
    )  # fmt: skip
    current = next((name for name, value in answers.items() if not value), "")
    return Thought(
        told, fits, kind, tuple((q, answers[q.name]) for q in kind.questions) if kind else (), current, judged,
        kinds.plan(kind.code, judged.level) if kind and judged else None, tuple(hits), away, at,
        told.get("place", "") or (here.name if here else ""), _name(here, "station"), _name(here, "community"),
        tuple(reading.near(viewer, *at)) if at else (), tuple(reading.flags_at(viewer, *(at or (None, None)))), report,
        uuid_of(told.get("parent", "")),
    )  # fmt: skip


def matching(text: str) -> tuple[kinds.Kind, ...]:
    """Kinds that fit what was typed: by words, pinyin or initials, the best first; all if nothing was typed."""
    wanted = text.strip().lower().replace(" ", "")
    if not wanted:
        return kinds.kinds()
    ranked = [(_rank(one, wanted), n, one) for n, one in enumerate(kinds.kinds())]
    return tuple(one for rank, _, one in sorted(ranked, key=lambda r: r[:2]) if rank < 9)[:_FEW]


def _rank(kind: kinds.Kind, wanted: str) -> int:
    names = [name.lower().replace(" ", "") for name in (kind.title.zh, kind.title.en, *kind.aliases)]
    for rank, fits in enumerate((
        any(wanted == one for one in (*names, kind.code.lower(), *kind.letters)),
        any(one.startswith(wanted) for one in (*names[:2], *kind.letters[:2])),
        any(one.startswith(wanted) for one in (*names, *kind.letters)),
        any(wanted in one or (len(one) > 1 and one in wanted) for one in names),
        len(wanted) > 2 and any(wanted in one for one in kind.letters),
    )):  # fmt: skip
        if fits:
            return rank
    return 9


def where(told: Mapping[str, str]) -> tuple[list[Hit], Hit | None, bool]:
    """Places that may be meant, the one that is, and whether the map is away. A shared position is read from the text."""
    place, spot = (
        told.get("place", "").strip(),
        _degrees(told.get("at", "")) or _degrees(told.get("spot", "")),
    )
    shared = spot or _degrees(place)
    try:
        asked = ground.beside()
        if shared:
            found = asked.at(shared)
            # Where somebody pointed is where it is; what lies nearest only gives it a name.
            here = Hit(found.name, found.kind, *shared, found.fits, True, found.grounds) if found else None
            hits = [one for one in asked.find(place, 5) if one.fits >= _FITS] if place and spot else []
            return hits, here or Hit(place, "", *shared, 0.0, True, ()), False
        hits = [one for one in asked.find(place, 5) if one.fits >= _FITS] if len(place) > 1 else []
        return hits, hits[0] if hits and hits[0].exact else None, False
    except Away:
        return [], Hit(place, "", *shared, 0.0, True, ()) if shared else None, True


def _degrees(text: str) -> Degrees | None:
    found = _AT.search(text)
    if found is None:
        return None
    lon, lat = float(found[1]), float(found[2])
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def code_of(hit: Hit | None, kind: str) -> str:
    """The code of the area of this kind in which a place lies; empty if in none."""
    area = hit.ground(kind) if hit else None
    return area.code if area else ""


def _name(hit: Hit | None, kind: str) -> Words | None:
    area = hit.ground(kind) if hit else None
    return area.name if area else None


def uuid_of(text: str) -> UUID | None:
    """An id as it stands in a form; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None
