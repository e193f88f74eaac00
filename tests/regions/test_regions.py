"""The five regions run: each list is taken where the region says, through its channel, to the end, and nothing else is."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from doorstep.rulebook import pack
from doorstep.rulebook.region_profile import RegionProfile, load_profiles, regions
from doorstep.rulebook.words import Refused
from doorstep.run.place import Place
from doorstep.run.roles import DATABASE
from tests.regions.elsewhere import Elsewhere, elsewhere, superuser

SOME = 2
"""So many items of each list and channel are finished at every run; all of them with HYPOTHESIS_PROFILE=long."""
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
CHANNELS = ("online", "hall", "station", "room", "workstation", "kiosk", "partner", "agent", "post")
_NUMBERS = itertools.count(1000)
LISTS = [(name, code) for name in regions() for code in load_profiles(name)]


@dataclass
class There:
    """A region that runs, and its people."""

    region: Elsewhere
    staff: Any
    conn: Any
    stop: ExitStack


@pytest.fixture(scope="module")
def running(database: Place) -> Iterator[dict[str, There]]:
    """The region that runs now; one at a time, because a process has one."""
    now: dict[str, There] = {}
    yield now
    for one in now.values():
        one.stop.close()


@pytest.fixture
def there(request: pytest.FixtureRequest, running: dict[str, There], database: Place) -> There:
    name = request.param
    if name not in running:
        for one in running.values():
            one.stop.close()
        running.clear()
        stop = ExitStack()
        region = stop.enter_context(elsewhere(name, database))
        conn = stop.enter_context(superuser(database, f"{DATABASE}_{name}"))
        from tests.regions.lived import staff_of

        running[name] = There(region, staff_of(region, conn), conn, stop)
    return running[name]


def ways(here: Elsewhere, chance: random.Random) -> Iterator[tuple[str, list[str], str, str]]:
    """Each list and channel of it, the items that are begun that way, and one of the points that take them. What no point names
    a list for goes through any channel that the list has, if it says, or that the item has.
    """
    offered = {found.code: found for found in pack.listed()}
    for name, one in here.place.lists.items():
        left = [code for code in one.begun if code in offered]
        for channel, points in _named(here, name).items():
            codes = [code for code in one.begun if code in offered and channel in offered[code].channels]
            left = [code for code in left if code not in codes]
            yield name, codes, chance.choice(points), channel
        for channel in (*one.through, *one.through_one) or CHANNELS:
            fits = {code: _taking(here, code, channel) for code in left if channel in offered[code].channels}
            codes = [code for code, points in fits.items() if points]
            if channel not in one.through:  # one of them is enough
                left = [code for code in left if code not in codes]
            if codes and channel not in _named(here, name):
                yield name, codes, chance.choice(fits[codes[0]]), channel


def _named(here: Elsewhere, name: str) -> dict[str, list[str]]:
    """By channel the points that take a list by its name."""
    by: dict[str, list[str]] = {}
    for point in here.place.points:
        for channel, lists in point["lists"].items():
            if name in lists:
                by.setdefault(channel, []).append(str(point["code"]))
    return dict(sorted(by.items()))


def _taking(here: Elsewhere, code: str, channel: str) -> list[str]:
    """The points that take an item through a channel."""
    return [
        str(p["code"])
        for p in here.place.points
        if channel in p["channels"] and code in p["takes"].get(channel, (code,))
    ]


def refused(here: Elsewhere, item: str, point: str, channel: str) -> str:
    """The words with which it is refused there."""
    with pytest.raises(Refused) as no:
        here.open(item, point, channel)
    assert (no.value.code, no.value.status) == ("not-here", 409)
    return no.value.words.zh


@pytest.mark.parametrize("there", regions(), indirect=True)
def test_A01_A02_at_the_points_of_a_list_nothing_else_is_taken(there: There) -> None:
    here = there.region
    chance = random.Random(f"{here.place.code}:7")
    packs = {one.code: one for one in pack.listed()}
    for _, _, point, channel in ways(here, chance):
        at = next(one for one in here.place.points if one["code"] == point)
        others = [
            c
            for c, one in packs.items()
            if channel in one.channels and c not in at["takes"].get(channel, packs)
        ]
        if others:
            words = refused(here, chance.choice(others), point, channel)
            assert at["name"]["zh"] in words and "什么都没有提交" in words
        if "kiosk" not in at["channels"] and channel != "online":
            kiosk = next(code for code, one in packs.items() if "kiosk" in one.channels)
            assert "没有这个渠道" in refused(here, kiosk, point, "kiosk")
    _shows_just_these(here, packs)


def _shows_just_these(here: Elsewhere, packs: dict[str, pack.Pack]) -> None:
    """Pages and API list at a point what its lists say, and online what can be done apart from what can be looked up."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    for point in {str(p["lists"]): p for p in here.place.points if set(p["lists"]) - {"online"}}.values():
        wanted = {c for name, codes in point["takes"].items() if name != "online" for c in codes
                  if c in packs and name in packs[c].channels}  # fmt: skip
        told = json.loads(client.get(f"/api/v1/items?point={point['code']}").content)
        assert {one["code"] for one in told["results"]} == wanted
        page = client.get(f"/find?point={point['code']}").content.decode()
        assert page.count('data-item="') == len(wanted)
        for name in (name for names in point["lists"].values() for name in names if name in here.place.lists):
            assert all(group.title.zh in page for group in here.place.lists[name].groups)
    for kind in ("do", "look"):
        listed = {c for c, extent in here.place.extents.items() if extent.startswith(kind) and c in packs}
        page = client.get(f"/find?extent={kind}&channel=online").content.decode()
        assert not here.place.extents or page.count('data-item="') == len(listed)


@pytest.mark.parametrize(("there", "name"), LISTS, indirect=["there"], ids=[name for _, name in LISTS])
def test_A01_each_item_of_a_list_is_finished_through_its_channel(there: There, name: str) -> None:
    """Brought at a point of the list, each step by whoever has it, what came of it handed out; looked up apart from done."""
    from tests.regions.lived import example_for, finish

    here, chance = there.region, random.Random(f"{name}:1")
    listed, done, said = here.place.lists[name], set(), []
    for _, codes, point, channel in (one for one in ways(here, chance) if one[0] == name):
        done |= set(codes)
        for code in codes if LONG else _drawn(listed, codes, chance):
            try:
                came = finish(there.staff, next(_NUMBERS), code, point, channel)
                expect = example_for(pack.current(code), channel)["expect"]
                wrong = [] if came.ended == expect["ended"] else [f"ended {came.ended}"]
                if code in listed.extent["look_answer"] and not (came.view.data.get("heard") or came.papers):
                    wrong.append("nothing was answered")
            except Exception as no:  # each is told, not the first alone
                wrong = [f"{type(no).__name__}: {no} {[at for at, _ in getattr(no, 'faults', ())]}"]
            said += [f"{code} at {point} by {channel}: {one}" for one in wrong]
    assert said == []
    assert done == set(listed.begun), "not every item has a channel there"
    for code in listed.extent["look_guide"][:1]:
        assert "online" not in pack.current(code).channels or refused(here, code, _net(here), "online")


def _drawn(listed: RegionProfile, codes: list[str], chance: random.Random) -> list[str]:
    """Some of each kind: done, and looked up."""
    looked = [code for code in codes if code in listed.extent["look_answer"]]
    done = [code for code in codes if code not in looked]
    return [code for kind in (done, looked) for code in chance.sample(kind, min(3, len(kind)))[:SOME]]


def _net(here: Elsewhere) -> str:
    return next(str(one["code"]) for one in here.place.points if "online" in one["lists"])


EACH = 4
"""So many items of each region, twenty in all, go through the browser."""


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("there", regions(), indirect=True)
def test_A01_items_drawn_by_seed_go_through_the_browser_at_their_channel(
    there: There, tmp_path: Path
) -> None:
    from tests.journeys.browser import phone
    from tests.regions import browsing, lived

    here, chance = there.region, random.Random(f"{there.region.place.code}:browser")
    said = []
    with phone("", 1280, 900) as desk, browsing.served() as url:
        desk.page.set_default_timeout(15_000)
        for code, point, channel in _twenty(here, chance):
            try:
                life = lived.brought(there.staff, next(_NUMBERS), code, point, channel)
                life.settles()
                way = browsing.Browsed(desk.page, url, there.staff, life, Path(desk.photo(tmp_path)))
                way.bring()
                matter_id = _newest(there, code)
                lived.go_on(life, matter_id, way.at_desk)
                came = lived.how_it_ended(life, matter_id)
                assert came.ended == life.example["expect"]["ended"], came.ended
            except Exception as no:
                said.append(f"{code} at {point} by {channel}: {type(no).__name__}: {str(no)[:700]}")
    assert said == [] and desk.noise == []


def _twenty(here: Elsewhere, chance: random.Random) -> list[tuple[str, str, str]]:
    """Four of the twenty in each of the five regions: each of its channels first, then some by chance. (item, point, channel)"""
    found = [(codes, point, channel) for _, codes, point, channel in ways(here, chance) if channel != "post"]
    for channel in ("partner", "agent"):
        points = [p for p in here.place.points if channel in p["channels"]]
        if points:
            at = chance.choice(points)
            codes = [
                one.code
                for one in pack.listed()
                if channel in one.channels and one.code in at["takes"].get(channel, (one.code,))
            ]
            found.append((codes, str(at["code"]), channel))
    chance.shuffle(found)
    by = {channel: (codes, point, channel) for codes, point, channel in found}
    first = list(by.values())
    rest = [one for one in found if one not in first]
    drawn = (first + rest * 4)[: max(EACH, len(first))]
    return [(chance.choice(sorted(codes)), point, channel) for codes, point, channel in drawn]


def _newest(there: There, code: str) -> Any:
    row = there.conn.execute(
        "select id from matter where item = %s order by opened_at desc limit 1", [code]
    ).fetchone()
    assert row, "no matter was opened"
    return row[0]
