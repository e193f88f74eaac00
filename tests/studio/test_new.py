"""A new item begins as its profiles and the catalogue have it, and only what is marked is still to be written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from doorstep.domains import studio
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused

HEAD = (
    "code\tdemo_code\tbranch\tgroup\ttitle\ttype\ttype_code\taccept_at\tdecide_at\tstatutory\tstatutory_unit\tpromised\t"
    "promised_unit\tvisits\tobject\tfee_yuan\tmaterials\tresult\timmediate\tchannels\taliases\tseed_tags\tsure\tsrc"
)
ROW = (
    "HZ-956\t990709956000\t户政\t变更更正\t文化程度(学历)变更\t行政确认\t07\t派出所\t派出所\t3\t工作日\t1\t工作日\t0\t自然人\t5\tGRA,HKB,ID\t"
    "户口簿变更页\t1\thall,station,online\t户口本改学历;改文化程度\tS97\t1\tseed"
)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A copy of the packs, with a catalogue of one item beside them."""
    root = tmp_path / "packs"
    shutil.copytree(pack.ROOT, root)
    (tmp_path / "catalogue.tsv").write_text(f"{HEAD}\n{ROW}\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("code", "profiles"),
    [
        ("HZ-956", ["person", "own_station", "immediate"]),
        ("HZ-956", ["person", "own_station", "review"]),
        ("HZ-956", ["person", "own_station", "city_decides"]),
        ("ZA-956", ["firm", "shop", "filing"]),
        ("ZA-956", ["firm", "review"]),
    ],
)
def test_only_what_is_marked_is_still_to_be_written(shelf: Path, code: str, profiles: list[str]) -> None:
    path = studio.write_skeleton(code, profiles, studio.branch_of(code, shelf), root=shelf)
    still = {one.rule for one in studio.check(shelf, [path])}
    assert still - {"pack.legs"} == {"pack.todo"}, (
        "what is promised is for the author to say, and legs have to come to it"
    )


def test_what_the_catalogue_knows_is_filled_in(shelf: Path) -> None:
    row = studio.catalogue_row(shelf.parent / "catalogue.tsv", "HZ-956")
    path = studio.write_skeleton("HZ-956", ["person", "own_station", "review"], "household", row, shelf)
    assert {one.rule for one in studio.check(shelf, [path])} == {"pack.todo"}
    one = pack.load_pack(path, shelf)
    assert (one.title.zh, one.raw["kind"], one.channels) == (
        "文化程度（学历）变更", "confirmation", ("hall", "station", "online"),
    )  # fmt: skip
    assert [str(one.limit(name)) for name in ("statutory", "promise")] == ["3 workday", "1 workday"]
    assert [asked.material.code for asked in one.materials] == ["GRA", "HKB", "ID"]
    fee = one.fee()
    assert fee and fee.value["amount"] == "5.00" and not fee.sure


def test_an_item_that_is_there_is_not_written_over(shelf: Path) -> None:
    before = next(shelf.rglob("HZ-055.yaml")).read_text(encoding="utf-8")
    with pytest.raises(Refused, match="pack-there"):
        studio.write_skeleton("HZ-055", ["person", "immediate"], "household", root=shelf)
    assert next(shelf.rglob("HZ-055.yaml")).read_text(encoding="utf-8") == before


def test_an_unknown_profile_leaves_no_file_behind(shelf: Path) -> None:
    with pytest.raises(pack.Unusable):
        studio.write_skeleton("HZ-957", ["persona"], "household", root=shelf)
    assert not list(shelf.rglob("HZ-957.yaml"))


def test_an_item_that_the_catalogue_does_not_have_is_refused(shelf: Path) -> None:
    with pytest.raises(Refused, match="no-item"):
        studio.catalogue_row(shelf.parent / "catalogue.tsv", "HZ-999")


def test_the_report_counts_what_an_item_has() -> None:
    told = studio.count(pack.current("HZ-106")).as_dict()
    assert (told["questions"], told["materials"], told["rows"], told["papers"]) == (11, 3, 3, 1)
    assert told["examples"] == len(pack.current("HZ-106").raw["examples"])
    assert 0 < told["caught"] <= told["mutants"] and told["limits_sure"] == 0
    assert (told["legs"], told["promise"], told["visits"]) == (("applicant", "competent"), "0 minute", 0)
    lists = {key: list(value) for key, value in told.items() if isinstance(value, tuple)}
    assert json.loads(json.dumps(told)) == told | lists
