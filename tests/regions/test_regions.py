"""The five regions run: each list is taken where the region says, through its channel, and nothing else is."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest

from doorstep.rulebook import pack
from doorstep.rulebook.region_profile import regions
from doorstep.rulebook.words import Refused
from doorstep.run.place import Place
from tests.regions.elsewhere import Elsewhere, elsewhere

SOME = 3
"""So many items of each list are begun at every run; all of them in the long one."""


@pytest.fixture(params=regions())
def here(request: pytest.FixtureRequest, database: Place) -> Iterator[Elsewhere]:
    with elsewhere(request.param, database) as one:
        yield one


def ways(here: Elsewhere, chance: random.Random) -> Iterator[tuple[str, list[str], str, str]]:
    """Each list and channel of it, the published items that can be begun that way, and one of the points that take them."""
    offered = {one.code: one for one in pack.listed()}
    for name, one in here.place.lists.items():
        found = [(p, c) for p in here.place.points for c, lists in p["lists"].items() if name in lists]
        found += [(p, c) for c in one.through for p in here.place.points if not found and c in p["channels"]]
        for channel in sorted({c for _, c in found}):
            point = chance.choice([p for p, c in found if c == channel])
            codes = [code for code in one.begun if code in offered and channel in offered[code].channels]
            yield name, codes, str(point["code"]), channel


def begin(here: Elsewhere, codes: list[str], point: str, channel: str) -> list[str]:
    """Begin each; what could not be, and why."""
    said = []
    for code in codes:
        try:
            here.open(code, point, channel)
        except Refused as no:
            said.append(f"{code} at {point} by {channel}: {no.code} {[pointer for pointer, _ in no.faults]}")
    return said


def refused(here: Elsewhere, item: str, point: str, channel: str) -> str:
    """The words with which it is refused there."""
    with pytest.raises(Refused) as no:
        here.open(item, point, channel)
    assert (no.value.code, no.value.status) == ("not-here", 409)
    return no.value.words.zh


def test_A01_A02_each_list_is_taken_at_its_points_and_nothing_else_is(here: Elsewhere) -> None:
    chance = random.Random(f"{here.place.code}:7")
    packs = {one.code: one for one in pack.listed()}
    began = 0
    for name, codes, point, channel in ways(here, chance):
        drawn = chance.sample(codes, min(SOME, len(codes)))
        assert begin(here, drawn, point, channel) == [], name
        began += len(drawn)
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
    assert began >= SOME * len(here.place.lists)
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


@pytest.mark.slow
def test_A01_every_item_of_every_list_is_begun_through_its_channel(here: Elsewhere) -> None:
    chance, began = random.Random(here.place.code), 0
    for name, codes, point, channel in ways(here, chance):
        assert begin(here, codes, point, channel) == [], name
        began += len(codes)
    print(f"{here.place.code}: {began} begun")  # noqa: T201
