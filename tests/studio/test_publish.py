"""Publishing layers: all or nothing, never over somebody else's, told beforehand, taken back; and what is running then."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest
from ruamel.yaml import YAML

from doorstep.domains import studio
from doorstep.rulebook import pack
from doorstep.rulebook.region import FOLDER
from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.visit import Visit
from tests.studio.regions import op

Answer = TypeVar("Answer")
DUKOU = {"address": "渡口路 12 号 3-201", "station": "AL-YX-DK"}
UNITS = {"AL-YX": (20,), "AL-YX-DK": (201, 20), "AL-LJ-LX": (102, 10)}


def _migrating(do: Callable[[], Answer], role: str = "migrator") -> Answer:
    """What a person at the command line does: as the migrator, seen by this process at once."""
    as_it = as_role(role, Place.from_env())
    next(as_it)
    try:
        return do()
    finally:
        next(as_it, None)
        pack.forget()


@pytest.fixture
def region(cast: Cast, tmp_path: Path) -> Iterator[Path]:
    """The demonstration town's layers, to be changed; what ships is in force again afterwards."""
    shutil.copytree(FOLDER / "anlan", tmp_path / "anlan")
    yield tmp_path
    from doorstep.domains.studio import publish

    _migrating(lambda: publish.publish_files(studio.read_stacks(), by="test", why="as it was"))


def _edit(region: Path, layer: str, old: str, new: str) -> None:
    path = region / "anlan" / "layers" / f"{layer}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _publish(region: Path, by: str = "沈知秋", why: str = "试行", base: int | None = None) -> int:
    from doorstep.domains.studio import publish

    stacks = studio.read_stacks("anlan", region)
    return _migrating(lambda: publish.publish_files(stacks, by=by, why=why, base=base))[0]


def _limit(unit: str, name: str = "promise", code: str = "HZ-078") -> str:
    return str(pack.current(code, UNITS.get(unit, ())).limit(name))


def _last() -> int:
    from doorstep.kernel import offer

    return offer.last()


def test_E01_three_layers_of_a_region_are_published_in_one_go(region: Path) -> None:
    from doorstep.domains.studio.history import history, layered

    _edit(region, "province", "20 day", "25 day")
    _edit(region, "city", "45 day", "50 day")
    _edit(
        region,
        "yunting",
        "value: 4 workhour\n        why: {zh: 区里",
        "value: 3 workhour\n        why: {zh: 区里",
    )
    number = _publish(region, why="三级一起调整")
    assert number == _last() and _publish(region) == 0
    assert (_limit("", "correction", "HZ-106"), _limit("", "keep_for_pick_up")) == ("25 day", "50 day")
    assert (_limit("AL-YX-DK"), _limit("AL-LJ-LX")) == ("3 workhour", "1 workday")
    told = layered("HZ-078", "AL-YX-DK").provenance["/limits/promise"][-1]
    assert (told["layer"], told["was"]) == ("yunting", ["1 workday"])
    first = history("HZ-078", "AL-YX-DK")[0]
    assert (first.number, first.by, first.why) == (number, "沈知秋", "三级一起调整")
    assert set(history()[0].codes) == {"HZ-078", "HZ-106"} and ("HZ-078", 20) in first.versions


def test_E01_a_flaw_in_one_of_three_layers_publishes_none_and_says_which(region: Path) -> None:
    before = _last()
    _edit(region, "province", "20 day", "25 day")
    _edit(region, "city", "45 day", "900 day")
    _edit(
        region,
        "yunting",
        "value: 4 workhour\n        why: {zh: 区里",
        "value: 3 workhour\n        why: {zh: 区里",
    )
    with pytest.raises(pack.Unusable) as no:
        _publish(region)
    assert [Path(one.file).name for one in no.value.findings if one.rule == "layer.bound"] == ["city.yaml"]
    assert _last() == before and _limit("", "correction", "HZ-106") == "20 day"


def test_E01_the_second_of_two_publishers_is_told_what_the_first_published(
    region: Path, tmp_path: Path
) -> None:
    from doorstep.rulebook.words import Refused

    base, mine = _last(), tmp_path / "mine"
    shutil.copytree(region / "anlan", mine / "anlan")
    _edit(region, "city", "45 day", "50 day")
    _edit(mine, "city", "45 day", "60 day")
    _publish(region, by="方既明", why="多留五天")
    with pytest.raises(Refused, match="published-meanwhile") as no:
        _publish(mine, base=base)
    assert "方既明" in no.value.words.zh and "HZ-078" in no.value.words.en and "多留五天" in no.value.words.zh
    assert _limit("", "keep_for_pick_up") == "50 day"


def test_E01_a_publication_is_taken_back_and_nothing_is_deleted(
    region: Path, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.studio import publish
    from doorstep.domains.studio.history import history
    from doorstep.rulebook.words import Refused

    was = pack.current("HZ-078", UNITS["AL-YX"]).hash
    _edit(
        region,
        "yunting",
        "value: 4 workhour\n        why: {zh: 区里",
        "value: 3 workhour\n        why: {zh: 区里",
    )
    number = _publish(region)
    count = "select (select count(*) from pack_version) + (select count(*) from pack_offer)"
    before = above.execute(count).fetchone()
    back = _migrating(lambda: publish.roll_back(number, by="沈知秋", why="机器坏了"))
    assert pack.current("HZ-078", UNITS["AL-YX"]).hash == was and back > number
    after = above.execute(count).fetchone()
    assert before and after and after[0] > before[0]
    assert (history()[0].undoes, history()[1].number) == (number, number)
    with pytest.raises(Refused, match="published-meanwhile"):
        _migrating(lambda: publish.roll_back(number, by="x", why="again"))
    _migrating(publish.found_packs)
    assert pack.current("HZ-078", UNITS["AL-YX"]).hash == was


def test_E01_a_preview_says_what_changes_where_and_what_stays_as_it_was(cast: Cast, region: Path) -> None:
    from doorstep.domains.studio import publish
    from doorstep.domains.studio.compare import Change, changes
    from doorstep.kernel import offer
    from doorstep.rulebook import clock
    from doorstep.rulebook.region import calendar

    cast.apply(household=DUKOU)
    _edit(
        region,
        "yunting",
        "value: 4 workhour\n        why: {zh: 区里",
        "value: 3 workhour\n        why: {zh: 区里",
    )

    def preview() -> list[Change]:
        drawn = publish.checked(studio.read_stacks("anlan", region))
        return list(changes(drawn, offer.in_force() or {}, calendar().day_of(clock.now())))

    told = {one.unit: one for one in _migrating(preview)}
    assert set(told) == {20, 202} and {one.code for one in told.values()} == {"HZ-078"}
    (one,) = told[20].differences
    assert (one.pointer, one.was.zh, one.now.zh) == ("/limits/promise", "4 个工作小时", "3 个工作小时")
    assert told[20].failed == 0 < told[20].examples
    moving = told[20].moving
    assert moving and moving.running == moving.fit >= 1 and not moving.stays
    assert _limit("AL-YX") == "4 workhour"


def _pinned(above: psycopg.Connection[Any], matter_id: UUID) -> bytes:
    row = above.execute("select pack from matter where id = %s", [matter_id]).fetchone()
    assert row
    return bytes(row[0])


def _repin(cast: Cast, who: str, matter_id: UUID) -> Any:
    from doorstep.kernel.repin import repin

    with cast.enter(who) as viewer:
        return repin(viewer, matter_id, reason="新版本更快", request_id=fresh())


def _faults(matter_id: UUID) -> list[str]:
    from doorstep.kernel import proof
    from doorstep.kernel.trust import enter_system

    def prove() -> list[str]:
        found = proof.Proof()
        with enter_system(matter_id):
            proof.prove(matter_id, found)
        return found.faults

    return _migrating(prove, "worker")


def test_E01_a_running_matter_stays_under_its_version_until_somebody_moves_it(
    cast: Cast, region: Path, above: psycopg.Connection[Any]
) -> None:
    from doorstep.kernel import read
    from doorstep.rulebook.words import Refused

    done = cast.apply(household=DUKOU)
    cast.act("clerk", done.matter_id, "intake")
    was = _pinned(above, done.matter_id)
    with pytest.raises(Refused, match="same-version"):
        _repin(cast, "other_station", done.matter_id)
    _edit(region, "yunting", "limit: 30 minute", "limit: 20 minute")
    _publish(region)
    assert _pinned(above, done.matter_id) == was != pack.current("HZ-078", UNITS["AL-YX"]).hash
    for who, code in (("neighbour", "not-found"), ("approver", "not-found"), ("clerk", "no-right")):
        with pytest.raises(Refused, match=code):
            _repin(cast, who, done.matter_id)
    _repin(cast, "other_station", done.matter_id)
    assert _pinned(above, done.matter_id) == pack.current("HZ-078", UNITS["AL-YX"]).hash
    cast.act("other_station", done.matter_id, "review", "approve")
    cast.act("other_station", done.matter_id, "photo_check")
    with cast.enter("other_station") as viewer:
        view = read.read_matter(viewer, done.matter_id, purpose="check_quality")
    assert [e.kind for e in view.events][:4] == ["opened", "acted", "repinned", "acted"]
    assert _faults(done.matter_id) == []


def test_E01_a_matter_that_could_not_go_on_is_not_moved_and_is_told_why(
    cast: Cast, region: Path, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.studio.movable import movable_now
    from doorstep.rulebook.words import Refused

    done = cast.apply(household=DUKOU)
    cast.act("clerk", done.matter_id, "intake")
    cast.act("other_station", done.matter_id, "review", "approve")
    was = _pinned(above, done.matter_id)
    _edit(region, "yunting", "id: photo_check", "id: second_look")
    _edit(region, "yunting", "step: photo_check", "step: second_look")
    _publish(region)
    with pytest.raises(Refused, match="does-not-fit") as no:
        _repin(cast, "other_station", done.matter_id)
    assert "制证前核对照片" in no.value.words.zh and "Photograph checked" in no.value.words.en
    # Nobody at the counter may ask for the sums; who designs sees how many stay and why, before anything is moved.
    for who, sees in (("approver", False), ("supervisor", True)):
        with cast.enter(who) as viewer:
            moving = movable_now("HZ-078") if viewer.may("design", tier="public") else None
        assert (moving is not None) is sees
    assert moving and moving.running == moving.fit + sum(one.count for one in moving.stays)
    assert any("制证前核对照片" in words.zh for one in moving.stays for words in one.why)
    page = Visit(cast["supervisor"].token).get("/studio/HZ-078/layers").text
    assert "不能移" in page and "没有“制证前核对照片”这一步" in page
    assert _pinned(above, done.matter_id) == was
    cast.act("other_station", done.matter_id, "photo_check")
    assert _faults(done.matter_id) == []


@pytest.fixture
def county_officer(cast: Cast) -> str:
    """Somebody of the district bureau who decides there."""
    from doorstep.kernel import trust
    from doorstep.rulebook.region import region
    from doorstep.sim.office import open_office

    login = f"yunting-{fresh()}"
    order = {"login": login, "password": "yunting-1234", "kind": "officer", "role": "approver", "unit": 20,
             "rights": list(region().roles["approver"]), "name": ["白川", "Bai Chuan"], "assurance": 2}  # fmt: skip
    with open_office() as office:
        office.ask([{"make": order}])
    return trust.sign_in(login, "yunting-1234")


def test_E09_a_decision_is_handed_on_for_some_days_and_what_is_running_stays_lawful(
    cast: Cast, region: Path, county_officer: str, above: psycopg.Connection[Any]
) -> None:
    from doorstep.kernel import matter, trust
    from doorstep.rulebook import clock
    from doorstep.rulebook.region import calendar

    end = calendar().day_of(clock.now()) + timedelta(days=30)
    path = region / "anlan" / "layers" / "city.yaml"
    from ruamel.yaml import YAML

    raw = YAML(typ="safe").load(path.read_text())
    handed = op(delegate="county", to=end.isoformat())
    raw["items"]["HZ-078"]["operations"].append(handed)
    YAML().dump(raw, path)
    before = cast.apply(household=DUKOU)
    _publish(region, why="交给区里一个月")
    during = cast.apply(household=DUKOU)
    assert [_unit(above, one.matter_id) for one in (before, during)] == [201, 20]
    later = datetime.combine(end + timedelta(days=1), datetime.min.time(), calendar().zone) + timedelta(
        hours=10
    )
    with clock.clock_at(later):
        after = cast.apply(household=DUKOU)
        assert _unit(above, after.matter_id) == 201
        cast.act("clerk", during.matter_id, "intake")
        with trust.enter(county_officer) as viewer:
            matter.act(viewer, during.matter_id, step="review", outcome="approve", request_id=fresh())
    told = above.execute("select state from matter where id = %s", [during.matter_id]).fetchone()
    assert told == ("granted",) and _faults(during.matter_id) == []


def _unit(above: psycopg.Connection[Any], matter_id: UUID) -> int:
    row = above.execute("select unit_id from matter where id = %s", [matter_id]).fetchone()
    assert row
    return int(row[0])


def test_E01_the_command_line_tells_what_is_in_force_and_refuses_what_is_not_there(region: Path) -> None:
    def doorstep(*words: str) -> tuple[int, str]:
        line = [sys.executable, "-m", "doorstep", "packs", *words]
        done = subprocess.run(line, text=True, capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr

    _edit(region, "yunting", "limit: 30 minute", "limit: 20 minute")
    number = _publish(region, by="沈知秋", why="再快一点")
    code, told = doorstep("history", "HZ-078")
    assert code == 0 and f"{number}  " in told.splitlines()[0] and "再快一点" in told
    code, told = doorstep("preview")
    assert (
        code == 0
        and "（20 分钟） → " in told
        and "（30 分钟）" in told
        and f"publication is {number}" in told
    )
    code, told = doorstep("rollback", str(number + 9), "--why", "x")
    assert code == 1 and "没有这次发布" in told


ASK = """
import sys, django
django.setup()
from doorstep.kernel import offer, trust
from doorstep.kernel.org import point_named
from doorstep.rulebook import pack
for token in sys.stdin:
    with trust.enter(token.strip() or None):
        closed = len(point_named("LX-R1").hours["closed"])
        print(pack.current("HZ-078", (201, 20)).limit("promise"), closed, flush=True)
"""


def test_E01_a_publication_is_seen_by_another_process_at_its_next_request(cast: Cast, region: Path) -> None:
    """Also opening hours, which have no version; by those who are signed in and by a guest. No minute is waited for."""
    with subprocess.Popen(
        [sys.executable, "-c", ASK], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin and other.stdout

        def asked(token: str) -> str:
            other.stdin.write(f"{token}\n")  # type: ignore[union-attr]
            other.stdin.flush()  # type: ignore[union-attr]
            return other.stdout.readline().strip()  # type: ignore[union-attr]

        assert asked("") == asked(cast["clerk"].token) == "4 workhour 1"
        _edit(
            region,
            "yunting",
            "value: 4 workhour\n        why: {zh: 区里",
            "value: 3 workhour\n        why: {zh: 区里",
        )
        _publish(region)
        assert asked("") == asked(cast["clerk"].token) == "3 workhour 1"
        more = "closed:\n      - {from: 2027-01-01, to: 2027-01-02, why: {zh: 歇业, en: closed}}"
        _edit(region, "liuxi", "closed:", more)
        assert _publish(region) > 0
        assert asked(cast["clerk"].token) == asked("") == "3 workhour 2"


@pytest.mark.parametrize("sql", ["update pack_version set content = '{}'", "update publication set why = ''"])
def test_E01_what_was_published_is_altered_by_nobody(
    cast: Cast, above: psycopg.Connection[Any], sql: str
) -> None:
    with pytest.raises(psycopg.Error, match="append"):
        above.execute(sql)


def test_A02_a_layer_that_withdraws_an_item_in_mid_visit_halts_it_and_loses_nothing(
    cast: Cast, region: Path
) -> None:
    from doorstep.domains.studio import publish
    from tests.journeys.counter import open_desk
    from tests.journeys.test_counter_visit import CARD, HOME, asked, begin

    clerk = open_desk(cast["clerk"].token)
    address = begin(clerk, item="HZ-106")
    clerk.post(address, do="add:HZ-078", **asked("HZ-106", HOME))
    YAML().dump(
        {"level": "station", "unit": "AL-LJ-HW", "title": {"zh": "河湾所", "en": "Hewan"},
         "items": {"HZ-106": {"operations": [op(withdraw="all")]}}},
        region / "anlan" / "layers" / "hewan.yaml",
    )  # fmt: skip
    _publish(region, why="停办几天")
    page = clerk.text(address)
    assert 'data-halted="HZ-106"' in page and "停办" in page
    kept = clerk.post(address, do="keep", **asked("HZ-078", CARD))
    refused = clerk.post(address, do="accept", **asked("HZ-078", CARD))
    assert kept.status_code == 302 and refused.status_code == 422 and "停办" in refused.content.decode()
    _migrating(lambda: publish.publish_files(studio.read_stacks(), by="test", why="又办了"))
    page = clerk.text(address)
    assert "data-halted" not in page and HOME["home/address"] in page and CARD["household/address"] in page
