"""From a pack's ``form:`` (JSON Schema with ``x-`` hints) to fields, pages and a schema for the validator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from doorstep.rulebook.document import KINDS
from doorstep.rulebook.fact import Fact
from doorstep.rulebook.field import Field, Page
from doorstep.rulebook.flaw import Flaw, Flawed, Where
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.words import Words

CLASSES = ("public", "personal", "secret")
WIDGETS = (
    *(
        "text",
        "textarea",
        "choice",
        "date",
        "number",
        "check",
        "upload",
        "unit",
        "point",
        "document",
        "repeat",
    ),
)
_HINTS = {
    *("x-fact", "x-title", "x-hint", "x-why", "x-class", "x-widget", "x-options", "x-options-from"),
    *("x-material", "x-documents", "x-when", "x-pattern-words", "x-pages"),
}
_CHECKS = {
    *("type", "format", "enum", "const", "minLength", "maxLength", "pattern", "minimum", "maximum"),
    *("minItems", "maxItems", "items", "properties", "required"),
}


@dataclass
class FormSource:
    """What was read: the fields in order, the pages, and the bare schema.

    Conditional fields are never required in the schema, because whether they are depends on the answers.
    """

    fields: tuple[Field, ...]
    pages: tuple[Page, ...]
    schema: dict[str, Any]


def read_form(raw: Any, facts: Mapping[str, Fact]) -> FormSource:
    """A form ready to use. Flawed with everything that is wrong in it."""
    return _Author(facts).read(raw)


@dataclass
class _Author:
    facts: Mapping[str, Fact]
    flaws: list[Flaw] = field(default_factory=list)

    def flaw(self, where: Where, rule: str, zh: str, en: str) -> None:
        self.flaws.append(Flaw(where, f"form.{rule}", Words(zh, en)))

    def read(self, raw: Any) -> FormSource:
        if not isinstance(raw, dict) or not isinstance(raw.get("properties"), dict):
            self.flaw((), "empty", "表单没有字段（properties）", "the form has no fields (properties)")
            raise Flawed(self.flaws)
        fields: list[Field] = []
        schema = self.group((), "", raw, fields, {})
        pages = self.pages(raw.get("x-pages"), {f.pointer: f for f in fields})
        self.conditions(fields)
        if not self.flaws:
            self.usable(schema)
        if self.flaws:
            raise Flawed(self.flaws)
        return FormSource(tuple(fields), pages, schema)

    def usable(self, schema: dict[str, Any]) -> None:
        try:
            jsonschema_rs.Draft202012Validator(schema)
        except (jsonschema_rs.ValidationError, ValueError) as why:
            zh, en = f"表单的校验规则有误：{why}", f"the form's rules are not valid JSON Schema: {why}"
            self.flaw((), "schema", zh, en)

    def group(
        self, where: Where, pointer: str, raw: dict[str, Any], fields: list[Field], when: dict[str, Any]
    ) -> dict[str, Any]:
        """An object of fields; its fields go into ``fields``, its bare schema is returned."""
        required = list(raw.get("required") or ())
        bare: dict[str, Any] = {}
        for name in required:
            if name not in raw["properties"]:
                zh, en = f"必填的“{name}”不在字段里", f"required '{name}' is not among the fields"
                self.flaw((*where, "required", required.index(name)), "required", zh, en)
        for name, node in raw["properties"].items():
            here: Where = (*where, "properties", name)
            if not isinstance(node, dict):
                self.flaw(here, "shape", f"“{name}”要写成一组键", f"'{name}' must be a mapping")
                continue
            self.known(here, node)
            both = when | self.when(here, node)
            if isinstance(node.get("properties"), dict):
                bare[name] = self.group(here, f"{pointer}/{name}", node, fields, both)
                if "x-when" in node and name in required:
                    required.remove(name)
                continue
            one, bare[name] = self.leaf(here, f"{pointer}/{name}", node, name in required, both)
            fields.append(one)
            if both and name in required:
                required.remove(name)
        return {
            "type": "object",
            "additionalProperties": False,
            "required": required,
            "properties": bare,
        }

    def known(self, where: Where, node: dict[str, Any]) -> None:
        for key in node:
            if key not in _HINTS and key not in _CHECKS:
                self.flaw((*where, key), "unknown_key", f"不认识的键“{key}”", f"unknown key '{key}'")

    def leaf(
        self, where: Where, pointer: str, node: dict[str, Any], required: bool, when: dict[str, Any]
    ) -> tuple[Field, dict[str, Any]]:
        fact = self.fact(where, node)
        checks = dict(fact.schema) if fact else {}
        checks |= {k: v for k, v in node.items() if k in _CHECKS and k not in ("items", "properties")}
        options = self.options(where, node, fact)
        if options:
            checks["enum"] = list(options)
        documents = self.documents(where, node, checks)
        items: list[Field] = []
        if checks.get("type") == "array":
            checks["items"] = self.rows(where, pointer, node, items)
        name = checks.get("format", "")
        if name and name not in FORMATS:
            self.flaw((*where, "format"), "format", f"没有“{name}”这种格式", f"there is no format '{name}'")
        kind = FORMATS.get(name)
        self.region_list(where, node, kind.widget if kind else "")
        one = Field(
            pointer=pointer,
            title=self.words(where, "x-title", node) or (fact.title if fact else self.no_title(where)),
            widget=self.widget(where, node, checks),
            class_=self.class_(where, node, fact, bool(items)),
            required=required,
            hint=self.words(where, "x-hint", node),
            why=self.words(where, "x-why", node),
            fact=fact.name if fact else "",
            format=name,
            options=tuple(options.items()),
            options_from=str(node.get("x-options-from", "")),
            material=str(node.get("x-material", "")),
            documents=documents,
            when=when,
            items=tuple(items),
            min_items=int(checks.get("minItems", 0)),
            max_items=int(checks.get("maxItems", 0)),
            max_length=int(checks.get("maxLength", 0)),
            keyboard=kind.keyboard if kind else "numeric" if checks.get("type") == "integer" else "text",
            autocomplete=kind.autocomplete if kind else "off",
            pattern_words=self.words(where, "x-pattern-words", node),
        )
        if one.widget == "choice" and not one.options:
            self.flaw(where, "options", "没有可以选的", "there is nothing to choose from")
        return one, checks

    def documents(self, where: Where, node: dict[str, Any], checks: dict[str, Any]) -> tuple[str, ...]:
        """Which documents do, where an identity number would be asked; the check on it becomes that of documents."""
        kinds = tuple(node.get("x-documents") or ())
        wrong = [one for one in kinds if one not in KINDS]
        if wrong or (kinds and checks.get("format") != "cn-id"):
            zh = f"x-documents 只用在证件号上，种类有：{'、'.join(KINDS)}"
            en = f"x-documents is for identity numbers alone; the kinds are {', '.join(KINDS)}"
            self.flaw((*where, "x-documents"), "documents", zh, en)
        elif kinds:
            bare = ["[^:]*"] if {"id", "residence"} & set(kinds) else []
            others = [f"{one}(:.*)?" for one in kinds if one != "id"]
            checks |= {"format": "document", "pattern": f"^({'|'.join([*bare, *others])})$"}
        return kinds

    def region_list(self, where: Where, node: dict[str, Any], widget: str) -> None:
        """A unit or point is chosen from a list of the region, and that list has a name."""
        named = str(node.get("x-options-from", "")).partition(".")[0]
        if widget in ("unit", "point") and named != f"{widget}s":
            zh, en = (
                f"要写 x-options-from: {widget}s.…",
                f"write from which list: x-options-from: {widget}s.…",
            )
            self.flaw(where, "options_from", zh, en)

    def rows(self, where: Where, pointer: str, node: dict[str, Any], items: list[Field]) -> dict[str, Any]:
        rows = node.get("items")
        if not isinstance(rows, dict) or not isinstance(rows.get("properties"), dict):
            zh, en = "可重复的一组要写 items 和 properties", "a repeat group needs items with properties"
            self.flaw((*where, "items"), "repeat", zh, en)
            return {}
        return self.group((*where, "items"), f"{pointer}/*", rows, items, {})

    def no_title(self, where: Where) -> Words:
        zh, en = "字段要有名字：x-title，或 x-fact", "a field needs a title: x-title, or x-fact"
        self.flaw(where, "title", zh, en)
        return Words("?", "?")

    def fact(self, where: Where, node: dict[str, Any]) -> Fact | None:
        name = node.get("x-fact")
        if name is None:
            if node.get("type") != "array":
                zh = "字段没有对应的事实（x-fact），会重复询问"
                en = "the field is bound to no fact (x-fact), so people would be asked again elsewhere"
                self.flaw(where, "no_fact", zh, en)
            return None
        if name not in self.facts:
            zh, en = f"facts.yaml 里没有“{name}”", f"there is no fact '{name}' in facts.yaml"
            self.flaw((*where, "x-fact"), "unknown_fact", zh, en)
        return self.facts.get(name)

    def words(self, where: Where, key: str, node: dict[str, Any]) -> Words | None:
        if key not in node:
            return None
        try:
            return Words.of(node[key])
        except ValueError:
            self.flaw((*where, key), "words", "中文和英文都要写（zh、en）", "words need both zh and en")
            return None

    def options(self, where: Where, node: dict[str, Any], fact: Fact | None) -> dict[str, Words]:
        raw = node.get("x-options")
        if raw is None:
            return dict(fact.options) if fact else {}
        options = {}
        for value in raw:  # with words of its own, or a part of the fact's
            if fact and fact.options and value not in fact.options:
                zh, en = (
                    f"“{value}”不在事实的选项里",
                    f"'{value}' is not an option of the fact '{fact.name}'",
                )
                self.flaw((*where, "x-options", value), "options", zh, en)
            own = self.words((*where, "x-options"), value, raw) if isinstance(raw, dict) else None
            options[str(value)] = own or (fact.options.get(value) if fact else None) or Words("?", "?")
        return options

    def widget(self, where: Where, node: dict[str, Any], checks: dict[str, Any]) -> str:
        kind = FORMATS.get(checks.get("format", ""))
        by_type = {"array": "repeat", "integer": "number", "boolean": "check"}
        natural = "choice" if "enum" in checks else by_type.get(str(checks.get("type")), "text")
        widget = str(node.get("x-widget", kind.widget if kind else natural))
        if widget not in WIDGETS:
            self.flaw(
                (*where, "x-widget"), "widget", f"没有“{widget}”这种控件", f"there is no widget '{widget}'"
            )
        return widget

    def class_(self, where: Where, node: dict[str, Any], fact: Fact | None, group: bool) -> str:
        given = node.get("x-class")
        if given is None:
            return fact.class_ if fact else "personal"
        if given not in CLASSES:
            zh, en = f"x-class 应为 {'、'.join(CLASSES)}", f"x-class must be one of {', '.join(CLASSES)}"
            self.flaw((*where, "x-class"), "class", zh, en)
        elif fact and CLASSES.index(given) < CLASSES.index(fact.class_):
            zh, en = "字段不能比事实更公开", "a field cannot be more open than its fact"
            self.flaw((*where, "x-class"), "class", zh, en)
        return str(given)

    def when(self, where: Where, node: dict[str, Any]) -> dict[str, Any]:
        raw = node.get("x-when") or {}
        if not isinstance(raw, dict):
            zh, en = "x-when 要写成 指针: 值", "x-when is written as pointer: value"
            self.flaw((*where, "x-when"), "when", zh, en)
            return {}
        return {str(k): tuple(v) if isinstance(v, list) else (v,) for k, v in raw.items()}

    def conditions(self, fields: list[Field]) -> None:
        known = {one.pointer: one for one in fields}
        inner = [item for one in fields for item in one.items]
        for one in [*fields, *inner]:
            for pointer, values in one.when.items():
                at = self.place(one.pointer)
                asked = known.get(pointer)
                if asked is None:
                    zh, en = (
                        f"x-when：没有“{pointer}”这个字段",
                        f"x-when names '{pointer}', which is no field",
                    )
                    self.flaw((*at, "x-when"), "when", zh, en)
                    continue
                options = [value for value, _ in asked.options]
                for value in values:
                    if options and value not in options:
                        zh, en = (
                            f"x-when：“{pointer}”没有“{value}”",
                            f"x-when: '{pointer}' is never '{value}'",
                        )
                        self.flaw((*at, "x-when"), "when", zh, en)

    def pages(self, raw: Any, fields: dict[str, Field]) -> tuple[Page, ...]:
        pages, placed = [], set()
        for at, one in enumerate(raw if isinstance(raw, list) else []):
            where: Where = ("x-pages", at)
            title = self.words(where, "title", one) or self.no_title(where)
            mine = []
            for place, pointer in enumerate(one.get("fields") or ()):
                here: Where = (*where, "fields", place)
                if pointer not in fields:
                    self.flaw(here, "page", f"没有“{pointer}”这个字段", f"there is no field '{pointer}'")
                elif pointer in placed:
                    self.flaw(here, "page", f"“{pointer}”出现了两次", f"'{pointer}' is on two pages")
                else:
                    placed.add(pointer)
                    mine.append(fields[pointer])
            pages.append(Page(str(one.get("id", at)), title, tuple(mine), self.words(where, "hint", one)))
        for pointer in fields:
            if pointer not in placed:
                zh, en = f"“{pointer}”不在任何一页上", f"'{pointer}' is on no page"
                self.flaw(self.place(pointer), "page", zh, en)
        return tuple(pages)

    @staticmethod
    def place(pointer: str) -> Where:
        """Where in the source a pointer's field stands."""
        where: list[str | int] = []
        for part in pointer.split("/")[1:]:
            where += ["items"] if part == "*" else ["properties", part]
        return tuple(where)
