"""One matter, the whole way: taken at X, decided by Y, handed out at Z, and who gets nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh


@pytest.fixture
def opened(cast: Cast) -> Any:
    return cast.apply()


def _state(cast: Cast, role: str, matter_id: UUID) -> str:
    from doorstep.kernel import read

    with cast.enter(role) as viewer:
        return read.read_matter(viewer, matter_id, purpose="check_quality").state


def _through(cast: Cast, matter_id: UUID) -> None:
    cast.act("clerk", matter_id, "intake")
    cast.act("approver", matter_id, "review", "approve")
    cast.act("approver", matter_id, "issue")
    cast.act("clerk2", matter_id, "hand_out")


def test_A06_taken_at_x_decided_by_y_handed_out_at_z(cast: Cast, opened: Any) -> None:
    _through(cast, opened.matter_id)
    assert _state(cast, "resident", opened.matter_id) == "granted"


def test_A06_x_cannot_decide_and_y_cannot_hand_out(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    cast.act("clerk", opened.matter_id, "intake")
    with pytest.raises(Refused, match="no-right"):
        cast.act("clerk", opened.matter_id, "review", "approve")
    cast.act("approver", opened.matter_id, "review", "approve")
    cast.act("approver", opened.matter_id, "issue")
    with pytest.raises(Refused, match="no-right"):
        cast.act("approver", opened.matter_id, "hand_out")


@pytest.mark.parametrize("role", ["neighbour", "other_station", "dispatcher", "chief", "partner", "auditor"])
def test_who_has_nothing_to_do_with_it_finds_nothing(cast: Cast, opened: Any, role: str) -> None:
    from doorstep.kernel import lists, read
    from doorstep.rulebook.words import Refused

    with cast.enter(role) as viewer:
        with pytest.raises(Refused, match="not-found"):
            read.read_matter(viewer, opened.matter_id, purpose="check_quality")
        assert not lists.my_matters(viewer).rows or role == "neighbour"
        assert opened.matter_id not in [r.id for r in lists.unit_matters(viewer).rows]


def test_who_has_left_is_nobody(cast: Cast, opened: Any) -> None:
    with cast.enter("gone") as viewer:
        assert not viewer.signed_in


def test_a_matter_not_in_hand_asks_for_a_purpose_first(cast: Cast, opened: Any) -> None:
    from doorstep.kernel import read
    from doorstep.rulebook.words import Refused

    with cast.enter("approver") as viewer, pytest.raises(Refused, match="purpose") as no:
        read.read_matter(viewer, opened.matter_id)
    assert no.value.faults


def test_F01_the_person_sees_who_looked_by_unit_and_purpose(cast: Cast, opened: Any) -> None:
    from doorstep.kernel import read

    with cast.enter("clerk") as viewer:
        read.read_matter(viewer, opened.matter_id)
    with cast.enter("resident") as viewer:
        looks = read.readers(viewer, opened.matter_id)
    assert [(str(k.unit.en), k.purpose.en) for k in looks] == [
        ("Hewan Police Station", "working on your matter")
    ]


@pytest.mark.parametrize(("role", "code"), [("clerk", "no-right"), ("nobody", "sign-in")])
def test_who_has_no_record_of_their_own_is_told_so(cast: Cast, role: str, code: str) -> None:
    from doorstep.kernel import read, trust
    from doorstep.rulebook.words import Refused

    token = None if role == "nobody" else cast[role].token
    with trust.enter(token) as viewer, pytest.raises(Refused, match=code):
        read.readers(viewer)


def test_the_same_look_within_a_quarter_hour_is_one_look(cast: Cast, opened: Any) -> None:
    from doorstep.kernel import read

    for _ in range(3):
        with cast.enter("clerk") as viewer:
            read.read_matter(viewer, opened.matter_id)
    with cast.enter("resident") as viewer:
        assert len(read.readers(viewer, opened.matter_id)) == 1


def test_a_return_names_all_faults_and_the_applicant_mends_them(cast: Cast, opened: Any) -> None:
    from doorstep.kernel import read

    cast.act("clerk", opened.matter_id, "intake")
    faults = [{"field": "/photo", "reason": "photo_unclear", "text": "太暗"}]
    cast.act("approver", opened.matter_id, "review", "return", faults=faults)
    with cast.enter("resident") as viewer:
        seen = read.read_matter(viewer, opened.matter_id)
    assert seen.state == "returned" and seen.faults[0]["reason"] == "photo_unclear"
    cast.act("resident", opened.matter_id, "correct:review", data=cast.card("resident", reason="expired"))
    with cast.enter("approver") as viewer:
        again = read.read_matter(viewer, opened.matter_id)
    assert again.state == "open" and again.data["reason"] == "expired"


def test_who_signs_in_applies_for_nobody_else_and_corrects_into_nobody_else(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    other = {"name": "别人", "id_no": "990101198503071220"}
    with pytest.raises(Refused, match="invalid") as no:
        cast.apply(applicant=other)
    assert {pointer for pointer, _ in no.value.faults} == {"/applicant/name", "/applicant/id_no"}
    cast.act("clerk", opened.matter_id, "intake", "return", reason="photo_unclear")
    with pytest.raises(Refused, match="invalid"):
        cast.act("resident", opened.matter_id, "correct:intake", data=cast.card("resident", applicant=other))
    mine = cast.person()
    spaced = mine | {"name": " ".join(mine["name"]), "id_no": mine["id_no"].lower()}
    cast.act("resident", opened.matter_id, "correct:intake", data=cast.card("resident", applicant=spaced))


def test_the_promise_counts_from_acceptance_and_not_from_sending(cast: Cast) -> None:
    from doorstep.kernel import read
    from doorstep.kernel.models import Matter
    from doorstep.rulebook import clock

    sunday = datetime.fromisoformat("2026-11-15T10:00+08:00")
    with clock.clock_at(sunday):
        opened = cast.apply()
        with cast.enter("resident") as viewer:
            before = read.read_matter(viewer, opened.matter_id)
    assert (before.due_at, before.accepted_at) == (None, None)
    assert before.promised and before.promised.en == "1 working day from acceptance"
    with clock.clock_at(sunday + timedelta(days=3)):
        cast.act("clerk", opened.matter_id, "intake", "return", reason="photo_unclear")
        cast.act("resident", opened.matter_id, "correct:intake")
    accepted = sunday + timedelta(days=4)
    with clock.clock_at(accepted):
        cast.act("clerk", opened.matter_id, "intake")
        with cast.enter("resident") as viewer:
            after = read.read_matter(viewer, opened.matter_id)
            law_date = Matter.objects.get(id=opened.matter_id).law_date
    assert after.accepted_at == accepted and str(law_date) == "2026-11-19" and after.promised is None
    assert after.due_at and after.due_at.date().isoformat() == "2026-11-20"


def test_an_invented_persons_number_is_right_in_a_demonstration_only(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.kernel import trust
    from doorstep.kernel.party import Person, find_or_add
    from doorstep.rulebook.words import Refused

    card, person = cast.card("resident"), cast.person()
    monkeypatch.setattr(trust, "_founded_as_demo", lambda: False)
    with pytest.raises(Refused, match="invalid") as no:
        cast.apply(**card)
    assert [pointer for pointer, _ in no.value.faults] == ["/applicant/id_no"]
    with cast.enter("clerk") as viewer, pytest.raises(Refused, match="wrong-number"):
        find_or_add(viewer, Person(person["name"], person["id_no"]), purpose="identify")


def test_a_return_without_a_reason_is_refused(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    cast.act("clerk", opened.matter_id, "intake")
    with pytest.raises(Refused, match="reason"):
        cast.act("approver", opened.matter_id, "review", "return")


def test_two_clerks_at_once_and_the_second_is_told(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    cast.act("clerk", opened.matter_id, "intake", version=opened.version)
    with pytest.raises(Refused, match="moved-on"):
        cast.act("clerk", opened.matter_id, "intake", version=opened.version)


def test_a_forged_step_is_refused(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match="no-such-step"):
        cast.act("clerk", opened.matter_id, "crown_me")


def test_the_same_request_again_is_answered_not_done_again(cast: Cast, opened: Any) -> None:
    first = cast.act("clerk", opened.matter_id, "intake", request_id="twice-" + str(opened.number))
    again = cast.act("clerk", opened.matter_id, "intake", request_id="twice-" + str(opened.number))
    assert again.replayed and again.version == first.version


def test_the_same_request_with_other_content_is_refused(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    key = fresh()
    cast.act("clerk", opened.matter_id, "intake", request_id=key)
    with pytest.raises(Refused, match="request-reused"):
        cast.act("clerk", opened.matter_id, "intake", "return", reason="photo_unclear", request_id=key)


def test_a_refused_verb_leaves_its_request_id_free(cast: Cast, opened: Any) -> None:
    from doorstep.kernel import matter
    from doorstep.rulebook.words import Refused

    key = fresh()
    with cast.enter("clerk") as viewer:
        with pytest.raises(Refused):
            matter.act(viewer, opened.matter_id, step="intake", outcome="return", request_id=key)
        matter.act(viewer, opened.matter_id, step="intake", outcome="done", request_id=key)


def test_withdrawn_means_nothing_is_left_to_do(cast: Cast, opened: Any) -> None:
    from doorstep.kernel import matter, read

    with cast.enter("resident") as viewer:
        done = matter.withdraw(viewer, opened.matter_id, request_id=fresh())
        assert done.state == "withdrawn"
        assert not read.read_matter(viewer, opened.matter_id).open_steps


def test_the_chain_verifies_and_replays_to_the_state(cast: Cast, opened: Any) -> None:
    import orjson

    from doorstep.kernel import event, trust
    from doorstep.kernel.models import Event, Matter
    from doorstep.rulebook import flow, pack

    _through(cast, opened.matter_id)
    with cast.enter("approver"):
        row = Matter.objects.get(id=opened.matter_id)
        key = trust.keys().unwrap(bytes(row.key), row.id.bytes)
        assert event.verify(row.id, key) == []
        headers = [orjson.loads(e.header) for e in Event.objects.filter(matter_id=row.id).order_by("seq")]
        told = [flow.Happening.from_codes(h) for header in headers for h in header["happened"]]
        assert flow.replay(pack.version(bytes(row.pack)).flow, told) == flow.State.from_json(row.flow)


def test_a_clock_set_back_never_puts_an_event_before_its_matter(cast: Cast, opened: Any) -> None:
    from doorstep.kernel.models import Event
    from doorstep.rulebook import clock

    with clock.clock_at(clock.now() - timedelta(days=3)):
        cast.act("clerk", opened.matter_id, "intake")
    with cast.enter("clerk"):
        times = list(
            Event.objects.filter(matter_id=opened.matter_id).order_by("seq").values_list("at", flat=True)
        )
    assert times == sorted(times)


def test_a_correction_is_counted_as_corrected(cast: Cast, opened: Any) -> None:
    from doorstep.kernel.models import Matter

    cast.act("clerk", opened.matter_id, "intake")
    cast.act("approver", opened.matter_id, "review", "return", reason="photo_unclear")
    cast.act("resident", opened.matter_id, "correct:review", data=cast.card("resident", reason="expired"))
    with cast.enter("approver"):
        assert Matter.objects.get(id=opened.matter_id).figures["reason"] == "expired"


def test_a_clock_that_was_set_back_does_not_turn_the_log_back(cast: Cast, opened: Any) -> None:
    from doorstep.kernel import event
    from doorstep.kernel.models import Event, Matter
    from doorstep.kernel.trust import keys
    from doorstep.rulebook import clock

    with clock.clock_at(clock.now() - timedelta(hours=3)):
        cast.act("clerk", opened.matter_id, "intake")
    with cast.enter("approver"):
        row = Matter.objects.get(id=opened.matter_id)
        times = list(Event.objects.filter(matter_id=row.id).order_by("seq").values_list("at", flat=True))
        assert times == sorted(times) and row.due_at is not None and row.due_at > row.opened_at
        assert event.verify(row.id, keys().unwrap(bytes(row.key or b""), row.id.bytes)) == []
