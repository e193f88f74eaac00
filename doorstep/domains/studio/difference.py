"""What changed between two versions of an item, in words: where, what it was, what it is now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from doorstep.rulebook.words import Words

_SECTIONS: Mapping[str, Words] = {
    "title": Words("名称", "Title"), "summary": Words("一句话", "Summary"), "aliases": Words("别的叫法", "Other names"),
    "group": Words("分组", "Group"), "branch": Words("业务条线", "Branch"), "kind": Words("事项种类", "Kind"),
    "for": Words("谁能办", "Who applies"), "channels": Words("渠道", "Channels"), "visits": Words("跑几趟", "Visits"),
    "law": Words("依据", "Law"), "limits": Words("时限", "Limits"), "fees": Words("费用", "Fees"),
    "reductions": Words("减免", "Who pays less"),
    "guide": Words("指南", "Guide"), "materials": Words("材料", "Papers to bring"), "form": Words("表单", "Form"),
    "tables": Words("判断表", "Tables"), "flow": Words("流程", "The way"), "gives": Words("文书", "Papers given"),
    "reasons": Words("理由", "Reasons"), "purposes": Words("查看理由", "Purposes"), "privacy": Words("个人信息", "Personal data"),
    "figures": Words("统计", "Figures"), "examples": Words("例子", "Examples"), "competent": Words("承办单位", "Competent unit"),
    "hand_out": Words("领取点", "Point of hand-out"), "contact": Words("联系方式", "Contact"),
    "accepted_at": Words("从哪步起算受理", "Accepted at"), "legs": Words("各级分段", "Legs"), "facts": Words("事实", "Facts"),
}  # fmt: skip
_NAMES = ("id", "code", "paper", "name")
_GONE = object()
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; an empty ``before`` is new, an empty ``after`` is gone."""

    section: Words
    where: str
    before: str
    after: str


def section(name: str) -> Words:
    """What a part of a pack is called."""
    return _SECTIONS.get(name, Words(name, name))


def changes(before: Mapping[str, Any], after: Mapping[str, Any], lang: str) -> tuple[Change, ...]:
    """Everything that differs, in the order of the later version; texts in one language where they differ in it."""
    keys = [*after, *(key for key in before if key not in after)]
    found = []
    for key in keys:
        for way, old, new in _walk(before.get(key, _GONE), after.get(key, _GONE), ()):
            found.append(Change(section(key), _where(way), _text(old, lang), _text(new, lang)))
    return tuple(found)


def _walk(old: Any, new: Any, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not _is_words(old):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _walk(old.get(key, _GONE), new.get(key, _GONE), (*way, str(key)))
    elif isinstance(old, list) and isinstance(new, list) and _named(old) and _named(new):
        mine, theirs = _by_name(old), _by_name(new)
        for key in [*theirs, *(key for key in mine if key not in theirs)]:
            yield from _walk(mine.get(key, _GONE), theirs.get(key, _GONE), (*way, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (left, right) in enumerate(zip(old, new, strict=True), 1):
            yield from _walk(left, right, (*way, str(at)))
    else:
        yield way, old, new


def _is_words(value: Mapping[str, Any]) -> bool:
    return set(value) == {"zh", "en"}


def _named(rows: list[Any]) -> bool:
    return bool(rows) and all(isinstance(one, dict) and any(key in one for key in _NAMES) for one in rows)


def _by_name(rows: list[Any]) -> dict[str, Any]:
    """Rows by what names each of them, so that one put in between moves nothing else."""
    found: dict[str, Any] = {}
    for one in rows:
        name = next(one[key] for key in _NAMES if key in one)
        text = name["zh"] if isinstance(name, dict) else str(name)
        found[text if text not in found else f"{text} ({len(found)})"] = one
    return found


def _where(way: tuple[str, ...]) -> str:
    return " / ".join(way)


def _text(value: Any, lang: str) -> str:
    if value is _GONE:
        return ""
    if isinstance(value, dict) and _is_words(value):
        return str(value[lang])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
