"""Opening hours as data: said as people say them, with make-up days, holidays, closed days, and layers over the usual week."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from doorstep.domains.studio import read_stacks, region_findings
from doorstep.rulebook.hours import Hours, Week, week_flaws
from doorstep.rulebook.pack import Unusable
from doorstep.rulebook.region import FOLDER, load_region
from tests.studio.regions import town

TOWN = load_region("anlan")
CHINA = TOWN.calendar
OFFICE = {"mon-fri": ["09:00-17:00"]}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA.zone)


@pytest.mark.parametrize(
    ("week", "zh", "en"),
    [
        (OFFICE, "周一至周五 9:00–17:00", "Mon–Fri 9:00–17:00"),
        ({"mon-fri": ["08:30-12:00", "14:00-17:30"], "sat": ["09:00-12:00"]},
         "周一至周五 8:30–12:00、14:00–17:30；周六 9:00–12:00", "Mon–Fri 8:30–12:00, 14:00–17:30; Sat 9:00–12:00"),
        ({"mon": ["09:00-12:00"], "wed-fri": ["09:00-12:00"]}, "周一、周三至周五 9:00–12:00", "Mon, Wed–Fri 9:00–12:00"),
        ({"daily": ["08:00-22:00"]}, "每天 8:00–22:00", "daily 8:00–22:00"),
        ({"daily": ["00:00-24:00"], "holidays": "usual"}, "每天 24 小时，节假日也开", "Day and night, holidays too"),
        ({"sat-mon": ["10:00-12:00"]}, "周一、周六、周日 10:00–12:00", "Mon, Sat, Sun 10:00–12:00"),
        ({"holidays": ["10:00-12:00"]}, "不对外开放", "not open to callers"),
    ],
)  # fmt: skip
def test_a_week_is_said_as_people_say_it(week: dict[str, Any], zh: str, en: str) -> None:
    said = Week.of(week).words
    assert (said.zh, said.en) == (zh, en)


@pytest.mark.parametrize(
    ("raw", "moment", "expected"),
    [
        (OFFICE, "2026-11-20 16:59", "open 17:00"),  # a Friday
        (OFFICE, "2026-11-20 17:00", "2026-11-23 09:00"),  # the Monday
        (OFFICE, "2026-11-20 08:00", "2026-11-20 09:00"),
        (OFFICE, "2026-10-10 10:00", "open 17:00"),  # a Saturday that is a make-up working day
        (OFFICE, "2026-09-30 18:00", "2026-10-08 09:00"),  # over the National Day holiday
        (
            {**OFFICE, "sat": ["09:00-11:00"]},
            "2026-10-10 11:30",
            "2026-10-12 09:00",
        ),  # Saturday has its own hours
        ({"daily": ["00:00-24:00"], "holidays": "usual"}, "2026-10-01 23:59", "open 23:59"),
        ({**OFFICE, "holidays": ["10:00-12:00"]}, "2026-10-01 08:00", "2026-10-01 10:00"),
        ({}, "2026-11-20 13:00", "2026-11-20 14:00"),  # nothing said: as the region
    ],
)
def test_open_until_or_open_again(raw: dict[str, Any], moment: str, expected: str) -> None:
    found = Hours.of(raw, CHINA).opening(at(moment))
    until = f"open {found.until:%H:%M}" if found.until else ""
    assert (until or f"{found.next:%Y-%m-%d %H:%M}") == expected


def test_closed_days_say_why_and_a_layer_s_week_holds_for_its_days_only() -> None:
    words = {"zh": "盘点", "en": "stocktaking"}
    raw = {
        "week": OFFICE,
        "set": [
            {"from": "2026-12-01", "to": "2026-12-31", "week": {"mon-sat": ["10:00-16:00"]}, "why": words}
        ],
        "closed": [{"from": "2026-12-07", "to": "2026-12-08", "why": words}],
    }
    told = Hours.of(raw, CHINA)
    now = told.opening(at("2026-12-07 10:30"))
    assert (now.open, now.why and now.why.zh, f"{now.next:%d %H:%M}") == (False, "盘点", "09 10:00")
    assert told.week(date(2026, 11, 30)).words.zh == "周一至周五 9:00–17:00"
    assert told.week(date(2026, 12, 1)).words.zh == "周一至周六 10:00–16:00"
    assert [(a.day, b.day, why.zh) for a, b, why in told.exceptions(date(2026, 12, 1))] == [
        (7, 8, "盘点，不开")
    ]


def test_a_holiday_and_its_make_up_day_are_told_beforehand() -> None:
    told = [(a.day, b.day, why.zh) for a, b, why in Hours.of(OFFICE, CHINA).exceptions(date(2026, 9, 28))]
    assert told == [(1, 2, "国庆节，不开"), (5, 7, "国庆节，不开"), (10, 10, "调休上班，开 9:00–17:00")]


def test_a_day_twice_and_times_out_of_order_are_flaws() -> None:
    raw = {"mon-fri": ["09:00-17:00"], "fri": ["09:00-12:00"], "sat": ["12:00-09:00"]}
    assert [(one.where, one.rule) for one in week_flaws(raw)] == [
        (("fri",), "hours.twice"), (("sat",), "hours.order"),
    ]  # fmt: skip


def test_a_layer_s_hours_reach_its_point_and_no_other() -> None:
    points = {one["code"]: one for one in TOWN.points}
    assert (
        Hours.of(points["LX-R1"]["hours"], CHINA).week(date(2026, 11, 23)).words.en
        == "Mon–Fri 8:30–12:00; Sat 8:30–11:30"
    )
    assert "hours" not in points["HW-R1"]


LAYER = """level: county
unit: AL-YX
title: {zh: 区, en: District}
points:
  LX-1:
    closed:
      - {from: 2026-12-01, to: 2026-12-02, why: {zh: 盘点, en: stocktaking}}
  DK-1:
    hours:
      - from: null
        to: null
        week: {mon-fri: ['12:00-09:00']}
        why: {zh: 试, en: To try}
        source: none
        sure: false
    closed:
      - {from: 2026-12-03, to: 2026-12-02, why: {zh: 盘点, en: stocktaking}}
"""


def test_wrong_hours_in_a_layer_are_told_with_their_line(tmp_path: Path) -> None:
    town(tmp_path)
    (tmp_path / "anlan" / "layers" / "wrong.yaml").write_text(LAYER)
    with pytest.raises(Unusable) as why:
        read_stacks("anlan", tmp_path)
    assert [(one.line, one.rule) for one in why.value.findings] == [
        (5, "layer.point"), (12, "hours.order"), (17, "layer.dates"),
    ]  # fmt: skip


def test_wrong_hours_of_a_region_are_told_with_their_line(tmp_path: Path) -> None:
    assert region_findings("anlan") == []
    (tmp_path / "x").mkdir()
    text = (
        (FOLDER / "anlan" / "region.yaml")
        .read_text()
        .replace('mon-fri: ["08:30-12:00", ', 'mon-fri: ["8.30-12:00", ')
    )
    (tmp_path / "x" / "region.yaml").write_text(text)
    (found,) = region_findings("x", tmp_path)
    assert (found.rule, text.splitlines()[found.line - 1].strip()[:7]) == ("pack.pattern", "mon-fri")
