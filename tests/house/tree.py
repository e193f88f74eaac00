"""The committed files, and what can be read out of Python source without running it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file that is committed, or would be by `git add`."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.split("\n")  # fmt: skip
    found = [ROOT / name for name in listing if name] or [
        p
        for p in ROOT.rglob("*")
        if not set(p.relative_to(ROOT).parts) & {".venv", "node_modules", "var", ".git"}
    ]
    return tuple(sorted(p for p in found if p.is_file()))


def under(folder: str, *suffixes: str) -> list[Path]:
    """The committed files below ``folder`` with one of these suffixes."""
    top = ROOT / folder
    return [p for p in files() if p.is_relative_to(top) and (not suffixes or p.suffix in suffixes)]


def name(path: Path) -> str:
    """How a person finds the file."""
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def room(path: Path) -> str:
    """The room of the house a module stands in: kernel, web, project …"""
    parts = path.relative_to(ROOT / "doorstep").parts
    return parts[0].removesuffix(".py")


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module with its line, without docstrings."""
    tree = parsed(path)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value
