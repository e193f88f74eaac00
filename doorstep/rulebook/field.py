"""The nouns of a form: a field, a page of fields, and a fault in what was filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from doorstep.rulebook import document
from doorstep.rulebook.words import Words


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was filled in: the JSON pointer of the field, and what to do."""

    pointer: str
    words: Words


@dataclass(frozen=True, slots=True)
class Field:
    """One question. In a repeat group ``items`` holds the questions of one row, with ``*`` for its number.

    ``widget`` is one of text, textarea, choice, date, number, check, upload, unit, point, document, repeat.
    ``options_from`` names a list that the region gives (``units.station``, ``points.hand_out``).
    ``documents``: which kinds somebody may be known by, the usual one first.
    ``class_`` says who may see the value: public, personal or secret. ``when`` maps pointers to the values
    under which the question is asked at all.
    """

    pointer: str
    title: Words
    widget: str
    class_: str
    required: bool
    hint: Words | None = None
    why: Words | None = None
    fact: str = ""
    format: str = ""
    options: tuple[tuple[str, Words], ...] = ()
    options_from: str = ""
    material: str = ""
    documents: tuple[str, ...] = ()
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    items: tuple[Field, ...] = ()
    min_items: int = 0
    max_items: int = 0
    max_length: int = 0
    keyboard: str = "text"
    autocomplete: str = "off"
    pattern_words: Words | None = None

    @property
    def key(self) -> str:
        """The last part of the pointer."""
        return self.pointer.rpartition("/")[2]

    def row(self, number: int) -> tuple[Field, ...]:
        """The questions of one row of a repeat group, with their real pointers."""
        return tuple(replace(item, pointer=item.pointer.replace("*", str(number), 1)) for item in self.items)

    def said(self, value: Any) -> Words:
        """A value as a person reads it: the words of an option, otherwise the value itself."""
        for option, words in self.options:
            if option == value:
                return words
        if self.format == "document" and isinstance(value, str):
            return document.said(value)
        if isinstance(value, bool):
            return Words("是", "Yes") if value else Words("否", "No")
        return Words(str(value), str(value))


@dataclass(frozen=True, slots=True)
class Page:
    """A group of questions that is shown together."""

    id: str
    title: Words
    fields: tuple[Field, ...]
    hint: Words | None = None


def at_pointer(data: Any, pointer: str) -> Any:
    """The value at a JSON pointer, None if there is none."""
    for part in pointer.split("/")[1:]:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data
