"""What is done where: the lists of five regions come to the figures of their reports, and each item goes through its channel."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from doorstep.domains.studio.region_figures import Counted, Figure, Setting, count, load_figures, unreachable
from doorstep.domains.studio.stack import read_stacks
from doorstep.rulebook import pack
from doorstep.rulebook.region import FOLDER, load_region
from doorstep.rulebook.region_profile import RegionProfile, load_profiles, regions

ALL = [(name, one) for name in regions() for one in load_profiles(name).values()]


@pytest.fixture(scope="module")
def packs() -> dict[str, pack.Pack]:
    return {one.code: one for one in pack.listed()}


def test_E06_five_regions_say_what_is_done_where() -> None:
    assert regions() == ["baicheng", "nanhu", "ordos", "shaanxi", "zibo"]
    assert len(ALL) == 17 and len({one.code for _, one in ALL}) == 17


@pytest.mark.parametrize("name", regions())
def test_E06_each_figure_of_a_report_is_what_is_set_up(name: str, packs: dict[str, pack.Pack]) -> None:
    told = list(count(load_figures(name), Setting(read_stacks(name), packs)))
    counted = [one for one in told if isinstance(one, Counted)]
    assert [one for one in counted if not one.holds and not one.lacking] == []
    assert sum(one.holds for one in counted) >= 3
    assert all(one.row for one in told if isinstance(one, Figure))


def test_E06_what_is_set_up_differently_is_counted_differently(packs: dict[str, pack.Pack]) -> None:
    stacks = read_stacks("nanhu")
    rooms = [one for one in stacks.region.points if one["kind"] == "room"]
    fewer = replace(stacks.region, points=tuple(one for one in stacks.region.points if one is not rooms[0]))
    here = Setting(replace(stacks, region=fewer), packs)
    wrong = [one for one in count(load_figures("nanhu"), here) if isinstance(one, Counted) and not one.holds]
    assert [(one.figure.id, one.found) for one in wrong] == [("N01", 69), ("N13", 69)]


@pytest.mark.parametrize("name", regions())
def test_A01_each_list_is_taken_at_a_point_of_the_region_through_its_channel(name: str) -> None:
    place = load_region(name)
    for one in place.lists.values():
        channels = {c for p in place.points for c, lists in p["lists"].items() if one.code in lists}
        asked = set(one.through) or (channels & set(one.through_one)) or channels
        assert (asked and asked <= channels) or one.through == ("online",), one.code


@pytest.mark.parametrize("one", [one for _, one in ALL], ids=lambda one: one.code)
def test_E06_each_item_can_be_brought_as_its_list_says(
    one: RegionProfile, packs: dict[str, pack.Pack]
) -> None:
    assert list(unreachable(one, packs)) == []


@pytest.mark.parametrize("one", [one for _, one in ALL if any(one.extent.values())], ids=lambda one: one.code)
def test_A01_what_can_be_done_stands_apart_from_what_can_be_looked_up(one: RegionProfile) -> None:
    told = [code for codes in one.extent.values() for code in codes]
    assert sorted(told) == sorted(one.items) and len(set(told)) == len(told)
    assert one.extent["do_whole"] and one.extent["do_apply"] and one.extent["look_answer"]


def test_the_command_prints_each_figure_beside_its_answer(capsys: pytest.CaptureFixture[str]) -> None:
    from doorstep.project.cli import main

    main(["region", "check", "zibo"])
    told = capsys.readouterr().out
    assert "✓ zibo Z17" in told and "15，数出来 counted 15 [items: list zibo_kiosk]" in told
    assert "… zibo Z22" in told and "还没有 not yet: A05" in told
    assert main(["region", "check", "atlantis"]) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("profiles:\n  a: {title: {zh: 甲, en: A}, items: [HZ-001, HZ-001]}\n", "twice"),
        ("profiles:\n  a: {items: [HZ-001]}\n", "title"),
    ],
)
def test_a_list_that_is_wrong_is_said_to_be(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "somewhere").mkdir()
    (tmp_path / "somewhere" / "profiles.yaml").write_text(text)
    with pytest.raises(ValueError, match=fault):
        load_profiles("somewhere", tmp_path)


@pytest.mark.parametrize(
    "counts",
    ["{what: wishes}", "{what: items, list: nowhere}", "{what: items}"],
    ids=["query", "list", "none"],
)
def test_a_figure_that_counts_nothing_is_said_to_be(tmp_path: Path, counts: str) -> None:
    (tmp_path / "zibo").mkdir()
    row = f"  - {{id: X1, says: {{zh: 一, en: a}}, number: 1, row: A01, counts: {counts}}}\n"
    (tmp_path / "zibo" / "figures.yaml").write_text(f"figures:\n{row}")
    with pytest.raises(ValueError, match="X1"):
        list(count(load_figures("zibo", tmp_path), Setting(read_stacks("zibo"), {})))


@pytest.mark.parametrize(
    ("takes", "fault"),
    [
        ("{kiosk: [zibo_hall]}", "zibo_hall"),
        ("{room: [zibo_kiosk]}", "no room"),
        ("{kiosk: [wishes]}", "wishes"),
    ],
)
def test_a_point_that_takes_what_it_cannot_is_said_to_be(tmp_path: Path, takes: str, fault: str) -> None:
    shutil.copytree(FOLDER / "zibo", tmp_path / "zibo")
    shutil.copytree(FOLDER / "anlan", tmp_path / "anlan")
    path = tmp_path / "zibo" / "region.yaml"
    path.write_text(path.read_text().replace("{kiosk: [zibo_kiosk]}", takes))
    with pytest.raises(ValueError, match=fault):
        load_region("zibo", tmp_path)
