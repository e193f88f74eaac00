"""Limits, counted by hand against the year 2026 of a Chinese calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.rulebook.clock import (
    Calendar,
    Due,
    Leg,
    Limit,
    Pause,
    clock_at,
    due,
    earliest,
    extended,
    legs,
    now,
    reminder,
    set_clock,
    workdays_between,
    worked_between,
)
from doorstep.rulebook.region import load_region

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


# Not published: what 2027 may look like, for what happens when a calendar lands.
NEXT = replace(
    CHINA, holidays=CHINA.holidays | _days(("2027-01-01", "2027-01-03")), years=CHINA.years | {2027}
)  # fmt: skip
TABLE = (Path(__file__).parent / "clock_cases.tsv").read_text(encoding="utf-8").splitlines()
CASES = [line.split("\t") for line in TABLE[3:] if line]


def pauses(text: str) -> list[Pause]:
    spans = [part.removeprefix("pause ").split(" > ") for part in text.split("; ") if ">" in part]
    return [Pause(at(begun), at(ended)) for begun, ended in spans]


def counted(what: str, start: str, limit: str, also: str) -> str:
    """The answer to one line of the table, written as it is there."""
    parsed = [Limit.parse(one) for one in limit.split(" + ")]
    begun, still = at(start), pauses(also)
    if what == "remind":
        return told(Due(reminder(begun, parsed[0], CHINA), False))
    if what == "extend":
        more = [Limit.parse(one) for one in also.split("; ") if one]
        return told(extended(begun, [*parsed, *more], CHINA))
    if what == "legs":
        early = next((at(one) for one in also.split("; ") if one and ">" not in one), None)
        parts = [Leg("station", parsed[0], early), Leg("county", parsed[1]), Leg("city", parsed[2])]
        dues, whole = legs(begun, parts, CHINA, still)
        return " / ".join(told(one) for one in (*dues.values(), whole))
    return told(due(begun, parsed[0], NEXT if what == "2027" else CHINA, still))


def told(one: Due) -> str:
    seconds = ":%S" if one.at.second else ""
    return f"{one.at:%Y-%m-%d %H:%M{seconds}}" + "*" * one.provisional


@pytest.mark.parametrize(("what", "start", "limit", "also", "end", "why"), CASES)
def test_a_limit_ends_where_a_person_would_count_it(
    what: str, start: str, limit: str, also: str, end: str, why: str
) -> None:
    assert counted(what, start, limit, also) == end, why


def test_the_table_is_as_long_as_was_promised_and_gives_its_reasons() -> None:
    assert len(CASES) >= 60
    assert {case[0] for case in CASES} == {"due", "pause", "extend", "legs", "reply", "remind", "2027"}
    assert all(len(case) == 6 and len(case[5]) > 5 for case in CASES)


def test_the_calendar_of_the_cases_is_the_one_that_is_shipped() -> None:
    shipped = load_region("anlan").calendar
    assert set(CHINA.holidays) == {day for day in shipped.holidays if day.year == 2026}
    assert set(CHINA.workdays) == {day for day in shipped.workdays if day.year == 2026}


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 1)),  # noqa: DTZ001 - hypothesis wants them bare
    st.integers(1, 20),
    st.sampled_from(["workday", "workhour", "day", "hour"]),
    st.integers(0, 400),
    st.integers(0, 400),
)
def test_a_pause_never_makes_a_limit_shorter_and_never_longer_than_itself_and_the_next_free_days(
    start: datetime, value: int, unit: str, begins: int, lasts: int
) -> None:
    begun, limit = start.replace(tzinfo=ZONE), Limit.parse(f"{value} {unit}")
    pause = Pause(begun + timedelta(hours=begins), begun + timedelta(hours=begins + lasts))
    without, with_ = due(begun, limit, CHINA).at, due(begun, limit, CHINA, [pause]).at
    assert without <= with_
    if pause.start > without + timedelta(days=1):
        assert without == with_
    if unit == "hour" and pause.start < without:
        assert with_ - without == pause.end - pause.start


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
