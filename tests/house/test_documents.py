"""What is promised in writing is there, and what is there is written down."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house import tree

SETTINGS = tree.ROOT / "docs" / "settings.md"
VARIABLE = re.compile(r"^(?:DOORSTEP_[A-Z0-9_]+|DATABASE_URL|CI)$")


def _read_in_code() -> set[str]:
    """Every environment variable named by our code, the Makefile and the programs of CI."""
    found = {
        text for p in tree.under("doorstep", ".py") for _, text in tree.strings(p) if VARIABLE.match(text)
    }
    for path in [
        tree.ROOT / "Makefile",
        *tree.under(".ci"),
        *tree.under("tests", ".py"),
        *tree.under("scripts"),
    ]:
        if path.exists():
            found |= set(re.findall(r"\bDOORSTEP_[A-Z0-9_]+\b(?!_)", path.read_text()))
    return {v for v in found if not v.endswith("_")}


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    told = {v for v in re.findall(r"`([A-Z_0-9]+)`", SETTINGS.read_text()) if VARIABLE.match(v)}
    read = _read_in_code()
    assert {
        "read but not documented": sorted(read - told),
        "documented but not read": sorted(told - read - {"CI"}),
    } == {
        "read but not documented": [],
        "documented but not read": [],
    }


def test_every_migration_is_reversible_or_says_why_not() -> None:
    silent = []
    for path in tree.under("doorstep", ".py"):
        if path.parent.name != "migrations" or path.name == "__init__.py":
            continue
        says = "revers" in (ast.get_docstring(tree.parsed(path)) or "").lower()
        if _one_way(tree.parsed(path)) and not says:
            silent.append(f"{tree.name(path)}: its docstring does not say why it cannot be reversed")
    assert silent == []


def _one_way(module: ast.Module) -> bool:
    """Does it run SQL or Python of its own without a real way back? ``noop`` is no way back."""
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("RunSQL", "RunPython")
        ):
            back = [
                *node.args[1:2],
                *(k.value for k in node.keywords if k.arg in ("reverse_sql", "reverse_code")),
            ]
            if not back or (isinstance(back[0], ast.Attribute) and back[0].attr == "noop"):
                return True
    return False


DECISIONS = [p for p in tree.under("docs/decisions", ".md") if p.name != "README.md"]
PARTS = ("Question", "Choice", "Refused", "Look again")


def test_decision_numbers_are_unique() -> None:
    numbers = [re.match(r"\d{4}", p.name) for p in DECISIONS]
    assert None not in numbers
    found = [m[0] for m in numbers if m]
    assert sorted({n for n in found if found.count(n) > 1}) == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda p: p.name)
def test_a_decision_has_question_choice_what_was_refused_and_when_to_look_again(path: Path) -> None:
    text = path.read_text()
    heads = re.findall(r"(?m)^(?:\*\*|#+ *)([^\n*.]+)", text)
    assert [part for part in PARTS if not any(part.lower() in head.lower() for head in heads)] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for path in [p for p in tree.files() if p.suffix == ".md"]:
        for aim in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
            if "://" not in aim and not aim.startswith("mailto:") and not (path.parent / aim).exists():
                broken.append(f"{tree.name(path)}: {aim}")
    assert broken == []


def test_every_file_the_tour_visits_is_there() -> None:
    """A path in the tour, a test or a function behind it: each can be opened by who follows it."""
    text = (tree.ROOT / "docs" / "tour.md").read_text()
    lost = []
    for path, after in re.findall(r"`([a-z_]+/[\w/.-]+\.(?:py|yaml|sql|typ))`(?:,\s+`(\w+)`)?", text):
        found = [at for at in (tree.ROOT / path, tree.ROOT / "doorstep" / path) if at.exists()]
        if not found:
            lost.append(path)
        elif after and found[0].suffix == ".py" and not re.search(rf"\b{after}\b", found[0].read_text()):
            lost.append(f"{path}: {after}")
    assert lost == []
