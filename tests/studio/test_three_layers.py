"""Three layers of one region written at once, by page, by three people in three browsers: each sees the others, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from doorstep.rulebook import pack
from tests.cast import Cast, fresh
from tests.journeys.visit import Page, Visit
from tests.studio.test_own_layer import HALF_DAY, LINJIANG, LIUXI, _go_back, _last, _limit, _publish, _set

PROVINCE = "/studio/layers/province"
ITEM = "set/HZ-106"
WHO = {PROVINCE: "province", LINJIANG: "supervisor", LIUXI: "station_designer"}
EDITS = {
    PROVINCE: ("set:limits/correction", {"n": "25", "per": "day", "why_zh": "省里多留几天"}),
    LINJIANG: ("drop:LEA", {"why_zh": "区里自己查合同"}),
    LIUXI: ("set:limits/look", {"n": "2", "per": "workhour", "why_zh": "所里两小时"}),
}


@pytest.fixture
def three(cast: Cast) -> Iterator[dict[str, Visit]]:
    pack.forget()
    found = {place: Visit(cast[who].token) for place, who in WHO.items()}
    yield found
    for place in reversed(WHO):
        page = found[place].get(place)
        if 'data-verb="layer_back"' in page.html or "还没有发布" in page.text:
            seen = found[place].get(f"{place}/set/HZ-106/{EDITS[place][0]}").form_with("seen")["seen"]
            found[place].post(f"{place}/back", {"to": "file", "seen": seen, "request_id": fresh()})
            if "没有还没发布的改动" not in found[place].get(f"{place}/publish").text:
                _publish(found[place], place, "恢复原样")
    pack.forget()


def test_E01_three_layers_are_written_at_once_each_sees_the_others_and_nothing_is_lost(
    three: dict[str, Visit],
) -> None:
    opened = {place: three[place].get(f"{place}/{ITEM}/{do}") for place, (do, _) in EDITS.items()}
    for place, (do, fields) in EDITS.items():
        sent = opened[place].form_with("seen") | HALF_DAY | fields | {"go": "save"}
        page = three[place].post(f"{place}/{ITEM}/{do}", sent)
        assert "存好了" in page.text, page.text[page.text.find("不能这样定") :][:1500]
    for place in EDITS:
        seen = three[place].get(f"{place}/beside?seen=0&name=HZ-106").text
        others = [fields["why_zh"] for other, (_, fields) in EDITS.items() if other != place]
        names = {PROVINCE: "省厅", LINJIANG: "临江区公安分局", LIUXI: "柳溪派出所"}
        assert all(name in seen for other, name in names.items() if other != place), (place, seen, others)
    previews = {place: three[place].get(f"{place}/publish") for place in EDITS}
    before, answers = _last(), []
    for place in EDITS:
        page = three[place].post(
            f"{place}/publish", previews[place].form_with("known") | {"why": f"一起 {place}"}
        )
        answers.append(page.status)
        if page.status == 409:
            assert "刚刚发布了 HZ-106" in page.text and page.form_with("why")["why"] == f"一起 {place}"
            page = three[place].post(f"{place}/publish", page.form_with("known"))
        assert "从现在起生效" in page.text
    assert answers == [200, 409, 409] and _last() >= before + 3
    held = pack.current("HZ-106", (102, 10))
    assert (_limit("AL-LJ-LX", "correction", "HZ-106"), _limit("AL-LJ-LX", "look", "HZ-106")) == (
        "25 day",
        "2 workhour",
    )
    assert "LEA" not in [one.material.code for one in held.materials]
    told = {rows[-1]["why"]["zh"] for rows in held.provenance.values()}
    assert told >= {fields["why_zh"] for _, fields in EDITS.values()}
    assert _shown(three[LIUXI]).count("所里两小时") == 1


def _shown(visit: Visit) -> str:
    return visit.get("/studio/HZ-106/layers?unit=AL-LJ-LX").text


def test_E01_what_no_longer_fits_after_another_published_is_told_and_stays_written(
    three: dict[str, Visit],
) -> None:
    station, county = three[LIUXI], three[LINJIANG]
    _set(station, f"{LIUXI}/{ITEM}/set:limits/look", **HALF_DAY | {"n": "6", "per": "workhour"})
    seen = station.get(f"{LIUXI}/publish")
    _set(county, f"{LINJIANG}/{ITEM}/set:limits/look", **HALF_DAY | {"n": "3", "per": "workhour"})
    assert "从现在起生效" in _publish(county, LINJIANG, "三小时").text
    late: Page = station.post(f"{LIUXI}/publish", seen.form_with("known") | {"why": "六小时"})
    assert late.status == 409 and "比上级定的 3 workhour 长" in late.text
    assert "定为 6 个工作小时" in station.get(LIUXI).text, "what was written is still there"
    _set(station, f"{LIUXI}/{ITEM}/set:limits/look", **HALF_DAY | {"n": "2", "per": "workhour"})
    assert "从现在起生效" in _publish(station, LIUXI, "两小时").text
    assert _limit("AL-LJ-LX", "look", "HZ-106") == "2 workhour"


def test_E01_a_county_offers_a_channel_that_its_station_offers_already(three: dict[str, Visit]) -> None:
    station, county = three[LIUXI], three[LINJIANG]
    assert "room" in pack.current("HZ-078", (102, 10)).channels
    _set(station, f"{LIUXI}/set/HZ-078/offer:kiosk", **HALF_DAY | {"why_zh": "所里先上"})
    assert "从现在起生效" in _publish(station, LIUXI, "自助机").text
    _set(county, f"{LINJIANG}/set/HZ-078/offer:kiosk", **HALF_DAY | {"why_zh": "全区都上"})
    assert "从现在起生效" in _publish(county, LINJIANG, "自助机").text
    held = pack.current("HZ-078", (102, 10))
    assert "kiosk" in held.channels and held.provenance["/channels/kiosk"][-1]["unit"] == "AL-LJ"
    assert "上级已经定了" in station.get(LIUXI).text
    _go_back(county, LINJIANG, "file")
    _publish(county, LINJIANG, "区里不上了")
    held = pack.current("HZ-078", (102, 10))
    assert held.provenance["/channels/kiosk"][-1]["unit"] == "AL-LJ-LX", "the station's own counts again"
