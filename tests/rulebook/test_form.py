from __future__ import annotations

import copy
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.rulebook.fact import read_facts
from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.form import Form
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.identity import id_number_fault
from doorstep.rulebook.ids import check_character


def w(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


FACTS = read_facts(
    {
        "types": {
            "name": {"type": "string", "minLength": 2, "maxLength": 6},
            "id": {"type": "string", "format": "cn-id"},
            "mobile": {"type": "string", "format": "cn-mobile"},
            "date": {"type": "string", "format": "date"},
            "upload": {"type": "string", "format": "upload"},
            "flat": {"type": "string", "pattern": "^[0-9]+-[0-9]+$"},
            "floor": {"type": "integer", "minimum": 1, "maximum": 60},
        },
        "facts": {
            "applicant.name": {"type": "name", "class": "personal", "title": w("姓名", "Name")},
            "applicant.id_no": {"type": "id", "class": "secret", "title": w("身份证号", "ID number")},
            "applicant.mobile": {"type": "mobile", "class": "personal", "title": w("手机号", "Mobile")},
            "applicant.photo": {"type": "upload", "class": "personal", "title": w("照片", "Photo")},
            "home.flat": {"type": "flat", "class": "personal", "title": w("门牌", "Flat")},
            "home.floor": {"type": "floor", "class": "personal", "title": w("楼层", "Floor")},
            "tenant.from": {"type": "date", "class": "personal", "title": w("入住日期", "Since")},
            "card.reason": {
                "class": "personal",
                "title": w("原因", "Reason"),
                "options": {"lost": w("丢失", "Lost"), "damaged": w("损坏", "Damaged")},
            },
        },
    }
)
RAW: dict[str, Any] = {
    "required": ["applicant", "reason", "tenants", "photo"],
    "properties": {
        "applicant": {
            "required": ["name", "id_no"],
            "properties": {
                "name": {"x-fact": "applicant.name"},
                "id_no": {"x-fact": "applicant.id_no", "x-why": w("核对身份", "To know it is you")},
                "mobile": {"x-fact": "applicant.mobile"},
            },
        },
        "reason": {"x-fact": "card.reason"},
        "photo": {"x-fact": "applicant.photo", "x-material": "PHO", "x-when": {"/reason": "lost"}},
        "flat": {"x-fact": "home.flat", "x-pattern-words": w("写成 3-201", "Write it as 3-201")},
        "floor": {"x-fact": "home.floor"},
        "tenants": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "x-title": w("承租人", "Tenants"),
            "items": {
                "required": ["name", "since"],
                "properties": {
                    "name": {"x-fact": "applicant.name"},
                    "since": {"x-fact": "tenant.from"},
                },
            },
        },
    },
    "x-pages": [
        {
            "id": "who",
            "title": w("您", "You"),
            "fields": ["/applicant/name", "/applicant/id_no", "/applicant/mobile"],
        },
        {"id": "why", "title": w("原因", "Why"), "fields": ["/reason", "/photo"]},
        {"id": "home", "title": w("住处", "Home"), "fields": ["/flat", "/floor", "/tenants"]},
    ],
}
GOOD: dict[str, Any] = {
    "applicant": {"name": "云小满", "id_no": "990101199003071233"},
    "reason": "damaged",
    "tenants": [{"name": "江一帆", "since": "2026-03-01"}],
}


def number(first17: str) -> str:
    return first17 + check_character(first17)


GOOD["applicant"]["id_no"] = number("99010119900307123")


def changed(data: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """A copy with one value put in, or taken out if it is None."""
    whole = copy.deepcopy(data)
    here: Any = whole
    *way, last = pointer.split("/")[1:]
    for part in way:
        here = here[int(part) if part.isdecimal() else part]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return whole


def faults(data: Any, page: str | None = None) -> list[tuple[str, str, str]]:
    return [(f.pointer, f.words.zh, f.words.en) for f in Form(RAW, FACTS).validate(data, page)]


def test_good_answers_have_no_faults() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("pointer", "value", "zh", "en"),
    [
        ("/applicant/name", None, "请填写“姓名”。", "Name: please fill this in."),
        ("/applicant/name", "", "请填写“姓名”。", "Name: please fill this in."),
        ("/applicant/name", "云", "“姓名”至少要 2 个字。", "Name: at least 2 characters."),
        (
            "/applicant/name",
            "云小满云小满云",
            "“姓名”最多 6 个字，请缩短一些。",
            "Name: at most 6 characters, please shorten it.",
        ),
        (
            "/applicant/name",
            7,
            "“姓名”的内容类型不对，请重新填写。",
            "Name: this is not the right kind of value.",
        ),
        (
            "/applicant/mobile",
            "12345",
            "手机号是 1 开头的 11 位数字。",
            "A mobile number has 11 digits and begins with 1.",
        ),
        ("/reason", None, "请选择“原因”。", "Reason: please choose one."),
        ("/reason", "stolen", "“原因”请从给出的选项里选。", "Reason: please choose one of the options."),
        ("/flat", "三单元", "写成 3-201", "Write it as 3-201"),
        ("/floor", 0, "“楼层”不能小于 1。", "Floor: not less than 1."),
        ("/floor", 61, "“楼层”不能大于 60。", "Floor: not more than 60."),
        (
            "/tenants/0/since",
            "2026-02-30",
            "没有这个日期，请按 年-月-日 填写。",
            "There is no such date; write year-month-day.",
        ),
        ("/tenants/0/since", None, "请填写“入住日期”。", "Since: please fill this in."),
        ("/tenants", None, "请至少填写一条“承租人”。", "Tenants: please add at least one."),
        ("/tenants", [], "“承租人”至少要填 1 条。", "Tenants: add at least 1."),
        (
            "/colour",
            "red",
            "这里没有问“colour”，请不要填写。",
            "colour is not asked here; please leave it out.",
        ),
    ],
)
def test_each_fault_points_to_its_field_in_plain_words(pointer: str, value: Any, zh: str, en: str) -> None:
    assert faults(changed(GOOD, pointer, value)) == [(pointer, zh, en)]


def test_an_empty_form_names_every_missing_answer_in_order() -> None:
    wanted = ["/applicant/name", "/applicant/id_no", "/reason", "/tenants"]
    assert [pointer for pointer, _, _ in faults({})] == wanted
    assert [pointer for pointer, _, _ in faults(None)] == wanted


def test_a_page_is_checked_by_itself() -> None:
    assert [pointer for pointer, _, _ in faults({}, "who")] == ["/applicant/name", "/applicant/id_no"]
    assert faults({"applicant": GOOD["applicant"]}, "who") == []


def test_a_question_that_depends_on_an_answer_is_asked_only_then() -> None:
    form, lost = Form(RAW, FACTS), changed(GOOD, "/reason", "lost")
    assert faults(lost) == [("/photo", "请上传“照片”。", "Photo: please upload it.")]
    assert faults(lost | {"photo": str(uuid.uuid4())}) == []
    assert faults(GOOD | {"photo": str(uuid.uuid4())})[0][0] == "/photo"
    assert [f.pointer for f in form.pages(GOOD)[1].fields] == ["/reason"]
    assert [f.pointer for f in form.pages(lost)[1].fields] == ["/reason", "/photo"]


def test_cleaning_drops_what_is_not_asked_and_tidies_what_is() -> None:
    typed = {
        "applicant": {"name": " 云小满 ", "id_no": "９９０１０１ 19900307 123x", "mobile": " "},
        "reason": "damaged",
        "photo": str(uuid.uuid4()),
        "tenants": [{"name": "", "since": ""}, {"name": "江一帆", "since": "2026-03-01"}],
    }
    clean = Form(RAW, FACTS).clean(typed)
    assert clean["applicant"] == {"name": "云小满", "id_no": "99010119900307123X"}
    assert "photo" not in clean
    assert len(clean["tenants"]) == 1


def test_a_posted_page_becomes_typed_answers() -> None:
    posted = [
        ("csrfmiddlewaretoken", "x"),
        ("/applicant/name", "云小满"),
        ("/floor", " 12 "),
        ("/tenants/0/name", "江一帆"),
        ("/tenants/0/since", "2026-03-01"),
        ("/tenants/2/name", ""),
        ("/tenants/10/name", "何晚"),
    ]
    assert Form(RAW, FACTS).from_post(posted) == {
        "applicant": {"name": "云小满"},
        "floor": 12,
        "tenants": [{"name": "江一帆", "since": "2026-03-01"}, {"name": "何晚"}],
    }


def test_a_number_that_is_none_is_kept_as_typed_and_named() -> None:
    form = Form(RAW, FACTS)
    data = GOOD | form.from_post([("/floor", "twelve")])
    assert [(f.pointer, data["floor"]) for f in form.validate(data)] == [("/floor", "twelve")]


def test_the_facts_for_a_decision_come_from_the_answers() -> None:
    facts = Form(RAW, FACTS).facts(changed(GOOD, "/reason", "lost") | {"photo": "x"})
    assert facts["card.reason"] == "lost"
    assert (facts["tenants.count"], facts["has.PHO"], facts["home.flat"]) == (1, True, None)


def test_a_field_knows_how_to_be_drawn() -> None:
    form = Form(RAW, FACTS)
    mobile, tenants = form.field("/applicant/mobile"), form.field("/tenants")
    assert mobile and (mobile.keyboard, mobile.autocomplete, mobile.required) == ("tel", "tel", False)
    assert tenants and tenants.widget == "repeat"
    assert [item.pointer for item in tenants.row(3)] == ["/tenants/3/name", "/tenants/3/since"]
    reason = form.field("/reason")
    assert reason and reason.said("lost").zh == "丢失"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "18"),
        ("9901011990030712", "18"),
        ("99010119900307123A", "X"),
        ("９９０１０１199003071233", "17"),
        (number("00010119900307123"), "place"),
        (number("99010119900230123"), "birth"),
        (number("99010117000130123"), "birth"),
        (number("99010119900307123")[:-1] + "0", "does not fit"),
    ],
)
def test_a_wrong_id_number_is_told_what_is_wrong(text: str, part: str) -> None:
    fault = id_number_fault(text)
    assert fault and fault.zh and part in fault.en


def test_a_small_x_is_as_good_as_a_large_one() -> None:
    assert id_number_fault("11010519491231002x") is None
    assert id_number_fault("11010519491231002X") is None


@given(st.text(max_size=25))
def test_no_text_whatever_breaks_a_format(text: str) -> None:
    for kind in FORMATS.values():
        fault = kind.fault(text)
        assert fault is None or (fault.zh and fault.en)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["applicant", "name", "tenants", "photo", "x"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_no_answer_whatever_breaks_a_form(data: Any) -> None:
    form = Form(RAW, FACTS)
    form.validate(data)
    form.pages(data)
    form.validate(form.clean(data))
    form.facts(data)


def broken(**keys: Any) -> dict[str, Any]:
    raw = copy.deepcopy(RAW)
    for way, value in keys.items():
        raw["properties"][way] = value
    return raw


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ([], "form.empty"),
        (broken(extra={"x-fact": "home.flat"}), "form.page"),
        (RAW | {"x-pages": [*RAW["x-pages"], RAW["x-pages"][0]]}, "form.page"),
        (RAW | {"required": ["nobody"]}, "form.required"),
        (broken(flat={"x-fact": "home.roof"}), "form.unknown_fact"),
        (broken(flat={"type": "string", "x-title": w("门牌", "Flat")}), "form.no_fact"),
        (broken(flat={"x-fact": "home.flat", "x-colour": 1}), "form.unknown_key"),
        (broken(flat={"x-fact": "home.flat", "x-title": {"zh": "门牌"}}), "form.words"),
        (broken(flat={"x-fact": "home.flat", "x-widget": "dial"}), "form.widget"),
        (broken(flat={"x-fact": "home.flat", "x-class": "public"}), "form.class"),
        (broken(flat={"x-fact": "home.flat", "format": "roof"}), "form.format"),
        (broken(flat={"x-fact": "home.flat", "minLength": "two"}), "form.schema"),
        (broken(flat={"x-fact": "home.flat", "x-when": {"/nothing": 1}}), "form.when"),
        (broken(flat={"x-fact": "home.flat", "x-when": {"/reason": "stolen"}}), "form.when"),
        (broken(reason={"x-fact": "card.reason", "x-options": {"burnt": w("烧", "Burnt")}}), "form.options"),
        (broken(reason={"x-fact": "card.reason", "x-options": ["burnt"]}), "form.options"),
        (broken(reason={"x-fact": "card.reason", "x-options": []}), "form.options"),
        (broken(tenants={"type": "array", "x-title": w("人", "People")}), "form.repeat"),
    ],
)
def test_a_form_that_cannot_be_is_refused_with_its_reason(raw: Any, rule: str) -> None:
    with pytest.raises(Flawed) as flawed:
        Form(raw, FACTS)
    assert rule in {flaw.rule for flaw in flawed.value.flaws}
    assert all(flaw.words.zh and flaw.words.en for flaw in flawed.value.flaws)


def test_a_form_may_offer_a_part_of_what_a_fact_can_be_and_takes_no_other() -> None:
    form = Form(broken(reason={"x-fact": "card.reason", "x-options": ["lost"]}), FACTS)
    (asked,) = (one for one in form.fields if one.pointer == "/reason")
    assert [value for value, _ in asked.options] == ["lost"] and asked.options[0][1].zh
    assert "/reason" not in {fault.pointer for fault in form.validate({"reason": "lost"})}
    others = [value for value in FACTS["card.reason"].options if value != "lost"]
    assert others and "/reason" in {fault.pointer for fault in form.validate({"reason": others[0]})}
