"""At a step an officer writes what the paper says, checked like a form; and a second pair of eyes is somebody else's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.journeys.counter import hidden, open_desk
from tests.kernel import parts

T = parts.T
FLOW: dict[str, Any] = {"steps": [
    {"id": "check", "kind": "review", "by": "competent", "title": T, "returns": {"to": "applicant", "at_most": 2},
     "fills": {"required": ["count"], "properties": {
         "count": {"x-fact": "answer.count"}, "stage": {"x-fact": "answer.stage"}}}},
    {"id": "second", "kind": "review", "by": "competent", "title": T, "apart_from": ["check"]},
]}  # fmt: skip


@pytest.fixture
def opened(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> UUID:
    from doorstep.kernel import matter

    parts.shelf(monkeypatch, parts.made(form=parts.ALONE, flow=FLOW))
    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        return matter.open_matter(
            viewer, item=parts.PARENT, point="LX-1", channel="online", data=data, request_id=fresh()
        ).matter_id


def seen(cast: Cast, matter_id: UUID, role: str = "approver") -> Any:
    from doorstep.kernel.read import read_matter

    with cast.enter(role) as viewer:
        return read_matter(viewer, matter_id)


def test_what_an_officer_writes_is_checked_kept_and_read_by_papers_and_tables(
    cast: Cast, opened: UUID
) -> None:
    from doorstep.rulebook.words import Refused

    for wrong, at in (({}, "count"), ({"count": -1}, "count"), ({"count": 3, "more": "x"}, "more")):
        with pytest.raises(Refused, match="invalid") as no:
            cast.act("approver", opened, "check", "approve", data=wrong)
        assert no.value.faults[0][0] == f"/heard/check/{at}"
    cast.act("approver", opened, "check", "approve", data={"count": 3, "stage": " 在分局 "})
    view = seen(cast, opened)
    assert view.data["heard"] == {"check": {"count": 3, "stage": "在分局"}}
    assert view.pack.facts(view.data, channel="online")["answer.count"] == 3
    row = view.pack._row("/heard/check/count", view.data)
    assert row == {"label": {"zh": "叫这个名字的有多少人", "en": "How many people bear it"}, "value": "3"}


def test_sent_back_nothing_is_to_be_written_and_what_was_written_before_stays(
    cast: Cast, opened: UUID
) -> None:
    faults = [{"field": "/home/address", "reason": next(iter(seen(cast, opened).pack.reasons["return"]))}]
    cast.act("approver", opened, "check", "return", faults=faults)
    assert "heard" not in seen(cast, opened, "resident").data


def test_the_desk_asks_for_it_keeps_what_was_typed_and_names_the_fault(cast: Cast, opened: UUID) -> None:
    desk, address = open_desk(cast["approver"].token), f"/counter/desk/{opened}"
    form = hidden(desk.text(address)) | {"outcome": "approve"}
    answer = desk.post(address, **form, **{"/count": "", "/stage": "写了一半"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "写了一半" in page and 'id="f-count-e"' in page
    assert desk.post(address, **form, **{"/count": "4"}).status_code == 302
    assert "叫这个名字的有多少人" in open_desk(cast["resident"].token).text(f"/matter/{opened}")


def test_a_second_pair_of_eyes_is_somebody_elses(cast: Cast, opened: UUID) -> None:
    from doorstep.rulebook.words import Refused

    cast.act("approver", opened, "check", "approve", data={"count": 3})
    with pytest.raises(Refused, match="same-person"):
        cast.act("approver", opened, "second", "approve")
    page = open_desk(cast["approver"].token).text(f"/counter/desk/{opened}")
    assert "要由另一个人看" in page and 'name="outcome"' not in page
    assert cast.act("approver2", opened, "second", "approve").state == "granted"


def test_an_author_is_told_of_a_file_to_write_and_of_eyes_without_a_first(cast: Cast) -> None:
    from doorstep.domains.studio.lint import flaws_of

    check, second = FLOW["steps"]
    upload = {"photo": {"x-fact": "applicant.photo"}}
    wrong = [check | {"fills": {"properties": upload}}, second | {"apart_from": ["nobody"]}]
    found = {flaw.rule for flaw in flaws_of(parts.made(form=parts.ALONE, flow={"steps": wrong}))}
    assert {"pack.fills", "pack.apart_from"} <= found
