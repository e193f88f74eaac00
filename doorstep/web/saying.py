"""Days, times, durations, money and numbers as people say them, in the reader's language.

Every function returns plain text; the template tags wrap days and times in ``<time>``.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web.language import lang

_DAYS_ZH = "一二三四五六日"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {
    "workday": ("个工作日", "working day"),
    "workhour": ("个工作小时", "working hour"),
    "day": ("天", "day"),
    "hour": ("小时", "hour"),
    "minute": ("分钟", "minute"),
    "second": ("秒", "second"),
}
_SIGNS = {"CNY": "¥"}


def local(value: date | datetime | str) -> date | datetime:
    """A moment in the town's time; a plain date stays as it is; ISO text is read first."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(calendar().zone)
    return value


def day(value: date | datetime | str, *, year: bool = True, week: bool = True) -> str:
    """2026年11月21日（周六）, or Sat 21 Nov 2026."""
    at = local(value)
    if lang() == "zh":
        text = f"{at.month}月{at.day}日"
        text = f"{at.year}年{text}" if year else text
        return f"{text}（周{_DAYS_ZH[at.weekday()]}）" if week else text
    text = f"{at.day} {_MONTHS[at.month - 1]}"
    text = f"{text} {at.year}" if year else text
    return f"{_DAYS_EN[at.weekday()]} {text}" if week else text


def days(first: date, last: date) -> Words:
    """10月1日至7日, or 1–7 Oct."""
    start = Words(f"{first.month}月{first.day}日", f"{first.day} {_MONTHS[first.month - 1]}")
    if first == last:
        return start
    same = (first.year, first.month) == (last.year, last.month)
    end = f"{last.day}日" if same else f"{last.month}月{last.day}日"
    until = f"{last.day} {_MONTHS[last.month - 1]}"
    return Words(f"{start.zh}至{end}", f"{first.day}–{until}" if same else f"{start.en} – {until}")


def weekday(value: date | datetime) -> Words:
    """周一, or Mon."""
    return Words(f"周{_DAYS_ZH[value.weekday()]}", _DAYS_EN[value.weekday()])


def clock(value: datetime | str) -> str:
    """15:42, always 24 hours."""
    return local(value).strftime("%H:%M")


def near(value: datetime | str, now: datetime) -> str:
    """The shortest that is still clear: 今天 08:40, 周五 09:05, 11月3日 15:42."""
    at = local(value)
    days = (local(now).toordinal() - at.toordinal()) if not isinstance(now, str) else 99
    zh = lang() == "zh"
    if days == 0:
        head = "今天" if zh else "today"
    elif days == 1:
        head = "昨天" if zh else "yesterday"
    elif 1 < days < 7:
        head = f"周{_DAYS_ZH[at.weekday()]}" if zh else _DAYS_EN[at.weekday()]
    else:
        head = day(at, year=days > 300, week=False)
    return f"{head} {at:%H:%M}" if isinstance(at, datetime) else head


def duration(value: Any) -> str:
    """A limit ("5 个工作日", "5 working days"), a timedelta or a number of minutes ("1 小时 15 分钟")."""
    if isinstance(value, dict):
        return _counted(int(value["value"]), str(value["unit"]))
    if hasattr(value, "unit") and hasattr(value, "value"):
        return _counted(int(value.value), str(value.unit))
    minutes = round(value.total_seconds() / 60) if isinstance(value, timedelta) else int(value)
    hours, rest = divmod(abs(minutes), 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "day"), (hours, "hour"), (rest if not days else 0, "minute")]
    said = [_counted(number, unit) for number, unit in parts if number]
    return " ".join(said) or _counted(0, "minute")


def _counted(number: int, unit: str) -> str:
    zh, en = _UNITS[unit]
    if lang() == "zh":
        return f"{number}\u00a0{zh}"
    return f"{number}\u00a0{en}" + ("" if number == 1 else "s")


def money(value: Any) -> str:
    """¥40.00; nothing to pay is a word."""
    currency = "CNY"
    if isinstance(value, dict):
        value, currency = value["amount"], value.get("currency", "CNY")
    amount = Decimal(str(value))
    if amount == 0:
        return "免费" if lang() == "zh" else "Free"
    sign = _SIGNS.get(currency)
    return f"{sign}{amount:,.2f}" if sign else f"{amount:,.2f}\u00a0{currency}"


def mask(value: Any) -> str:
    """The middle hidden: 990104********2716, 199****0417, 云**; at least half of it is never shown."""
    text = str(value or "")
    size = len(text)
    if size >= 15:
        head, tail = 6, 4
    elif size >= 7:
        head, tail = 3, 4
    else:
        head, tail = min(size, 1), 0
    if size > 1 and head + tail >= size:
        head, tail = 1, 0
    return text[:head] + "*" * (size - head - tail) + (text[-tail:] if tail else "")


def plural(text: str, number: Any) -> str:
    """The form of an English text that fits: ``{n} matter|{n} matters``. Chinese has one form."""
    one, bar, many = text.partition("|")
    return (one if str(number) == "1" else many) if bar else text


def of(zh: str, en: str) -> str:
    """The half in the reader's language."""
    return Words(zh, en).in_(lang())
