"""Files of packs and regions as plain values, with the place of every key, to point at a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doorstep.rulebook.flaw import Flaw, Where
from doorstep.rulebook.notation import MappingNode, Node, NotYaml, SequenceNode, compose, plain
from doorstep.rulebook.words import Words


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
        """A flaw, with the place that its way of keys leads to: in this file, or in a profile laid under it."""
        return Finding(*self.place(flaw.where), flaw.rule, flaw.words)

    def place(self, where: Where) -> tuple[str, int, int]:
        """File, line and column, from 1, of the deepest part of the way that exists."""
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
        return (mark.name, mark.line + 1, mark.column + 1) if mark else (self.name, 1, 1)


def read(path: Path, name: str = "") -> Source:
    """A file. Unusable, with line and column, if it is no YAML or a key stands twice."""
    name = name or str(path)
    try:
        root = compose(path.read_text(encoding="utf-8"), name)
        return Source(name, plain(root), root)
    except NotYaml as why:
        words = Words(f"不是有效的 YAML：{why.problem}", f"not valid YAML: {why.problem}")
        raise Unusable([Finding(name, why.line, why.col, "yaml", words)]) from None
    except (OSError, ValueError) as why:
        words = Words(f"读不出来：{why}", f"cannot be read: {why}")
        raise Unusable([Finding(name, 1, 1, "yaml", words)]) from None
