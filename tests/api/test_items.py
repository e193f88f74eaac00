"""The catalogue, open to anybody, and drafts, open to their owner."""

from __future__ import annotations

import pytest

from tests.api.calls import Calls, fresh


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True), ("q=身份证", True), ("q=urgent+id", True), ("q=HZ-078", True), ("q=怀表", False),
        ("branch=household", True), ("branch=traffic", False), ("channel=online", True), ("channel=partner", False),
        ("point=HW-1", True), ("point=LX-R1&channel=room", True), ("point=HW-R1&channel=room", False),
        ("region=anlan", True), ("region=elsewhere", False),
    ],
)  # fmt: skip
def test_items_are_narrowed_by_what_is_asked(calls: Calls, query: str, found: bool) -> None:
    answer = calls.nobody.get(f"items?{query}")
    assert ("HZ-078" in [i["code"] for i in answer.json()["results"]]) is found


def test_an_item_tells_all_that_is_needed_to_apply(calls: Calls) -> None:
    item = calls.nobody.get("items/HZ-078").json()
    assert item["promise"] == {"value": 1, "unit": "workday"} and item["fee"]["amount"] == "10.00"
    assert item["form"]["properties"] and item["flow"][0]["step"] == "intake"
    assert all(law["title"]["zh"] and law["title"]["en"] for law in item["law"])


@pytest.mark.parametrize(
    ("text", "code"),
    [("急用身份证", "HZ-078"), ("我的身份证丢了", "HZ-074"), ("I lost my ID card", "HZ-074")],
)
def test_the_guide_understands_everyday_words(calls: Calls, text: str, code: str) -> None:
    guesses = calls.nobody.post("guide", {"text": text}, key="").json()
    assert guesses[0]["item"] == code and 0 < guesses[0]["score"] <= 1 and guesses[0]["why"]["zh"]


def test_the_guide_says_nothing_when_nothing_fits(calls: Calls) -> None:
    assert calls.nobody.post("guide", {"text": "天气预报"}, key="").json() == []


def test_an_unknown_item_is_not_there(calls: Calls) -> None:
    assert calls.nobody.get("items/HZ-999").status_code == 404


def test_a_draft_is_kept_changed_and_dropped(calls: Calls) -> None:
    made = calls.resident.post("drafts", {"item": "HZ-078", "data": {"reason": "lost"}, "page": "who"})
    where = made.headers["Location"]
    changed = calls.resident.ask("PATCH", where, {"data": {"reason": "expired"}}).json()
    assert (changed["data"], changed["page"], changed["version"]) == ({"reason": "expired"}, "who", 2)
    assert calls.resident.ask("DELETE", where).status_code == 204
    assert calls.resident.get(where).status_code == 404


def test_the_same_draft_sent_twice_is_one(calls: Calls) -> None:
    key, sent = fresh(), {"item": "HZ-078", "data": {"reason": "lost"}}
    first, again = (calls.resident.post("drafts", sent, key=key) for _ in range(2))
    assert first.json() == again.json() and again.headers["Idempotent-Replay"] == "true"


def test_E06_the_lists_of_a_region_are_told(calls: Calls) -> None:
    told = {one["profile"]: one for one in calls.nobody.get("regions/zibo/profiles").json()}
    kiosk = told["zibo_kiosk"]
    assert (
        kiosk["count"] == len(kiosk["codes"]) == 15
        and kiosk["through"] == ["kiosk"]
        and len(kiosk["groups"]) == 6
    )
    for name in ("atlantis", "anlan", "..%2F..", "%00"):
        assert calls.nobody.get(f"regions/{name}/profiles").status_code == 404
