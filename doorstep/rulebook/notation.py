"""YAML 1.2 as packs and regions are written, each part with the place where it stands, to point at a mistake.

libyaml reads the characters, in C: 421 packs are read in two seconds, not half a minute. It knows YAML 1.1 only; what a bare
word means is therefore said here, by the core schema of YAML 1.2 and dates: ``no`` is a word, ``010`` is ten, ``12:30`` is
a text. A test holds it against another reader on every file that ships.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = ["MappingNode", "Node", "NotYaml", "ScalarNode", "SequenceNode", "compose", "plain"]

_TAG = "tag:yaml.org,2002:"
_STR, _NULL, _BOOL, _INT, _FLOAT, _TIME = (
    f"{_TAG}{name}" for name in ("str", "null", "bool", "int", "float", "timestamp")
)
_MAP, _SEQ, _MERGE = f"{_TAG}map", f"{_TAG}seq", f"{_TAG}merge"
_WORDS = {"": _NULL, "~": _NULL, "<<": _MERGE}
_WORDS |= dict.fromkeys(("null", "Null", "NULL"), _NULL)
_WORDS |= dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), _BOOL)
_NUMBERS = (
    (_TIME, re.compile(r"\d{4}-\d\d-\d\d(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)?")),
    (_INT, re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)")),
    (_FLOAT, re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
                        r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")),
)  # fmt: skip
_BASES = {"0b": 2, "0o": 8, "0x": 16}
# Deeper than any pack. Without an end a line of brackets would exhaust the stack.
_DEEPEST = 100


class NotYaml(ValueError):
    """A text that cannot be read: the problem, and its line and column from 1."""

    def __init__(self, problem: str, mark: Any = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line: int = mark.line + 1 if mark else 1
        self.col: int = mark.column + 1 if mark else 1


def compose(text: str, name: str) -> Node | None:
    """The parts of a text; their marks bear ``name``. None for one that says nothing.

    NotYaml also for more than one document. RecursionError for what is nested beyond all measure.
    """
    source = io.StringIO(text)
    source.name = name
    try:
        return _Composer(CParser(source)).document()
    except MarkedYAMLError as why:
        raise NotYaml(str(why.problem), why.problem_mark or why.context_mark) from None
    except YAMLError as why:
        raise NotYaml(str(why).splitlines()[0]) from None


class _Composer:
    """Parts out of what the parser tells, one after the other."""

    def __init__(self, parser: Any) -> None:
        self.next = parser.get_event
        self.peek = parser.peek_event
        self.anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        self.next()
        if isinstance(self.peek(), StreamEndEvent):
            return None
        self.next()
        root = self.node(self.next(), 0)
        self.next()
        if not isinstance(last := self.next(), StreamEndEvent):
            raise NotYaml("expected a single document in the stream", last.start_mark)
        return root

    def node(self, event: Any, depth: int) -> Node:
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(event, ScalarEvent):
            return self.named(event, _scalar(event))
        if isinstance(event, MappingStartEvent):
            return self.mapping(event, depth + 1)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(event, depth + 1)
        if isinstance(event, AliasEvent) and event.anchor in self.anchors:
            return self.anchors[event.anchor]
        raise NotYaml(f"found undefined alias {event.anchor!r}", event.start_mark)

    def mapping(self, event: Any, depth: int) -> Node:
        pairs: list[tuple[Node, Node]] = []
        made = self.named(event, MappingNode(event.tag or _MAP, pairs, event.start_mark, event.end_mark))
        while not isinstance(one := self.next(), MappingEndEvent):
            key = self.node(one, depth)
            pairs.append((key, self.node(self.next(), depth)))
        return made

    def sequence(self, event: Any, depth: int) -> Node:
        items: list[Node] = []
        made = self.named(event, SequenceNode(event.tag or _SEQ, items, event.start_mark, event.end_mark))
        while not isinstance(one := self.next(), SequenceEndEvent):
            items.append(self.node(one, depth))
        return made

    def named(self, event: Any, node: Node) -> Node:
        if event.anchor is not None:
            if event.anchor in self.anchors:
                raise NotYaml(f"found duplicate anchor {event.anchor!r}", event.start_mark)
            self.anchors[event.anchor] = node
        return node


def _scalar(event: Any) -> ScalarNode:
    tag = event.tag
    if tag is None or tag == "!":
        tag = _tag(event.value) if event.implicit[0] else _STR
    return ScalarNode(tag, event.value, event.start_mark, event.end_mark)


def _tag(word: str) -> str:
    """What a bare word stands for."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] in "-+.0123456789":
        return next((tag for tag, form in _NUMBERS if form.fullmatch(word)), _STR)
    return _STR


def plain(node: Node | None) -> Any:
    """What a part stands for, of only what JSON knows: dates are ISO text, keys are text.

    NotYaml for a key that stands twice, ValueError for a date that is none.
    """
    if node is None:
        return None
    if isinstance(node, ScalarNode):
        return node.value if node.tag == _STR else _value(node)
    if isinstance(node, SequenceNode) and node.tag == _SEQ:
        return [plain(one) for one in node.value]
    if isinstance(node, MappingNode) and node.tag == _MAP:
        return dict(_pairs(node))
    raise NotYaml(f"could not determine a constructor for the tag {node.tag!r}", node.start_mark)


def _pairs(node: MappingNode) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode) or key.tag == _MERGE:
            raise NotYaml("a key must be a plain word", key.start_mark)
        name = key.value if key.tag == _STR else str(_value(key))
        if name in seen:
            raise NotYaml(f"found duplicate key {name!r}", key.start_mark)
        seen.add(name)
        yield name, plain(value)


def _value(node: ScalarNode) -> Any:
    tag, text = node.tag, node.value
    if tag == _NULL:
        return None
    if tag == _BOOL and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if tag == _INT:
        return _int(text.replace("_", ""))
    if tag == _TIME and len(text) == 10:
        return date.fromisoformat(text).isoformat()
    if tag in (_FLOAT, _TIME):
        return _seldom(text)
    raise NotYaml(f"could not determine a constructor for the tag {tag!r}", node.start_mark)


def _int(text: str) -> int:
    sign, digits = (-1 if text[:1] == "-" else 1), text.lstrip("+-")
    base = _BASES.get(digits[:2])
    return sign * (int(digits[2:], base) if base else int(digits))


def _seldom(text: str) -> Any:
    """Numbers with a point and times of day stand in no pack: the reader that formats packs says what they are."""
    from ruamel.yaml import YAML

    value = YAML(typ="safe", pure=True).load(text)
    return value.isoformat() if hasattr(value, "isoformat") else value
