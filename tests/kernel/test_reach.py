"""One kernel for what takes weeks, seconds or wanders: a call with three teams and a dispute, all through the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.api.calls import Calls, is_problem
from tests.cast import Cast

#: The station that commands, and who answers for each unit that is sent.
COMMAND = "other_station"
TEAMS = {"AL-LJ-HW": "clerk", "AL-HALL": "clerk2", "AL-LJ-LX": "approver"}


@pytest.fixture(scope="module")
def calls(cast: Cast, above: Any) -> Iterator[Calls]:
    from tests.kernel.reach.packs import on_the_shelf

    with on_the_shelf(above):
        yield Calls(cast)


def _bring(calls: Calls, item: str) -> str:
    body = {"item": item, "point": "DK-1", "channel": "station", "data": {"where": "渡口路 30 号 2-402"}}
    made = calls.people[COMMAND].post("matters", body)
    assert made.status_code == 201, made.content
    return str(made.json()["id"])


def _read(calls: Calls, made: str, who: str = COMMAND) -> Any:
    return calls.people[who].get(f"matters/{made}?purpose=check_quality")


def _open(calls: Calls, made: str, who: str = COMMAND) -> set[str]:
    seen = _read(calls, made, who)
    assert seen.status_code == 200, seen.content
    return {one["step"] for one in seen.json()["steps"] if one["closed_at"] is None}


def _do(calls: Calls, made: str, verb: str, who: str = COMMAND, **body: Any) -> Any:
    answer = calls.people[who].post(f"matters/{made}/{verb}", body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def _act(calls: Calls, made: str, step: str, outcome: str, who: str = COMMAND, **more: Any) -> Any:
    return _do(calls, made, "act", who, step=step, outcome=outcome, **more)


def _proved(*made: str) -> list[str]:
    from doorstep.kernel import proof
    from doorstep.kernel.trust import enter_system

    found = proof.Proof()
    for one in made:
        with enter_system(UUID(one)):
            proof.prove(UUID(one), found)
    return found.faults


def test_B01_three_teams_are_sent_at_once_and_each_sees_the_call(calls: Calls, as_worker: None) -> None:
    call = _bring(calls, "XX-901")
    for who in TEAMS.values():
        assert _read(calls, call, who).status_code in (403, 404)
    _act(calls, call, "handle", "send", data={"teams": list(TEAMS)})
    assert _open(calls, call) == {"handle", *(f"answer@{unit}" for unit in TEAMS)}
    for unit, who in TEAMS.items():
        _act(calls, call, f"answer@{unit}", "coming", who)
        _act(calls, call, f"arrive@{unit}", "there", who)
    early = calls.people[COMMAND].post(f"matters/{call}/act", {"step": "handle", "outcome": "close"})
    assert is_problem(early, 409, "call.teams_out")
    for unit, who in TEAMS.items():
        _act(calls, call, f"work@{unit}", "cleared", who)
    assert _act(calls, call, "handle", "close")["state"] == "closed"
    assert _proved(call) == []


def test_B01_nobody_answers_for_another_team(calls: Calls) -> None:
    call = _bring(calls, "XX-901")
    _act(calls, call, "handle", "send", data={"teams": ["AL-LJ-HW"]})
    wrong = calls.clerk2.post(f"matters/{call}/act", {"step": "answer@AL-LJ-HW", "outcome": "coming"})
    assert wrong.status_code in (403, 404)
    nobody = calls.people[COMMAND].post(f"matters/{call}/act", {"step": "handle", "outcome": "send"})
    assert is_problem(nobody, 422, "call.nobody")


def test_B01_silence_is_escalated_after_a_minute(calls: Calls, as_worker: None) -> None:
    from doorstep.kernel import chore
    from doorstep.rulebook import clock

    call = _bring(calls, "XX-901")
    _act(calls, call, "handle", "send", data={"teams": ["AL-LJ-HW"]})
    with clock.clock_at(clock.now() + timedelta(seconds=61)):
        while chore.mark_due():
            pass
    assert "escalate" in _open(calls, call)
    _act(calls, call, "escalate", "seen")
    assert _proved(call) == []


def test_C02_a_dispute_wanders_and_ends(calls: Calls, as_worker: None) -> None:
    dispute, twin = _bring(calls, "XX-902"), _bring(calls, "XX-902")
    unknown = _do(calls, dispute, "parties", role="respondent", described="楼上那户，不知道名字")
    _do(calls, dispute, "steps", step="visit")
    _act(calls, dispute, "visit", "done")
    named = {"name": "江晚", "id_no": "", "phone": ""}
    _do(calls, dispute, "parties", role="respondent", person=named, known_as=unknown["entry"])
    _do(calls, dispute, "merge", matter=twin, reason="两口子都来说了")
    _act(calls, dispute, "hear", "done")
    call = _do(calls, dispute, "refer", item="XX-901", data={"where": "渡口路 30 号"}, reason="砸了门")
    _act(calls, dispute, "mediate", "approve")
    assert _act(calls, dispute, "settle", "done")["state"] == "closed"
    _do(calls, call["id"], "reclassify", item="XX-902", reason="其实没有盗窃")
    assert _open(calls, call["id"]) == {"hear"}
    seen = _read(calls, dispute).json()
    assert [p["name"] for p in seen["parties"] if p["role"] == "respondent"] == ["江晚"]
    assert {t["kind"] for t in seen["related"]} == {"merged_from", "referred_to"}
    assert _proved(dispute, twin, call["id"]) == []


def test_a_step_can_be_added_only_while_the_flow_lets_it(calls: Calls) -> None:
    dispute = _bring(calls, "XX-902")
    _do(calls, dispute, "steps", step="visit")
    again = calls.people[COMMAND].post(f"matters/{dispute}/steps", {"step": "visit"})
    assert is_problem(again, 409, "flow.not_now")
    wrong = calls.people[COMMAND].post(f"matters/{dispute}/steps", {"step": "settle"})
    assert is_problem(wrong, 422, "no-such-step")
