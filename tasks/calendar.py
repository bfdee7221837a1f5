"""The business calendar as stored: synchronised from the packages, overridden by a file, read for reckoning."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from models import CalendarDay, CalendarYear
from models.db import begin, insert_frame, read_frame, take_ids, take_turn, update_frame
from tasks.rules.calendars import Days
from tasks.rules.statutory import FIRST_YEAR, Year, source_now, statutory

#: How many years after the one that a run stands for are kept.
AHEAD = 2
OVERRIDDEN = "overridden"
_MOST_BYTES, _MOST_DAYS = 1_000_000, 200
_YEARS = "SELECT id, year, basis, source, since FROM calendar_year WHERE until IS NULL ORDER BY year"
_STATED = "SELECT year, basis, source FROM calendar_year WHERE until IS NULL ORDER BY year"
_DAYS = """
SELECT y.year, CAST(d.day AS TEXT) AS day, d.off AS value, d.name FROM calendar_day d
JOIN calendar_year y ON y.id = d.year_id AND y.until IS NULL ORDER BY y.year, d.day
"""

_loaded: dict[tuple[Any, ...], Days] = {}
_KEPT = 8


class CalendarError(Exception):
    """The file is no calendar of a year; the message says why."""


@dataclass(frozen=True)
class YearShown:
    """How a year stands: its basis, days off (beside weekends), make-up workdays, and where it is from."""

    year: int
    basis: str
    source: str
    off: int
    made_up: int

    def as_dict(self) -> dict[str, Any]:
        """The year for programs."""
        return {
            "year": self.year, "basis": self.basis, "days_off": self.off, "makeup_workdays": self.made_up,
            "source": self.source,
        }  # fmt: skip


def sync_calendar(engine: Engine, as_of: datetime) -> list[int]:
    """Store the years up to AHEAD of the one that a run stands for, as the packages know them; gives the changed ones.

    Nothing is written where all of them are there as the installed packages say; an overridden year stays.
    """
    with engine.connect() as conn:
        wanted = _outdated(conn, as_of)
    if not wanted:
        return []
    stated = statutory(wanted)
    with begin(engine) as conn:
        take_turn(conn)
        still = set(_outdated(conn, as_of))
        return _store(conn, [one for one in stated if one.year in still], as_of)


def import_year(engine: Engine, path: Path, as_of: datetime, *, dry_run: bool = False) -> int:
    """Override a year by a file of the form {year, days: [{name, date, isOffDay}]}; gives the year."""
    year = read_year(path)
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        _store(conn, [year], as_of)
    return year.year


def read_year(path: Path) -> Year:
    """Read a file that states a year; CalendarError says what is wrong with it."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CalendarError(f"{path}: larger than a year can be")
        content = path.read_bytes()
        said = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CalendarError(f"{path}: is no JSON") from error
    if not isinstance(said, dict) or not isinstance(said.get("year"), int) or not isinstance(said.get("days"), list):
        raise CalendarError(f"{path}: must hold year and days")
    year, days = said["year"], said["days"]
    if not FIRST_YEAR <= year <= 2100:
        raise CalendarError(f"{path}: {year} is no year that a calendar is kept of")
    if not days:
        raise CalendarError(f"{path}: names no day of {year}: it has not been announced yet")
    if len(days) > _MOST_DAYS:
        raise CalendarError(f"{path}: has more than {_MOST_DAYS} days")
    off: dict[date, str] = {}
    made_up: dict[date, str] = {}
    for place, one in enumerate(days, start=1):
        day, name, is_off = _day(path, place, one)
        if abs(day.year - year) > 1:
            raise CalendarError(f"{path}: day {place}, {day}, is not of {year}")
        if day in off or day in made_up:
            raise CalendarError(f"{path}: {day} stands there twice")
        (off if is_off else made_up)[day] = name
    source = f"{path.name} {hashlib.sha256(content).hexdigest()[:12]}"
    return Year(year, "overridden", source, off, made_up)


def _day(path: Path, place: int, one: Any) -> tuple[date, str, bool]:
    try:
        day, is_off = date.fromisoformat(one["date"]), one["isOffDay"]
        name = one.get("name") or ""
        if not isinstance(is_off, bool) or not isinstance(name, str):
            raise TypeError
    except (TypeError, KeyError, ValueError, AttributeError):
        raise CalendarError(f"{path}: day {place} must say date (2027-01-01), isOffDay (true or false), name") from None
    return day, name[:100], is_off


def shown_years(conn: Connection) -> list[YearShown]:
    """How each year stands."""
    days = read_frame(conn, _DAYS)
    weekday = pd.to_datetime(days["day"]).dt.day_of_week < 5
    off = days[(days["value"].astype("bool") & weekday).to_numpy()].groupby("year").size()
    made_up = days[(~days["value"].astype("bool")).to_numpy()].groupby("year").size()
    return [
        YearShown(year, basis, source, int(off.get(year, 0)), int(made_up.get(year, 0)))
        for year, basis, source in _plain(read_frame(conn, _YEARS))
    ]


def _plain(years: pd.DataFrame) -> list[tuple[int, str, str]]:
    return list(zip(years["year"].astype(int).tolist(), years["basis"], years["source"], strict=True))


def load_days(conn: Connection | None) -> Days:
    """The days as they stand in the database; without one, or in one without a calendar, as the packages know them."""
    years = read_frame(conn, _STATED) if conn is not None else pd.DataFrame()
    if conn is None or years.empty:
        return _unstored()
    # what a source says of a year never changes: a file's name goes with the hash of its content
    said = tuple(zip(years["year"], years["basis"], years["source"], strict=True))
    if said not in _loaded:
        while len(_loaded) >= _KEPT:
            _loaded.pop(next(iter(_loaded)))
        _loaded[said] = _load(conn, years)
    return _loaded[said]


def _load(conn: Connection, years: pd.DataFrame) -> Days:
    days = read_frame(conn, _DAYS)
    dates = pd.to_datetime(days["day"]).dt.date
    off = days["value"].astype("bool").to_numpy()
    bases = dict(zip(years["year"].astype(int), years["basis"], strict=True))
    return Days.of(min(bases), dates[off], dates[~off], bases)


@lru_cache(maxsize=1)
def _unstored() -> Days:
    from chinese_calendar.constants import holidays

    years = statutory(range(FIRST_YEAR, max(holidays).year + AHEAD + 1))
    off = [day for year in years for day in year.off]
    made_up = [day for year in years for day in year.made_up]
    return Days.of(FIRST_YEAR, off, made_up, {year.year: year.basis for year in years})


def _outdated(conn: Connection, as_of: datetime) -> list[int]:
    """The years that are missing, or that an older version of the packages stated."""
    stored = read_frame(conn, _YEARS)
    current = stored[(stored["basis"] == OVERRIDDEN) | (stored["source"] == source_now())]
    last = max(as_of.year, *stored["year"].tolist()[-1:], as_of.year + AHEAD)
    return sorted(set(range(FIRST_YEAR, last + 1)) - set(current["year"].tolist()))


def _store(conn: Connection, years: Sequence[Year], as_of: datetime) -> list[int]:
    """Supersede what is said of the years; gives those whose days or basis are others now."""
    if not years:
        return []
    at = pd.Timestamp(as_of.astimezone(UTC).replace(tzinfo=None)).as_unit("us")
    stored = read_frame(conn, _YEARS)
    stands: dict[int, Any] = {row["year"]: row for row in stored.to_dict("records")}
    since = pd.Series([max(at, stands[one.year]["since"]) if one.year in stands else at for one in years])
    numbers = take_ids(conn, "calendar_year", len(years)).tolist()
    changed = _changed(conn, years, stands)
    ended = [(stands[one.year]["id"], at) for one, at in zip(years, since, strict=True) if one.year in stands]
    update_frame(conn, CalendarYear, pd.DataFrame(ended, columns=["id", "until"]))
    said = [(number, one.year, one.basis, one.source) for number, one in zip(numbers, years, strict=True)]
    insert_frame(conn, CalendarYear, pd.DataFrame(said, columns=["id", "year", "basis", "source"]).assign(since=since))
    days = [(number, *day) for number, one in zip(numbers, years, strict=True) for day in _days(one)]
    insert_frame(conn, CalendarDay, pd.DataFrame(days, columns=["year_id", "day", "off", "name"]))
    return changed


def _changed(conn: Connection, years: Iterable[Year], stands: Mapping[int, Any]) -> list[int]:
    known = [one for one in years if one.year in stands]
    before: dict[int, list[tuple[str, bool]]] = {one.year: [] for one in known}
    for year, day, off, _ in read_frame(conn, _DAYS).itertuples(index=False) if known else ():
        before.get(year, []).append((day[:10], bool(off)))
    same = {
        one.year
        for one in known
        if stands[one.year]["basis"] == one.basis
        and before[one.year] == sorted((day.isoformat(), off) for day, off, _ in _days(one))
    }
    return [one.year for one in known if one.year not in same]


def _days(year: Year) -> list[tuple[date, bool, str]]:
    off = [(day, True, name) for day, name in sorted(year.off.items())]
    return off + [(day, False, name) for day, name in sorted(year.made_up.items())]
