"""Every function that looks behind the policies is listed with who may call it; what was found when they were read stays mended."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.cast import Cast
from tests.running import ROOT

_LIST = ROOT / "docs" / "definer.md"
_ROLES = ("app", "worker", "stream")
_THERE = """select n.nspname || '.' || p.proname, array(select r from unnest(%s::text[]) r
    where has_function_privilege('doorstep_' || r, p.oid, 'execute'))
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')"""


def _listed() -> dict[str, set[str]]:
    rows = re.findall(r"^\| `([a-z_.]+)` \| ([^|]*) \|", _LIST.read_text(), re.M)
    return {name: set(re.findall(r"\w+", who)) - {"nobody"} for name, who in rows}


def test_every_function_behind_the_policies_is_listed_with_who_may_call_it(above: Any) -> None:
    there: dict[str, set[str]] = {}
    for name, roles in above.execute(_THERE, [list(_ROLES)]).fetchall():
        there.setdefault(name, set()).update(roles)
    told = _listed()
    assert {n: w for n, w in there.items() if told.get(n) != w} == {}, f"say it in {_LIST.name}"
    assert set(told) - set(there) == set()


@pytest.mark.parametrize("role", ["department", "agent", "kiosk", "neighbour"])
def test_who_stands_at_no_window_is_let_into_no_matter_and_told_of_no_mandate(cast: Cast, role: str) -> None:
    from django.db import connection

    from doorstep.kernel.models import Matter
    from doorstep.kernel.trust import keys

    done, me = cast.apply(), cast.person("resident")
    number, card = keys().blind("number", done.number), keys().blind("id_no", me["id_no"])
    with cast.enter(role), connection.cursor() as cursor:
        for query, values in (
            ("select trust.let_in(%s, %s, 'sign')", [number, card]),
            ("select count(*) filter (where true) from trust.mandates_of(%s)", [card]),
            ("select trust.shown(%s)", [done.matter_id]),
            ("select trust.erase(%s)", [done.matter_id]),
            ("select audit.watch()", []),
        ):
            cursor.execute(query, values)
            assert cursor.fetchone()[0] in (None, 0, False), query
        if role != "department":  # sums are for those who work here
            cursor.execute("select count(*) from trust.running()")
            assert cursor.fetchone() == (0,)
        assert not Matter.objects.filter(id=done.matter_id).exists()


def test_a_bad_rating_opens_no_door_to_another_matter(cast: Cast) -> None:
    from django.db import connection

    from doorstep.kernel.models import Matter

    other = cast.apply("resident")
    with cast.enter("neighbour"), connection.cursor() as cursor:
        cursor.execute("select ratings.begin_call_back(%s, %s)", [uuid4(), other.matter_id])
        assert cursor.fetchone() == (None,)
        assert not Matter.objects.filter(id=other.matter_id).exists()
