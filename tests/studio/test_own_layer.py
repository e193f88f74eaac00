"""A unit writes its own layer by page: what it may set, tried before it counts, published by who may, taken back; two at once."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from doorstep.rulebook import pack
from tests.cast import Cast, fresh
from tests.journeys.visit import Page, Visit
from tests.studio.test_publish import _last, _limit, _migrating, _pinned

LINJIANG, LIUXI = "/studio/layers/AL-LJ", "/studio/layers/AL-LJ-LX"
PROMISE = f"{LINJIANG}/set/HZ-078/set:limits/promise"
HALF_DAY = {
    "n": "4", "per": "workhour", "why_zh": "区里新添了制证机", "why_en": "The district has a new machine",
    "source": "临公〔2026〕12 号", "sure": "1", "from": "", "to": "",
}  # fmt: skip


WHOSE = {LINJIANG: "supervisor", LIUXI: "station_designer", "/studio/layers/province": "province"}
ROW = """insert into layer_sheet (id, unit_id, version, items, said, account_id, by, at)
values (gen_random_uuid(), %s, 99, '{}', '{}', %s, 'x', now())"""


@pytest.fixture
def as_before(cast: Cast) -> Iterator[None]:
    """Whatever was published here is the files' again afterwards."""
    pack.forget()
    yield
    for place, who in WHOSE.items():
        visit = Visit(cast[who].token)
        page = visit.get(place)
        if 'data-verb="layer_back"' in page.html or "还没有发布" in page.text:
            _go_back(visit, place, "file")
            if "没有还没发布的改动" not in visit.get(f"{place}/publish").text:
                _publish(_colleague(cast, place) or visit, place, "恢复原样")
    pack.forget()


def _colleague(cast: Cast, place: str) -> Visit | None:
    """Somebody else who may publish there, for what needs two."""
    return Visit(cast["designer"].token) if place == LINJIANG else None


def _sent(page: Page) -> dict[str, str]:
    return page.form_with("request_id")


def _set(visit: Visit, path: str, go: str = "save", **fields: str) -> Page:
    return visit.post(path, _sent_form(visit.get(path), "seen") | fields | {"go": go})


def _sent_form(page: Page, name: str) -> dict[str, str]:
    return page.form_with(name)


def _publish(visit: Visit, place: str, why: str, **fields: str) -> Page:
    page = visit.get(f"{place}/publish")
    return visit.post(f"{place}/publish", page.form_with("known") | {"why": why} | fields)


def _go_back(visit: Visit, place: str, to: str) -> Page:
    page = visit.get(place)
    seen = re.search(r'name="seen" value="(\d+)"', page.html)
    return visit.post(f"{place}/back", {"to": to, "seen": seen[1] if seen else "0", "request_id": fresh()})


def test_E01_a_county_sees_what_it_may_set_within_what_and_what_holds_above(
    cast: Cast, as_before: None
) -> None:
    page = Visit(cast["supervisor"].token).get(f"{LINJIANG}/set/HZ-078")
    assert "承诺时限 不少于 1 个工作小时 1 个工作日 没有定" in page.text
    assert "不多于 90 天 45 天 60 天" in page.text, (
        "kept longer by the city, longer still by the county itself"
    )
    assert "费用" not in page.text, "fees are left to province and city"
    assert "费用" in Visit(cast["chief"].token).get("/studio/layers/AL/set/HZ-078").text


def test_E01_a_county_shortens_a_promise_by_page_and_its_stations_keep_it_and_nobody_else(
    cast: Cast, as_before: None, above: psycopg.Connection[Any]
) -> None:
    officer = Visit(cast["supervisor"].token)
    running = cast.apply().matter_id
    was, elsewhere = _pinned(above, running), pack.current("HZ-078", (202, 20)).hash
    tried = _set(officer, PROMISE, "try", **HALF_DAY)
    assert (
        "临江区公安分局" in tried.text and "1 个工作日 4 个工作小时" in tried.text and "个全过" in tried.text
    )
    assert _limit("AL-LJ-LX") == "1 workday" and "还没有发布" not in officer.get(LINJIANG).text
    saved = _set(officer, PROMISE, **HALF_DAY)
    assert "存好了" in saved.text and _limit("AL-LJ-LX") == "1 workday"
    assert _publish(officer, LINJIANG, " ").status == 422
    done = _publish(officer, LINJIANG, "新机器到了")
    assert "从现在起生效" in done.text and _limit("AL-LJ-LX") == "4 workhour"
    assert _limit("AL-YX-DK") == "4 workhour" and pack.current("HZ-078", (202, 20)).hash == elsewhere
    assert _limit("") == "1 workday" and _pinned(above, running) == was
    told = pack.current("HZ-078", (102, 10)).provenance["/limits/promise"][-1]
    assert (told["unit"], told["why"]["zh"], told["source"]) == (
        "AL-LJ",
        "区里新添了制证机",
        "临公〔2026〕12 号",
    )
    assert "4 个工作小时" in officer.get("/item/HZ-078?point=LX-1").text
    number = _last()
    assert "方既明 新机器到了" in officer.get(LINJIANG).text
    assert "看改了什么，发布" in _go_back(officer, LINJIANG, "file").text
    assert "4 个工作小时 1 个工作日" in officer.get(f"{LINJIANG}/publish").text
    back = _publish(officer, LINJIANG, "机器坏了", undoes=str(number))
    assert f"收回第 {number} 次" in back.text and _limit("AL-LJ-LX") == "1 workday"
    again = _go_back(officer, LINJIANG, str(number))
    assert "1 个工作日 4 个工作小时" in again.text, "an earlier publication can be gone back to as well"
    _publish(officer, LINJIANG, "修好了")
    assert _limit("AL-LJ-LX") == "4 workhour"


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"n": "2", "per": "workday"}, "比上级定的 1 workday 长"),
        ({"n": "5", "per": "workday"}, "超过法定 3 day"),
        ({"n": "5", "per": "minute"}, "不能少于 1 workhour"),
    ],
)
def test_E01_an_illegal_override_is_refused_by_page_with_the_reason_and_keeps_what_was_typed(
    cast: Cast, as_before: None, fields: dict[str, str], rule: str
) -> None:
    officer = Visit(cast["supervisor"].token)
    for go in ("try", "save"):
        page = _set(officer, PROMISE, go, **HALF_DAY | fields)
        assert "不能这样定" in page.text and rule in page.text
        assert (
            page.form_with("why_zh")["why_zh"] == "区里新添了制证机"
            and page.form_with("n")["n"] == fields["n"]
        )
    assert "还没有发布" not in officer.get(LINJIANG).text


def test_E01_what_is_missing_is_told_all_at_once_at_its_field(cast: Cast, as_before: None) -> None:
    page = _set(
        Visit(cast["supervisor"].token),
        PROMISE,
        "save",
        n="",
        per="workhour",
        why_zh="",
        why_en="",
        source="",
    )
    assert page.status == 422 and "有 3 处要补" in page.text
    assert "请填一个数" in page.text and "请写为什么" in page.text and "也用英文写一句" in page.text


def test_E01_what_a_city_sets_may_not_leave_a_county_behind(cast: Cast, as_before: None) -> None:
    page = _set(
        Visit(cast["chief"].token),
        "/studio/layers/AL/set/HZ-078/set:limits/promise",
        "try",
        **HALF_DAY | {"n": "2"},
    )
    assert "不能这样定" in page.text and "云汀区公安分局" in page.text


def test_E01_two_people_at_one_layer_get_a_clear_conflict_and_nothing_typed_is_lost(
    cast: Cast, as_before: None
) -> None:
    first, second = Visit(cast["supervisor"].token), Visit(cast["designer"].token)
    mine, theirs = first.get(PROMISE), second.get(PROMISE)
    room = f"{LINJIANG}/set/HZ-078/offer:kiosk"
    also = second.get(room)
    sent = _sent_form(mine, "seen") | HALF_DAY | {"go": "save"}
    assert "存好了" in first.post(PROMISE, sent).text
    assert "存好了" in first.post(PROMISE, sent).text, "sent twice, saved once"
    late = second.post(
        PROMISE, _sent_form(theirs, "seen") | HALF_DAY | {"n": "3", "go": "save", "why_zh": "三小时就够"}
    )
    assert (
        late.status == 409
        and "方既明 刚存了一次" in late.text
        and "对方定的是：承诺时限定为 4 个工作小时" in late.text
    )
    assert late.form_with("n")["n"] == "3" and late.form_with("why_zh")["why_zh"] == "三小时就够"
    assert "存好了" in second.post(PROMISE, late.form_with("n") | {"go": "save"}).text
    other = second.post(room, _sent_form(also, "seen") | HALF_DAY | {"go": "save"})
    assert other.status == 409, "another thing of the same layer"
    second.post(room, other.form_with("seen") | {"go": "save"})
    page = first.get(LINJIANG)
    assert "承诺时限定为 3 个工作小时" in page.text and "增加渠道：自助机" in page.text
    assert page.text.count("承诺时限定为") - page.text.count("：承诺时限定为") == 1


def test_E01_a_preview_that_is_out_of_date_publishes_nothing(cast: Cast, as_before: None) -> None:
    officer, colleague = Visit(cast["supervisor"].token), Visit(cast["designer"].token)
    _set(officer, PROMISE, **HALF_DAY)
    seen = officer.get(f"{LINJIANG}/publish")
    _set(colleague, f"{LINJIANG}/set/HZ-078/offer:kiosk", **HALF_DAY)
    before = _last()
    page = officer.post(f"{LINJIANG}/publish", seen.form_with("known") | {"why": "新机器到了"})
    assert page.status == 409 and "顾言蹊" in page.text and page.form_with("why")["why"] == "新机器到了"
    assert _last() == before


def test_E01_what_hands_power_on_or_closes_a_channel_takes_two(cast: Cast, as_before: None) -> None:
    officer, colleague = Visit(cast["supervisor"].token), Visit(cast["designer"].token)
    _set(officer, f"{LINJIANG}/set/HZ-078/withdraw:workstation", **HALF_DAY)
    assert "这次改动要两个人" in officer.get(f"{LINJIANG}/publish").text
    before = _last()
    sent = {
        "seen": re.search(r'name="seen" value="(\d+)"', officer.get(LINJIANG).html)[1],
        "known": str(before),
    }  # type: ignore[index]
    page = officer.post(f"{LINJIANG}/publish", sent | {"why": "装修", "request_id": fresh()})
    assert page.status == 409 and _last() == before
    assert "从现在起生效" in _publish(colleague, LINJIANG, "装修").text
    assert "workstation" not in pack.current("HZ-078", (101, 10)).channels


@pytest.mark.parametrize("role", ["resident", "clerk", "approver", "officer", "auditor", "other_station"])
def test_E01_who_may_not_design_sees_no_layer(cast: Cast, role: str) -> None:
    for path in ("/studio/layers", LINJIANG, PROMISE, f"{LINJIANG}/publish"):
        assert Visit(cast[role].token).get(path).status == 403, path


@pytest.mark.parametrize(
    ("role", "mine", "others"),
    [
        ("station_designer", LIUXI, LINJIANG),
        ("supervisor", LIUXI, "/studio/layers/AL-YX"),
        ("chief", "/studio/layers/AL-YX-TH", "/studio/layers/province"),
        ("province", "/studio/layers/province", "/studio/layers/AL"),
        ("sysadmin", "", "/studio/layers/AL"),
    ],
)
def test_E01_one_writes_the_own_layer_and_those_below_by_right_and_no_other(
    cast: Cast, role: str, mine: str, others: str
) -> None:
    visit = Visit(cast[role].token)
    assert "只能看" in visit.get(others).text
    if mine:
        assert "只能看" not in visit.get(mine).text
    do = (
        "/set/HZ-106/set:limits/correction"
        if others.endswith("province")
        else "/set/HZ-078/set:limits/promise"
    )
    page = visit.post(f"{others}{do}", HALF_DAY | {"go": "save", "seen": "0", "request_id": fresh()})
    assert (
        page.status == 403
        and visit.post(f"{others}/back", {"to": "file", "request_id": fresh()}).status == 403
    )
    assert visit.post(f"{others}/publish", {"why": "x", "request_id": fresh()}).status in (403, 404)


def test_E01_a_station_and_the_province_lay_their_own(cast: Cast, as_before: None) -> None:
    station, province = Visit(cast["station_designer"].token), Visit(cast["province"].token)
    _set(station, f"{LIUXI}/set/HZ-078/set:limits/review", **HALF_DAY | {"n": "30", "per": "minute"})
    assert "从现在起生效" in _publish(station, LIUXI, "专人审批").text
    assert (_limit("AL-LJ-LX", "review"), _limit("AL-YX-DK", "review")) == ("30 minute", "1 workhour")
    assert "room" in pack.current("HZ-078", (102, 10)).channels, "what its file sets stays"
    path = "/studio/layers/province/set/HZ-106/set:limits/correction"
    op = re.search(
        r'href="(/studio/layers/province/set/HZ-106/[^"]+)"', province.get("/studio/layers/province").html
    )
    assert op and html.unescape(op[1]).startswith(path)
    _set(province, html.unescape(op[1]), **HALF_DAY | {"n": "30", "per": "day"})
    assert "从现在起生效" in _publish(province, "/studio/layers/province", "多留十天").text
    assert _limit("AL-YX", "correction", "HZ-106") == _limit("", "correction", "HZ-106") == "30 day"


def test_E01_examples_that_come_out_otherwise_because_of_a_layer_are_written_down_with_it(
    cast: Cast, as_before: None
) -> None:
    from doorstep.domains.studio.example import run_examples

    officer = Visit(cast["supervisor"].token)
    step = {
        "title_zh": "制证前核对照片",
        "title_en": "Photograph checked",
        "who": "competent",
        "side": "after",
    }
    sent = HALF_DAY | step | {"n": "30", "per": "minute"}
    path = f"{LINJIANG}/set/HZ-078/insert:review"
    assert "个例子走法不一样" in _set(officer, path, "try", **sent).text
    _set(officer, path, **sent)
    _set(officer, f"{LINJIANG}/set/HZ-106/drop:LEA", **HALF_DAY)
    assert "从现在起生效" in _publish(officer, LINJIANG, "核对照片；不再要合同").text
    for code in ("HZ-078", "HZ-106"):
        found = pack.current(code, (10,))
        assert all(one.ok for one in run_examples(found)), code
    assert "added_review" in pack.current("HZ-078", (10,)).flow.steps
    page = officer.get(LINJIANG)
    taken = re.search(r'href="([^"]+insert:review\?op=[^"]+)"', page.html)
    assert taken and "存好了" in _set(officer, html.unescape(taken[1]), "remove").text
    assert "从现在起生效" in _publish(officer, LINJIANG, "不用核了").text
    assert "added_review" not in pack.current("HZ-078", (10,)).flow.steps


def test_E01_a_layer_by_page_is_the_same_file_and_survives_a_start(
    cast: Cast, as_before: None, tmp_path: Path
) -> None:
    import shutil

    from doorstep.domains import studio
    from doorstep.domains.studio import publish
    from doorstep.domains.studio.publish import fingerprints
    from doorstep.domains.studio.sheet import stacks_in_force
    from doorstep.rulebook.region import FOLDER

    officer = Visit(cast["supervisor"].token)
    _set(officer, PROMISE, **HALF_DAY)
    _publish(officer, LINJIANG, "新机器到了")
    shutil.copytree(FOLDER / "anlan", tmp_path / "anlan")
    text = officer._client.get(f"{LINJIANG}/file").content.decode()
    (tmp_path / "anlan" / "layers" / "linjiang.yaml").write_text(text)
    assert studio.fmt(text) == text
    files = studio.read_stacks("anlan", tmp_path)
    held = _migrating(lambda: fingerprints(stacks_in_force())["HZ-078"])
    assert files.check({"HZ-078"}) == [] and fingerprints(files)["HZ-078"] == held
    before = _last()
    _migrating(publish.found_packs)
    assert _last() == before and _limit("AL-LJ-LX") == "4 workhour"


def test_E01_a_publication_by_page_is_taken_back_at_the_command_line_too(cast: Cast, as_before: None) -> None:
    from doorstep.domains.studio import publish

    officer = Visit(cast["supervisor"].token)
    _set(officer, PROMISE, **HALF_DAY)
    _publish(officer, LINJIANG, "新机器到了")
    _migrating(lambda: publish.roll_back(_last(), by="沈知秋", why="不行"))
    assert _limit("AL-LJ-LX") == "1 workday"
    page = officer.get(LINJIANG)
    assert "收回第" in page.text and "还没有发布" in page.text, "what was written is kept, and not in force"


def test_E01_the_database_lets_no_layer_reach_beyond_its_unit(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from django.db import connection
    from django.db.utils import ProgrammingError

    from doorstep.domains.studio.sheet import may_lay

    def refused(sql: str, *values: Any) -> bool:
        from django.db import transaction

        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql, values)
        except ProgrammingError:
            return True
        return False

    with cast.enter("station_designer") as viewer:
        assert (may_lay(102), may_lay(10), may_lay(101), may_lay(1), may_lay(0)) == (
            True,
            False,
            False,
            False,
            False,
        )
        assert refused(ROW, 10, viewer.account_id) and refused(ROW, 102, cast_id(cast, "designer"))
        assert refused("update layer_sheet set by = 'y'") and refused("delete from layer_in_force")
        assert refused("insert into publication (at, by, why) values (now(), 'x', 'y')")
    with cast.enter("resident"):
        assert not may_lay(102)


def cast_id(cast: Cast, role: str) -> Any:
    with cast.enter(role) as viewer:
        return viewer.account_id
