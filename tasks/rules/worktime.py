"""Business time, column-wise: when a promise falls due and how much working time has passed.

Times are naive wall clock times of the business zone, `datetime64[s]`. A calendar is the list of working intervals
(several frames a day, make-up workdays included, holidays, half days and leave left out); every question about it is
a few look-ups in small tables, whatever the number of times asked about. Definitions: handbook, «Durations».
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from config.frames import Frames, read_frames

_DAY = 86_400
# by how much the table that finds an interval by its working time is divided, in seconds
_STEP = 900

__all__ = ["Frames", "OutsideCalendar", "WorkTime", "read_frames"]


class OutsideCalendar(ValueError):
    """A time lies outside the days that the calendar knows; `year` is the first such year."""

    def __init__(self, year: int) -> None:
        super().__init__(f"the calendar has no working days for {year}")
        self.year = year


@dataclass(frozen=True)
class WorkTime:
    """The working intervals from a first day on: `starts` and `ends` in seconds from its midnight, sorted, apart.

    `days`: how many days the calendar knows.
    """

    first: np.datetime64
    days: int
    starts: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(
        cls,
        first: date,
        working: np.ndarray,
        frames: Frames,
        half_days: Mapping[date, Frames] | None = None,
        away: Iterable[tuple[np.datetime64, np.datetime64]] = (),
    ) -> "WorkTime":
        """Make a calendar of days.

        working: bool, a day each from `first` on. half_days: the frames of single working days.
        away: spans of leave, taken out of the frames.
        """
        zero = np.datetime64(first, "D")
        others = {int((np.datetime64(day, "D") - zero).astype(np.int64)): own for day, own in (half_days or {}).items()}
        usual = np.flatnonzero(working)
        usual = usual[~np.isin(usual, list(others))]
        parts = [usual[:, None] * _DAY + np.array(frames, dtype=np.int64).reshape(-1, 2)[:, side] for side in (0, 1)]
        starts, ends = (part.ravel() for part in parts)
        own = [
            (day * _DAY + one, day * _DAY + two)
            for day, some in others.items()
            for one, two in some
            if _in(day, working)
        ]
        if own:
            more = np.array(own, dtype=np.int64)
            starts, ends = np.append(starts, more[:, 0]), np.append(ends, more[:, 1])
        order = np.argsort(starts)
        made = cls(zero, len(working), starts[order], ends[order])
        for begin, end in away:
            made = made._without(
                *(np.array([begin, end], "datetime64[s]") - zero.astype("datetime64[s]")).astype(np.int64)
            )
        return made

    def next_open(self, at: np.ndarray) -> np.ndarray:
        """Move times outside the frames to the start of the next frame."""
        seconds = self._seconds(at)
        return self._times(np.maximum(seconds, self._starts[self._interval(seconds)]))

    def is_open(self, at: np.ndarray) -> np.ndarray:
        """Tell which times lie within a frame; its last second still does."""
        seconds = self._seconds(at)
        open_: np.ndarray = seconds >= self._starts[self._interval(seconds)]
        return open_

    def used(self, since: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Working seconds between two times; negative when the second is earlier."""
        passed: np.ndarray = self._passed(self._seconds(until)) - self._passed(self._seconds(since))
        return passed

    def after_hours(self, since: np.ndarray, seconds: np.ndarray | int) -> np.ndarray:
        """Times at which so many working seconds have passed: 2 h are hours of the frames."""
        start = self._seconds(since)
        wanted = self._passed(start) + seconds
        place = self._at_work(wanted)
        due = self._starts[place] + wanted - self._before[place]
        return self._times(
            np.where(np.asarray(seconds) > 0, due, np.maximum(start, self._starts[self._interval(start)]))
        )

    def before_hours(self, until: np.ndarray, seconds: np.ndarray | int) -> np.ndarray:
        """Times from which so many working seconds are left; the first opening where there are not so many."""
        wanted = np.maximum(self._passed(self._seconds(until)) - seconds, 0)
        place = self._at_work(wanted + 1)
        return self._times(self._starts[place] + wanted - self._before[place])

    def after_days(self, since: np.ndarray, days: np.ndarray | int) -> np.ndarray:
        """Ends of the last frame of the N-th working day after each time's own day.

        A time outside the frames counts from the next frame: from Saturday, the first working day after Monday.
        """
        return self._times(self._closing[self._later_day(self._seconds(since), days)])

    def same_clock(self, since: np.ndarray, days: np.ndarray | int = 1) -> np.ndarray:
        """The same clock time on the N-th working day after: 24 h from Friday 17:00 are Monday 17:00.

        Where that day has no working time then, the end of its frame before, else the start of its first one.
        """
        start = self._seconds(since)
        opened = np.maximum(start, self._starts[self._interval(start)])
        day = self._later_day(start, days)
        raw = self._workdays[day] * _DAY + opened % _DAY
        place = self._interval(raw)
        closed = raw < self._starts[place]
        before = self._ends[np.maximum(place - 1, 0)]
        back = np.where(before > self._workdays[day] * _DAY, before, self._opening[day])
        return self._times(np.where(closed, back, raw))

    def end_of_day(self, at: np.ndarray) -> np.ndarray:
        """Ends of the last frame of each time's day, of the next working day where it has none left."""
        seconds = self._seconds(at)
        return self._times(self._closing[self._rank[self._starts[self._interval(seconds)] // _DAY]])

    def week_end(self, day: np.datetime64, least: int) -> np.datetime64:
        """The end of the last working day from a day to its Sunday; NaT where fewer than `least` are working ones."""
        begin = int((day.astype("datetime64[D]") - self.first).astype(np.int64))
        # 1970-01-01 was a Thursday
        after = begin + 7 - (int(day.astype("datetime64[D]").astype(np.int64)) + 3) % 7
        rank = np.append(self._rank, len(self._workdays))
        if begin < 0 or after > self.days or rank[after] - rank[begin] < least:
            return np.datetime64("NaT", "s")
        return np.datetime64(self._times(self._closing[rank[after] - 1 : rank[after]])[0])

    def _later_day(self, start: np.ndarray, days: np.ndarray | int) -> np.ndarray:
        """Number of the working day that is so many after the one on which each time starts to count."""
        day = self._rank[self._starts[self._interval(start)] // _DAY] + days
        return self._known(day, len(self._workdays))

    def _passed(self, seconds: np.ndarray) -> np.ndarray:
        place = self._interval(seconds)
        passed: np.ndarray = self._before[place] + np.maximum(seconds - self._starts[place], 0)
        return passed

    def _interval(self, seconds: np.ndarray) -> np.ndarray:
        """The interval that each time lies in, or else the next one."""
        place = self._first_of_day[seconds // _DAY]
        for _ in range(self._most_a_day):
            place = place + (seconds >= self._ends[place])
        return self._known(place, len(self.starts))

    def _at_work(self, wanted: np.ndarray) -> np.ndarray:
        """The interval in which so much working time has passed."""
        place: np.ndarray = self._by_work[self._known(wanted // _STEP, len(self._by_work))]
        while (short := self._work[place] < wanted).any():
            place = self._known(place + short, len(self.starts))
        return place

    def _known(self, place: np.ndarray, count: int) -> np.ndarray:
        if place.size and int(place.max()) >= count:
            raise OutsideCalendar(int(str(self.first + self.days)[:4]))
        return place

    def _seconds(self, at: np.ndarray) -> np.ndarray:
        seconds: np.ndarray = (at.astype("datetime64[s]") - self.first.astype("datetime64[s]")).astype(np.int64)
        if seconds.size and (int(seconds.min()) < 0 or int(seconds.max()) >= self.days * _DAY):
            outside = seconds.min() if int(seconds.min()) < 0 else seconds.max()
            raise OutsideCalendar(int(str(self._times(np.array([outside]))[0])[:4]))
        return seconds

    def _times(self, seconds: np.ndarray) -> np.ndarray:
        times: np.ndarray = seconds.astype("timedelta64[s]") + self.first.astype("datetime64[s]")
        return times

    def _without(self, begin: int, end: int) -> "WorkTime":
        """The calendar without one span."""
        left = (self.starts, np.minimum(self.ends, begin))
        right = (np.maximum(self.starts, end), self.ends)
        starts, ends = (np.concatenate(side) for side in zip(left, right, strict=True))
        kept = starts < ends
        starts, ends = starts[kept], ends[kept]
        order = np.argsort(starts)
        return WorkTime(self.first, self.days, starts[order], ends[order])

    # one more interval at the end stands for what the calendar does not know

    @cached_property
    def _starts(self) -> np.ndarray:
        return np.append(self.starts, np.iinfo(np.int64).max)

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.append(self.ends, np.iinfo(np.int64).max)

    @cached_property
    def _work(self) -> np.ndarray:
        """Working seconds until the end of each interval."""
        return np.cumsum(self.ends - self.starts)

    @cached_property
    def _before(self) -> np.ndarray:
        """Working seconds until the start of each interval."""
        return np.append(0, self._work)

    @cached_property
    def _by_work(self) -> np.ndarray:
        total = int(self._work[-1]) if len(self._work) else 0
        return np.searchsorted(self._work, np.arange(0, total + 1, _STEP))

    @cached_property
    def _first_of_day(self) -> np.ndarray:
        """The first interval that has not ended when each day begins."""
        return np.searchsorted(self.ends, np.arange(self.days) * _DAY, side="right")

    @cached_property
    def _most_a_day(self) -> int:
        return int(np.bincount(self.starts // _DAY).max()) if len(self.starts) else 0

    @cached_property
    def _workdays(self) -> np.ndarray:
        """Days that have working time."""
        return np.unique(self.starts // _DAY)

    @cached_property
    def _rank(self) -> np.ndarray:
        """How many working days lie before each day."""
        return np.searchsorted(self._workdays, np.arange(self.days))

    @cached_property
    def _closing(self) -> np.ndarray:
        last = np.searchsorted(self.starts // _DAY, self._workdays, side="right") - 1
        return self.ends[last]

    @cached_property
    def _opening(self) -> np.ndarray:
        return self.starts[np.searchsorted(self.starts // _DAY, self._workdays)]


def _in(day: int, working: np.ndarray) -> bool:
    return 0 <= day < len(working) and bool(working[day])
