"""The tags and filters of every page: two languages, icons, days and money, state chips, the way drawn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from doorstep.rulebook.region import region
from doorstep.rulebook.words import Words
from doorstep.web import ground, icons, language, saying, slots, way

register = template.Library()

# state: (colour, icon, 中文, English). A matter's states first, then those of a step.
STATES: dict[str, tuple[str, str, str, str]] = {
    "draft": ("next", "pencil", "还没提交", "Not sent yet"),
    "open": ("go", "progress", "正在办", "In progress"),
    "returned": ("wait", "hourglass", "等您办", "Waiting for you"),
    "granted": ("done", "check", "办好了", "Done"),
    "refused": ("stop", "circle-x", "没有批准", "Not approved"),
    "withdrawn": ("stop", "arrow-back-up", "您撤回了", "Withdrawn"),
    "closed": ("stop", "archive", "已办结", "Closed"),
    "approved": ("done", "check", "批准了", "Approved"),
    "sent_back": ("stop", "arrow-back-up", "退回补正", "Sent back"),
    "wait": ("wait", "hourglass", "等您", "Waiting for you"),
    "go": ("go", "progress", "正在办", "In progress"),
    "next": ("next", "circle-dotted", "排在后面", "To come"),
    "done": ("done", "check", "好了", "Done"),
    "late": ("late", "alert-circle", "超期了", "Overdue"),
    "soon": ("wait", "clock-exclamation", "快到期", "Due soon"),
    "held": ("done", "circle-check", "不用交", "Already held"),
    "stop": ("stop", "circle-minus", "到此为止", "Ended"),
}


def _fill(text: str, values: dict[str, Any]) -> SafeString:
    """``text`` escaped, with escaped values put in; values may be Words or safe markup from another tag."""
    shown = {key: conditional_escape(language.say(value)) for key, value in values.items()}
    return mark_safe(escape(text).format(**shown))  # noqa: S308  (text and values are escaped above)


@register.simple_tag
def t(zh: str, en: str, **values: Any) -> SafeString:
    """Both languages where they are used: ``{% t "共 {n} 件" "{n} matter|{n} matters" n=count %}``."""
    if language.lang() == "zh":
        return _fill(zh, values)
    return _fill(saying.plural(en, values.get("n")), values)


@register.filter
def w(words: Words | str | None) -> str:
    """Words in the reader's language."""
    return "" if words is None else language.say(words)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline icon of the Tabler set; ``name!`` is the filled form."""
    return icons.draw(name)


def _time(value: date | datetime | str, text: str) -> SafeString:
    at = saying.local(value)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), text)


@register.filter
def day(value: date | datetime | str | None) -> str:
    """2026年11月21日（周六） / Sat 21 Nov 2026."""
    return _time(value, saying.day(value)) if value else ""


@register.filter
def day_short(value: date | datetime | str | None) -> str:
    """11月21日（周六） / Sat 21 Nov."""
    return _time(value, saying.day(value, year=False)) if value else ""


@register.filter
def day_bare(value: date | datetime | str | None) -> str:
    """11月21日 / 21 Nov."""
    return _time(value, saying.day(value, year=False, week=False)) if value else ""


@register.filter
def clock(value: datetime | str | None) -> str:
    """15:42."""
    return _time(value, saying.clock(value)) if value else ""


@register.filter
def moment(value: datetime | str | None) -> str:
    """11月21日（周六）15:42 / Sat 21 Nov, 15:42."""
    if not value:
        return ""
    join = "" if language.lang() == "zh" else ", "
    return _time(value, f"{saying.day(value, year=False)}{join}{saying.clock(value)}")


@register.filter
def near(value: datetime | str | None, now: datetime) -> str:
    """今天 08:40 / Fri 09:05, seen from ``now``."""
    return _time(value, saying.near(value, now)) if value else ""


@register.filter
def duration(value: Any) -> str:
    """A limit, a timedelta or minutes in words."""
    return saying.duration(value) if value is not None else ""


@register.filter
def money(value: Any) -> str:
    """¥40.00, or the word for free."""
    return saying.money(value) if value is not None else ""


@register.filter
def mask(value: Any) -> str:
    """The middle of a number or name hidden."""
    return saying.mask(value)


@register.simple_tag
def state(code: str, words: Words | str | None = None) -> SafeString:
    """A state chip: icon, word and colour. ``words`` says it more exactly than the usual word."""
    colour, sign, zh, en = STATES[code]
    text = language.say(words) if words else saying.of(zh, en)
    return format_html('<span class="state state-{}">{}{}</span>', colour, icons.draw(sign), text)


@register.simple_tag(name="way")
def draw_way(stops: tuple[way.Stop, ...]) -> SafeString:
    """The way of a matter drawn twice, tall and wide; CSS shows the one that fits."""
    return way.draw(tuple(stops), language.lang(), large=language.wish().mode == "elder")


@register.simple_tag(takes_context=True)
def here(context: RequestContext, **changed: str) -> str:
    """This page's address with other query values: ``{% here lang="en" %}``."""
    request = context["request"]
    query = request.GET.copy()
    for key, value in changed.items():
        query[key] = value
    return f"{request.path}?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def slot(context: RequestContext, name: str, subject: Any) -> SafeString:
    """What domains put here: ``{% slot "matter.rate" matter %}``."""
    return slots.draw(context["request"], name, subject)


@register.inclusion_tag("web/_no_streets.html")
def no_streets() -> dict[str, str]:
    """What is said in the place of a map where a region has no streets yet, and how that is mended; else nothing."""
    return {"code": region().code if ground.no_streets() else ""}
