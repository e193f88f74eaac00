"""The linter's national rules: no visit, on the spot, and items that ask exactly the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from doorstep.domains import studio
from doorstep.domains.studio.charge import blanks
from doorstep.domains.studio.national import families
from doorstep.rulebook import pack
from tests.studio.regions import op, town

Edit = Callable[[str], str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The packs with one item alone, to be spoiled."""
    shutil.copytree(pack.ROOT, tmp_path / "packs", ignore=shutil.ignore_patterns("base"))
    (tmp_path / "packs" / "base").mkdir()
    return tmp_path / "packs"


def written(root: Path, code: str, edit: Edit = str, name: str = "") -> Path:
    """A copy of an item, changed, perhaps under another code."""
    source = next(path for path in pack.pack_files() if path.stem == code)
    path = root / "base" / f"{name or code}.yaml"
    path.write_text(edit(source.read_text()).replace(f"code: {code}", f"code: {name or code}"))
    return path


def rules(root: Path) -> list[str]:
    return sorted({one.rule for one in studio.check(root)})


ROW = "[{from: null, to: null, value: %s, source: none, sure: false}]"
CASES: list[tuple[str, str, str, list[str]]] = [
    # item, what is replaced, by what, rules that speak
    ("ZA-021", "channels: [hall, station, online, post]", "channels: [hall, station]", ["pack.visits"]),
    ("ZA-021", "channels: [hall, station, online, post]", "channels: [hall, station, post]", []),
    ("HZ-078", "visits: 1", "visits: 1\nno_visit: office_acts", ["pack.visits"]),
    ("HZ-055", "on_the_spot: [hall, station, workstation]\n", "", ["pack.on_the_spot"]),
    ("HZ-055", "on_the_spot: [hall", f"limits:\n  promise: {ROW % '1 hour'}\n  statutory: {ROW % '1 day'}\non_the_spot: [hall",
     ["pack.on_the_spot"]),
    ("ZA-021", "on_the_spot: [hall, station]", "on_the_spot: [hall, station, online, post]", []),
    ("CR-001", "visits: ", "on_the_spot: [online, hall, station]\nvisits: ", ["pack.on_the_spot"]),
    ("HZ-106", "value: 0 minute, source: none, sure: false}\n  look", "value: 1 minute, source: none, sure: false}\n  look",
     ["pack.on_the_spot", "pack.promise"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "old", "new", "expected"), CASES, ids=[f"{c[0]}:{c[2][:20]}" for c in CASES]
)
def test_visits_and_on_the_spot(root: Path, code: str, old: str, new: str, expected: list[str]) -> None:
    written(root, code, lambda text: text.replace(old, new))
    assert old in next(path for path in pack.pack_files() if path.stem == code).read_text()
    assert [
        rule for rule in rules(root) if rule in ("pack.visits", "pack.on_the_spot", "pack.promise")
    ] == expected


@pytest.mark.parametrize(
    ("code", "at", "wrong"),
    [("HZ-099", "make", []), ("HZ-035", "finish", ["pack.blank"]), ("HZ-078", "hand_out", ["pack.blank"])],
)
def test_G03_a_paper_on_a_blank_is_printed_before_it_is_handed_over(
    root: Path, code: str, at: str, wrong: list[str]
) -> None:
    one = pack.load_pack(next(path for path in pack.pack_files() if path.stem == code))
    gives = [{**give, "at": at, "blank": "residence-card"} for give in one.raw["gives"]][-1:]
    spoilt = pack.Pack({**one.raw, "gives": gives}, one.library)
    assert [flaw.rule for flaw in blanks(spoilt)] == wrong


def test_an_officer_who_comes_is_reason_enough_for_no_visit(root: Path) -> None:
    written(root, "ZA-021", lambda text: text.replace("online, post]\n", "]\n").replace(
        "channels: [hall, station, ]", "channels: [hall, station]").replace(
        "visits: 0", "visits: 0\nno_visit: officer_comes"))  # fmt: skip
    assert "pack.visits" not in rules(root)


def test_the_page_of_a_service_says_why_nobody_has_to_come(root: Path, database: object) -> None:
    from doorstep.web.portal.item import guide_of

    path = written(
        root, "ZA-021", lambda text: text.replace("visits: 0", "visits: 0\nno_visit: officer_comes")
    )
    (told,) = (one for one in guide_of(pack.load_pack(path, root)).figures if one.name.en == "Visits")
    assert (told.big.zh, told.note and told.note.zh) == ("不用跑", "民警上门")


def test_a_promise_is_compared_with_the_law_across_units(root: Path) -> None:
    """Five working days fill a week of seven, eight working hours a working day."""
    for promise, law, wrong in (
        ("5 workday", "7 day", False), ("6 workday", "7 day", True), ("8 workhour", "1 workday", False),
        ("9 workhour", "1 workday", True), ("24 hour", "1 day", False), ("25 hour", "1 day", True),
    ):  # fmt: skip

        def edit(text: str, promise: str = promise, law: str = law) -> str:
            head, tail = text.split("  promise:\n", 1)
            head = head.replace("value: 10 workday", f"value: {law}").replace(
                "value: 5 workday", f"value: {law}"
            )
            start = head.rindex("value: ")
            head = head[:start] + f"value: {law}" + head[head.index(",", start) :]
            at = tail.index("value: ")
            return f"{head}  promise:\n{tail[:at]}value: {promise}{tail[tail.index(',', at) :]}"

        written(root, "ZA-021", edit)
        assert ("pack.promise" in rules(root)) is wrong, (promise, law)


def test_more_than_three_that_ask_the_same_say_why(root: Path) -> None:
    for at in range(1, 4):
        written(root, "ZA-021", name=f"ZA-90{at}")
    assert "pack.alike" not in rules(root)
    last = written(root, "ZA-021", name="ZA-904")
    told = [one for one in studio.check(root) if one.rule == "pack.alike"]
    assert [Path(one.file).stem for one in told] == ["ZA-901", "ZA-902", "ZA-903", "ZA-904"]
    why = "form_family: {zh: 都只登记单位的几样基本情况, en: All four only record the firm itself}\n"
    last.write_text(last.read_text().replace("title:", f"{why}title:", 1))
    assert [Path(one.file).stem for one in studio.check(root) if one.rule == "pack.alike"] == [
        "ZA-901",
        "ZA-902",
        "ZA-903",
    ]
    assert [len(same) for same in families(pack.load_pack(path, root) for path in pack.pack_files(root))] == [
        4
    ]


def test_a_part_of_another_item_is_of_no_family() -> None:
    assert all(not one.part_of for same in families(pack.every()) for one in same)


def test_a_place_that_closes_a_channel_keeps_no_promise_for_it(tmp_path: Path) -> None:
    root = tmp_path / "packs"
    shutil.copytree(pack.ROOT, root)
    path = root / "base" / "public-order" / "ZA-021.yaml"
    path.write_text(
        path.read_text().replace("examples:\n", "layers:\n  withdraw:\n    station: [county]\nexamples:\n", 1)
    )
    stacks = town(tmp_path, "ZA-021", root, county=[op(withdraw="station")])
    assert [one.message.en for one in stacks.check()] == []
    assert stacks.layered("ZA-021", "AL-YX").raw["on_the_spot"] == ["hall"]
