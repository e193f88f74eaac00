"""Kinds of numbered blanks: ``packs/blanks.yaml`` names them; a pack's paper says which it is printed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.words import Words

_FILE = Path(__file__).resolve().parents[3] / "packs" / "blanks.yaml"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of blank."""

    name: str
    title: Words


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, Kind]:
    """All kinds by name."""
    raw = plain(compose(_FILE.read_text(encoding="utf-8"), _FILE.name))
    found: dict[str, dict[str, object]] = raw["blanks"] if isinstance(raw, dict) else {}
    return {name: Kind(name, Words.of(one["title"])) for name, one in found.items()}
