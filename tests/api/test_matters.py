"""One matter the whole way over the API, and what may go wrong on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api.calls import Calls, fresh, is_problem


def test_a_matter_goes_from_x_over_y_to_z(calls: Calls) -> None:
    made = calls.granted()
    seen = calls.resident.get(f"matters/{made['number']}").json()
    assert seen["state"] in ("granted", "closed") and seen["papers"]
    assert [e["seq"] for e in seen["events"]] == sorted(e["seq"] for e in seen["events"])


def test_a_clerk_takes_one_in_at_the_window(calls: Calls) -> None:
    made = calls.opened("clerk")
    seen = calls.clerk.get(f"matters/{made['id']}").json()
    assert seen["channel"] == "station" and seen["parties"][0]["name"] == "云小满"


def test_created_says_where_it_is(calls: Calls) -> None:
    answer = calls.resident.post("matters", calls.card())
    assert answer.headers["Location"] == f"/api/v1/matters/{answer.json()['id']}"
    assert calls.resident.get(answer.headers["Location"]).status_code == 200


def test_values_carry_their_units(calls: Calls) -> None:
    seen = calls.resident.get(f"matters/{calls.opened()['id']}").json()
    assert datetime.fromisoformat(seen["opened_at"]).utcoffset() == timedelta(hours=8)
    assert seen["fee"] == {"amount": "10.00", "currency": "CNY"}


def test_the_same_request_again_gets_the_first_answer_though_it_went_on(calls: Calls) -> None:
    key, card = fresh(), calls.card()
    first = calls.resident.post("matters", card, key=key)
    assert calls.act("clerk", first.json(), "intake", "return", reason="photo_unclear").status_code == 200
    again = calls.resident.post("matters", card, key=key)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotent-Replay"] == "true" and "Idempotent-Replay" not in first.headers


def test_the_same_request_id_with_other_content_is_refused(calls: Calls) -> None:
    key = fresh()
    calls.resident.post("matters", calls.card(), key=key)
    assert is_problem(calls.resident.post("matters", calls.card(), key=key), 409, "request-reused")


def test_a_change_without_a_request_id_is_refused(calls: Calls) -> None:
    made = calls.opened()
    assert is_problem(calls.resident.post(f"matters/{made['id']}/withdraw", key=""), 400, "no-request-id")
    assert is_problem(
        calls.resident.post(f"matters/{made['id']}/withdraw", key="x" * 81), 400, "no-request-id"
    )


@pytest.mark.parametrize(
    ("role", "step", "status"),
    [
        ("clerk", "crown_me", 422),
        ("approver", "review", 409),
        ("clerk", "review", 403),
        ("resident", "review", 403),
    ],
)
def test_a_forged_step_changes_nothing(calls: Calls, role: str, step: str, status: int) -> None:
    made = calls.opened()
    assert is_problem(calls.act(role, made, step, "approve"), status)
    assert calls.resident.get(f"matters/{made['id']}").json()["version"] == made["version"]


def test_an_outcome_the_step_does_not_have_is_refused(calls: Calls) -> None:
    made = calls.opened()
    assert 400 <= calls.act("clerk", made, "intake", "approve_everything").status_code < 500


def test_of_two_clerks_at_once_one_is_told(calls: Calls) -> None:
    made = calls.opened()
    ready, answers = threading.Barrier(2), []

    def act() -> None:
        from django.db import connections

        ready.wait()
        answers.append(calls.act("clerk", made, "intake", version=made["version"]))
        connections.close_all()

    _together(act)
    assert sorted(a.status_code for a in answers) == [200, 409]
    assert is_problem(next(a for a in answers if a.status_code == 409), 409, "moved-on")


def _together(work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_an_old_page_is_told(calls: Calls) -> None:
    made = calls.opened()
    assert calls.act("clerk", made, "intake").status_code == 200
    assert is_problem(
        calls.act("approver", made, "review", "approve", version=made["version"]), 409, "moved-on"
    )


def test_a_clock_set_back_keeps_the_order_of_events(calls: Calls) -> None:
    from doorstep.rulebook import clock

    made = calls.opened()
    with clock.clock_at(clock.now() - timedelta(days=2)):
        assert calls.act("clerk", made, "intake").status_code == 200
    times = [e["at"] for e in calls.resident.get(f"matters/{made['id']}/events").json()["results"]]
    assert times == sorted(times)


def test_returned_corrected_and_granted(calls: Calls) -> None:
    made = calls.opened()
    calls.act("clerk", made, "intake")
    fault = {"field": "/photo", "reason": "photo_unclear", "text": "太暗"}
    assert calls.act("approver", made, "review", "return", faults=[fault]).status_code == 200
    seen = calls.resident.get(f"matters/{made['id']}").json()
    assert seen["state"] == "returned" and seen["faults"] == [fault]
    step = next(s for s in seen["steps"] if s["mine"])
    mended = calls.act("resident", made, step["step"], step["outcomes"][0], data=calls.card()["data"])
    assert mended.json()["state"] == "open"


def test_the_applicant_sees_who_looked_and_nobody_by_name(calls: Calls) -> None:
    made = calls.opened()
    calls.clerk.get(f"matters/{made['id']}")
    looks = calls.resident.get(f"matters/{made['id']}/readers").json()["results"]
    assert looks[0]["unit"]["en"] == "Hewan Police Station" and "温书白" not in str(looks)


def test_one_who_only_looks_sees_numbers_masked(calls: Calls) -> None:
    made = calls.opened()
    seen = calls.approver.get(f"matters/{made['id']}?purpose=check_quality").json()
    assert "*" in seen["parties"][0]["id_no"]


@pytest.mark.parametrize(
    ("role", "query"), [("resident", "mine"), ("clerk", "unit"), ("clerk", "work"), ("approver", "unit")]
)
def test_lists_show_it_to_those_it_concerns(calls: Calls, role: str, query: str) -> None:
    made = calls.opened()
    rows: list[dict[str, Any]] = calls.people[role].get(f"matters?{query}").json()["results"]
    row = next(r for r in rows if r["id"] == made["id"])
    assert row["name"] == "云**" and "id_no" not in row


@pytest.mark.parametrize(("role", "seen"), [("clerk", True), ("other_station", False), ("neighbour", False)])
def test_search_by_number_finds_only_what_one_may_see(calls: Calls, role: str, seen: bool) -> None:
    made = calls.opened()
    rows = calls.people[role].get(f"matters?party={made['number']}").json()["results"]
    assert [r["id"] for r in rows] == ([made["id"]] if seen else [])


def test_a_clerk_finds_what_came_in_online_by_the_number_on_the_card(calls: Calls) -> None:
    from doorstep.kernel.party import own_person

    made = calls.opened()
    with calls.cast.enter("resident") as viewer:
        own = own_person(viewer)
    rows = calls.clerk.get(f"matters?party={own.id_no if own else '?'}").json()["results"]
    assert made["id"] in [r["id"] for r in rows]


def test_the_same_request_twice_at_once_happens_once(calls: Calls) -> None:
    card, key, ready = calls.card(), fresh(), threading.Barrier(2)
    answers: list[Any] = []

    def send() -> None:
        from django.db import connections

        ready.wait()
        answers.append(calls.resident.post("matters", card, key=key))
        connections.close_all()

    _together(send)
    assert [a.status_code for a in answers] == [201, 201] and answers[0].json() == answers[1].json()
    assert sum("Idempotent-Replay" in a.headers for a in answers) == 1


def test_note_share_link_and_hand_over(calls: Calls) -> None:
    made, other = calls.opened(), calls.opened()
    assert is_problem(calls.other_station.get(f"matters/{made['id']}"), 404)
    for verb, body in (
        ("note", {"text": "电话已核实"}),
        ("link", {"matter": other["number"]}),
        ("share", {"unit": "AL-YX-DK", "reason": "协助核对"}),
        ("hand_over", {"unit": "AL-LJ-SQ", "reason": "户口不在本所"}),
    ):
        answer = calls.approver.post(f"matters/{made['id']}/{verb}", body)
        assert answer.status_code == 200, (verb, answer.content.decode())
    assert calls.other_station.get(f"matters/{made['id']}?purpose=check_quality").status_code == 200
    assert calls.resident.get(f"matters/{made['id']}").json()["unit"]["code"] == "AL-LJ-SQ"


def test_withdrawn_by_the_applicant_alone(calls: Calls) -> None:
    made = calls.opened()
    assert is_problem(calls.clerk.post(f"matters/{made['id']}/withdraw"), 403, "no-right")
    assert calls.resident.post(f"matters/{made['id']}/withdraw").json()["state"] == "withdrawn"


def test_rated_once_and_unseen_by_the_unit(calls: Calls) -> None:
    made = calls.granted()
    assert (
        calls.resident.post(f"matters/{made['id']}/rating", {"level": 2, "text": "等了很久"}).status_code
        == 200
    )
    assert is_problem(calls.resident.post(f"matters/{made['id']}/rating", {"level": 5}), 409, "rated")
    seen = calls.approver.get(f"matters/{made['id']}?purpose=check_quality")
    assert "等了很久" not in seen.content.decode()


@pytest.mark.parametrize("level", [0, 6, -1])
def test_a_level_off_the_scale_is_refused(calls: Calls, level: int) -> None:
    made = calls.opened()
    answer = calls.resident.post(f"matters/{made['id']}/rating", {"level": level})
    assert is_problem(answer, 422, "level") and answer.json()["errors"][0]["pointer"] == "/level"


def test_a_resident_applies_for_nobody_else(calls: Calls) -> None:
    card = calls.card() | {"parties": [{"role": "applicant", "name": "别人", "id_no": "990101199003071288"}]}
    assert is_problem(calls.resident.post("matters", card), 422, "not-you")


@pytest.mark.parametrize("role", ["resident", "clerk"])
def test_answers_that_name_another_applicant_are_refused_by_field(calls: Calls, role: str) -> None:
    card = calls.card(role)
    card["data"]["applicant"] = card["data"]["applicant"] | {"name": "别人", "id_no": "990101198503071220"}
    answer = calls.people[role].post("matters", card)
    assert is_problem(answer, 422, "invalid")
    errors = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert set(errors) == {"/data/applicant/name", "/data/applicant/id_no"}
    assert "云**" in errors["/data/applicant/name"]
    assert calls.cast.person(role)["id_no"] not in answer.content.decode()


def test_who_works_here_asks_for_their_own_readers_and_is_told_why_not(calls: Calls) -> None:
    made = calls.opened()
    answer = calls.clerk.get(f"matters/{made['id']}/readers")
    assert is_problem(answer, 403, "no-right")


def test_a_clerk_takes_in_only_at_the_own_window(calls: Calls) -> None:
    card = calls.card("clerk") | {"point": "DK-1"}
    assert is_problem(calls.clerk.post("matters", card), 403, "no-right")


def test_a_witness_a_place_and_a_twin(calls: Calls) -> None:
    """The verbs beside the flow, as another system calls them."""
    first, twin = calls.opened(), calls.opened()
    for one in (first, twin):
        assert calls.act("clerk", one, "intake", "done").status_code == 200
    at = f"matters/{first['id']}"
    witness = calls.approver.post(f"{at}/parties", {"role": "witness", "described": "送货员"}).json()
    calls.approver.post(f"{at}/locate", {"lon": 118.04, "lat": 36.8, "address": "柳溪街口"})
    merged = calls.approver.post(f"{at}/merge", {"matter": twin["number"], "reason": "申请了两次"})
    assert merged.status_code == 200, merged.text
    found = calls.approver.get(at).json()
    assert found["place"]["address"] == "柳溪街口"
    assert [p["role"] for p in found["parties"]] == ["applicant", "witness", "also_brought"]
    assert found["parties"][1]["entry"] == witness["entry"]
    assert [(t["id"], t["kind"]) for t in found["related"]] == [(twin["id"], "merged_from")]
