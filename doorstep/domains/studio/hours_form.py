"""A row of a point's hours as somebody fills it in: other times, closed, some branches only; and what such a row says."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

from doorstep.domains.studio.proposal import Row, mark
from doorstep.domains.studio.setting import why_of
from doorstep.domains.studio.shift import named
from doorstep.domains.studio.timetable import Points
from doorstep.rulebook.hours import DAYS, Week, times_flaws, usual_of
from doorstep.rulebook.words import Refused, Words
from doorstep.web import saying
from doorstep.web.catalogue import BRANCHES

TITLES: Mapping[str, Words] = {
    "closed": Words("不开", "Closed"),
    "hours": Words("另定时间", "Other times"),
    "branches": Words("只办一部分", "Some branches only"),
}
WEEKDAYS: Mapping[str, Words] = {
    **{day: Words(f"周{zh}", day.capitalize()) for day, zh in zip(DAYS, "一二三四五六日", strict=True)},
    "holidays": Words("法定节假日", "Public holidays"),
}
_TIMES = re.compile(r"(\d{1,2})[:：.](\d{2})\s*[-–—~至到]\s*(\d{1,2})[:：.](\d{2})")
_USUAL = ("照常", "usual")
_WRONG = Words(
    "请按 8:30-12:00 14:00-17:30 这样写，从早到晚", "Write it as 8:30-12:00 14:00-17:30, from early to late"
)


def row_of(kind: str, sent: Mapping[str, str], listed: list[str]) -> Row:
    """A row as it was filled in; ``listed``: the branches that were ticked. Refused: "layer-form" with all that is missing."""
    faults: list[tuple[str, Words]] = []
    row: Row = {"from": _day("from", sent, faults), "to": _day("to", sent, faults)}
    if kind == "closed":
        row = _closed(row, sent, faults)
    elif kind == "hours":
        row["week"] = _week(sent, faults)
    else:
        row["branches"] = [one for one in BRANCHES if one in listed]
        if not listed:
            faults.append(("branches", Words("请至少选一类", "Choose at least one")))
    if row["from"] and row["to"] and row["from"] > row["to"]:
        faults.append(("to", Words("最后一天不能早于第一天", "The last day cannot be before the first")))
    row["why"] = why_of(sent, faults)
    if faults:
        words = Words(f"有 {len(faults)} 处要补", f"{len(faults)} to fill in")
        raise Refused("layer-form", words, faults=tuple(faults))
    if kind != "closed":
        source = sent.get("source", "").strip() or "none"
        row |= {"source": source, "sure": bool(sent.get("sure")) and source != "none"}
    return row


def _closed(row: Row, sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> Row:
    """Days, whole or between these times. One day is enough to say."""
    if not row["from"]:
        faults.append(("from", Words("请写哪天不开", "Say on which day it is closed")))
    row["to"] = row["to"] or row["from"]
    times = _times("times", sent, faults)
    return {**row, "times": times} if times else row


def _day(key: str, sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> str | None:
    text = sent.get(key, "").strip()
    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError:
        faults.append((key, Words("请按 2027-01-31 这样写日期", "Write the day as 2027-01-31")))
        return None


def _times(name: str, sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> list[str]:
    """Times as people write them: 8:30-12:00、14：00至17:30."""
    text = sent.get(name, "").strip()
    found = [f"{int(a):02}:{b}-{int(c):02}:{d}" for a, b, c, d in _TIMES.findall(text)]
    rest = re.sub(r"[\s,，、;；]", "", _TIMES.sub("", text))
    if rest or not all(map(_is_span, found)) or list(times_flaws(found, ())):
        faults.append((name, _WRONG))
        return []
    return found


def _is_span(text: str) -> bool:
    try:
        start, end = (one if one != "24:00" else "23:59" for one in text.split("-"))
        return time.fromisoformat(start) < time.fromisoformat(end)
    except ValueError:
        return False


def _week(sent: Mapping[str, str], faults: list[tuple[str, Words]]) -> Row:
    """The week by weekday; neighbours with the same times together, days without times left out."""
    days = [_times(day, sent, faults) for day in DAYS]
    week: Row = {}
    at = 0
    while at < 7:
        end = at
        while end < 6 and days[end + 1] == days[at]:
            end += 1
        if days[at]:
            week[DAYS[at] if end == at else f"{DAYS[at]}-{DAYS[end]}"] = days[at]
        at = end + 1
    if not week and not faults:
        faults.append((DAYS[0], Words("一周都不开的，请用“不开”", "For no day at all, use “Closed”")))
    free = sent.get("holidays", "").strip()
    if free.lower() in _USUAL:
        week["holidays"] = "usual"
    elif told := _times("holidays", sent, faults):
        week["holidays"] = told
    return week


def filled(kind: str, row: Row) -> dict[str, str]:
    """The fields of the form as they were filled in for this row."""
    sent = {
        "from": row.get("from") or "",
        "to": row.get("to") or "",
        "why_zh": row["why"]["zh"],
        "why_en": row["why"]["en"],
    }
    source = row.get("source", "none")
    sent |= {"source": "" if source == "none" else source, "sure": "1" if row.get("sure") else ""}
    if kind == "hours":
        sent |= week_filled(row["week"])
    return sent | {"times": " ".join(row.get("times") or ())}


def week_filled(raw: Mapping[str, Any]) -> dict[str, str]:
    """A week as the fields of the form hold it."""
    week = Week.of(raw)
    sent = {
        day: " ".join(f"{a:%H:%M}-{_end(b)}" for a, b in spans)
        for day, spans in zip(DAYS, week.days, strict=True)
    }
    free = "照常" if week.holidays is None else " ".join(f"{a:%H:%M}-{_end(b)}" for a, b in week.holidays)
    return sent | {"holidays": free}


def usual(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The usual week of what is said of a point, as data; empty: as the region's."""
    return usual_of(raw)


def as_week(week: Week) -> Row:
    """A week as data, day by day."""
    told = {
        day: [f"{a:%H:%M}-{_end(b)}" for a, b in spans] for day, spans in zip(DAYS, week.days, strict=True)
    }
    return {day: times for day, times in told.items() if times}


def _end(at: time) -> str:
    return "24:00" if at >= time(23, 59) else f"{at:%H:%M}"


def says(kind: str, row: Row) -> Words:
    """What a row says, as a sentence."""
    when = days_words(row)
    if kind == "hours":
        what = Week.of(row["week"]).words
    elif kind == "branches":
        what = named(row["branches"])
    else:
        times = "、".join(row.get("times") or ())
        what = Words(f"{times} 不开" if times else "不开", f"closed {times}" if times else "closed")
    return Words(f"{when.zh}：{what.zh}", f"{when.en}: {what.en}")


def days_words(row: Row) -> Words:
    """The days of a row."""
    first, last = (date.fromisoformat(row[key]) if row.get(key) else None for key in ("from", "to"))
    if first and last:
        return saying.days(first, last)
    if first:
        one = saying.days(first, first)
        return Words(f"{one.zh}起", f"from {one.en} on")
    if last:
        one = saying.days(last, last)
        return Words(f"到{one.zh}", f"until {one.en}")
    return Words("平时", "As a rule")


def found_row(points: Points, code: str, kind: str, marked: str) -> Row | None:
    """The row with this mark."""
    return next((one for one in (points.get(code) or {}).get(kind, ()) if mark(one) == marked), None)


def with_row(points: Points, code: str, kind: str, row: Row | None, instead: str = "") -> dict[str, Any]:
    """What a layer says of points with a row added, put in the place of the one marked ``instead``, or that one taken out."""
    new: dict[str, Any] = copy.deepcopy({name: dict(one) for name, one in points.items()})
    listed = list(new.setdefault(code, {}).get(kind, ()))
    at = next((n for n, one in enumerate(listed) if mark(one) == instead), len(listed))
    listed[at : at + 1] = [row] if row and row not in listed[:at] + listed[at + 1 :] else []
    new[code][kind] = listed
    new[code] = {name: held for name, held in new[code].items() if held}
    return {name: held for name, held in new.items() if held}


def rows_of(points: Points, code: str) -> Iterator[tuple[str, Row]]:
    """What a layer says of a point, row by row with its kind."""
    for kind, held in (points.get(code) or {}).items():
        for row in held:
            yield kind, row
