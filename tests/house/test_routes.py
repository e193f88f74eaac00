"""Every address says who may enter, and everything that can be asked for goes through a guard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("database")

#: Addresses that tell nothing about anybody and must answer when nothing else does.
BARE = {"healthz", "readyz", "openapi.json"}


def _patterns(found: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    from django.urls import URLResolver

    for one in found:
        here = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns, here)
        else:
            yield here, one


def _all() -> list[tuple[str, Any]]:
    from django.urls import get_resolver

    return list(_patterns(get_resolver().url_patterns))


def test_every_page_says_who_may_enter() -> None:
    open_doors = [
        address
        for address, pattern in _all()
        if getattr(pattern.callback, "route", None) is None
        and not address.startswith("api/")
        and address not in BARE
    ]
    assert open_doors == []


def test_every_right_of_a_page_is_on_the_one_list() -> None:
    from doorstep.kernel.trust import VERBS
    from doorstep.web.routes import PUBLIC, SIGNED_IN

    known = VERBS | {PUBLIC, SIGNED_IN}
    rights = {a: p.callback.route.right for a, p in _all() if hasattr(p.callback, "route")}
    assert {a: r for a, r in rights.items() if r not in known} == {}
    more = {verb for _, p in _all() for verb in getattr(getattr(p.callback, "route", None), "or_by", ())}
    assert more <= known


def test_a_page_that_shows_a_person_is_not_public() -> None:
    """No public address carries the id of a matter, a file, a person or a step."""
    from doorstep.web.routes import PUBLIC

    public = [a for a, p in _all() if getattr(getattr(p.callback, "route", None), "right", "") == PUBLIC]
    assert [a for a in public if "<uuid:" in a] == []


def test_names_of_routes_are_unique() -> None:
    names = [p.name for _, p in _all() if p.name and hasattr(p.callback, "route")]
    assert sorted({n for n in names if names.count(n) > 1}) == []
