"""When promises fall due and how much business time they have used: times are naive UTC, reckoned in a zone's days."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from config.sla import Span
from tasks.rules.calendars import Calendars
from tasks.rules.worktime import WorkTime

_HOUR, _MINUTE, _DAY = 3600, 60, 86_400
_SECOND = np.timedelta64(1, "s")
NEVER = np.datetime64("NaT", "s")


def moment_of(time: np.datetime64) -> datetime:
    """A reckoned time (UTC) as an aware moment, to the second."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(time.astype("datetime64[s]").astype(np.int64)))


def same_times(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Where two columns of times say the same; what is missing in both is the same."""
    found: np.ndarray = (one == two) | (np.isnat(one) & np.isnat(two))
    return found


def written(span: Span) -> str:
    """A span as clocks keep it: 1 clock_days."""
    return f"{span.count} {span.unit}"


def in_week(days: int, since: np.ndarray) -> np.ndarray:
    """What is written behind a span where the week of a date (datetime64[D]) asks for more: by its end, if it has so
    many working days from that date on."""
    texts: np.ndarray = np.char.add(f" week {days} ", np.datetime_as_string(since.astype("datetime64[D]")))
    return texts.astype(object)


@dataclass(frozen=True)
class Reckoner:
    """Reckons in the calendars of one configuration and one zone."""

    calendars: Calendars
    zone: str

    def local(self, times: np.ndarray) -> np.ndarray:
        """Naive UTC as wall clock times, datetime64[s]."""
        return _moved(times, "UTC", self.zone)

    def utc(self, times: np.ndarray) -> np.ndarray:
        """Wall clock times as naive UTC, datetime64[s]."""
        return _moved(times, self.zone, "UTC")

    def due(self, started: np.ndarray, target: np.ndarray, keys: np.ndarray, pauses: np.ndarray) -> np.ndarray:
        """Due times (UTC) of promises that began at these times (UTC); target as `written`, pauses as clocks keep them.

        A pause moves the due time by the working time in it; one told in calendar days, by all of it.
        """
        start = self._known(self.local(started))
        due = np.full(len(start), NEVER)
        for (key, text), places in _groups(keys, target):
            work, (count, unit, *week) = self.calendars.get(key), text.split(" ")
            due[places] = _later(work, start[places], unit, int(count))
            if week:
                end = work.week_end(np.datetime64(week[2]), int(week[1]))
                # what is told on the week's last working day itself comes too late for another contact in it
                sooner = start[places].astype("datetime64[D]") < end.astype("datetime64[D]")
                due[places] = np.where(sooner, np.fmin(due[places], end), due[places])
        if (pauses != "").any():
            due = self._shifted(due, target, keys, pauses)
        return self.utc(due)

    def step(
        self, due: np.ndarray, started: np.ndarray, keys: np.ndarray, before: Span | None, after: Span | None
    ) -> np.ndarray:
        """Times (UTC) of a ladder's step; never (NaT) where there is no time for a reminder."""
        if before is None and after is None:
            return due
        at, found = self._known(self.local(due)), np.full(len(due), NEVER)
        for (key,), places in _groups(keys):
            known = places[~np.isnat(at[places])]
            work = self.calendars.get(key)
            if before is not None:
                seconds = before.count * (_HOUR if before.unit == "hours" else _MINUTE)
                found[known] = work.before_hours(at[known], seconds)
            elif after is not None:
                # from the day that the due time ends, also where that is its closing time
                back = _SECOND if after.unit in ("working_days", "clock_days") else np.timedelta64(0, "s")
                later = _later(work, at[known] - back, after.unit, after.count)
                found[known] = later + back if after.unit == "clock_days" else later
        times = self.utc(found)
        return np.where(times > started.astype("datetime64[s]"), times, NEVER) if before is not None else times

    def used(self, started: np.ndarray, until: np.ndarray, keys: np.ndarray, pauses: np.ndarray) -> np.ndarray:
        """Working seconds from start to an end, pauses left out; both UTC."""
        one, two = self._known(self.local(started)), self._known(self.local(until))
        found = np.zeros(len(one), dtype=np.int64)
        for (key,), places in _groups(keys):
            found[places] = self.calendars.get(key).used(one[places], two[places])
        if (pauses != "").any():
            found -= self._stood(keys, pauses, two)
        return np.maximum(found, 0)

    def works_on(self, days: np.ndarray) -> np.ndarray:
        """Whether the company works on dates (datetime64[D]), if only for a part of each."""
        begin, end = (self.utc(ends.astype("datetime64[s]")) for ends in (days, days + 1))
        company = np.full(len(days), "", dtype=object)
        worked: np.ndarray = self.used(begin, end, company, company) > 0
        return worked

    def is_open(self, at: np.datetime64, keys: np.ndarray) -> np.ndarray:
        """Whether a moment (UTC) is working time of each key."""
        return self._each(keys, at, WorkTime.is_open, np.bool_)

    def next_open(self, at: np.datetime64, keys: np.ndarray) -> np.ndarray:
        """The next working moment (UTC) of each key from one on."""
        return self.utc(self._each(keys, at, WorkTime.next_open, "datetime64[s]"))

    def day_end(self, day: np.ndarray) -> np.ndarray:
        """The end (UTC) of dates: of the company's last frame, or midnight of a day off."""
        zero = day.astype("datetime64[D]").astype("datetime64[s]")
        work = self.calendars.get("")
        closing = work.end_of_day(self._known(zero))
        same = closing.astype("datetime64[D]") == zero.astype("datetime64[D]")
        return self.utc(np.where(same, closing, zero + np.timedelta64(_DAY, "s")))

    def basis(self, due: np.ndarray) -> np.ndarray:
        """How sure the calendar is of the years of due times (UTC)."""
        return self.calendars.days.basis(self.local(due))

    def _each(self, keys: np.ndarray, at: np.datetime64, ask: Callable[..., np.ndarray], kind: object) -> np.ndarray:
        local = self._known(self.local(np.array([at])))
        found = np.empty(len(keys), dtype=kind)  # type: ignore[call-overload]
        for (key,), places in _groups(keys):
            found[places] = ask(self.calendars.get(key), local)[0]
        return np.asarray(found)

    def _shifted(self, due: np.ndarray, target: np.ndarray, keys: np.ndarray, pauses: np.ndarray) -> np.ndarray:
        stood = self._stood(keys, pauses, None)
        whole = _wall_seconds(pauses)
        for (key, text), places in _groups(keys, target):
            places = places[pauses[places] != ""]
            if not len(places):
                continue
            if text.split(" ")[1] == "calendar_days":
                due[places] = due[places] + whole[places].astype("timedelta64[s]")
            else:
                moved = self.calendars.get(key).after_hours(due[places], stood[places])
                due[places] = np.where(stood[places] > 0, moved, due[places])
        return due

    def _stood(self, keys: np.ndarray, pauses: np.ndarray, until: np.ndarray | None) -> np.ndarray:
        """Working seconds in the pauses of each row, up to a moment (local) where one is given."""
        spans = read_pauses(pauses)
        one, two = (
            self._known(self.local(spans["since"].to_numpy())),
            self._known(self.local(spans["until"].to_numpy())),
        )
        place = spans["place"].to_numpy()
        if until is not None:
            two = np.maximum(np.minimum(two, until[place]), one)
        seconds = np.zeros(len(spans), dtype=np.int64)
        for (key,), places in _groups(keys[place]):
            seconds[places] = self.calendars.get(key).used(one[places], two[places])
        return np.bincount(place, seconds, minlength=len(pauses)).astype(np.int64)

    def _known(self, times: np.ndarray) -> np.ndarray:
        """Times within the days that the calendar knows."""
        first = np.datetime64(self.calendars.days.first, "s")
        last = np.datetime64(self.calendars.days.end, "s") - np.timedelta64(400 * _DAY, "s")
        clipped = np.clip(np.where(np.isnat(times), first, times), first, last)
        return np.where(np.isnat(times), NEVER, clipped)


def read_pauses(pauses: np.ndarray) -> pd.DataFrame:
    """The spans of paused clocks, one a row: place (of the row in the column), since, until (naive UTC)."""
    texts = pd.Series(pauses).astype("str")
    spans = texts[texts != ""].str.split(";").explode()
    ends = spans.str.split("/", expand=True).reindex(columns=[0, 1])
    since, until = (pd.to_datetime(ends[side]).to_numpy("datetime64[s]") for side in (0, 1))
    return pd.DataFrame({"place": spans.index.to_numpy(dtype=np.int64), "since": since, "until": until})


def add_pause(pauses: np.ndarray, since: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Add one more span (naive UTC) to what each clock keeps."""
    one, two = (np.datetime_as_string(side.astype("datetime64[s]")) for side in (since, until))
    added = pd.Series(one).astype("str") + "/" + pd.Series(two).astype("str")
    before = pd.Series(pauses).astype("str")
    joined = np.where(before == "", added, before + ";" + added)
    return np.asarray(joined, dtype=object)


def _wall_seconds(pauses: np.ndarray) -> np.ndarray:
    spans = read_pauses(pauses)
    seconds = (spans["until"] - spans["since"]).to_numpy("timedelta64[s]").astype(np.int64)
    return np.bincount(spans["place"].to_numpy(), seconds, minlength=len(pauses)).astype(np.int64)


def _later(work: WorkTime, start: np.ndarray, unit: str, count: int) -> np.ndarray:
    if unit == "calendar_days":
        return start + np.timedelta64(count * _DAY, "s")
    if unit == "working_days":
        return work.after_days(start, count)
    if unit == "clock_days":
        return work.same_clock(start, count)
    return work.after_hours(start, count * (_HOUR if unit == "hours" else _MINUTE))


def _groups(*columns: np.ndarray) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    """The places at which some columns of text say the same, for each that they say."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    values: list[np.ndarray] = []
    for column in columns:
        code, uniques = pd.factorize(column)
        codes = codes * max(len(uniques), 1) + code
        values.append(np.asarray(uniques, dtype=object)[code] if len(uniques) else np.asarray(column, dtype=object))
    if not len(codes):
        return
    order = np.argsort(codes, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        yield tuple(str(value[places[0]]) for value in values), places


def _moved(times: np.ndarray, source: str, target: str) -> np.ndarray:
    if target == source:
        return times.astype("datetime64[s]")
    index = pd.DatetimeIndex(times.astype("datetime64[s]"))
    placed = index.tz_localize(source, ambiguous=False, nonexistent="shift_forward")
    return placed.tz_convert(target).tz_localize(None).to_numpy("datetime64[s]")
