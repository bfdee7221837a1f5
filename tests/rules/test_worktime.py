"""Business time: named cases, pandas' CustomBusinessHour as oracle, a naive model minute by minute for leave."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.worktime import OutsideCalendar, WorkTime, read_frames
from tests.named_cases import each

FRAMES = read_frames(["09:00-12:00", "13:30-18:00"])
FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
DAYS = (LAST - FIRST).days + 1
# as the State Council announced them
OFF = {
    *(date(2025, 10, day) for day in range(1, 9)),
    *(date(2026, 1, day) for day in range(1, 4)),
    *(date(2026, 2, day) for day in range(15, 24)),
}
MADE_UP = {date(2025, 9, 28), date(2025, 10, 11), date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28)}


def working() -> np.ndarray:
    days = [FIRST + timedelta(number) for number in range(DAYS)]
    return np.array([day in MADE_UP or (day.weekday() < 5 and day not in OFF) for day in days])


HALF_DAYS = {date(2026, 2, 13): read_frames(["09:00-12:00"])}
CALENDAR = WorkTime.of(FIRST, working(), FRAMES, HALF_DAYS)
WHOLE_DAYS = WorkTime.of(FIRST, working(), FRAMES)
# an oracle for pandas, which knows days off and no make-up workdays: they are its week's days
ORACLE = pd.offsets.CustomBusinessHour(
    start=["09:00", "13:30"], end=["12:00", "18:00"], weekmask="Mon Tue Wed Thu Fri Sat Sun",
    holidays=[FIRST + timedelta(number) for number in np.flatnonzero(~working()).tolist()],
)  # fmt: skip
SECONDS = st.integers(0, 500 * 86_400)


def times(*texts: object) -> np.ndarray:
    return np.array(texts, "datetime64[s]")


@each("worktime")
def test_named_case(case):
    at, due = times(case["at"]), times(case["is"])
    asked = {"after_hours": [case.get("n", 0) * 3600], "after_days": [case.get("n", 0)]}.get(case["ask"], [])
    assert getattr(CALENDAR, case["ask"])(at, *asked) == due


@settings(max_examples=150, deadline=None)
@given(SECONDS, st.integers(1, 60))
def test_hours_agree_with_pandas(second, hours):
    at = times("2025-01-01T00:00:00") + second
    oracle = times(pd.Timestamp(at[0]) + hours * ORACLE)
    # pandas says the start of the next frame for the end of one
    due = WHOLE_DAYS.after_hours(at, hours * 3600)
    assert WHOLE_DAYS.next_open(due) == WHOLE_DAYS.next_open(oracle)


@settings(max_examples=200, deadline=None)
@given(st.lists(SECONDS, min_size=1, max_size=20), st.integers(1, 400_000))
def test_the_time_used_until_a_due_time_is_the_time_allowed(seconds, allowed):
    at = times("2025-01-01T00:00:00") + np.array(seconds)
    due = CALENDAR.after_hours(at, allowed)
    assert (CALENDAR.used(at, due) == allowed).all()
    assert (CALENDAR.used(at, due - np.timedelta64(1, "s")) < allowed).all()


@settings(max_examples=200, deadline=None)
@given(SECONDS, SECONDS, SECONDS)
def test_used_time_adds_up(one, two, three):
    at = times("2025-01-01T00:00:00") + np.array([one, two, three])
    first, second, third = (at[number : number + 1] for number in range(3))
    assert CALENDAR.used(first, third) == CALENDAR.used(first, second) + CALENDAR.used(second, third)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 20 * 1440), st.integers(0, 3 * 1440), st.integers(0, 20 * 1440), st.integers(1, 1200))
def test_leave_is_no_working_time(begin, length, start, minutes):
    """A minute counts when its own frame is open and nobody is away in it."""
    zero = datetime(2025, 9, 20)  # noqa: DTZ001
    away = (np.datetime64(zero + timedelta(minutes=begin)), np.datetime64(zero + timedelta(minutes=begin + length)))
    mine = WorkTime.of(FIRST, working(), FRAMES, away=[away])
    at, left = zero + timedelta(minutes=start), minutes
    while left:
        clock, day = at.hour * 60 + at.minute, at.date()
        open_ = day in MADE_UP or (day.weekday() < 5 and day not in OFF)
        inside = any(one // 60 <= clock < two // 60 for one, two in FRAMES)
        left -= open_ and inside and not away[0] <= np.datetime64(at) < away[1]
        at += timedelta(minutes=1)
    assert mine.after_hours(times(zero + timedelta(minutes=start)), minutes * 60) == times(at)


def test_many_times_are_asked_about_at_once():
    at = times("2025-01-01T00:00:00") + np.arange(0, 300 * 86_400, 7_200)
    one_by_one = [CALENDAR.same_clock(at[number : number + 1])[0] for number in range(len(at))]
    assert (CALENDAR.same_clock(at) == np.array(one_by_one)).all()
    assert CALENDAR.is_open(CALENDAR.next_open(at)).all()


def test_a_year_that_the_calendar_does_not_know_is_named():
    for ask in (CALENDAR.next_open, CALENDAR.same_clock, CALENDAR.end_of_day):
        with pytest.raises(OutsideCalendar) as told:
            ask(times("2026-12-31T18:00:00"))
        assert told.value.year == 2027
    with pytest.raises(OutsideCalendar, match="2027"):
        CALENDAR.after_hours(times("2026-12-31T17:00:00"), 3 * 3600)
    with pytest.raises(OutsideCalendar, match="2027"):
        CALENDAR.after_days(times("2026-12-31T17:00:00"), 1)
    with pytest.raises(OutsideCalendar, match="2024"):
        CALENDAR.used(times("2024-12-31T23:00:00"), times("2025-01-02T10:00:00"))


@pytest.mark.parametrize(
    "frames", [["9-12"], ["12:00-09:00"], ["09:00-12:00", "11:00-13:00"], ["09:61-12:00"], ["09:00-25:00"]]
)
def test_frames_that_make_no_sense_are_refused(frames):
    with pytest.raises(ValueError, match="0"):
        read_frames(frames)
