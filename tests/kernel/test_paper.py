"""What is on papers, on how many pages, and that nothing typed becomes markup."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from doorstep.kernel import paper
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused, Words

BASE: dict[str, Any] = {
    "number": "DEMO-2026-000017",
    "unit": Words("河湾派出所", "Hewan Police Station"),
    "issued_on": dt.date(2026, 11, 21),
    "check_url": "http://localhost:8000/v/q7Jx2mVbT9c4KfWs0aLd1A",
    "demo": True,
}
ROWS = [{"label": Words("申请人", "Applicant"), "value": "云小满"}]
ITEM = Words("临时居民身份证申领", "Application for a temporary identity card")
PAPERS: dict[str, dict[str, Any]] = {
    "temporary-id": {
        "name": "云小满",
        "address": "柳堤路18号2幢1单元301室",
        "id_number": "990103199805210028",
        "valid_from": "2026-11-21",
        "valid_until": "2027-02-21",
        "notes": [Words("领到新证时交回。", "Hand it back when the new card comes.")],
    },
    "fiscal-receipt": {
        "title": Words("财政票据（电子）", "Fiscal Receipt"),
        "amount": "40.00",
        "currency": "CNY",
        "check": "a1b2c3",
        "red": "",
        "payer": "云小满",
        "receipt": "SJ-101-2026-000001",
        "matter_number": "99010226112200000064",
        "lines": [{"label": Words("工本费", "The card"), "value": "40.00 CNY"}],
    },
    "tenancy-entry": {
        "matter_number": "990103 261121 0000042 7",
        "entered_on": "2026-11-21",
        "rows": ROWS,
        "tenants": [{"name": "周一帆", "from": "2026-11-15", "until": None}],
    },
    "acceptance-receipt": {
        "item": ITEM,
        "matter_number": "990103 261121 0000041 9",
        "accepted_on": "2026-11-21",
        "due_on": "2026-11-24",
        "rows": ROWS,
        "materials": [{"name": Words("户口簿", "Household register"), "note": ""}],
        "next": [Words("办好后通知您。", "We tell you when it is ready.")],
    },
    "finding": {
        "title": Words("管制器具认定书", "Finding on a Controlled Weapon"),
        "matter_number": "990103 261121 0000045 1",
        "finding": Words("是仿真枪", "An imitation gun"),
        "rows": ROWS,
        "grounds": [{"label": Words("测得的数", "Measured"), "value": "枪口比动能 1.6 焦耳每平方厘米"}],
        "notes": [Words("依法处理，不退回。", "It is not given back.")],
    },
    "decision": {
        "title": Words("行政处罚决定书", "Penalty Decision"),
        "matter_number": "990103 261121 0000046 8",
        "answer": Words("处罚", "Penalty imposed"),
        "decided": [{"label": Words("罚款（元）", "Fine in yuan"), "value": "200"}],
        "rows": ROWS,
        "grounds": [{"label": Words("查明的事实", "Facts"), "value": "驾驶未检验的机动车上路。"}],
    },
    "reply": {
        "title": Words("办理答复", "Reply"),
        "matter_number": "990103 261121 0000047 5",
        "answer": Words("已答复", "Answered"),
        "rows": ROWS,
        "reply": [{"label": Words("答复", "Answer"), "value": "十二月起早晚各加一个护学岗。"}],
    },
    "settlement": {
        "title": Words("治安调解协议书", "Mediation Agreement"),
        "matter_number": "990103 261121 0000048 2",
        "rows": ROWS,
        "terms": [{"label": Words("谈成的内容", "Terms"), "value": "楼上晚上十点以后不再拖动家具。"}],
    },
    "return-notice": {
        "item": ITEM,
        "matter_number": "990103 261121 0000041 9",
        "points": [{"what": Words("缺照片", "Photo missing"), "how": Words("请补一张。", "Please add one.")}],
        "kept": [Words("申请表", "Application form")],
    },
}


def poppler(program: str, pdf: bytes, folder: Path, *options: str) -> str:
    if not shutil.which(program):
        pytest.skip(f"{program} (poppler-utils) is not installed")
    (folder / "p.pdf").write_bytes(pdf)
    tail = ["-"] if program == "pdftotext" else []
    run = [program, *options, str(folder / "p.pdf"), *tail]
    return subprocess.run(run, capture_output=True, text=True, check=False).stdout


def draw(template: str, lang: str = "zh", **more: Any) -> bytes:
    return paper.render(template, {**BASE, **PAPERS[template], **more}, lang=lang)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("template", PAPERS)
def test_every_paper_fits_one_page_and_says_who_when_and_how_to_check(
    template: str, lang: str, tmp_path: Path
) -> None:
    pdf = draw(template, lang)
    text = re.sub(r"\s+", "", poppler("pdftotext", pdf, tmp_path))
    for part in (BASE["number"], "河湾派出所", "HewanPoliceStation", BASE["check_url"], "演示DEMO"):
        assert part in text
    assert "2026年11月21日" in text if lang == "zh" else "21November2026" in text
    assert re.search(r"Pages:\s+1\n", poppler("pdfinfo", pdf, tmp_path))


def test_every_template_is_drawn_by_a_test() -> None:
    """Here, or with an item's sample in the studio (`test_samples_are_drawn_with_invented_people_and_marked`)."""
    given = {give.template for one in pack.every() for give in one.gives}
    before = {"checklist", "blank-form"}  # what one takes home to prepare: tests/web/test_on_paper.py
    assert {p.stem for p in paper.TEMPLATES.glob("[!_]*.typ")} == set(PAPERS) | given | before


def test_a_paper_outside_the_demo_does_not_call_itself_one(tmp_path: Path) -> None:
    assert "DEMO " not in poppler("pdftotext", draw("temporary-id", demo=False, number="1"), tmp_path)


def test_what_a_person_typed_is_text_and_never_markup(tmp_path: Path) -> None:
    typed = '*b* #read("/etc/passwd") $x$ <a> \\ "q"'
    text = poppler("pdftotext", draw("temporary-id", name=typed), tmp_path, "-raw")
    assert "#read" in text
    assert "root:" not in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_long_names_addresses_and_units_still_fit_the_card(lang: str, tmp_path: Path) -> None:
    unit = Words(
        "安澜市公安局云汀区公安分局渡口派出所", "Dukou Police Station, Yunting District, Anlan Bureau"
    )
    address = "安澜市云汀区渡口街道新世纪花园东区第二期人才公寓18号楼B座2单元2301室（原石桥村七组42号）"
    pdf = draw("temporary-id", lang, name="阿卜杜热合曼·买买提依明江", address=address, unit=unit)
    assert re.search(r"Pages:\s+1\n", poppler("pdfinfo", pdf, tmp_path))


def test_a_long_notice_goes_on_to_a_second_page_with_its_check_at_the_end(tmp_path: Path) -> None:
    pdf = draw("return-notice", points=PAPERS["return-notice"]["points"] * 20)
    last = poppler("pdftotext", pdf, tmp_path, "-f", "2")
    assert "怎样核对这份文书" in last


def test_rare_characters_of_names_are_drawn() -> None:
    assert draw("temporary-id", name="𬭎㛃䶮")


def test_what_the_pack_gives_may_lie_under_data_and_the_holder_beside_it(tmp_path: Path) -> None:
    given = {
        **BASE,
        "valid_until": "2027-02-21",
        "holder": {"name": "云小满", "id_no": "990103199805210028"},
        "data": {"address": "柳堤路18号"},
    }
    text = poppler("pdftotext", paper.render("temporary-id", given, lang="zh"), tmp_path)
    for part in ("云小满", "柳堤路18号", "990103199805210028", "1998年5月21日", "女"):
        assert part in text


def test_a_character_without_a_glyph_is_refused_and_named() -> None:
    with pytest.raises(Refused) as refusal:
        draw("temporary-id", name="王\U000323af")
    assert refusal.value.code == "paper.glyph"
    assert "\U000323af" in refusal.value.words.zh


@pytest.mark.parametrize("template", ["nothing", "_sheet", "../papers/temporary-id", ""])
def test_an_unknown_paper_is_a_clear_fault(template: str) -> None:
    with pytest.raises(paper.PaperBroken, match="no such paper"):
        paper.render(template, BASE, lang="zh")


def test_missing_data_is_named() -> None:
    with pytest.raises(paper.PaperBroken, match="valid_until"):
        data = {k: v for k, v in PAPERS["temporary-id"].items() if k != "valid_until"}
        paper.render("temporary-id", {**BASE, **data}, lang="zh")


def test_the_same_data_gives_the_same_bytes() -> None:
    assert draw("tenancy-entry") == draw("tenancy-entry")


def test_papers_can_be_drawn_by_several_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda i: draw("tenancy-entry", number=str(i)), range(8)))
    assert len(set(drawn)) == 8


def test_a_photograph_is_placed_and_anything_else_refused(tmp_path: Path) -> None:
    photo, gif = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (358, 441), "#8fa5c4").save(photo, "JPEG")
    Image.new("RGB", (8, 8)).save(gif, "GIF")
    assert "jpeg" in poppler("pdfimages", draw("temporary-id", photo=photo.getvalue()), tmp_path, "-list")
    with pytest.raises(paper.PaperBroken, match="JPEG or PNG"):
        draw("temporary-id", photo=gif.getvalue())


def test_the_code_is_a_plain_picture_in_both_forms() -> None:
    assert paper.qr_svg("http://localhost/v/1").startswith("<svg")
    assert Image.open(io.BytesIO(paper.qr_png("http://localhost/v/1"))).format == "PNG"


def test_a_paper_drawn_beside_is_the_same_refuses_alike_and_survives_the_end_of_who_draws() -> None:
    from doorstep.web import drawing

    data = {"number": "HZ-078 / 1", "item": Words("身份证", "Card"), "unit": Words("安澜", "Anlan"), "issued_on": "2026-03-02",
            "check_url": "http://localhost/", "signed": False, "blank": True, "demo": True, "groups": []}  # fmt: skip
    try:
        drawn = drawing.render("blank-form", data, lang="zh")
        drawing._beside[0].kill()
        assert (
            drawing.render("blank-form", data, lang="zh")
            == drawn
            == paper.render("blank-form", data, lang="zh")
        )
        with pytest.raises(Refused) as refused:
            drawing.render("blank-form", {**data, "item": Words("\U000323af", "Card")}, lang="zh")
        assert refused.value.code == "paper.glyph" and refused.value.words.zh
        with pytest.raises(paper.PaperBroken):
            drawing.render("no-such-paper", data, lang="zh")
    finally:
        drawing.end()
