"""DMN 1.3 XML of a pack's decision tables, for auditors and other tools: first hit, typed columns, plain FEEL cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from doorstep.rulebook.rule import ANY, NONE, Column

_NS = "https://www.omg.org/spec/DMN/20191111/MODEL/"
_TYPES = {"bool": "boolean", "int": "number", "money": "number", "date": "date"}


def dmn(name: str, title: str, tables: Mapping[str, Any], columns: Mapping[str, Mapping[str, Column]]) -> str:
    """The tables as one DMN document. ``tables`` as the pack writes them, ``columns`` of each by name, compiled."""
    Xml.register_namespace("", _NS)
    root = Xml.Element(f"{{{_NS}}}definitions", id=name, name=title, namespace="urn:doorstep:rules")
    inputs = {column: columns[table][column] for table, raw in tables.items() for column in raw["inputs"]}
    for column in inputs.values():
        data = _add(root, "inputData", id=f"input_{feel_name(column.name)}", name=feel_name(column.name))
        _add(data, "variable", name=feel_name(column.name), typeRef=_type(column))
    for table, raw in tables.items():
        _decision(root, table, raw, columns[table])
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def feel_name(name: str) -> str:
    """A column's name as FEEL takes it: ``has.PRO`` is ``has_PRO``."""
    return name.replace(".", "_")


def _add(parent: Xml.Element, tag: str, text: str = "", **attributes: str) -> Xml.Element:
    element = Xml.SubElement(parent, f"{{{_NS}}}{tag}", attributes)
    if text:
        Xml.SubElement(element, f"{{{_NS}}}text").text = text
    return element


def _type(column: Column) -> str:
    return _TYPES.get(column.type, "string")


def _decision(root: Xml.Element, name: str, raw: Mapping[str, Any], columns: Mapping[str, Column]) -> None:
    decision = _add(root, "decision", id=name, name=name)
    _add(decision, "variable", name=name)
    for column in raw["inputs"]:
        needs = _add(decision, "informationRequirement", id=f"{name}_needs_{feel_name(column)}")
        _add(needs, "requiredInput", href=f"#input_{feel_name(column)}")
    table = _add(decision, "decisionTable", id=f"{name}_table", hitPolicy="FIRST")
    for at, column in enumerate(raw["inputs"]):
        given = _add(table, "input", id=f"{name}_in{at}")
        _add(given, "inputExpression", feel_name(column), typeRef=_type(columns[column]))
    for at, column in enumerate(raw["outputs"]):
        _add(table, "output", id=f"{name}_out{at}", name=feel_name(column), typeRef=_type(columns[column]))
    listed = [columns[column] for column in (*raw["inputs"], *raw["outputs"])]
    for number, row in enumerate(raw["rows"], 1):
        rule = _add(table, "rule", id=f"{name}_row{number}")
        for at, (column, cell) in enumerate(zip(listed, row, strict=True)):
            tag = "inputEntry" if at < len(raw["inputs"]) else "outputEntry"
            _add(rule, tag, _cell(column, cell, tag), id=f"{name}_row{number}_{at}")


def _cell(column: Column, cell: Any, tag: str) -> str:
    if cell == ANY:
        return "-" if tag == "inputEntry" else "null"
    if cell == NONE and column.optional:
        return "null"
    if column.type == "bool":
        return str(cell).lower()
    return ", ".join(_part(column, part.strip()) for part in str(cell).split(","))


def _part(column: Column, text: str) -> str:
    """One alternative of a cell."""
    if column.type not in ("int", "money", "date"):
        return f'"{text}"'
    if ".." in text:
        low, high = text.split("..")
        return f"[{_literal(column, low)}..{_literal(column, high)}]"
    sign = next((sign for sign in (">=", "<=", ">", "<") if text.startswith(sign)), "")
    return f"{sign} {_literal(column, text.removeprefix(sign))}".strip()


def _literal(column: Column, text: str) -> str:
    return f'date("{text.strip()}")' if column.type == "date" else text.strip()
