"""What a page says, to take home on paper."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from tests.cast import Cast

ADDRESS = "http://localhost:8000/matters/1"


def draw(cast: Cast, kind: str, matter_id: Any, role: str = "resident", lang: str = "zh") -> bytes:
    from doorstep.kernel import read
    from doorstep.web import receipt

    with cast.enter(role) as viewer:
        view = read.read_matter(viewer, matter_id)
        how = receipt.acceptance if kind == "acceptance" else receipt.to_correct
        return how(view, lang=lang, address=ADDRESS, demo=True)


def text_of(pdf: bytes, tmp_path: Any) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    (tmp_path / "p.pdf").write_bytes(pdf)
    run = ["pdftotext", "-raw", str(tmp_path / "p.pdf"), "-"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_receipt_says_until_when_by_whom_and_what_was_handed_in(
    cast: Cast, lang: str, tmp_path: Any
) -> None:
    done = cast.apply()
    before = text_of(draw(cast, "acceptance", done.matter_id, lang=lang), tmp_path)
    assert ("受理后 1 个工作日" if lang == "zh" else "1 working day from acceptance") in before
    assert ("收件回执" in before or "Receipt" in before) and "受理回执" not in before
    cast.act("clerk", done.matter_id, "intake")
    text = text_of(draw(cast, "acceptance", done.matter_id, lang=lang), tmp_path)
    for part in (done.number, "Liuxi Police Station", "Digital photograph", "云**"):
        assert part in text
    assert ("最迟答复" if lang == "zh" else "Answer by") in text


def test_the_notice_lists_every_fault_and_what_need_not_be_sent_again(cast: Cast, tmp_path: Any) -> None:
    done = cast.apply()
    cast.act("clerk", done.matter_id, "intake")
    faults = [
        {"field": "/photo", "reason": "photo_unclear", "text": "眼镜反光"},
        {"field": "/household/address", "reason": "address_differs", "text": ""},
    ]
    cast.act("approver", done.matter_id, "review", "return", faults=faults)
    text = text_of(draw(cast, "to_correct", done.matter_id), tmp_path)
    for part in ("2 处", "照片不清楚", "眼镜反光", "地址和户口簿不一致"):
        assert part in text
    assert "证件数码照片" not in text


def test_there_is_no_notice_when_nothing_is_to_be_put_right(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match="nothing-to-correct"):
        draw(cast, "to_correct", cast.apply().matter_id)


def test_a_copy_does_not_claim_to_be_signed(cast: Cast, tmp_path: Any) -> None:
    text = text_of(draw(cast, "acceptance", cast.apply().matter_id, role="clerk"), tmp_path)
    assert "未签名" in text
    assert "已电子签名" not in text
