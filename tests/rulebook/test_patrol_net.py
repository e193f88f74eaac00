"""What patrols owe: read from a region's file, each mistake with its line; what ships lies on streets that are there."""

from collections import Counter
from pathlib import Path

import pytest

from doorstep.geo import town
from doorstep.geo.source import plan, source
from doorstep.rulebook.patrol_net import Wrong, load_net, mark
from doorstep.rulebook.region import load_region

REPORT = {"core": 21, "key": 12, "point": 60, "line": 78}


@pytest.mark.parametrize("name", ["anlan", "baicheng"])
def test_B03_the_net_has_what_the_report_counts(name: str) -> None:
    region = load_region(name)
    net = load_net(name, [one["code"] for one in region.points if one["kind"] == "workstation"])
    assert net is not None and len(net.stations) == 9
    assert Counter(one.kind for one in net.marks) == REPORT
    assert (net.sure and all(one.shape for one in net.marks)) is (name == "anlan")


def test_points_and_lines_lie_on_the_streets_of_the_generated_town(tmp_path: Path) -> None:
    region = load_region("anlan")
    told = source(region, tmp_path)
    net = load_net("anlan")
    assert told is not None and net is not None
    sheet = town.draw(plan(region, told.raw["draw"])).sheet
    roads = {(round(lon, 5), round(lat, 5)) for lon, lat, _ in sheet.nodes.values()}
    off = [one.code for one in net.of("point", "line") if not set(one.shape) <= roads]
    assert off == []
    stations = [one for one in region.points if one["code"] in net.stations]
    assert {one["kind"] for one in stations} == {"workstation"}


def test_a_file_says_each_mistake_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "patrol.yaml").write_text(
        """shifts: {day: "08:00-16:00", bad: "25:00-26:00"}
rings: {city: {zh: 环, en: Ring}}
stations: [W1, W9]
areas:
  - {code: C01, kind: core, ring: nowhere, name: {zh: 甲, en: A}}
points:
  - {code: P01, area: C02, name: {zh: 乙, en: B}}
  - {code: P01, name: {zh: 丙, en: C}, shape: [[118, 97]]}
lines:
  - {code: L01, name: {zh: 丁}, shape: [[118, 36], [118, 37]]}
  - {code: L02, name: {zh: 戊, en: E}, shape: [[118, 36]]}
  - {code: L03, name: {zh: 己, en: F}, each_way: true, one_way: true}
""",
        "utf-8",
    )
    with pytest.raises(ValueError, match=r"x/patrol\.yaml") as why:
        load_net("x", ["W1"], tmp_path)
    said = str(why.value).splitlines()
    assert {int(one.split(":")[1]) for one in said} == {1, 3, 5, 7, 8, 10, 11, 12}
    assert load_net("nowhere") is None


def test_a_mark_is_the_same_after_it_was_kept() -> None:
    net = load_net("anlan")
    assert net is not None
    assert all(mark(one.as_dict()) == one for one in net.marks)
    with pytest.raises(Wrong) as no:
        mark(
            {
                "code": "P1",
                "kind": "point",
                "name": {"zh": "甲", "en": "A"},
                "visits": 2,
                "windows": ["08:00-09:00"],
            }
        )
    assert no.value.field == "visits"
