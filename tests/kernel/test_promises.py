"""Nobody is called in against the promise of a channel; who owes a step is reminded before it is due, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.kernel import parts

T = parts.T
LOOK: dict[str, Any] = {
    "id": "look", "kind": "review", "by": "received", "title": T, "limit": "5 workday", "remind": "1 workday",
    "returns": {"to": "applicant", "at_most": 1},
}  # fmt: skip
COME: dict[str, Any] = {"id": "come", "kind": "task", "by": "received", "title": T, "meets": True}
FIX: dict[str, Any] = {
    "id": "fix",
    "kind": "task",
    "by": "applicant",
    "title": T,
    "limit": "10 day",
    "remind": "2 day",
}


def opened(cast: Cast, monkeypatch: pytest.MonkeyPatch, steps: list[dict[str, Any]], **keys: Any) -> UUID:
    from doorstep.kernel import matter

    parts.shelf(monkeypatch, parts.made(form=parts.ALONE, flow={"steps": steps}, **keys))
    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        return matter.open_matter(
            viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
        ).matter_id


def seen(cast: Cast, matter_id: UUID) -> Any:
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        return read.read_matter(viewer, matter_id)


def test_A26_who_was_promised_no_visit_is_not_called_in(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from doorstep.rulebook.words import Refused

    matter_id = opened(cast, monkeypatch, [LOOK, COME], no_meeting=["online"])
    with pytest.raises(Refused, match="no-meeting"):
        cast.act("clerk", matter_id, "look", "approve")
    assert [step.name for step in seen(cast, matter_id).open_steps] == ["look"]


def test_A26_through_another_channel_one_may_be_asked_to_come(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    matter_id = opened(cast, monkeypatch, [LOOK, COME], no_meeting=["station"])
    cast.act("clerk", matter_id, "look", "approve")
    assert [step.name for step in seen(cast, matter_id).open_steps] == ["come"]


def test_A26_what_a_channel_promised_is_counted(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from doorstep.kernel.models import Matter

    matter_id = opened(cast, monkeypatch, [LOOK], no_meeting=["online"], on_the_spot=["station"])
    with cast.enter("resident"):
        figures = Matter.objects.get(id=matter_id).figures
    assert (figures["no_meeting"], figures["on_the_spot"]) == (True, False)


def notices(cast: Cast, matter_id: UUID) -> list[str]:
    from doorstep.kernel.models import Notice

    with cast.enter("resident") as viewer:
        found = Notice.objects.filter(party_id=viewer.party_id, matter_id=matter_id)
        return list(found.values_list("template", flat=True))


def test_the_applicant_is_reminded_of_an_own_step_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from doorstep.kernel import chore
    from doorstep.rulebook import clock

    matter_id = opened(cast, monkeypatch, [FIX])
    due = seen(cast, matter_id).open_steps[0].due_at
    for _ in as_role("worker", Place.from_env()):
        chore.remind()
        early = notices(cast, matter_id)
    for _ in as_role("worker", Place.from_env()):
        with clock.clock_at(due - timedelta(hours=30)):
            chore.remind()
            chore.remind()
    assert "remind" not in early and notices(cast, matter_id).count("remind") == 1


def test_nobody_is_reminded_of_what_a_unit_owes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from doorstep.kernel import chore
    from doorstep.rulebook import clock

    matter_id = opened(cast, monkeypatch, [LOOK])
    for _ in as_role("worker", Place.from_env()):
        with clock.clock_at(seen(cast, matter_id).open_steps[0].due_at - timedelta(hours=1)):
            chore.remind()
    assert "remind" not in notices(cast, matter_id)


ASK: dict[str, Any] = {
    "id": "ask", "kind": "call", "title": T, "connector": "records", "sends": {"id_no": "/landlord/id_no"},
    "answers": {"clear": T, "not_clear": T}, "limit": "10 minute", "fallback": {"by": "competent"},
}  # fmt: skip
AT_ONCE = {"statutory": [{"from": None, "to": None, "value": "3 workday", "source": "none", "sure": False}],
           "promise": [{"from": None, "to": None, "value": "0 minute", "source": "none", "sure": False}]}  # fmt: skip


def test_what_is_promised_at_once_is_not_late_while_a_register_is_asked_or_an_officer_looks(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.kernel import matter as matters
    from doorstep.kernel.trust import enter_system

    look = LOOK | {"when": {"ask.answer": "not_clear"}, "limit": "1 workday"}
    matter_id = opened(cast, monkeypatch, [ASK, look], limits=AT_ONCE)
    found = seen(cast, matter_id)
    assert found.due_at == found.opened_at + timedelta(minutes=10)
    for _ in as_role("worker", Place.from_env()):
        with enter_system(matter_id) as system:
            matters.hear(system, matter_id, step="ask", said="not_clear")
    found = seen(cast, matter_id)
    assert found.due_at == found.open_steps[0].due_at
