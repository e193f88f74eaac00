"""What is done where: the lists of five regions come to the figures of their reports, and each item goes through its channel."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorstep.project import region as command
from doorstep.rulebook import pack
from doorstep.rulebook.region_profile import Counted, RegionProfile, load_profiles, regions

ALL = [(name, one) for name in regions() for one in load_profiles(name).profiles.values()]


@pytest.fixture(scope="module")
def packs() -> dict[str, pack.Pack]:
    return {one.code: one for one in pack.listed()}


def test_E06_five_regions_say_what_is_done_where() -> None:
    assert regions() == ["baicheng", "nanhu", "ordos", "shaanxi", "zibo"]
    assert len(ALL) == 17 and len({one.code for _, one in ALL}) == 17


@pytest.mark.parametrize("name", regions())
def test_E06_each_figure_of_a_report_is_what_the_lists_come_to(
    name: str, packs: dict[str, pack.Pack]
) -> None:
    wrong = [one for one in load_profiles(name).count(packs) if not one.holds and not one.lacking]
    assert wrong == []


@pytest.mark.parametrize("one", [one for _, one in ALL], ids=lambda one: one.code)
def test_E06_each_item_can_be_brought_as_its_list_says(
    one: RegionProfile, packs: dict[str, pack.Pack]
) -> None:
    assert list(one.unreachable(packs)) == []


@pytest.mark.parametrize("one", [one for _, one in ALL if any(one.extent.values())], ids=lambda one: one.code)
def test_A01_what_can_be_done_stands_apart_from_what_can_be_looked_up(one: RegionProfile) -> None:
    told = [code for codes in one.extent.values() for code in codes]
    assert sorted(told) == sorted(one.items) and len(set(told)) == len(told)
    assert one.extent["do_whole"] and one.extent["do_apply"] and one.extent["look_answer"]


def test_the_command_prints_each_figure_beside_its_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.check(load_profiles("zibo"))
    from doorstep.project.cli import main

    main(["region", "check", "zibo"])
    told = capsys.readouterr().out
    assert "Z17" in told and "15，数出来 counted 15" in told
    assert main(["region", "check", "atlantis"]) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("profiles:\n  a: {title: {zh: 甲, en: A}, items: [HZ-001, HZ-001]}\n", "twice"),
        ("profiles:\n  a: {items: [HZ-001]}\n", "title"),
        (
            "profiles: {}\nfigures:\n  - {id: X1, says: {zh: 一, en: a}, number: 1, counts: {profile: a, what: items}}\n",
            "X1",
        ),
    ],
)
def test_a_list_that_is_wrong_is_said_to_be(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "somewhere").mkdir()
    (tmp_path / "somewhere" / "profiles.yaml").write_text(text)
    with pytest.raises(ValueError, match=fault):
        load_profiles("somewhere", tmp_path)


def test_a_figure_that_differs_is_told() -> None:
    found = load_profiles("zibo")
    counted = next(found.count({}))
    assert isinstance(counted, Counted) and counted.lacking
