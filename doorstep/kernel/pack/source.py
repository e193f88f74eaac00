"""YAML 1.2 as packs and regions are written, with the place of every key, to point at a mistake."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from doorstep.kernel.flaw import Flaw, Where
from doorstep.kernel.words import Words


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in one file, for a person and for a machine."""

    file: str
    line: int
    col: int
    rule: str
    message: Words

    def as_dict(self) -> dict[str, Any]:
        """The shape that ``packs check --json`` prints."""
        return {
            "file": self.file,
            "line": self.line,
            "col": self.col,
            "rule": self.rule,
            "message": f"{self.message.zh} / {self.message.en}",
        }

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}: {self.message.zh} / {self.message.en} [{self.rule}]"


class Unusable(Exception):
    """Files that cannot be loaded, with every finding."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


@dataclass(frozen=True)
class Source:
    """One file: its content as plain JSON values, and where each part of it stands."""

    name: str
    data: Any
    root: Node | None

    def finding(self, flaw: Flaw) -> Finding:
        """A flaw, with the place in this file that its way of keys leads to."""
        line, col = self._place(flaw.where)
        return Finding(self.name, line, col, flaw.rule, flaw.words)

    def _place(self, where: Where) -> tuple[int, int]:
        """Line and column, from 1, of the deepest part of the way that exists."""
        node, mark = self.root, getattr(self.root, "start_mark", None)
        for part in where:
            if isinstance(node, MappingNode):
                pair = next((p for p in node.value if str(p[0].value) == str(part)), None)
                if pair is None:
                    break
                mark, node = pair[0].start_mark, pair[1]
            elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                mark = node.start_mark
            else:
                break
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def read(path: Path, name: str = "") -> Source:
    """A file. Unusable, with line and column, if it is no YAML or a key stands twice."""
    name = name or str(path)
    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ReusedAnchorWarning)
            root = yaml.compose(path.read_text(encoding="utf-8"))
        data = yaml.constructor.construct_document(root) if root is not None else None
    except MarkedYAMLError as why:
        mark = why.problem_mark or why.context_mark
        line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        words = Words(f"不是有效的 YAML：{why.problem}", f"not valid YAML: {why.problem}")
        raise Unusable([Finding(name, line, col, "yaml", words)]) from None
    except (OSError, ValueError, ReusedAnchorWarning) as why:
        words = Words(f"读不出来：{why}", f"cannot be read: {why}")
        raise Unusable([Finding(name, 1, 1, "yaml", words)]) from None
    return Source(name, plain(data), root)


def plain(value: Any) -> Any:
    """Only what JSON knows: dates become ISO text, keys become text."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
