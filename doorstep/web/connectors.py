"""Other systems that a flow may ask, as ``packs/connectors.yaml`` lists them: what each is told and what it may answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from doorstep.rulebook.pack.shelf import ROOT
from doorstep.rulebook.pack.source import read


@cache
def connectors() -> Mapping[str, Any]:
    """Name to title, ``standin``, and the names it knows under ``sends``, ``answers`` and ``shows``."""
    found: Mapping[str, Any] = read(ROOT / "connectors.yaml", "connectors.yaml").data
    return found
