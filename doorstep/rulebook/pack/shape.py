"""The shape of a pack: ``packs/schema.json``, and what an author is told when a file does not fit it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from doorstep.rulebook.flaw import Flaw, Where
from doorstep.rulebook.words import Words

_SAID: dict[str, tuple[str, str]] = {
    "required": ("缺少“{v}”", "'{v}' is missing"),
    "type": ("类型不对，应为 {v}", "wrong type, expected {v}"),
    "enum": ("应为其中之一：{v}", "expected one of {v}"),
    "const": ("应为 {v}", "expected {v}"),
    "pattern": ("写法不对，应符合 {v}", "not written as {v}"),
    "format": ("不是有效的 {v}", "not a valid {v}"),
    "minLength": ("不能为空", "must not be empty"),
    "minItems": ("至少要有 {v} 条", "at least {v} needed"),
    "minProperties": ("至少要有 {v} 条", "at least {v} needed"),
    "uniqueItems": ("有重复", "has something twice"),
    "falseSchema": ("这里不能写这一项", "cannot be written here"),
    # The schema has one place with alternatives: a fork.
    "oneOf": ("要写 branches，或者 of 和 steps", "needs either 'branches', or 'of' with 'steps'"),
}


@cache
def _schema(root: Path, part: str) -> jsonschema_rs.Draft202012Validator:
    schema = json.loads((root / "schema.json").read_text(encoding="utf-8"))
    if part:
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def shape_flaws(data: Any, root: Path, part: str = "") -> list[Flaw]:
    """Where a pack's content, or a named ``part`` of the schema such as a layer, does not fit it, in our own words."""
    return [flaw for error in _schema(root, part).iter_errors(data) for flaw in _flaws(error)]


def _flaws(error: jsonschema_rs.ValidationError) -> Iterator[Flaw]:
    where: Where = tuple(error.instance_path)
    rule, value = error.kind.name, getattr(error.kind, "value", "")
    if rule == "anyOf":
        # Of several shapes, speak of the one that was meant: the one that fits up to the deepest place.
        branches: list[list[jsonschema_rs.ValidationError]] = error.kind.as_dict()["context"]
        meant = max(branches, key=lambda branch: max(len(one.instance_path) for one in branch))
        for one in meant:
            yield from _flaws(one)
    elif rule == "additionalProperties":
        for key in value:
            yield _unknown_key((*where, key), key)
    else:
        zh, en = _SAID.get(rule, ("不符合要求", "does not fit the schema"))
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        yield Flaw(where, f"pack.{rule}", Words(zh, en).format(v=shown))


def _unknown_key(where: Where, key: str) -> Flaw:
    if " " in key:
        zh, en = (
            f"不认识的键“{key}”：大括号里的话有逗号，要加引号",
            f"unknown key '{key}': quote a text with a comma",
        )
        return Flaw(where, "pack.unknown_key", Words(zh, en))
    return Flaw(where, "pack.unknown_key", Words(f"不认识的键“{key}”", f"unknown key '{key}'"))
