"""A sub step opens a matter of its own for another person; its end reaches the step; neither sees the other's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.kernel import parts

pytestmark = pytest.mark.usefixtures("offered")


@pytest.fixture
def offered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.shelf(monkeypatch, parts.made(), parts.made(parts.PART))


def answers(cast: Cast, **changed: Any) -> dict[str, Any]:
    me, other = cast.person("resident"), cast.person("neighbour")
    data = {
        "landlord": {"name": me["name"], "id_no": me["id_no"]},
        "home": {"address": "橘园路 12 号 3-201"},
        "other": {"name": other["name"], "id_no": other["id_no"]},
    }
    return data | changed


def opened(cast: Cast, **changed: Any) -> UUID:
    from doorstep.kernel import matter

    data = answers(cast, **changed)
    with cast.enter("resident") as viewer:
        return matter.open_matter(
            viewer,
            item=parts.PARENT,
            point="HW-1",
            channel="online",
            data=data,
            request_id=fresh(),
        ).matter_id


def part_of(cast: Cast, parent: UUID) -> UUID:
    """The newest child, as the officer of the point of intake sees it."""
    return _part(cast, parent)[0]


def _part(cast: Cast, parent: UUID) -> tuple[UUID, str]:
    from doorstep.kernel.models import Matter, Tie

    with cast.enter("clerk"):
        ids = (
            Tie.objects.filter(matter_id=parent, kind="child")
            .order_by("-at")
            .values_list("other_id", flat=True)
        )
        row = Matter.objects.get(id=ids[0])
        return row.id, row.number


def seen(cast: Cast, role: str, matter_id: UUID, **purpose: str) -> Any:
    from doorstep.kernel import read

    with cast.enter(role) as viewer:
        return read.read_matter(viewer, matter_id, **purpose)


def open_steps(cast: Cast, matter_id: UUID) -> list[str]:
    return [step.name for step in seen(cast, "resident", matter_id).open_steps]


def test_the_other_person_gets_a_matter_of_their_own_with_what_is_to_be_signed(cast: Cast) -> None:
    from doorstep.kernel import post

    parent = opened(cast)
    child = seen(cast, "neighbour", part_of(cast, parent))
    assert child.applicant.name == cast.person("neighbour")["name"]
    assert child.data["home"] == {"address": "橘园路 12 号 3-201"}
    assert "landlord" not in child.data
    assert child.number != seen(cast, "resident", parent).number
    assert [(step.name, step.mine) for step in child.steps] == [("sign", True)]
    with cast.enter("neighbour") as viewer:
        assert any(
            child.number in one.words.zh and "签" not in one.words.en for one in post.my_notices(viewer)
        )


def test_neither_of_the_two_sees_the_others_matter(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    parent = opened(cast)
    child = part_of(cast, parent)
    for role, matter_id in (("resident", child), ("neighbour", parent), ("other_station", child)):
        with pytest.raises(Refused, match="not-found"):
            seen(cast, role, matter_id)


@pytest.mark.parametrize(
    ("outcome", "state", "then"), [("done", "granted", "look"), ("refuse", "refused", "again")]
)
def test_what_the_other_person_answers_moves_the_first_matter_at_once(
    cast: Cast, outcome: str, state: str, then: str
) -> None:
    parent = opened(cast)
    child = part_of(cast, parent)
    cast.act("neighbour", child, "sign", outcome)
    assert seen(cast, "neighbour", child).state == state
    assert open_steps(cast, parent) == [then]


def test_an_answer_is_undone_when_the_first_matter_cannot_take_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.kernel import child as family

    parent = opened(cast)
    child = part_of(cast, parent)

    def broken(*_: Any) -> None:
        raise RuntimeError("the parent could not be moved")

    monkeypatch.setattr(family, "_report", broken)
    with pytest.raises(RuntimeError):
        cast.act("neighbour", child, "sign")
    assert seen(cast, "neighbour", child).mine


def test_who_declined_can_be_asked_again_in_a_new_matter(cast: Cast) -> None:
    parent = opened(cast)
    first = part_of(cast, parent)
    cast.act("neighbour", first, "sign", "refuse")
    cast.act("resident", parent, "again")
    second = part_of(cast, parent)
    assert second != first
    cast.act("neighbour", second, "sign")
    assert open_steps(cast, parent) == ["look"]


def test_withdrawing_ends_what_the_other_person_was_asked(cast: Cast) -> None:
    from doorstep.kernel import matter

    parent = opened(cast)
    child = part_of(cast, parent)
    with cast.enter("resident") as viewer:
        matter.withdraw(viewer, parent, request_id=fresh())
    assert seen(cast, "neighbour", child).state == "withdrawn"


def test_a_child_that_keeps_on_outlives_its_parent(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from doorstep.kernel import matter

    kept = {"steps": [parts.SIGNS | {"keeps_on": True}, parts.AGAIN, parts.LOOK]}
    parts.shelf(monkeypatch, parts.made(flow=kept), parts.made(parts.PART))
    parent = opened(cast)
    child = part_of(cast, parent)
    with cast.enter("resident") as viewer:
        matter.withdraw(viewer, parent, request_id=fresh())
    cast.act("neighbour", child, "sign")
    assert seen(cast, "neighbour", child).state == "granted"
    assert seen(cast, "resident", parent).state == "withdrawn"


def test_a_signature_that_never_came_is_reported_by_the_system(cast: Cast) -> None:
    from datetime import timedelta

    from doorstep.kernel import chore
    from doorstep.rulebook import clock
    from doorstep.run.place import Place
    from tests.conftest import as_role

    parent = opened(cast)
    for _ in as_role("worker", Place.from_env()):
        with clock.clock_at(clock.now() + timedelta(days=9)):
            chore.mark_due()
    assert open_steps(cast, parent) == ["again"]


def test_one_cannot_sign_for_oneself(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    me = cast.person("resident")
    with pytest.raises(Refused, match="same-person"):
        opened(cast, other={"name": me["name"], "id_no": me["id_no"]})


def test_a_number_under_another_name_opens_nothing(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match="name-differs"):
        opened(cast, other={"name": "别人", "id_no": cast.person("neighbour")["id_no"]})


def test_a_signer_changes_nothing_of_what_is_signed(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    parent = opened(cast)
    child = part_of(cast, parent)
    data = seen(cast, "neighbour", child).data
    with pytest.raises(Refused, match="invalid"):
        cast.act("neighbour", child, "sign", data=data | {"home": {"address": "柳溪街 1 号 1-101"}})
    cast.act("neighbour", child, "sign", data=data | {"signer": data["signer"] | {"mobile": "19900000009"}})


def test_what_was_signed_is_not_changed_by_a_correction(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    parent = opened(cast)
    cast.act("neighbour", part_of(cast, parent), "sign")
    cast.act("clerk", parent, "look", "return", reason="wrong_station")
    with pytest.raises(Refused, match="invalid") as refused:
        cast.act(
            "resident", parent, "correct:look", data=answers(cast, home={"address": "柳溪街 1 号 1-101"})
        )
    assert [pointer for pointer, _ in refused.value.faults] == ["/home/address"]
    cast.act("resident", parent, "correct:look", data=answers(cast))


def test_at_any_window_number_and_card_together_let_the_signer_sign(cast: Cast) -> None:
    from doorstep.kernel import child as family
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person
    from doorstep.rulebook.words import Refused

    parent = opened(cast)
    child, number = _part(cast, parent)
    other, mine = cast.person("neighbour"), cast.person("resident")
    person = Person(other["name"], other["id_no"])
    with cast.enter("other_station") as viewer:
        with pytest.raises(Refused, match="not-found"):
            family.let_in(viewer, number, Person(other["name"], mine["id_no"]), purpose="sign")
        assert family.let_in(viewer, number, person, purpose="sign") == child
        with pytest.raises(Refused, match="not-the-person"):
            matter.act(
                viewer,
                child,
                step="sign",
                outcome="done",
                present=Person("别人", other["id_no"]),
                request_id=fresh(),
            )
        matter.act(viewer, child, step="sign", outcome="done", present=person, request_id=fresh())
    assert open_steps(cast, parent) == ["look"]


def test_a_resident_is_not_let_in_anywhere(cast: Cast) -> None:
    from doorstep.kernel import child as family
    from doorstep.kernel.party import Person
    from doorstep.rulebook.words import Refused

    parent = opened(cast)
    other, number = cast.person("neighbour"), _part(cast, parent)[1]
    with cast.enter("resident") as viewer, pytest.raises(Refused, match="no-right"):
        family.let_in(viewer, number, Person(other["name"], other["id_no"]), purpose="sign")


def test_a_part_is_not_opened_by_itself(cast: Cast) -> None:
    from doorstep.kernel import matter
    from doorstep.rulebook.words import Refused

    me = cast.person("neighbour")
    data = {"signer": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("neighbour") as viewer, pytest.raises(Refused, match="no-item"):
        matter.open_matter(
            viewer, item=parts.PART, point="HW-1", channel="online", data=data, request_id=fresh()
        )


def test_what_is_reclassified_waits_for_no_signature_any_more(cast: Cast) -> None:
    from doorstep.kernel import ties

    parent = opened(cast)
    child = part_of(cast, parent)
    me = cast.person("resident")
    landlord = {"name": me["name"], "id_no": me["id_no"]}
    data = {
        "landlord": landlord,
        "home": {"address": "橘园路 12 号 3-201", "station": "AL-LJ-HW", "right": "owner"},
        "tenants": [{"name": "何晚", "id_no": "990102199811200021", "from": "2026-11-01"}],
    }
    with cast.enter("resident") as viewer, pytest.raises(Exception, match="no-right"):
        ties.reclassify(viewer, parent, item="HZ-106", data=data, reason="look", request_id=fresh())
    with cast.enter("clerk") as viewer:
        rights = viewer.rights | {"reclassify:*:unit:personal"}
        ties.reclassify(
            replace(viewer, rights=rights),
            parent,
            item="HZ-106",
            data=data,
            reason="look",
            request_id=fresh(),
        )
    assert seen(cast, "neighbour", child).state == "closed"
    assert seen(cast, "resident", parent).item == "HZ-106"


def test_a_family_is_proved_like_any_matter(cast: Cast, as_worker: None) -> None:
    from doorstep.kernel import proof
    from doorstep.kernel.trust import enter_system

    parent = opened(cast)
    child = part_of(cast, parent)
    cast.act("neighbour", child, "sign")
    told = proof.Proof()
    for matter_id in (parent, child):
        with enter_system(matter_id):
            proof.prove(matter_id, told)
    assert told.faults == []


def test_both_ends_at_once_do_not_wait_for_ever(cast: Cast) -> None:
    """The parent is withdrawn while the child is signed: one comes first, nobody gets a deadlock."""
    import threading

    from django.db import connection

    from doorstep.kernel import matter
    from doorstep.rulebook.words import Refused

    parent = opened(cast)
    child = part_of(cast, parent)
    said: list[str] = []

    def do(role: str, verb: Any) -> None:
        try:
            with cast.enter(role) as viewer:
                verb(viewer)
            said.append("done")
        except Refused as no:
            said.append(no.code)
        finally:
            connection.close()

    ends = [
        threading.Thread(target=do, args=("resident", lambda v: matter.withdraw(v, parent, request_id=fresh()))),
        threading.Thread(target=do, args=("neighbour", lambda v: matter.act(
            v, child, step="sign", outcome="done", request_id=fresh()))),
    ]  # fmt: skip
    for end in ends:
        end.start()
    for end in ends:
        end.join(20)
    assert "done" in said
    assert set(said) <= {"done", "moved-on", "flow.ended"}
    assert seen(cast, "resident", parent).state == "withdrawn"
