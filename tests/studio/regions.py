"""A region that a test may spoil: a copy of the demonstration town with layers of the test's own."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from doorstep.domains.studio import Stacks, read_stacks
from doorstep.domains.studio.operation import OPERATIONS
from doorstep.rulebook import pack
from doorstep.rulebook.region import FOLDER

WHY = {"why": {"zh": "试一试", "en": "To try it"}, "source": "none", "sure": False, "from": None, "to": None}
UNITS = {"province": "", "city": "AL", "county": "AL-YX", "station": "AL-YX-TH"}


def op(**what: Any) -> dict[str, Any]:
    """An operation with its reason, in force always unless ``from_`` and ``to`` are given."""
    days = {key.rstrip("_"): what.pop(key) for key in ("from_", "to") if key in what}
    return {**what, **WHY, **days}


def town(at: Path, item: str = "HZ-078", root: Path = pack.ROOT, **levels: Any) -> Stacks:
    """The layers ``levels``: for each level its operations on ``item``, or operations and examples. Read from files."""
    if not (at / "anlan").exists():
        shutil.copytree(FOLDER / "anlan", at / "anlan", ignore=shutil.ignore_patterns("layers"))
        (at / "anlan" / "layers").mkdir()
    for level, told in levels.items():
        operations, examples = told if isinstance(told, tuple) else (told, [])
        items = {item: {"operations": operations} | ({"examples": examples} if examples else {})}
        raw: dict[str, Any] = {"level": level, "title": {"zh": level, "en": level}, "items": items}
        raw |= {"unit": UNITS[level]} if UNITS[level] else {}
        YAML().dump(copy.deepcopy(raw), at / "anlan" / "layers" / f"{level}.yaml")
    return read_stacks("anlan", at, root)


def place_of(at: Path, level: str, number: int = 0) -> tuple[str, int]:
    """File name and line of the operation with this number in the layer of this level."""
    lines = (at / "anlan" / "layers" / f"{level}.yaml").read_text().splitlines()
    found = [n for n, line in enumerate(lines, 1) if line.strip(" -").partition(":")[0] in OPERATIONS]
    return f"{level}.yaml", found[number]
