"""A wrong click in a visit is taken back within a minute: the last one, as long as nothing else was done since.

What can be taken back is what only this window knows: the basket, the people of the visit, a scan that was let go. What was sent
cannot: an acceptance is withdrawn (`accept.take_back`), a paper that went out is corrected by a matter of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.visit import Visit
from doorstep.kernel import file
from doorstep.kernel.party import mask_name
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.words import Words

WITHIN = timedelta(minutes=1)
CAN = ("add", "drop", "leave", "who", "less", "unfile")
_PARTS = ("guests", "at", "items", "dropped", "seen", "left")
_SAID = {
    "add": Words("刚加了“{t}”", "Added “{t}”"), "drop": Words("刚去掉了“{t}”", "Removed “{t}”"),
    "leave": Words("刚请走了{t}", "Took {t} out of the visit"), "who": Words("刚打开了证件来改", "Identity opened to correct it"),
    "less": Words("刚去掉了一行", "Removed a row"), "unfile": Words("刚拿掉了一份扫描件", "Took a scan away"),
}  # fmt: skip


def remember(before: Visit, after: Visit, name: str, value: str) -> Visit:
    """``after`` with what brings ``before`` back."""
    old, new = visits.raw(before), visits.raw(after)
    parts = {part: old[part] for part in _PARTS if old[part] != new[part]}
    answers = {key: kept for key, kept in old["answers"].items() if new["answers"].get(key) != kept}
    if not parts and not answers:
        return after
    title = _title(before, after, name, value)
    said = _SAID[name]
    words = Words(said.zh.format(t=title.zh), said.en.format(t=title.en))
    told = {"at": clock.now().isoformat(), "said": words.as_dict(), "parts": parts, "answers": answers}
    return replace(after, before=told)


def _title(before: Visit, after: Visit, name: str, value: str) -> Words:
    if name == "leave":
        gone = {one.number for one in before.guests} - {one.number for one in after.guests}
        names = [mask_name(one.person.name) for one in before.guests if one.number in gone]
        return Words("".join(names) or "一个人", "".join(names) or "a person")
    keys = [key for key in after.items if key not in before.items] if name == "add" else [value]
    return next(iter(visits.names_of(after, keys)), Words("一项", "an item"))


def offered(visit: Visit) -> Words | None:
    """What can be taken back now, in words."""
    return Words.of(visit.before["said"]) if _fresh(visit.before) else None


def _fresh(before: Mapping[str, Any]) -> bool:
    return bool(before) and clock.now() - datetime.fromisoformat(before["at"]) <= WITHIN


def undone(viewer: Viewer, visit: Visit) -> Visit | None:
    """The visit as it was before the last click; None if it is too late."""
    if not _fresh(visit.before):
        return None
    now = visits.raw(visit)
    data = {
        **now,
        **visit.before["parts"],
        "answers": {**now["answers"], **visit.before["answers"]},
        "before": {},
    }
    return visits.here(viewer, visits.from_raw(data, visit.id, visit.saved_at))


# ---- scans ----


def let_go(after: Visit, before: Visit, file_id: str) -> Visit:
    """A scan is in no place any more; its content stays for the minute in which it may come back."""
    mine = {value for data in before.answers.values() for value in visits.values_of(data)}
    if file_id not in mine:
        return after
    return replace(after, dropped={**after.dropped, file_id: clock.now().isoformat()})


def forget_files(viewer: Viewer, visit: Visit, *, all_of_them: bool = False) -> Visit:
    """Scans that were let go more than a minute ago are destroyed."""
    kept = {}
    for file_id, at in visit.dropped.items():
        if not all_of_them and clock.now() - datetime.fromisoformat(at) <= WITHIN:
            kept[file_id] = at
        else:
            file.drop(viewer, UUID(file_id))
    return replace(visit, dropped=kept)
