"""Packs beside a catalogue: what differs is named, whatever differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorstep.domains import studio
from doorstep.rulebook import pack

HEAD = (
    "code\tdemo_code\tbranch\tgroup\ttitle\ttype\ttype_code\taccept_at\tdecide_at\tstatutory\tstatutory_unit\tpromised\t"
    "promised_unit\tvisits\tobject\tfee_yuan\tmaterials\tresult\timmediate\tchannels\taliases\tseed_tags\tsure\tsrc"
)
ROW = (
    "ZA-023\t991009283000\t治安\t特种行业\t旧手机交易业备案\t其他权力\t10\t派出所\t派出所\t5\t工作日\t0\t即时\t0\t法人\t0\tBL,LEG,PRE\t"
    "备案证明\t1\thall,station,online\t旧手机\t\t1\tknowledge"
)
SAME: list[tuple[str, str, list[str]]] = [
    ("BL,LEG,PRE", "BL,LEG,PRE", []),
    ("BL,LEG,PRE", "BL,LEG,PRE,APP", ["missing - | APP"]),
    ("BL,LEG,PRE", "LEG,PRE", ["needless BL | -"]),
    ("\t10\t派出所", "\t07\t派出所", ["kind other-power | confirmation"]),
    ("\t5\t工作日", "\t3\t工作日", ["statutory 5 workday | 3 workday"]),
    ("\t0\t即时", "\t1\t工作日", ["promise 0 | 1 workday"]),
    ("\t0\t法人", "\t1\t法人", ["visits 0 | 1"]),
    ("法人\t0", "法人\t20", ["fee 0 | 20"]),
    ("hall,station,online", "online,hall", ["channels hall,online,station | hall,online"]),
]


@pytest.mark.parametrize(("old", "new", "told"), SAME, ids=[case[1] for case in SAME])
def test_A01_a_pack_and_its_row_are_compared(tmp_path: Path, old: str, new: str, told: list[str]) -> None:
    assert old in ROW
    (tmp_path / "c.tsv").write_text(f"{HEAD}\n{ROW.replace(old, new)}\n", encoding="utf-8")
    found = studio.gaps([pack.current("ZA-023")], tmp_path / "c.tsv")
    assert [str(one).replace("ZA-023 ", "").replace(":", "") for one in found] == told


def test_A01_an_authority_asked_only_of_who_was_sent_is_no_difference(tmp_path: Path) -> None:
    (found,) = [one for one in pack.current("ZA-023").materials if one.material.code == "OPR"]
    assert found.depends and not found.required
    (tmp_path / "c.tsv").write_text(f"{HEAD}\n{ROW.replace('ZA-023', 'XX-001')}\n", encoding="utf-8")
    told = [one.what for one in studio.gaps([pack.current("ZA-023")], tmp_path / "c.tsv")]
    assert told == ["pack", "row"]
