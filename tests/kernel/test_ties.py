"""Who else is concerned, where it is, and matters that are merged, referred, reclassified; and that the chains hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.kernel.test_erase import erase

TENANTS = [{"name": "陆望舒", "id_no": "990101199003071288", "from": "2026-11-01"}]


@pytest.fixture
def opened(cast: Cast) -> Any:
    done = cast.apply()
    cast.act("clerk", done.matter_id, "intake")
    return done


def _read(cast: Cast, role: str, matter_id: UUID) -> Any:
    from doorstep.kernel import read

    with cast.enter(role) as viewer:
        return read.read_matter(viewer, matter_id, purpose="check_quality")


def _do(cast: Cast, verb: str, matter_id: UUID, who: str = "approver", **what: Any) -> Any:
    from doorstep.kernel import ties

    with cast.enter(who) as viewer:
        return getattr(ties, verb)(viewer, matter_id, request_id=what.pop("request_id", fresh()), **what)


def _proved(*ids: UUID) -> list[str]:
    """Every fault of these chains, replay and step rows included."""
    from doorstep.kernel import proof
    from doorstep.kernel.trust import enter_system

    found = proof.Proof()
    for one in ids:
        with enter_system(one):
            proof.prove(one, found)
    return found.faults


def test_somebody_unknown_is_concerned_and_gets_a_name_later(cast: Cast, opened: Any) -> None:
    from doorstep.kernel.party import Person

    first = _do(cast, "add_party", opened.matter_id, role="witness", described="戴红帽子的送货员")
    view = _read(cast, "approver", opened.matter_id)
    assert [(p.role, p.person, p.described) for p in view.parties] == [("witness", None, "戴红帽子的送货员")]
    named = _do(
        cast, "add_party", opened.matter_id, role="witness", person=Person("江晚"), known_as=UUID(first.made)
    )
    assert named.made == first.made
    assert [p.person.name for p in _read(cast, "approver", opened.matter_id).parties] == ["江晚"]


def test_who_is_concerned_is_not_told_to_the_applicant_nor_sees_the_matter(cast: Cast, opened: Any) -> None:
    from doorstep.kernel.party import Person
    from doorstep.rulebook.words import Refused

    neighbour = cast.person("neighbour")
    _do(
        cast,
        "add_party",
        opened.matter_id,
        role="witness",
        person=Person(neighbour["name"], neighbour["id_no"]),
    )
    mine = _read(cast, "resident", opened.matter_id)
    assert mine.parties == () and all(not e.body for e in mine.events if e.kind == "involved")
    with pytest.raises(Refused, match="not-found"):
        _read(cast, "neighbour", opened.matter_id)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"role": "Zeuge!"}, "role"),
        ({"role": "witness"}, "nobody"),
        ({"role": "witness", "described": " "}, "nobody"),
    ],
)
def test_a_person_without_role_name_or_description_is_refused(
    cast: Cast, opened: Any, what: dict[str, str], code: str
) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match=code):
        _do(cast, "add_party", opened.matter_id, **what)


def test_a_place_is_kept_and_a_wrong_one_refused(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    _do(cast, "locate", opened.matter_id, lon=118.04, lat=36.8, address="柳溪街口")
    place = _read(cast, "approver", opened.matter_id).place
    assert (place.lon, place.lat, place.address) == (118.04, 36.8, "柳溪街口")
    with pytest.raises(Refused, match="place"):
        _do(cast, "locate", opened.matter_id, lon=218.04, lat=36.8)


def test_a_merged_matter_ends_and_both_chains_stay(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    other = cast.apply()
    cast.act("clerk", other.matter_id, "intake")
    head = _read(cast, "approver", other.matter_id)
    _do(cast, "merge", opened.matter_id, other=other.matter_id, reason="同一张证申请了两次")
    ended = _read(cast, "approver", other.matter_id)
    assert ended.state == "closed" and not ended.open_steps and ended.version == head.version + 1
    assert [(t.kind, t.matter_id) for t in ended.ties] == [("merged_into", opened.matter_id)]
    survivor = _read(cast, "approver", opened.matter_id)
    assert [t.kind for t in survivor.ties] == ["merged_from"] and survivor.state == "open"
    assert [p.role for p in survivor.parties] == ["also_brought"]
    with pytest.raises(Refused, match="ended"):
        _do(cast, "merge", opened.matter_id, other=other.matter_id, reason="再来一次")


def test_a_referred_matter_is_new_for_the_same_person_and_knows_where_it_came_from(
    cast: Cast, opened: Any
) -> None:
    made = _do(cast, "refer", opened.matter_id, item="HZ-106", data=_let_by(cast), reason="还要登记出租")
    view = _read(cast, "resident", made.matter_id)
    assert view.item == "HZ-106" and view.applicant.name == cast.person("resident")["name"]
    assert [(t.kind, t.matter_id) for t in view.ties] == [("referred_from", opened.matter_id)]
    assert [t.kind for t in _read(cast, "approver", opened.matter_id).ties] == ["referred_to"]


def _let_by(cast: Cast) -> dict[str, Any]:
    """The answers for a tenancy entry, with the officer's own scan."""
    home = {
        "address": "橘园路 12 号 3-201",
        "station": "AL-LJ-LX",
        "right": "owner",
        "title": str(cast.upload("approver", "PRO")),
    }
    return {"landlord": cast.person("resident"), "home": home, "tenants": TENANTS}


def test_a_reclassified_matter_keeps_number_and_chain_and_goes_another_way(cast: Cast, opened: Any) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match="invalid"):
        _do(cast, "reclassify", opened.matter_id, item="HZ-106", reason="其实是出租登记")
    done = _do(
        cast, "reclassify", opened.matter_id, item="HZ-106", reason="其实是出租登记", data=_let_by(cast)
    )
    assert done.number == opened.number
    view = _read(cast, "resident", opened.matter_id)
    assert view.item == "HZ-106" and view.steps[0].name == "intake" and view.steps[0].title.zh
    assert [e.kind for e in view.events][:3] == ["opened", "acted", "reclassified"]


def test_the_chains_of_tied_matters_verify_and_replay(cast: Cast, opened: Any, as_worker: None) -> None:
    other, third = cast.apply(), cast.apply()
    for one in (other, third):
        cast.act("clerk", one.matter_id, "intake")
    _do(cast, "merge", opened.matter_id, other=other.matter_id, reason="同一件")
    _do(cast, "reclassify", third.matter_id, item="HZ-106", reason="其实是出租登记", data=_let_by(cast))
    made = _do(cast, "refer", opened.matter_id, item="HZ-106", data=_let_by(cast), reason="还要登记")
    ids = [one.matter_id for one in (opened, other, third, made)]
    assert _proved(*ids) == []


@pytest.mark.parametrize("verb", ["merge", "refer", "reclassify", "locate", "add_party", "link"])
def test_the_other_station_and_the_clerk_may_not(cast: Cast, opened: Any, verb: str) -> None:
    from doorstep.rulebook.words import Refused

    other = cast.apply()
    what: dict[str, dict[str, Any]] = {
        "merge": {"other": other.matter_id, "reason": "x"}, "link": {"other": other.matter_id},
        "refer": {"item": "HZ-106", "data": {}, "reason": "x"}, "reclassify": {"item": "HZ-106", "reason": "x"},
        "locate": {"lon": 1.0, "lat": 1.0}, "add_party": {"role": "witness", "described": "x"},
    }  # fmt: skip
    for role, code in (("other_station", "not-found"), ("clerk", "no-right"), ("resident", "no-right")):
        with pytest.raises(Refused, match=code):
            _do(cast, verb, opened.matter_id, role, **what[verb])


def test_sent_twice_is_done_once(cast: Cast, opened: Any) -> None:
    same = {"role": "witness", "described": "路过的人", "request_id": fresh()}
    first = _do(cast, "add_party", opened.matter_id, **same)
    again = _do(cast, "add_party", opened.matter_id, **same)
    assert again.replayed and again.made == first.made
    assert len(_read(cast, "approver", opened.matter_id).parties) == 1


def test_erased_with_the_matter_are_the_place_and_who_was_concerned(cast: Cast, opened: Any) -> None:
    from doorstep.kernel.models import Involved, Matter

    _do(cast, "add_party", opened.matter_id, role="witness", described="路过的人")
    _do(cast, "locate", opened.matter_id, lon=118.04, lat=36.8)
    cast.act("approver", opened.matter_id, "review", "refuse", reason="no_application")
    erase(cast, opened.matter_id)
    with cast.enter("supervisor"):
        assert not Involved.objects.filter(matter_id=opened.matter_id).exists()
        assert Matter.objects.values_list("lon", "lat").get(id=opened.matter_id) == (None, None)


def test_a_guessed_number_tells_nobodys_name(cast: Cast, opened: Any) -> None:
    from doorstep.kernel.party import Person
    from doorstep.rulebook.words import Refused

    known = cast.person("neighbour")
    with pytest.raises(Refused, match="name-differs"):
        _do(cast, "add_party", opened.matter_id, role="witness", person=Person("某人", known["id_no"]))
    assert _read(cast, "approver", opened.matter_id).parties == ()


def test_a_witness_is_forgotten_with_the_last_matter_that_needs_them_and_not_before(
    cast: Cast, opened: Any, above: Any
) -> None:
    from doorstep.kernel.party import Person
    from tests.journeys.counter import id_number

    other, witness = cast.apply(), Person("江晚", id_number())
    cast.act("clerk", other.matter_id, "intake")
    for one in (opened, other):
        _do(cast, "add_party", one.matter_id, role="witness", person=witness)
        cast.act("approver", one.matter_id, "review", "refuse", reason="no_application")
    (party,) = above.execute(
        "select party_id from involved where matter_id = %s", [other.matter_id]
    ).fetchone()
    held = []
    for one in (opened, other):
        erase(cast, one.matter_id)
        held.append(above.execute("select key is not null from party where id = %s", [party]).fetchone()[0])
    assert held == [True, False]
