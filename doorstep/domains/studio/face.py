"""A form as a resident sees it on a phone, at a desk or at a kiosk, in both languages: the portal's own pages, drawn for
nobody in particular and set into frames, with the answers of an example.

The frames are sandboxed: nothing in them runs or sends. What leads to another page of the form leads to its preview;
everything else leads nowhere. Nothing is read or kept about anybody.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.template.loader import render_to_string

from doorstep.domains.studio.sample import data_of
from doorstep.kernel import trust
from doorstep.rulebook.field import Fault, Page
from doorstep.rulebook.format import whole
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Lang, Words
from doorstep.web.language import Wish, lang, reading
from doorstep.web.portal import apply
from doorstep.web.portal.apply import REVIEW, Back
from doorstep.web.questions import Asking

WAYS: Final[Mapping[str, Words]] = {
    "blank": Words("空白", "Blank"),
    "filled": Words("填好了", "Filled in"),
    "wrong": Words("没填就交", "Sent empty"),
}
DEVICES: Final[Mapping[str, tuple[str, Words, Words]]] = {
    "phone": ("device-mobile", Words("手机", "Phone"), Words("手机上", "On a phone")),
    "desktop": ("device-desktop", Words("电脑", "Desktop"), Words("电脑上（缩小了）", "On a desktop (reduced)")),
    "kiosk": ("device-tablet", Words("自助机", "Kiosk"), Words("自助机上（大字，缩小了）", "At a kiosk (large type, reduced)")),
}  # fmt: skip
TONGUES: Final[Mapping[Lang, Words]] = {"zh": Words("中文", "Chinese"), "en": Words("英文", "English")}
LAST: Final = "review"
"""The page behind those of the form, on which everything is read again."""
_MOST_ROWS = 50
_ELSEWHERE = re.compile(
    r'(<a\b[^>]*?)\shref="(?!#|/studio/[^"]*/form\?device=(?![^"]*(?:lang|mode|theme)=))[^"]*"'
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A page on one device in one language. ``html`` is a whole document, for the ``srcdoc`` of a frame."""

    device: str
    icon: str
    title: Words
    lang: Lang
    tongue: Words
    html: str


@dataclass(frozen=True, slots=True)
class Face:
    """One page of a form, in its frames."""

    id: str
    title: Words
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody wants to look at a form. ``example``: the number, from 1, of the one whose answers are filled in."""

    way: str = "blank"
    device: str = "phone"
    tongue: Lang = "zh"
    example: int = 0
    page: str = ""
    unit: str = ""

    def url(self, found: Pack, **changed: Any) -> str:
        """Where the same look is, with something changed."""
        one = replace(self, **changed)
        asked = {"device": one.device, "in": one.tongue, "way": one.way, "page": one.page}
        asked |= {"example": str(one.example)} if one.example and one.way == "filled" else {}
        asked |= {"unit": one.unit} if one.unit else {}
        return f"/studio/{found.code}/form?{urlencode(asked)}"


def look_of(request: HttpRequest) -> Look:
    """The look that an address asks for; what it does not know is as usual."""
    asked = request.GET
    way, device, tongue = asked.get("way", ""), asked.get("device", ""), asked.get("in", "")
    return Look(
        way if way in WAYS else "blank",
        device if device in DEVICES else "phone",
        "en" if (tongue or lang()) == "en" else "zh",
        whole(asked.get("example")) or 0,
        asked.get("page", ""),
        asked.get("unit", ""),
    )


def answers(found: Pack, look: Look) -> dict[str, Any]:
    """What is filled in: of the example that was chosen, else of one that ends well."""
    if look.way != "filled":
        return {}
    listed = found.raw["examples"]
    chosen = listed[look.example - 1 : look.example] if look.example else ()
    return copy.deepcopy(dict(chosen[0]["data"])) if chosen else data_of(found)


def pages(found: Pack, look: Look) -> Sequence[tuple[str, Words]]:
    """Id and title of the pages that somebody meets who fills the form in this way, and of the last, where it is read again."""
    met = found.form.pages(answers(found, look)) or found.form.pages()
    return (*((one.id, one.title) for one in met), (LAST, REVIEW))


def face(request: HttpRequest, found: Pack, look: Look) -> Face:
    """The page that is looked at, else the first: on a phone in both languages side by side, elsewhere in one."""
    listed = pages(found, look)
    here, title = next((one for one in listed if one[0] == look.page), listed[0])
    tongues: tuple[Lang, ...] = ("zh", "en") if look.device == "phone" else (look.tongue,)
    at = replace(look, page=here)
    return Face(here, title, tuple(_frame(request, found, replace(at, tongue=one)) for one in tongues))


def faces(request: HttpRequest, found: Pack) -> tuple[Face, ...]:
    """Every page of the empty form, on a phone and at a desk, in the reader's language."""
    look = Look(tongue=lang())
    return tuple(
        Face(
            one,
            title,
            tuple(
                _frame(request, found, replace(look, page=one, device=each)) for each in ("phone", "desktop")
            ),
        )
        for one, title in pages(found, look)[:-1]
    )


def is_drawable(found: Pack) -> bool:
    """Whether a group begins with so few rows that it may be drawn for a look."""
    return all(one.min_items <= _MOST_ROWS for one in found.form.fields)


def _frame(request: HttpRequest, found: Pack, look: Look) -> Frame:
    icon, _, title = DEVICES[look.device]
    mode: Any = "elder" if look.device == "kiosk" else "plain"
    with reading(Wish(look.tongue, mode)):
        html = _drawn(request, found, look)
    return Frame(look.device, icon, title, look.tongue, TONGUES[look.tongue], html)


def _drawn(request: HttpRequest, found: Pack, look: Look) -> str:
    data, listed = answers(found, look), [one for one, _ in pages(found, look)]
    at = listed.index(look.page)
    if look.page == LAST:
        template, context = "web/portal/review.html", apply.review_of(found, data)
        context |= {"faults": ()} if look.way == "blank" else {}
    else:
        template, context = "web/portal/apply.html", _page(found, look, data)
    context |= {
        "version": 1, "called": None, "saved_at": None, "before": _back(found, look, at),
        "steps": [replace(one, url=look.url(found, page=name)) for one, name in zip(context["steps"], listed, strict=True)],
        "onward": look.url(found, page=listed[min(at + 1, len(listed) - 1)]) if look.way != "wrong" else "",
    }  # fmt: skip
    html = render_to_string(template, context, request=_as_nobody(request))
    return _ELSEWHERE.sub(r"\1", html.replace("<head>", '<head><base target="_top">', 1))


def _page(found: Pack, look: Look, data: Mapping[str, Any]) -> dict[str, Any]:
    met = found.form.pages(data) or found.form.pages()
    here = next(one for one in met if one.id == look.page)
    faults = _faults(found, here, data) if look.way == "wrong" else ()
    return apply.page_of(found, here, Asking(data, {one.pointer: one.words for one in faults}), faults)


def _back(found: Pack, look: Look, at: int) -> Back | None:
    """The page before this one."""
    if not at:
        return None
    before, title = pages(found, look)[at - 1]
    return Back(title, look.url(found, page=before))


def _faults(found: Pack, here: Page, data: Mapping[str, Any]) -> tuple[Fault, ...]:
    return found.form.validate(data, page=here.id)


def _as_nobody(request: HttpRequest) -> HttpRequest:
    """The same wish for language and ground, but nobody who is signed in."""
    guest = copy.copy(request)
    guest.viewer = trust.nobody()  # type: ignore[attr-defined]
    return guest
