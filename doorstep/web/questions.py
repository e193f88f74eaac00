"""Questions of a form as a page shows them: pack fields in, ready widgets out; and answers read back from the post."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import QueryDict

from doorstep.rulebook import document
from doorstep.rulebook.document import Document
from doorstep.rulebook.field import Fault, Field, at_pointer
from doorstep.rulebook.form import Form
from doorstep.rulebook.format import FORMATS, whole
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web import saying
from doorstep.web.places import listed

Pairs = list[tuple[str, str]]
_CARDS = 6  # more options than this are a list to choose from, not cards; cards that say more may be more
_DAY = (".y", ".m", ".d")


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose."""

    value: str
    title: Words
    hint: Words | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that was sent and waits for the form to be."""

    id: str
    name: Words
    note: Words


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a repeat group."""

    anchor: str
    pointer: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question, ready for ``web/_question.html``."""

    name: str
    anchor: str
    title: Words
    hint: Words | None
    why: Words | None
    required: bool
    fault: Words | None
    value: Any
    widget: str
    options: tuple[Option, ...] = ()
    files: tuple[SentFile, ...] = ()
    entries: tuple[Entry, ...] = ()
    keyboard: str = "text"
    autocomplete: str = "off"
    longest: int = 0
    full: bool = False
    document: Document | None = None
    states: tuple[Option, ...] = ()
    latin: str | None = None
    apart: bool = False

    @property
    def template(self) -> str:
        return f"web/fields/{self.widget}.html"

    @property
    def many_inputs(self) -> bool:
        """A group of inputs needs a fieldset; one input needs a label."""
        return self.widget in ("choice", "date", "check", "repeat") or (self.widget == "upload" and self.full)

    @property
    def usual_id(self) -> bool:
        """Is the identity card what most people show here?"""
        return self.options[0].value == "id"

    @property
    def kind_name(self) -> str:
        return _part_of(self.name, "document")

    @property
    def state_name(self) -> str:
        return _part_of(self.name, "state")

    @property
    def described(self) -> str:
        ids = [f"{self.anchor}-h"] if self.hint else []
        return " ".join([*ids, *([f"{self.anchor}-e"] if self.fault else [])])

    @property
    def input_type(self) -> str:
        return "tel" if self.keyboard == "tel" else "text"

    @property
    def inputmode(self) -> str:
        return "numeric" if self.widget == "number" else ""

    @property
    def width(self) -> str:
        if self.widget == "number" or 0 < self.longest <= 6:
            return "entry-s"
        return "entry-m" if self.keyboard == "tel" or 0 < self.longest <= 12 else "entry-l"

    @property
    def short_options(self) -> bool:
        return len(self.options) == 3 and all(len(o.title.zh) <= 5 and not o.hint for o in self.options)

    @property
    def day_parts(self) -> dict[str, str]:
        year, month, day = [*str(self.value or "").split("-"), "", "", ""][:3]
        return {"y": year, "m": month.lstrip("0"), "d": day.lstrip("0")}

    @property
    def accept(self) -> str:
        return "image/jpeg,image/png,application/pdf"


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One line of the box of faults above a form."""

    anchor: str
    words: Words
    title: Words | None = None
    url: str = ""
    page: Words | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One answer to be read again."""

    name: Words
    value: Words | None


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one page of a form."""

    id: str
    title: Words
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Asking:
    """What is needed to show questions: the answers so far, what is wrong with them, the files that were sent."""

    data: Mapping[str, Any]
    faults: Mapping[str, Words] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)
    more: str = ""

    def ask(self, fields: Iterable[Field]) -> tuple[Question, ...]:
        """The questions with their answers."""
        return tuple(self._one(one) for one in fields)

    def _one(self, one: Field) -> Question:
        value = at_pointer(self.data, one.pointer)
        widget, options = _widget(one, value)
        files = self._sent(one, value) if widget == "upload" else ()
        shown: dict[str, Any] = {"options": options} | by_document(one.documents, value)
        return Question(
            name=one.pointer, anchor=anchor_of(one.pointer), title=one.title, hint=one.hint, why=one.why,
            required=one.required, fault=self.faults.get(one.pointer), value=value, widget=widget,
            files=files, entries=self._rows(one, value) if widget == "repeat" else (), keyboard=one.keyboard,
            autocomplete=one.autocomplete, longest=one.max_length, full=bool(files), **shown,
        )  # fmt: skip

    def _sent(self, one: Field, value: Any) -> tuple[SentFile, ...]:
        row = self.files.get(str(value))
        if row is None:
            return ()
        return (SentFile(str(row.id), one.title, _file_note(row.size)),)

    def _rows(self, one: Field, value: Any) -> tuple[Entry, ...]:
        count = len(value) if isinstance(value, list) else 0
        count += 1 if self.more == one.pointer else 0
        return tuple(
            Entry(anchor_of(f"{one.pointer}/{number}"), f"{one.pointer}/{number}", self.ask(one.row(number)))
            for number in range(max(count, one.min_items, 1))
        )


def _part_of(name: str, part: str) -> str:
    """The name of an input that stands beside the number of a document: below a pointer, else in place of its last part."""
    if "/" in name:
        return f"{name}/{part}"
    return name.removesuffix("id_no") + part


def by_document(kinds: Sequence[str], value: Any) -> dict[str, Any]:
    """What a question for a document shows beside the number: the kinds that do, and who may have issued it."""
    if not kinds:
        return {}
    told = document.parts(value if isinstance(value, str) else "")
    here = told.kind if value else kinds[0]
    titles = [(kind, document.KINDS[kind].title) for kind in kinds]
    return {
        "document": told,
        "options": tuple(Option(kind, title, None, kind == here) for kind, title in titles),
        "states": state_options(told.state) if "passport" in kinds else (),
    }


def state_options(chosen: str) -> tuple[Option, ...]:
    """Who issues passports, in the order of the letters that stand in each passport."""
    return tuple(
        Option(code, Words(f"{code} {words.zh}", f"{code} {words.en}"), None, code == chosen)
        for code, words in document.states().items()
    )


_SHOWN = ("id", "passport", "permanent", "hkmo", "taiwan", "residence", "birth")
"""The documents by which somebody may be known who stands at a window or is named by somebody else."""


def who_by(
    name: str,
    value: str,
    *,
    title: Words | None = None,
    hint: Words | None = None,
    fault: Words | None = None,
    required: bool = True,
    unknown: bool = False,
    latin: str | None = None,
    anchor: str = "",
    apart: bool = False,
) -> Question:
    """The question by which document somebody is known; ``name`` ends with id_no, ``unknown`` lets them have none, ``apart`` leaves
    the choice of another document to the page, out of the way of who types an identity number.
    """
    kinds = (*_SHOWN, "none") if unknown else _SHOWN
    return Question(
        name=name, anchor=anchor or name, title=title or Words("证件号", "Number of the document"), hint=hint, why=None,
        required=required,
        fault=fault, value=value, widget="document", latin=latin, apart=apart, **by_document(kinds, value),
    )  # fmt: skip


def known_by(post: QueryDict, prefix: str = "") -> str:
    """What was answered to `who_by`, as one text; an identity number alone needs no choice."""
    kind, state, number = (str(post.get(prefix + part) or "") for part in ("document", "state", "id_no"))
    return document.compose(kind or "id", state, number)


def anchor_of(pointer: str) -> str:
    """The id of the element that asks for a pointer."""
    return "f" + pointer.replace("/", "-")


def fault_lines(faults: Sequence[Fault]) -> tuple[FaultLine, ...]:
    """Faults with the places they lead to."""
    return tuple(FaultLine(anchor_of(fault.pointer), fault.words) for fault in faults)


def _widget(one: Field, value: Any) -> tuple[str, tuple[Option, ...]]:
    """How a field is drawn, and from what to choose."""
    if one.options_from:
        choices = [(p.code, p.name, p.line) for p in listed(one.options_from)]
    else:
        choices = [(code, words, None) for code, words in one.options]
    options = tuple(Option(code, words, hint, code == value) for code, words, hint in choices)
    if options:
        most = 2 * _CARDS if options[0].hint else _CARDS
        return ("select" if len(options) > most else "choice"), options
    return ("text" if one.widget in ("number", "unit", "point") else one.widget), ()


def _file_note(size_bytes: int) -> Words:
    size = f"{max(1, round(size_bytes / 1024))}\u00a0KB"
    return Words(f"{size}，已经传好", f"{size}, uploaded")


def pairs_of(post: QueryDict) -> Pairs:
    """Names and values of a post; the three boxes of a day become one value."""
    pairs: Pairs = []
    days: dict[str, dict[str, str]] = {}
    for name in post:
        value = str(post.get(name) or "")
        if name.endswith(_DAY) and name.startswith("/"):
            days.setdefault(name[:-2], {})[name[-1]] = value.strip()
        else:
            pairs.append((name, value))
    for name, parts in days.items():
        if any(parts.values()):
            text = "-".join((parts.get("y", ""), parts.get("m", "").zfill(2), parts.get("d", "").zfill(2)))
            pairs.append((name, text))
    return pairs


def pairs_from(data: Any, pointer: str = "") -> Pairs:
    """Answers as the post that would give them."""
    if isinstance(data, dict):
        return [pair for key, value in data.items() for pair in pairs_from(value, f"{pointer}/{key}")]
    if isinstance(data, list):
        return [pair for at, value in enumerate(data) for pair in pairs_from(value, f"{pointer}/{at}")]
    return [(pointer, "true" if data is True else str(data))] if data is not None else []


def taken_in(form: Form, fields: Iterable[Field], data: Mapping[str, Any], pairs: Pairs) -> dict[str, Any]:
    """The answers so far with those of ``fields`` replaced by what was posted."""
    mine = tuple(one.pointer for one in fields)
    kept = [pair for pair in pairs_from(dict(data)) if not _below(pair[0], mine)]
    return form.from_post([*kept, *(pair for pair in pairs if _below(pair[0], mine))])


def _below(pointer: str, roots: Iterable[str]) -> bool:
    return any(pointer == root or pointer.startswith(root + "/") for root in roots)


def without(pairs: Pairs, pointer: str) -> Pairs:
    """The post without one answer, or without one row of a group."""
    return [pair for pair in pairs if not _below(pair[0], (pointer,))]


def upload_ids(form: Form, data: Mapping[str, Any]) -> list[UUID]:
    """Ids of all files among the answers."""
    found = (at_pointer(data, one.pointer) for one in form.fields if one.widget == "upload")
    return [UUID(value) for value in found if isinstance(value, str) and FORMATS["upload"].ok(value)]


def answers(form: Form, data: Mapping[str, Any], *, masked: bool = False) -> tuple[Group, ...]:
    """The answers to be read again, page by page; ``masked`` hides the middle of secret ones."""
    groups = []
    for page in form.pages(data):
        lines = [line for one in page.fields for line in _lines(one, data, masked)]
        groups.append(Group(page.id, page.title, tuple(lines)))
    return tuple(groups)


def heard(found: Pack, data: Mapping[str, Any]) -> tuple[Line, ...]:
    """What other systems answered, as far as the item keeps it."""
    told = (
        (words, at_pointer(data, pointer), found.field(pointer)) for pointer, words in found.heard.items()
    )
    return tuple(
        Line(words, one.said(value) if one else _plain(value))
        for words, value, one in told
        if value is not None
    )


def _plain(value: Any) -> Words:
    """What another system wrote: a day as we write days, everything else as it is."""
    text = str(value)
    if len(text) == 10 and text[4:5] == "-" and FORMATS["date"].ok(text):
        text = saying.day(text, week=False)
    return Words(text, text)


def _lines(one: Field, data: Mapping[str, Any], masked: bool) -> list[Line]:
    value = at_pointer(data, one.pointer)
    if one.widget == "repeat":
        rows = range(len(value) if isinstance(value, list) else 0)
        return [line for number in rows for inner in one.row(number) for line in _lines(inner, data, masked)]
    return [Line(one.title, None if value is None else _said(one, value, masked))]


def _said(one: Field, value: Any, masked: bool) -> Words:
    if one.widget == "upload":
        return Words("已经传好", "Uploaded")
    if one.options_from:
        found = next((p.name for p in listed(one.options_from) if p.code == value), None)
        return found or Words(str(value), str(value))
    if one.widget == "date":
        text = saying.day(value, week=False)
        return Words(text, text)
    if masked and one.class_ == "secret":
        if one.format == "document":
            return document.said(document.masked(str(value)))
        hidden = saying.mask(value)
        return Words(hidden, hidden)
    return one.said(value)


def number(text: str | None) -> int | None:
    return whole(text)
