"""What a reader of the code may rely on: small files, one clock, nothing of the machine it was written on."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from urllib.parse import urlsplit

from tests.house import tree

CLOCK = "doorstep/rulebook/clock.py"
BANNED_NAMES = {"utils", "helpers", "common", "misc", "manager", "util", "helper"}


def test_functions_have_at_most_80_lines() -> None:
    long = []
    for path in [*tree.under("doorstep", ".py"), *tree.under("tests", ".py")]:
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 80:
                    long.append(f"{tree.name(path)}:{node.lineno} {node.name} has {lines} lines")
    assert long == []


def test_files_have_at_most_600_lines() -> None:
    sources = [p for f in ("doorstep", "tests") for p in tree.under(f, ".py", ".js", ".html", ".sql", ".css")]
    long = {tree.name(p): n for p in sources if (n := p.read_text().count("\n")) > 600}
    assert long == {}


def test_the_kernel_and_the_flow_stay_small() -> None:
    """Lines of code: no blank lines, no comments, no docstrings."""
    flow = [p for p in tree.under("doorstep/rulebook", ".py") if p.name.startswith("flow")]
    assert sum(map(_code_lines, tree.under("doorstep/kernel", ".py"))) <= 6_000
    assert 0 < sum(map(_code_lines, flow)) <= 900


def _code_lines(path: Path) -> int:
    silent = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type not in silent and token.type != tokenize.ENCODING:
                lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree.parsed(path)):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and ast.get_docstring(node):
            said = node.body[0]
            lines -= set(range(said.lineno, (said.end_lineno or said.lineno) + 1))
    return len(lines)


def test_no_room_for_odds_and_ends() -> None:
    sources = tree.under("doorstep", ".py")
    assert [tree.name(p) for p in sources if {*p.with_suffix("").parts} & BANNED_NAMES] == []


def test_only_the_clock_reads_the_time() -> None:
    readers = []
    for path in tree.under("doorstep", ".py"):
        if tree.name(path) == CLOCK:
            continue
        for node in ast.walk(tree.parsed(path)):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute)):
                continue
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if (owner, node.attr) in _CLOCKS:
                readers.append(f"{tree.name(path)}:{node.lineno}: {owner}.{node.attr}")
    assert readers == []


_CLOCKS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("timezone", "now"),
}  # fmt: skip


def test_kernel_tables_are_written_by_the_kernel_alone() -> None:
    """Pages, API and domains never call ``.save()`` and the like on a kernel model: they have verbs."""
    import_of_models = re.compile(
        r"^\s*from doorstep\.kernel import .*\bmodels\b|^\s*from doorstep\.kernel\.models", re.M
    )
    rooms = ("doorstep/web", "doorstep/api", "doorstep/domains")
    sources = [p for room in rooms for p in tree.under(room, ".py")]
    assert [tree.name(p) for p in sources if import_of_models.search(p.read_text())] == []


def test_no_committed_file_names_the_machine_it_was_written_on() -> None:
    folder = re.compile(r"/(?:work/(?:main|shared|wt)|home/\w+|root|Users/\w+|mnt/\w+|opt/(?:pypi|wheels))/")
    found = []
    for path in tree.files():
        if path.suffix in (".woff2", ".png", ".pdf", ".jpg", ".ttf", ".otf") or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if folder.search(line):
                found.append(f"{tree.name(path)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_locks_name_no_registry() -> None:
    locks = [
        p
        for p in tree.files()
        if p.name.startswith("requirements") or "lock" in p.name or p.suffix == ".lock"
    ]
    named = [f"{tree.name(p)}: {a}" for p in locks for a in _addresses(p.read_text())]
    assert [n for n in named if not _is_funding(n)] == []


def test_no_committed_file_names_the_registry_in_use_here() -> None:
    hosts = _registries()
    found = [(tree.name(p), h) for p in tree.files() for h in hosts if h in p.read_text(errors="replace")]
    assert found == []


def _addresses(text: str) -> list[str]:
    return re.findall(r"(?:https?|file)://[^\s\"',]+|--(?:extra-)?index-url|--find-links|\"resolved\"", text)


def _is_funding(found: str) -> bool:
    """npm notes where to thank an author; nothing is fetched from there."""
    return "package-lock.json: https://" in found and "tgz" not in found and "registry" not in found


def _registries() -> set[str]:
    """Hosts that pip, uv and npm of this machine are told to ask, the public ones aside."""
    told = " ".join(v for k, v in os.environ.items() if re.search("INDEX|REGISTRY|FIND_LINKS", k, re.I))
    for command in ([sys.executable, "-m", "pip", "config", "list"], ["npm", "config", "get", "registry"]):
        try:
            told += (
                " " + subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
    hosts = {urlsplit(a.strip("'\"")).hostname or "" for a in re.findall(r"https?://\S+", told)}
    public = {".".join(parts) for parts in (("pypi", "org"), ("registry", "npmjs", "org"))}
    return hosts - public - {"", "localhost", "127.0.0.1"}
