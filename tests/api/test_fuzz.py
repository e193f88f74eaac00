"""Whatever is sent, the answer is an answer or a problem, and never a 500."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.calls import Calls
from tests.api.test_doors import DOORS

_TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["HZ-078", "HZ-106", "HW-1", "LX-R1", "AL-LJ-LX", "intake", "review", "done", "return", "approve", "lost",
                     "018f0000-0000-7000-8000-000000000000", "../../etc/passwd", "' or 1=1 --", "{matter}", "9" * 400]),
)  # fmt: skip
_JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _TEXT
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_TEXT, inner, max_size=4)),
    max_leaves=12,
)
_KEYS = ("item", "kind", "point", "hand_out", "channel", "parties", "data", "step", "outcome", "reason", "faults", "version",
         "text", "unit", "role", "until", "matter", "level", "page", "login", "password")  # fmt: skip
_BODY = st.one_of(_JSON, st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=8), st.binary(max_size=200))
_SKIP = ("sign_out",)


@pytest.fixture(scope="module")
def matter(calls: Calls) -> str:
    return str(calls.opened()["id"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    name=st.sampled_from([n for n in DOORS if n not in _SKIP]),
    role=st.sampled_from(["resident", "clerk", "approver", "nobody"]),
    body=_BODY,
    loose=_TEXT,
    real=st.booleans(),
)
def test_nothing_that_is_sent_breaks_it(
    calls: Calls, matter: str, name: str, role: str, body: Any, loose: str, real: bool
) -> None:
    door = DOORS[name]
    here = quote(matter if real else loose.replace("{matter}", matter), safe="")
    path = door.path
    for part in ("{matter}", "{draft}", "{file}", "{paper}", "{number}"):
        path = path.replace(part, here)
    answer = calls.people[role].ask(door.method, path, body)
    assert answer.status_code < 500, answer.content.decode()
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json", path
