"""Tests of one region follow each other: a process runs one region at a time, and founding it costs seconds."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of the same region together, in the order of the regions."""
    places = [n for n, item in enumerate(items) if _region(item)]
    ordered = sorted((items[n] for n in places), key=_region)
    for n, item in zip(places, ordered, strict=True):
        items[n] = item


def _region(item: pytest.Item) -> str:
    told = getattr(item, "callspec", None)
    return str(told.params.get("there", "")) if told and "tests/regions/" in item.nodeid else ""
