"""A step that was added by hand for the applicant, or by the applicant, stands in the portal and is done there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.journeys.visit import Visit
from tests.kernel import parts

T = {"zh": "看一看", "en": "Look"}
LOOK: dict[str, Any] = {"id": "look", "kind": "review", "by": "received", "title": T, "limit": "5 workday"}
MORE: dict[str, Any] = {"added_by": ["received", "applicant"], "at_most": 2, "step": {
    "id": "more", "kind": "task", "by": "applicant", "title": {"zh": "补充材料", "en": "Add something"}, "limit": "10 day",
    "on_late": "lapse"}}  # fmt: skip
HEARING: dict[str, Any] = {"added_by": ["applicant"], "step": {
    "id": "hearing", "kind": "task", "by": "received", "title": {"zh": "当面说一说", "en": "Be heard in person"}}}  # fmt: skip
WHAT = "请把租赁合同最后一页再传一次。"


@pytest.fixture
def opened(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> UUID:
    from doorstep.kernel import matter

    made = parts.made(form=parts.ALONE, flow={"steps": [LOOK], "adhoc": [MORE, HEARING]})
    parts.shelf(monkeypatch, made)
    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        return matter.open_matter(
            viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
        ).matter_id


def told(cast: Cast, matter_id: UUID) -> list[str]:
    from doorstep.kernel.models import Notice

    with cast.enter("resident") as viewer:
        return list(
            Notice.objects.filter(party_id=viewer.party_id, matter_id=matter_id).values_list(
                "template", flat=True
            )
        )


def test_a_step_that_an_officer_adds_for_me_is_told_shown_and_done_in_the_portal(
    cast: Cast, opened: UUID
) -> None:
    clerk = Visit(cast["clerk"].token)
    page = clerk.get(f"/counter/matter/{opened}")
    clerk.post(f"/counter/matter/{opened}/add", page.form("/add") | {"step": "more", "reason": WHAT})
    assert "asked" in told(cast, opened) and "returned" not in told(cast, opened)
    me = Visit(cast["resident"].token)
    assert "有一步等您办" in me.get("/mine").text
    page = me.get(f"/matter/{opened}")
    assert "补充材料" in page.text and WHAT in page.text and "正在办" in page.text
    page = me.get(f"/matter/{opened}/correct?step=more")
    assert page.name == "correct" and "要补、要改的" in page.text
    page = me.post(f"/matter/{opened}/correct", page.form("/correct") | {"go": "next"})
    assert page.url.startswith(f"/matter/{opened}?told") and "去看看" not in me.get("/mine").text
    assert [s.name for s in _seen(cast, opened).open_steps] == ["look"]


def test_a_step_that_i_may_add_is_offered_added_and_mine_to_do(cast: Cast, opened: UUID) -> None:
    me = Visit(cast["resident"].token, "en")
    assert f"/matter/{opened}/add?step=more" in me.get(f"/matter/{opened}").html
    page = me.get(f"/matter/{opened}/add?step=more")
    assert page.name == "add_step" and "Add something" in page.text
    page = me.post(f"/matter/{opened}/add", page.form("/add"))
    assert "Do it now" in page.text and f"/matter/{opened}/add?step=more" not in page.html
    assert "asked" not in told(cast, opened), "nobody is told of what they did themselves"


def test_what_i_add_for_the_police_is_with_them_and_granting_waits_for_it(cast: Cast, opened: UUID) -> None:
    me = Visit(cast["resident"].token)
    page = me.get(f"/matter/{opened}/add?step=hearing")
    me.post(f"/matter/{opened}/add", page.form("/add") | {"reason": "有些事写不清楚"})
    assert {s.name for s in _seen(cast, opened).open_steps} == {"look", "hearing"}
    cast.act("clerk", opened, "look", "approve")
    assert _seen(cast, opened).closed_at is None
    cast.act("clerk", opened, "hearing")
    assert _seen(cast, opened).closed_at is not None


def test_a_step_that_is_not_mine_to_add_is_not_offered_and_refused(cast: Cast, opened: UUID) -> None:
    neighbour = Visit(cast["neighbour"].token)
    assert neighbour.get(f"/matter/{opened}/add?step=more").status == 404
    page = Visit(cast["resident"].token).get(f"/matter/{opened}/add?step=look")
    assert page.name == "matter"


def _seen(cast: Cast, matter_id: UUID) -> Any:
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        return read.read_matter(viewer, matter_id)
