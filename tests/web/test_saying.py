"""Days, durations, money and numbers, as they are said to people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.web import saying
from doorstep.web.language import Wish, reading

AT = datetime(2026, 11, 21, 10, 21, tzinfo=UTC)


def test_a_day_is_written_with_its_weekday_in_both_languages():
    assert saying.day(AT) == "2026年11月21日（周六）"
    with reading(Wish("en")):
        assert saying.day(AT) == "Sat 21 Nov 2026"


def test_a_recent_moment_is_said_shortly():
    assert saying.near(AT - timedelta(days=1), AT).startswith("昨天 ")
    with reading(Wish("en")):
        assert saying.near(AT - timedelta(days=3), AT).startswith("Wed ")


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [(75, "1 小时 15 分钟", "1 hour 15 minutes"), (0, "0 分钟", "0 minutes"), (1440, "1 天", "1 day")],
)
def test_a_duration_is_said_in_words(minutes, zh, en):
    assert saying.duration(minutes).replace("\u00a0", " ") == zh
    with reading(Wish("en")):
        assert saying.duration(minutes).replace("\u00a0", " ") == en


def test_a_limit_is_said_in_its_own_unit():
    assert saying.duration({"value": 5, "unit": "workday"}) == "5\u00a0个工作日"


def test_money_carries_its_sign_and_nothing_to_pay_is_a_word():
    assert saying.money({"amount": "40.00", "currency": "CNY"}) == "¥40.00"
    assert saying.money(0) == "免费"


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("990104199001012716", "990104********2716"),
        ("19900000417", "199****0417"),
        ("陆望舒", "陆**"),
        ("", ""),
    ],
)
def test_the_middle_of_a_number_or_name_is_hidden(plain, masked):
    assert saying.mask(plain) == masked


def test_english_counts_one_and_many():
    assert saying.plural("{n} matter|{n} matters", 1) == "{n} matter"
    assert saying.plural("{n} matter|{n} matters", 2) == "{n} matters"
