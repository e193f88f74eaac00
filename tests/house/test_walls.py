"""The rooms stand on each other and never upwards: imports, foreign keys, and names written as text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.house import tree


def _ranks() -> dict[str, int]:
    """Room to height, from the import linter's own list: the rulebook is 0."""
    settings = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(c["layers"] for c in settings["contracts"] if c["type"] == "layers")
    names = [layer.strip("()") for layer in reversed(layers) if "standin" not in layer]
    return {name: height for height, name in enumerate(names)}


def test_imports_go_down_only() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        cwd=tree.ROOT, env=os.environ | {"PYTHONPATH": str(tree.ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_no_room_names_a_higher_one_in_text() -> None:
    ranks = _ranks()
    dodges = []
    for path in tree.under("doorstep", ".py"):
        here = ranks.get(tree.room(path), 99)
        for line, text in tree.strings(path):
            told = re.match(r"doorstep\.(\w+)", text)
            # Django's settings are named by text everywhere; they are the environment, not a room.
            if told and text != "doorstep.project.settings" and ranks.get(told[1], -1) > here:
                dodges.append(f"{tree.name(path)}:{line}: {text}")
    # The supervisor starts the programs of the project; it names them on a command line and imports none.
    allowed = re.compile(r"^doorstep/run/\S+: doorstep\.project\.(wsgi|cli)\b")
    assert [d for d in dodges if not allowed.match(d)] == []


@pytest.mark.usefixtures("database")
def test_foreign_keys_go_down_or_into_the_kernel() -> None:
    ranks, wrong = _ranks(), []
    for model, field, target in _foreign_keys():
        owner, aim = _home(model), _home(target)
        sideways = owner != aim and ranks[aim.split(".")[0]] >= ranks[owner.split(".")[0]]
        if sideways:
            wrong.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert wrong == []


@pytest.mark.usefixtures("database")
def test_nothing_has_a_foreign_key_to_event_or_access() -> None:
    wrong = [m._meta.label for m, _, t in _foreign_keys() if t._meta.db_table in ("event", "access")]
    assert wrong == []


@pytest.mark.usefixtures("database")
def test_the_database_itself_has_no_foreign_key_to_event_or_access() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select conrelid::regclass::text from pg_constraint where contype = 'f' and confrelid in"
                       " (select inhrelid from pg_inherits where inhparent = 'access'::regclass"
                       "  union values ('event'::regclass::oid), ('access'::regclass::oid))")  # fmt: skip
        assert cursor.fetchall() == []


def _foreign_keys() -> list[tuple[Any, Any, Any]]:
    from django.apps import apps
    from django.db.models import ForeignKey, ManyToManyField

    return [
        (model, field, field.related_model)
        for model in apps.get_models()
        if model.__module__.startswith("doorstep.")
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey | ManyToManyField)
    ]


def _home(model: Any) -> str:
    """kernel, domains.counter …: where a table is at home."""
    parts = model.__module__.split(".")[1:]
    return ".".join(parts[:2]) if parts[0] == "domains" else parts[0]
