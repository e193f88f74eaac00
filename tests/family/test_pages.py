"""Acting for a relative in the portal and at a window, page by page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cast import Cast, fresh


def client(cast: Cast, role: str, *, api: bool = False) -> Any:
    from django.test import Client

    if api:
        return Client(headers={"host": "localhost", "authorization": f"Bearer {cast[role].token}"})
    made = Client(headers={"host": "localhost", "accept-language": "zh"})
    made.cookies["doorstep_session"] = cast[role].token
    return made


@pytest.fixture
def given(cast: Cast) -> str:
    """云小满 lets 陆望舒 do household matters, by the page."""
    other, page = cast.person("neighbour"), client(cast, "resident")
    until = re.search(r'name="until" value="([^"]+)"', page.get("/family/give").content.decode())
    assert until is not None
    posted = {"agent_name": other["name"], "agent_id_no": other["id_no"], "relation": "child", "branch": "household",
              "until": until[1], "request_id": fresh()}  # fmt: skip
    assert page.post("/family/give", posted).headers["Location"] == "/family/?told=given"
    shown = page.get("/family/").content.decode()
    assert other["name"] in shown
    return re.findall(r'data-mandate="([^"]+)"', shown)[0]


def test_A01_a_daughter_applies_for_her_father_page_by_page(cast: Cast, given: str) -> None:
    her, his = client(cast, "neighbour"), client(cast, "resident")
    assert f"/for/{given}/apply/HZ-078" in her.get("/item/HZ-078").content.decode()
    assert "own-hand" in her.get(f"/for/{given}/apply/HZ-088").content.decode()
    first = her.get(f"/for/{given}/apply/HZ-078", follow=True)
    assert (
        "替云小满办" in first.content.decode() and cast.person("resident")["id_no"] in first.content.decode()
    )
    data = cast.card("neighbour", applicant=cast.person("resident"))
    with cast.enter("neighbour") as viewer:
        from doorstep.kernel import draft

        kept = next(one for one in draft.my_drafts(viewer) if str(one.mandate_id) == given)
        kept = draft.save_draft(viewer, "HZ-078", data, "", kept.id)
    sent = her.post(f"/for/{given}/send/HZ-078", {"request_id": f"draft-{kept.id}-{kept.version}"})
    assert sent.status_code == 302, sent.content.decode()
    matter = sent.headers["Location"].removesuffix("/receipt")
    page = her.get(matter).content.decode()
    assert "您在替云小满办" in page and "谁看过这件事" not in page
    assert "替家里人办的" in her.get("/mine").content.decode()
    assert "受您委托的人" in his.get("/readers").content.decode()
    assert "陆望舒可以替您办这类事" in his.get(matter).content.decode()
    assert his.post(f"/family/end/{given}", {"request_id": fresh()}).status_code == 302
    assert her.get(matter).status_code == 404 and her.get(f"/for/{given}/send/HZ-078").status_code == 403


def test_A01_at_a_window_both_come_and_anybody_shown_may_take_it_back(cast: Cast) -> None:
    desk, other, whose = client(cast, "clerk"), cast.person("neighbour"), cast.person("resident")
    posted = {
        "principal_name": whose["name"],
        "principal_id_no": whose["id_no"],
        "request_id": fresh(),
        "do": "give",
    }
    told = {
        "kind": "given",
        "agent_name": other["name"],
        "agent_id_no": other["id_no"],
        "branch": "traffic",
        "until": "2027-01-15",
    }
    assert desk.post("/family/window", posted | told).headers["Location"] == "/family/window?told=given"
    found = desk.post("/family/window", posted | {"do": "find"}).content.decode()
    ends = re.findall(r'value="(end:[^"]+)"', found)
    assert "交管" in found and ends
    refused = desk.post(
        "/family/window", posted | told | {"kind": "parent", "proof": "户口簿", "request_id": fresh()}
    )
    assert refused.status_code == 422 and "已经满十八周岁" in refused.content.decode()
    for one in ends:
        assert desk.post("/family/window", posted | {"do": one, "request_id": fresh()}).status_code == 302
    assert "没有。" in desk.post("/family/window", posted | {"do": "find"}).content.decode()


def test_A01_over_the_api_a_mandate_is_given_used_and_ended(cast: Cast) -> None:
    her, his = client(cast, "neighbour", api=True), client(cast, "resident", api=True)
    me = cast.person("neighbour")

    def ask(who: Any, path: str, body: Any) -> Any:
        return who.post(
            f"/api/v1{path}", body, content_type="application/json", headers={"Idempotency-Key": fresh()}
        )

    new = {"name": me["name"], "id_no": me["id_no"], "items": ["HZ-078"], "until": "2027-03-01"}
    made = ask(his, "/mandates", new)
    assert made.status_code == 201, made.content
    one = made.json()["id"]
    data = cast.card("neighbour", applicant=cast.person("resident"))
    matter = {"item": "HZ-078", "point": "HW-1", "data": data, "on_behalf": one}
    assert ask(her, "/matters", matter).status_code == 201
    assert [m["held"] for m in her.get("/api/v1/mandates").json()["results"] if m["id"] == one] == [True]
    assert ask(his, f"/mandates/{one}/end", {}).status_code == 200
    assert ask(her, "/matters", matter).status_code == 403
