"""Forms: what is asked, page by page, and what is wrong with the answers. There is no other evaluator."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import jsonschema_rs

from doorstep.rulebook import document
from doorstep.rulebook.fact import Fact
from doorstep.rulebook.field import Fault, Field, Page, at_pointer
from doorstep.rulebook.form_source import read_form
from doorstep.rulebook.format import FORMATS, tidy, whole
from doorstep.rulebook.words import Words

_ASK: dict[str, tuple[str, str]] = {
    "upload": ("请上传“{t}”。", "{t}: please upload it."),
    "choice": ("请选择“{t}”。", "{t}: please choose one."),
    "unit": ("请选择“{t}”。", "{t}: please choose one."),
    "point": ("请选择“{t}”。", "{t}: please choose one."),
    "check": ("请确认“{t}”。", "{t}: please confirm."),
    "repeat": ("请至少填写一条“{t}”。", "{t}: please add at least one."),
}
_SAID: dict[str, tuple[str, str]] = {
    "required": ("请填写“{t}”。", "{t}: please fill this in."),
    "minLength": ("“{t}”至少要 {n} 个字。", "{t}: at least {n} characters."),
    "maxLength": ("“{t}”最多 {n} 个字，请缩短一些。", "{t}: at most {n} characters, please shorten it."),
    "pattern": ("“{t}”的写法不对，请核对。", "{t}: this is not how it is written, please check."),
    "enum": ("“{t}”请从给出的选项里选。", "{t}: please choose one of the options."),
    "const": ("请确认“{t}”。", "{t}: please confirm."),
    "minimum": ("“{t}”不能小于 {n}。", "{t}: not less than {n}."),
    "maximum": ("“{t}”不能大于 {n}。", "{t}: not more than {n}."),
    "minItems": ("“{t}”至少要填 {n} 条。", "{t}: add at least {n}."),
    "maxItems": ("“{t}”最多填 {n} 条。", "{t}: at most {n}."),
    "type": ("“{t}”的内容类型不对，请重新填写。", "{t}: this is not the right kind of value."),
    "unasked": ("这里没有问“{t}”，请不要填写。", "{t} is not asked here; please leave it out."),
}


class Form:
    """A form of a pack. Flawed at construction if its source is wrong (see ``form_source``)."""

    def __init__(self, raw: Any, facts: Mapping[str, Fact]) -> None:
        source = read_form(raw, facts)
        self.fields: tuple[Field, ...] = source.fields
        self._pages = source.pages
        self.materials = {one.pointer: one.material for one in self.fields if one.material}
        self._by_pointer = {one.pointer: one for one in self.fields}
        self._by_pointer |= {item.pointer: item for one in self.fields for item in one.items}
        self._validator = jsonschema_rs.Draft202012Validator(
            source.schema,
            validate_formats=True,
            formats={name: kind.ok for name, kind in FORMATS.items()},
        )

    def field(self, pointer: str) -> Field | None:
        """The question at a pointer; row numbers of a repeat group may be given."""
        plain = "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))
        return self._by_pointer.get(plain)

    def asked(self, one: Field, data: Any) -> bool:
        """Whether the answers so far make this a question at all."""
        return all(at_pointer(data, pointer) in values for pointer, values in one.when.items())

    def pages(self, data: Any = None) -> tuple[Page, ...]:
        """The pages to show for these answers; without answers, all that there are."""
        if data is None:
            return self._pages
        shown = []
        for page in self._pages:
            fields = tuple(one for one in page.fields if self.asked(one, data))
            if fields:
                shown.append(Page(page.id, page.title, fields, page.hint))
        return tuple(shown)

    def validate(self, data: Any, page: str | None = None) -> tuple[Fault, ...]:
        """Everything wrong with the answers, in the order of the questions; of one page if it is named."""
        whole = _with_groups(data, self.fields)
        faults = [fault for error in self._validator.iter_errors(whole) for fault in self._faults(error)]
        for one in self.fields:
            value = at_pointer(whole, one.pointer)
            if one.when and one.required and value is None and self.asked(one, whole):
                faults.append(Fault(one.pointer, self._missing(one)))
            if value is not None and not self.asked(one, whole):
                faults.append(Fault(one.pointer, _said("unasked", one.title)))
        order = {one.pointer: place for place, one in enumerate(self.fields)}
        first: dict[str, Fault] = {}
        for fault in sorted(faults, key=lambda f: (order.get(_top(f.pointer, order), -1), f.pointer)):
            first.setdefault(fault.pointer, fault)
        return tuple(f for f in first.values() if page is None or self._on_page(f.pointer, page))

    def clean(self, data: Any) -> dict[str, Any]:
        """The answers as they are kept: blanks taken out, numbers tidied, unasked questions dropped.

        What the form does not know stays, so that ``validate`` can name it.
        """
        whole: dict[str, Any] = (_tidied(data, "", self) if isinstance(data, dict) else None) or {}
        for one in self.fields:
            if not self.asked(one, whole):
                _drop(whole, one.pointer.split("/")[1:])
        return whole

    def from_post(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Answers from an HTML form whose input names are pointers (``/tenants/0/name``), typed and cleaned.

        Names that are no pointers are skipped. A value that cannot be typed stays as it was typed.
        """
        tree: dict[str, Any] = {}
        for name, text in pairs:
            if name.startswith("/"):
                one = self.field(name)
                number = ["number"] if one and one.widget == "document" else []
                _put(tree, [*name.split("/")[1:], *number], _typed(one, text))
        return self.clean(_lists(tree))

    def files(self, data: Any) -> dict[str, UUID]:
        """Pointer to file id of everything that was uploaded."""
        found = {}
        for one in self.fields:
            value = at_pointer(data, one.pointer)
            if one.widget == "upload" and isinstance(value, str) and FORMATS["upload"].fault(value) is None:
                found[one.pointer] = UUID(value)
        return found

    def facts(self, data: Any) -> dict[str, Any]:
        """Fact name to value, for decision tables; also ``<group>.count`` of rows and ``has.<material>``."""
        values: dict[str, Any] = {}
        for one in self.fields:
            value = at_pointer(data, one.pointer)
            if one.widget == "repeat":
                values[f"{one.key}.count"] = len(value) if isinstance(value, list) else 0
            elif one.fact:
                values[one.fact] = value
            if one.material:
                values[f"has.{one.material}"] = bool(value)
        return values

    def _on_page(self, pointer: str, page: str) -> bool:
        fields = [one.pointer for shown in self._pages if shown.id == page for one in shown.fields]
        return any(pointer == mine or pointer.startswith(mine + "/") for mine in fields)

    def _faults(self, error: jsonschema_rs.ValidationError) -> list[Fault]:
        at = "".join(f"/{part}" for part in error.instance_path)
        rule, value = error.kind.name, getattr(error.kind, "value", "")
        if rule == "required":
            at = f"{at}/{value}"
            one = self.field(at)
            return [Fault(at, self._missing(one) if one else _said("required", _bare(at)))]
        if rule == "additionalProperties":
            return [Fault(f"{at}/{name}", _said("unasked", _bare(name))) for name in value]
        one = self.field(at)
        title = one.title if one else _bare(at)
        if rule == "format":
            typed = at_pointer({"": error.instance}, "/")
            said = FORMATS[value].fault(str(typed)) if value in FORMATS else None
            return [Fault(at, said or _said("pattern", title))]
        if rule == "pattern" and one and one.documents:
            return [Fault(at, _other_document(one))]
        if rule == "pattern" and one and one.pattern_words:
            return [Fault(at, one.pattern_words)]
        if rule == "minLength" and error.instance == "" and one:
            return [Fault(at, self._missing(one))]
        return [Fault(at, _said(rule if rule in _SAID else "type", title, value))]

    def _missing(self, one: Field) -> Words:
        zh, en = _ASK.get(one.widget, _SAID["required"])
        return Words(zh, en).format(t=one.title)


def _other_document(one: Field) -> Words:
    titles = [document.KINDS[kind].title for kind in one.documents]
    zh, en = "、".join(t.zh for t in titles), ", ".join(t.en for t in titles)
    return Words(
        f"这里收的证件：{zh}。请选种类，照证件填号码。",
        f"Accepted here: {en}. Choose which, and copy its number.",
    )


def _bare(text: str) -> Words:
    return Words(text, text)


def _said(rule: str, title: Words, number: object = "") -> Words:
    zh, en = _SAID[rule]
    return Words(zh, en).format(t=title, n=number)


def _top(pointer: str, order: Mapping[str, int]) -> str:
    """The question that a pointer belongs to, also from within a row."""
    while pointer and pointer not in order:
        pointer = pointer.rpartition("/")[0]
    return pointer


def _with_groups(data: Any, fields: tuple[Field, ...]) -> Any:
    """The answers with every group present, so that a missing group names its missing answers."""
    whole = _copied(data) if isinstance(data, dict) else {}
    for one in fields:
        here = whole
        for part in one.pointer.split("/")[1:-1]:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                break
    return whole


def _copied(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(value) for value in data] if isinstance(data, list) else data


def _tidied(data: Any, pointer: str, form: Form) -> Any:
    """Texts tidied; blanks, empty groups and empty rows gone."""
    if isinstance(data, dict):
        field = form.field(pointer)
        if field is not None and field.widget == "document":
            return _document(field, data)
        kept = {key: _tidied(value, f"{pointer}/{key}", form) for key, value in data.items()}
        return {key: value for key, value in kept.items() if value is not None} or None
    if isinstance(data, list):
        rows = [_tidied(value, f"{pointer}/{at}", form) for at, value in enumerate(data)]
        return [row for row in rows if row is not None] or None
    if isinstance(data, str):
        one = form.field(pointer)
        return tidy(data, one.format if one else "") or None
    return data


def _document(one: Field, data: Mapping[str, Any]) -> str | None:
    """A document given in its parts, as one text."""
    kind, state, number = (str(data.get(part) or "") for part in ("document", "state", "number"))
    return document.compose(kind or one.documents[0], state, number) or None


def _typed(one: Field | None, text: str) -> Any:
    if one is not None and one.widget == "number":
        plain = tidy(text)
        told = whole(plain.removeprefix("-"))
        return text if told is None else -told if plain.startswith("-") else told
    if one is not None and one.widget == "check":
        return True if text in ("on", "true", "1") else None
    return text


def _put(tree: dict[str, Any], parts: list[str], value: Any) -> None:
    for part in parts[:-1]:
        tree = tree.setdefault(part, {})
        if not isinstance(tree, dict):
            return
    tree[parts[-1]] = value


def _lists(tree: Any) -> Any:
    """Groups whose keys are all numbers become lists in their order."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(key.isdecimal() for key in tree):
        return [_lists(tree[key]) for key in sorted(tree, key=int)]
    return {key: _lists(value) for key, value in tree.items()}


def without(data: Mapping[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """Answers without those at these pointers."""
    left = copy.deepcopy(dict(data))
    for pointer in pointers:
        _drop(left, pointer.split("/")[1:])
    return left


def only(data: Mapping[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """The answers at these pointers and no other."""
    kept: dict[str, Any] = {}
    for pointer in pointers:
        *way, last = pointer.split("/")[1:] or [""]
        value = at_pointer(data, pointer) if last else None
        if value is not None:
            into = kept
            for part in way:
                into = into.setdefault(part, {})
            into[last] = copy.deepcopy(value)
    return kept


def _drop(data: Any, parts: list[str]) -> None:
    for part in parts[:-1]:
        data = data.get(part) if isinstance(data, dict) else None
    if isinstance(data, dict):
        data.pop(parts[-1], None)
