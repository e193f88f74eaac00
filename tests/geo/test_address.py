"""Addresses as people type and say them."""

from __future__ import annotations

import pytest

from doorstep.geo.address import Gazetteer, Spot, folded
from doorstep.geo.atlas import Atlas
from tests.geo.conftest import ANLAN


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("橘园路12号", "橘园路12号"), ("橘园路１２號", "橘园路12号"), ("橘园路 十二号", "橘园路12号"), ("橘园路12", "橘园路12号"),
        ("望江路一百零二号", "望江路102号"), ("听涛公元", "听涛公园"), ("tingtaogongyuan", "听涛公园"), ("ttgy", "听涛公园"),
        ("岚岙村", "岚岙村"), ("望江路", "望江路"),
    ],
)  # fmt: skip
def test_what_is_typed_finds_its_place_first(atlas: Atlas, typed: str, name: str) -> None:
    assert atlas.places.find(typed)[0].spot.name == name


def test_a_house_nobody_drew_is_answered_by_the_nearest_on_its_street_and_says_so(atlas: Atlas) -> None:
    first = atlas.places.find("望江路99999号")[0]
    assert first.spot.name.startswith("望江路") and not first.exact


def test_of_two_of_one_name_the_nearer_comes_first() -> None:
    both = Gazetteer([Spot("新村", "place", 118.0, 36.0, "东"), Spot("新村", "place", 119.0, 36.0, "西")])
    assert [one.spot.near for one in both.find("新村", near=(118.9, 36.0))] == ["西", "东"]
    assert [one.spot.near for one in both.find("新村", near=(118.1, 36.0))] == ["东", "西"]


def test_nothing_is_found_for_nothing(atlas: Atlas) -> None:
    assert atlas.places.find("") == [] and atlas.places.find("　，") == []


def test_the_streets_of_the_regions_addresses_are_in_the_town(atlas: Atlas) -> None:
    town = [one for one in ANLAN.streets if not one.startswith(("岚", "麦", "茶", "杏", "雾", "泉", "禾"))]
    missing = [one for one in town if not atlas.places.find(one) or atlas.places.find(one)[0].fits < 1]
    assert missing == []


def test_folding_counts_in_chinese() -> None:
    assert folded("二十号") == "20号" and folded("三〇一室") == "301室" and folded("Ａ座") == "a座"
