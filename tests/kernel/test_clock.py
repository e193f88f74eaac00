"""Limits, counted by hand against the year 2026 of a Chinese calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.clock import (
    Calendar,
    Due,
    Limit,
    clock_at,
    due,
    earliest,
    now,
    set_clock,
    workdays_between,
    worked_between,
)

ZONE = ZoneInfo("Asia/Shanghai")
DAY = ((time(8, 30), time(12)), (time(14), time(17, 30)))


def _days(*spans: tuple[str, str]) -> dict[date, str]:
    days = {}
    for first, last in spans:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            days[day] = "holiday"
            day += timedelta(days=1)
    return days


CHINA = Calendar(
    ZONE,
    dict.fromkeys(range(5), DAY),
    _days(
        ("2026-01-01", "2026-01-03"),
        ("2026-02-15", "2026-02-23"),
        ("2026-04-04", "2026-04-06"),
        ("2026-05-01", "2026-05-05"),
        ("2026-06-19", "2026-06-21"),
        ("2026-09-25", "2026-09-27"),
        ("2026-10-01", "2026-10-07"),
    ),
    {
        date.fromisoformat(f"2026-{day}"): "make-up day"
        for day in ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
    },
    frozenset({2026}),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


CASES = [
    # start, limit, end, provisional
    ("2026-01-05 10:00", "1 workday", "2026-01-06 17:30", False),
    ("2026-01-05 10:00", "5 workday", "2026-01-12 17:30", False),
    ("2026-01-09 16:00", "1 workday", "2026-01-12 17:30", False),
    ("2026-01-09 20:00", "1 workday", "2026-01-12 17:30", False),
    ("2026-01-10 09:00", "1 workday", "2026-01-12 17:30", False),
    ("2025-12-31 10:00", "1 workday", "2026-01-04 17:30", False),
    ("2025-12-30 10:00", "1 workday", "2025-12-31 17:30", True),
    ("2026-01-03 10:00", "1 workday", "2026-01-04 17:30", False),
    ("2026-02-13 10:00", "1 workday", "2026-02-14 17:30", False),
    ("2026-02-13 10:00", "2 workday", "2026-02-24 17:30", False),
    ("2026-02-14 10:00", "1 workday", "2026-02-24 17:30", False),
    ("2026-02-27 10:00", "1 workday", "2026-02-28 17:30", False),
    ("2026-02-27 10:00", "2 workday", "2026-03-02 17:30", False),
    ("2026-04-03 10:00", "1 workday", "2026-04-07 17:30", False),
    ("2026-04-30 10:00", "1 workday", "2026-05-06 17:30", False),
    ("2026-04-30 10:00", "4 workday", "2026-05-09 17:30", False),
    ("2026-04-30 10:00", "5 workday", "2026-05-11 17:30", False),
    ("2026-06-18 10:00", "1 workday", "2026-06-22 17:30", False),
    ("2026-09-19 10:00", "1 workday", "2026-09-20 17:30", False),
    ("2026-09-24 10:00", "1 workday", "2026-09-28 17:30", False),
    ("2026-09-30 10:00", "1 workday", "2026-10-08 17:30", False),
    ("2026-09-30 10:00", "3 workday", "2026-10-10 17:30", False),
    ("2026-09-30 10:00", "4 workday", "2026-10-12 17:30", False),
    ("2026-12-30 10:00", "1 workday", "2026-12-31 17:30", False),
    ("2026-12-31 10:00", "1 workday", "2027-01-01 17:30", True),
    ("2026-12-24 10:00", "20 workday", "2027-01-21 17:30", True),
    ("2026-01-05 10:00", "3 day", "2026-01-08 17:30", False),
    ("2026-01-08 10:00", "3 day", "2026-01-12 17:30", False),
    ("2026-02-11 10:00", "3 day", "2026-02-14 17:30", False),
    ("2026-09-28 10:00", "3 day", "2026-10-08 17:30", False),
    ("2026-01-05 10:00", "30 day", "2026-02-04 17:30", False),
    ("2026-01-09 16:00", "24 hour", "2026-01-10 16:00", False),
    ("2026-12-31 20:00", "24 hour", "2027-01-01 20:00", False),
    ("2026-01-10 16:00", "30 minute", "2026-01-10 16:30", False),
    ("2026-01-10 16:00", "90 second", "2026-01-10 16:01:30", False),
    ("2026-01-10 16:00", "0 minute", "2026-01-10 16:00", False),
    ("2026-01-05 10:00", "1 workhour", "2026-01-05 11:00", False),
    ("2026-01-05 11:30", "1 workhour", "2026-01-05 14:30", False),
    ("2026-01-05 11:00", "1 workhour", "2026-01-05 12:00", False),
    ("2026-01-05 07:00", "7 workhour", "2026-01-05 17:30", False),
    ("2026-01-09 17:00", "2 workhour", "2026-01-12 10:00", False),
    ("2026-01-09 19:00", "1 workhour", "2026-01-12 09:30", False),
    ("2026-09-30 17:00", "1 workhour", "2026-10-08 09:00", False),
    ("2026-02-14 17:00", "1 workhour", "2026-02-24 09:00", False),
    ("2026-12-31 17:00", "1 workhour", "2027-01-01 09:00", True),
]


@pytest.mark.parametrize(("start", "limit", "end", "provisional"), CASES)
def test_a_limit_ends_where_a_person_would_count_it(
    start: str, limit: str, end: str, provisional: bool
) -> None:
    assert due(at(start), Limit.parse(limit), CHINA) == Due(at(end), provisional)


def test_the_same_moment_in_another_zone_ends_at_the_same_time() -> None:
    start = at("2026-01-05 23:30")
    assert due(start.astimezone(UTC), Limit(2, "workday"), CHINA) == due(start, Limit(2, "workday"), CHINA)


def test_a_promise_is_capped_by_the_law() -> None:
    start = at("2026-09-30 10:00")
    promise, law = due(start, Limit(3, "workday"), CHINA), due(start, Limit(3, "day"), CHINA)
    assert earliest(promise, law).at == at("2026-10-08 17:30")


def test_an_hour_stays_an_hour_when_the_clock_is_put_forward() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    calendar = Calendar(berlin, {0: DAY}, years=frozenset({2026}))
    start = datetime(2026, 3, 29, 1, 30, tzinfo=berlin)
    assert due(start, Limit(1, "hour"), calendar).at == datetime(2026, 3, 29, 3, 30, tzinfo=berlin)


def test_a_limit_from_an_unaware_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        due(datetime(2026, 1, 5), Limit(1, "day"), CHINA)  # noqa: DTZ001 - this is the mistake


@pytest.mark.parametrize("text", ["5", "5 weeks", "-1 day", "5.5 day", "", "day 5", "99999999 day"])
def test_a_limit_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="limit"):
        Limit.parse(text)


@pytest.mark.parametrize(
    ("promise", "law", "fits"),
    [
        ("5 workday", "7 day", True),
        ("5 workday", "6 day", False),
        ("0 minute", "3 day", True),
        ("72 hour", "3 day", True),
        ("8 workhour", "1 workday", True),
        ("1 workday", "1 day", False),
    ],
)
def test_a_promise_is_compared_with_the_law_across_units(promise: str, law: str, fits: bool) -> None:
    assert Limit.parse(promise).within(Limit.parse(law)) is fits


def test_open_time_between_two_moments_leaves_out_noon_nights_and_weekends() -> None:
    assert worked_between(at("2026-01-09 16:00"), at("2026-01-12 09:00"), CHINA) == timedelta(hours=2)
    assert worked_between(at("2026-01-05 11:00"), at("2026-01-05 15:00"), CHINA) == timedelta(hours=2)
    assert worked_between(at("2026-01-12 09:00"), at("2026-01-09 16:00"), CHINA) == timedelta()


def test_working_days_between_two_dates_count_make_up_days() -> None:
    assert workdays_between(date(2026, 2, 13), date(2026, 3, 2), CHINA) == 7


def test_a_calendar_that_contradicts_itself_is_refused() -> None:
    day = date(2026, 1, 1)
    with pytest.raises(ValueError, match="both"):
        Calendar(ZONE, {0: DAY}, {day: "a"}, {day: "b"})
    with pytest.raises(ValueError, match="order"):
        Calendar(ZONE, {0: ((time(12), time(9)),)})
    with pytest.raises(ValueError, match="never ends"):
        Calendar(ZONE, {})


def test_the_clock_can_be_set_for_a_block_and_for_the_process() -> None:
    with clock_at(at("2026-01-05 10:00")):
        assert now() == at("2026-01-05 10:00")
    set_clock(lambda: at("2030-01-01 00:00"))
    try:
        assert now().year == 2030
    finally:
        set_clock(None)
    assert abs(now() - datetime.now(tz=UTC)) < timedelta(seconds=5)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)),  # noqa: DTZ001 - hypothesis wants them bare
    st.integers(1, 40),
    st.sampled_from(["workday", "workhour", "day", "hour"]),
)
def test_a_longer_limit_never_ends_earlier_and_none_ends_before_it_began(
    start: datetime, value: int, unit: str
) -> None:
    begin = start.replace(tzinfo=ZONE)
    shorter, longer = (due(begin, Limit.parse(f"{n} {unit}"), CHINA).at for n in (value, value + 1))
    assert begin < shorter <= longer
