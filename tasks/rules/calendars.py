"""The calendars of a company, its teams and its people, made of days, frames and leave."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from config.frames import Frames, read_frames
from config.people import Person, Roster
from config.schema import ConfigError, Rules
from tasks.rules.worktime import WorkTime

HOURS, HALF_DAYS = "K-HOURS", "K-HALF-DAYS"
#: Years beyond the last stated one, which have the week's working days: no promise is refused for want of a calendar.
BEYOND = 12
_COMPANY, _TEAM, _PERSON = "", "team:", "person:"


@dataclass(frozen=True)
class Days:
    """The days from a first one on: whether each is a working day, and how sure each year is."""

    first: date
    working: np.ndarray
    bases: Mapping[int, str]

    @classmethod
    def of(cls, first_year: int, off: Iterable[date], made_up: Iterable[date], bases: Mapping[int, str]) -> "Days":
        """Lay days off and make-up workdays over the week; years without a basis are estimated."""
        first, end = date(first_year, 1, 1), date(max(bases, default=first_year) + BEYOND + 1, 1, 1)
        zero, count = np.datetime64(first, "D"), (end - first).days
        working = np.is_busday(zero + np.arange(count))
        for days, works in ((off, False), (made_up, True)):
            places = (np.array(sorted(days), dtype="datetime64[D]") - zero).astype(np.int64)
            working[places[(places >= 0) & (places < count)]] = works
        return cls(first, working, bases)

    @property
    def end(self) -> date:
        """The first day that is not known."""
        return self.first + timedelta(len(self.working))

    def basis(self, local: np.ndarray) -> np.ndarray:
        """How sure the year of each time is, as text; of no time (NaT) nothing."""
        years = local.astype("datetime64[Y]").astype(np.int64) + 1970
        codes, uniques = pd.factorize(years)
        names = [self.bases.get(int(year), "estimated") if year > 0 else "" for year in uniques]
        found: np.ndarray = np.array([*names, ""], dtype=object)[codes]
        return found


@dataclass(frozen=True)
class Calendars:
    """Whose working time is what: asked by key, made when first asked for."""

    days: Days
    company: Frames
    half_days: Mapping[date, Frames] = field(default_factory=dict)
    teams: Mapping[str, Frames] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    _made: dict[str, WorkTime] = field(default_factory=dict)

    @classmethod
    def of(cls, days: Days, rules: Rules, roster: Roster) -> "Calendars":
        """What the rules of a day and the roster say of working hours."""
        teams = {name: read_frames(team.hours) for name, team in roster.teams.items() if team.hours}
        people = {person.id: person for person in roster.people}
        company = _stated(HOURS, rules.value(HOURS))
        return cls(days, company, _half_days(rules.value(HALF_DAYS)), teams, people)

    def keys(self, owner: pd.Series, hours: Sequence[str] | np.ndarray) -> np.ndarray:
        """Whose frames count for each row: `hours` says company, team or owner."""
        asked, found = np.asarray(hours, dtype=object), np.full(len(owner), _COMPANY, dtype=object)
        for kind, key_of in (("team", self._team_key), ("owner", self._person_key)):
            places = np.flatnonzero(asked == kind)
            if len(places):
                codes, uniques = pd.factorize(owner.iloc[places])
                found[places] = np.array([*(key_of(str(one)) for one in uniques), _COMPANY], dtype=object)[codes]
        return found

    def get(self, key: str) -> WorkTime:
        """The working time of a key."""
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]

    def digest(self) -> str:
        """A hash of all that the calendars are made of."""
        said = [self.days.first, self.days.bases, self.company, self.half_days, self.teams]
        said += [(one.id, one.team, one.hours, one.leave) for one in self.people.values()]
        content = "\n".join(map(repr, said)).encode() + self.days.working.tobytes()
        return hashlib.sha256(content).hexdigest()

    def _team_key(self, owner: str) -> str:
        person = self.people.get(owner)
        return _TEAM + person.team if person is not None and person.team in self.teams else _COMPANY

    def _person_key(self, owner: str) -> str:
        person = self.people.get(owner)
        if person is None or not (person.hours or person.leave):
            return self._team_key(owner)
        return _PERSON + owner

    def _make(self, key: str) -> WorkTime:
        frames, away = self.company, []
        if key.startswith(_TEAM):
            frames = self.teams[key.removeprefix(_TEAM)]
        elif key.startswith(_PERSON):
            person = self.people[key.removeprefix(_PERSON)]
            frames = read_frames(person.hours) or self.teams.get(person.team, self.company)
            away = list(_away(person))
        half = {day: own for day, own in self.half_days.items() if day >= self.days.first}
        return WorkTime.of(self.days.first, self.days.working, frames, half, away)


def _away(person: Person) -> Iterable[tuple[np.datetime64, np.datetime64]]:
    """The spans of somebody's leave: whole days as one, single hours day by day."""
    for leave in person.leave:
        first = np.datetime64(leave.start, "s")
        days = (leave.end - leave.start).days + 1
        if not leave.hours:
            yield first, first + np.timedelta64(days, "D")
            continue
        for day in range(days):
            for one, two in read_frames(leave.hours):
                zero = first + np.timedelta64(day, "D")
                yield zero + np.timedelta64(one, "s"), zero + np.timedelta64(two, "s")


def _stated(rule: str, texts: Iterable[str]) -> Frames:
    try:
        frames = read_frames(texts)
    except (ValueError, AttributeError) as error:
        raise ConfigError(str(error), rule=rule, key="value") from None
    if not frames:
        raise ConfigError("names no hours", rule=rule, key="value")
    return frames


def _half_days(texts: Iterable[str]) -> dict[date, Frames]:
    found: dict[date, list[str]] = {}
    for text in texts:
        day, _, frame = str(text).strip().partition(" ")
        try:
            found.setdefault(date.fromisoformat(day), []).append(frame)
        except ValueError:
            raise ConfigError(
                f"{text!r} is no day with hours like 2026-02-13 09:00-12:00", rule=HALF_DAYS, key="value"
            ) from None
    return {day: _stated(HALF_DAYS, frames) for day, frames in found.items()}
