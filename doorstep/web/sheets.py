"""The twin on paper of every service: the checklist to tick at home, and the empty form to fill in by hand.

Drawn from the same pack as the pages, in the reader's language with the other one beside it; no person in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Final

from doorstep.rulebook import pack
from doorstep.rulebook.field import Field
from doorstep.rulebook.form import Form
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Lang, Words
from doorstep.web import drawing
from doorstep.web.places import counters, serving
from doorstep.web.portal.item import guide_of

_KINDS: Final = {
    "textarea": "lines", "choice": "ticks", "check": "ticks", "date": "day", "upload": "paper", "repeat": "rows",
}  # fmt: skip
_AGREE = Words("我同意", "I agree")
_MOST = 8
_NEAR = 2


def checklist(code: str, lang: Lang, today: date, address: str, demo: bool) -> bytes:
    """What to bring, how it goes and where, as PDF. Refused: "no-item"."""
    return _checklist(pack.current(code).hash, code, lang, today, address, demo)


def form(code: str, lang: Lang, today: date, address: str, demo: bool) -> bytes:
    """The empty form as PDF. Refused: "no-item"."""
    return _form(pack.current(code).hash, lang, today, address, demo)


@lru_cache(maxsize=64)
def _checklist(version: bytes, code: str, lang: Lang, today: date, address: str, demo: bool) -> bytes:
    found = pack.version(version)
    guide = guide_of(found)
    data = {
        **_head(found, today, address, demo),
        "summary": guide.lede,
        "figures": [{"label": one.name, "value": one.big} for one in guide.figures],
        "materials": [
            {"what": one.title, "how": one.note, "tag": _tag(one), "held": one.held}
            for one in guide.materials
        ],
        "steps": [{"what": one.title, "how": one.note} for one in guide.how],
        "points": list(_points(code)),
    }
    return drawing.render("checklist", data, lang=lang)


@lru_cache(maxsize=64)
def _form(version: bytes, lang: Lang, today: date, address: str, demo: bool) -> bytes:
    found = pack.version(version)
    groups, number = [], 0
    for page in found.form.pages():
        fields = []
        for one in page.fields:
            number += 1
            fields.append(_asked(found.form, one, number))
        groups.append({"title": page.title, "hint": page.hint, "fields": fields})
    return drawing.render("blank-form", {**_head(found, today, address, demo), "groups": groups}, lang=lang)


def _head(found: Pack, today: date, address: str, demo: bool) -> dict[str, Any]:
    """``number`` is the item's code and the version that this sheet was drawn from."""
    return {
        "number": f"{found.code} / {found.hash.hex()[:8]}", "item": found.title, "unit": region().force,
        "issued_on": today, "check_url": address, "signed": False, "blank": True, "demo": demo,
    }  # fmt: skip


def _tag(one: Any) -> Words | None:
    if one.held:
        return Words("不用带", "nothing to bring")
    if not one.optional:
        return None
    return Words("按情况", "depends") if one.depends else Words("没有也能办", "optional")


def _points(code: str) -> Iterator[dict[str, Any]]:
    """Counters with people first: a sheet of paper does not know what is open when it is read."""
    staffed = {place.code for place in counters()}
    for place in sorted(serving(code), key=lambda one: (one.code not in staffed, one.code))[:_NEAR]:
        told = [one for one in (place.address, place.week) if one]
        zh, en = [one.zh for one in told], [one.en for one in told]
        phone = [place.phone] if place.phone else []
        yield {"label": place.name, "value": Words("，".join([*zh, *phone]), ", ".join([*en, *phone]))}


def _asked(form: Form, one: Field, number: int) -> dict[str, Any]:
    kind = _KINDS.get(one.widget, "line")
    options = [_AGREE] if one.widget == "check" else [words for _, words in one.options]
    few = 0 < len(options) <= _MOST
    return {
        "no": str(number), "title": one.title, "hint": one.hint, "required": one.required, "tag": _when(form, one),
        "kind": kind if kind != "ticks" or few else "line", "options": options if few else [],
        "parts": [part.title for part in one.items],
    }  # fmt: skip


def _when(form: Form, one: Field) -> Words | None:
    """Under which answers it is asked: “只在…时填”."""
    said = []
    for pointer, values in one.when.items():
        other = form.field(pointer)
        if other is not None:
            words = [other.said(value) for value in values]
            said.append(
                Words(
                    f"{other.title.zh}是{'、'.join(word.zh for word in words)}",
                    f"{other.title.en} is {' or '.join(word.en for word in words)}",
                )
            )
    if not said:
        return None
    return Words(
        f"只在{'，并且'.join(one.zh for one in said)}时填", f"only if {' and '.join(one.en for one in said)}"
    )
