"""Who gets nothing, for every operation of the document: a new one cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.api.calls import Calls, is_problem

M = "matters/{matter}"


@dataclass(frozen=True)
class Door:
    """How an outsider tries an operation on the resident's matter, file, paper and draft."""

    method: str
    path: str
    body: Any = field(default_factory=dict)


DOORS = {
    "sign_in": Door("POST", "session", {"login": "secadmin", "password": "guessed"}),  # nobody else's sign-in
    "who_am_i": Door("GET", "session"),
    "sign_out": Door("DELETE", "session"),
    "stream_url": Door("GET", "stream-url"),
    "list_items": Door("GET", "items"),
    "read_item": Door("GET", "items/HZ-078"),
    "list_profiles": Door("GET", "regions/zibo/profiles"),
    "guide": Door("POST", "guide", {"text": "云小满"}),
    "open_draft": Door("POST", "drafts", {"item": "HZ-078"}),
    "list_drafts": Door("GET", "drafts"),
    "read_draft": Door("GET", "drafts/{draft}"),
    "change_draft": Door("PATCH", "drafts/{draft}", {"data": {}}),
    "drop_draft": Door("DELETE", "drafts/{draft}"),
    "create_matter": Door("POST", "matters", {"item": "HZ-078", "point": "HW-1", "data": {"photo": "{file}"}}),
    "list_matters": Door("GET", "matters?party={number}"),
    "read_matter": Door("GET", M + "?purpose=check_quality"),
    "list_events": Door("GET", M + "/events?purpose=check_quality"),
    "list_readers": Door("GET", M + "/readers"),
    "act": Door("POST", M + "/act", {"step": "intake", "outcome": "done"}),
    "note": Door("POST", M + "/note", {"text": "?"}),
    "share": Door("POST", M + "/share", {"unit": "AL-YX-DK", "reason": "?"}),
    "hand_over": Door("POST", M + "/hand_over", {"unit": "AL-YX-DK", "reason": "?"}),
    "erase": Door("POST", M + "/erase", {"reason": "order", "document": "1"}),
    "link": Door("POST", M + "/link", {"matter": "{matter}"}),
    "parties": Door("POST", "matters/{matter}/parties", {"role": "witness", "described": "路人"}),
    "locate": Door("POST", "matters/{matter}/locate", {"lon": 1, "lat": 1}),
    "add_step": Door("POST", "matters/{matter}/steps", {"step": "visit"}),
    "merge": Door("POST", "matters/{matter}/merge", {"matter": "{number}", "reason": "order"}),
    "refer": Door("POST", "matters/{matter}/refer", {"item": "HZ-106", "data": {}, "reason": "order"}),
    "reclassify": Door("POST", "matters/{matter}/reclassify", {"item": "HZ-106", "reason": "order"}),
    "repin": Door("POST", "matters/{matter}/repin", {"reason": "order"}),
    "withdraw": Door("POST", M + "/withdraw"),
    "calls": Door("GET", "calls"),
    "take_call": Door("POST", "calls", {"kind": "XJ-001"}),
    "report_call": Door("POST", "calls/own", {"kind": "XJ-001"}),
    "report_by_device": Door("POST", "calls/by-device", {"token": "?", "id": "019a0000-0000-7000-8000-000000000141"}),
    "add_call_device": Door("POST", "calls/devices", {
        "kind": "sensor", "name": "?", "item": "XJ-021", "until": "2026-12-01T00:00:00Z"}),
    "send_to_call": Door("POST", "calls/{matter}/send", {"units": [1]}),
    "say_of_call": Door("POST", "calls/{matter}/say", {"outcome": "coming"}),
    "recall_from_call": Door("POST", "calls/{matter}/recall", {}),
    "link_call": Door("POST", "calls/{matter}/link", {"parent": "{matter}"}),
    "pass_call_on": Door("POST", "calls/{matter}/pass-on", {"to": "fire", "number": "1"}),
    "close_call": Door("POST", "calls/{matter}/close", {"result": "?"}),
    "report_positions": Door("POST", "command/positions", {
        "fixes": [{"at": "2026-12-01T00:00:00Z", "lon": 118.04, "lat": 36.8}]}),
    "duty_units": Door("GET", "command/units"),
    "set_unit_state": Door("POST", "command/units/1/state", {"state": "moving"}),
    "answer_safety": Door("POST", "command/safety/019a0000-0000-7000-8000-000000000141", {"answer": "well"}),
    "rating": Door("POST", M + "/rating", {"level": 5}),
    "rate_with_code": Door("POST", "ratings/with-code", {"number": "0", "code": "0", "level": 5}),
    "rating_code": Door("GET", M + "/rating"),
    "entered_ratings": Door("GET", "ratings/entered"),
    "take_back_rating": Door("POST", "ratings/take-back", {"number": "{number}"}),
    "ring_next": Door("POST", "ratings/ring"),
    "rung": Door("POST", "ratings/ring/{matter}", {"came": "declined"}),
    "published_ratings": Door("GET", "ratings"),
    "upload": Door("POST", "files", b"not a picture"),
    "download": Door("GET", "files/{file}"),
    "read_paper": Door("GET", "papers/{paper}.pdf"),
    "list_mandates": Door("GET", "mandates"),
    "give_mandate": Door("POST", "mandates", {"name": "云小满", "id_no": "990101199003071288", "until": "2027-01-15"}),
    "end_mandate": Door("POST", "mandates/{matter}/end"),
}  # fmt: skip
ENDS_A_SESSION = ("sign_out",)
OUTSIDERS = ("neighbour", "other_station", "auditor", "gone", "nobody")


@dataclass(frozen=True)
class Hers:
    """What the resident has, and the words about her that nobody else may see."""

    ids: dict[str, str]
    version: int

    def fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.fill(one) for key, one in value.items()}
        if isinstance(value, str):
            for name, one in self.ids.items():
                value = value.replace("{" + name + "}", one)
        return value

    def told_by(self, text: str, sent: str) -> list[str]:
        """Her words in an answer, beyond those the outsider sent."""
        words = [*self.ids.values(), "云小满", "990101199003071288", "19900000001", "橘园路"]
        return [word for word in words if word in text and word not in sent]


@pytest.fixture(scope="module")
def hers(calls: Calls) -> Iterator[Hers]:
    with_paper = calls.granted(handed_out=False)
    paper = calls.resident.get(f"matters/{with_paper['id']}").json()["papers"][0]["number"]
    made = calls.opened()
    seen = calls.resident.get(f"matters/{made['id']}").json()
    draft = calls.resident.post("drafts", {"item": "HZ-078", "data": {"reason": "lost"}}).json()
    ids = {"matter": made["id"], "number": made["number"], "file": seen["files"][0]["id"], "paper": paper,
           "draft": draft["id"]}  # fmt: skip
    yield Hers(ids, seen["version"])
    after = calls.resident.get(f"matters/{made['id']}").json()
    assert after["version"] == seen["version"] and after["state"] == seen["state"]
    assert calls.resident.get(f"drafts/{draft['id']}").json()["data"] == {"reason": "lost"}


def _document(calls: Calls) -> dict[str, dict[str, Any]]:
    paths = calls.nobody.get("openapi.json").json()["paths"]
    return {one["operationId"]: one for methods in paths.values() for one in methods.values()}


def test_no_operation_is_forgotten_here(calls: Calls) -> None:
    assert set(_document(calls)) == set(DOORS)


def test_every_operation_declares_its_right(calls: Calls) -> None:
    from doorstep.kernel.trust import VERBS

    rights = {name: one.get("x-right") for name, one in _document(calls).items()}
    assert {r for r in rights.values() if r not in {"PUBLIC", "SIGNED_IN", *VERBS}} == set()
    assert {name for name, right in rights.items() if right == "PUBLIC"} == {
        "sign_in", "list_items", "read_item", "list_profiles", "guide", "rate_with_code", "published_ratings",
        "report_by_device",
    }  # fmt: skip


def test_every_post_that_changes_something_wants_a_key(calls: Calls) -> None:
    keyless = {n for n, one in _document(calls).items() if DOORS[n].method == "POST" and not one["x-keyed"]}
    assert keyless == {
        "sign_in",
        "guide",
        "report_by_device",
        "report_positions",
    }  # which have ids of their own


@pytest.mark.parametrize("role", OUTSIDERS)
@pytest.mark.parametrize("name", [n for n in DOORS if n not in ENDS_A_SESSION])
def test_an_outsider_gets_nothing(calls: Calls, hers: Hers, name: str, role: str) -> None:
    door = DOORS[name]
    path, body = hers.fill(door.path), hers.fill(door.body)
    answer = calls.people[role].ask(door.method, path, body)
    assert hers.told_by(answer.content.decode("utf-8", "replace"), f"{path}{body}") == []
    if _document(calls)[name]["x-right"] == "PUBLIC":
        assert answer.status_code in (200, 401, 404, 429)
    elif role in ("gone", "nobody"):
        assert is_problem(answer, 401, "sign-in")
    elif "{" in door.path.partition("?")[0]:
        assert answer.status_code in (403, 404) or (name == "drop_draft" and answer.status_code == 204)
    elif name == "create_matter":
        assert answer.status_code >= 400


@pytest.mark.parametrize("role", OUTSIDERS[:3])
def test_a_hidden_matter_answers_like_one_that_is_not(calls: Calls, hers: Hers, role: str) -> None:
    hidden = calls.people[role].get(f"matters/{hers.ids['matter']}?purpose=check_quality").json()
    absent = (
        calls.people[role].get("matters/018f0000-0000-7000-8000-000000000000?purpose=check_quality").json()
    )
    assert {**hidden, "instance": ""} == {**absent, "instance": ""}


def test_a_refused_look_is_logged(calls: Calls, hers: Hers) -> None:
    from doorstep.kernel.models import Access

    calls.other_station.get(f"matters/{hers.ids['matter']}")
    with calls.cast.enter("other_station") as viewer:
        last = Access.objects.filter(account_id=viewer.account_id, kind="refused").order_by("-at").first()
    assert last is not None and hers.ids["matter"] in last.detail


def test_a_session_ends_everywhere_at_once(calls: Calls) -> None:
    from dataclasses import replace

    from doorstep.kernel import trust

    member = calls.cast["officer"]
    caller = replace(calls.nobody, token=trust.sign_in(member.login, member.password))
    assert caller.ask("DELETE", "session").status_code == 204
    assert is_problem(caller.get("session"), 401, "sign-in")
