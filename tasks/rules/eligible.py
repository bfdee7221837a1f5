"""Who may take a lead on a day: the roster as columns, and how each person stands to a territory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.schema import Person

Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]
Objects = NDArray[np.object_]

# Sales roles by what they may take on; any other role owns no leads.
RANKS = {"assistant": 0, "representative": 1, "senior": 2, "supervisor": 3, "manager": 4}
NO_RANK = -1

# In this order: those compared by load first.
ELIGIBLE, FULL, FULL_TODAY, ON_LEAVE, OTHER_INDUSTRY, OTHER_REGION, OTHER_ROLE, INACTIVE = range(8)
STATES = ("eligible", "full", "full_today", "on_leave", "other_industry", "other_region", "other_role", "inactive")
_NO_CAP = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Crew:
    """The roster as columns, in its own order; `load` and `today` grow as leads are given.

    weight: the share, in hundredths of the capacity of somebody who is no newcomer.
    """

    ids: Objects
    by_id: dict[str, int]
    by_name: dict[str, int]
    role: Objects
    rank: Positions
    active: Mask
    away: Mask
    capacity: Positions
    weight: Positions
    cap: Positions
    day_cap: Positions
    load: Positions
    today: Positions

    def with_role(self, role: str) -> Positions:
        """The people of a role, in roster order."""
        return np.flatnonzero(self.role == role)

    def states(self, people: Positions, territory: NDArray[np.int8]) -> Positions:
        """How each of `people` stands now: the strongest of the reasons against him."""
        full = (self.load[people] >= self.cap[people]) | (self.weight[people] <= 0)
        full_today = self.today[people] >= self.day_cap[people]
        state = np.where(self.away[people], ON_LEAVE, np.where(full_today, FULL_TODAY, np.where(full, FULL, ELIGIBLE)))
        # the codes rise with the strength of the reason
        return np.where(self.active[people], np.maximum(state, territory[people]), INACTIVE)


@dataclass(frozen=True)
class Limits:
    """What bounds everybody who has no bound of his own; leads, and of newcomers days and hundredths of a share."""

    open_cap: int
    #: new leads a day; 0 is no limit
    day_cap: int = 0
    ramp_days: int = 0
    ramp_from: int = 100

    def weight(self, person: Person, on: date) -> int:
        """The share of a person: a newcomer's grows week by week."""
        days = (on - person.starts).days if person.starts else self.ramp_days
        if days >= self.ramp_days:
            return person.capacity * 100
        weeks = max(-(-self.ramp_days // 7), 1)
        grown = (100 - self.ramp_from) * (max(days, 0) // 7) // weeks
        return person.capacity * (self.ramp_from + grown)


def crew_of(
    people: Sequence[Person], loads: Mapping[str, int], today: Mapping[str, int], limits: Limits, on: date
) -> Crew:
    """The columns of `people` on the day `on`, with the open leads that each has now and those he got today."""
    ids = [person.id for person in people]
    names = [person.name for person in people]
    bearers = Counter(names)
    caps = [limits.open_cap if person.open_cap is None else person.open_cap for person in people]
    day_caps = [limits.day_cap or _NO_CAP if person.day_cap is None else person.day_cap for person in people]
    return Crew(
        ids=np.array(ids, dtype=object),
        by_id={code: place for place, code in enumerate(ids)},
        # a name that two people bear names nobody
        by_name={name: place for place, name in enumerate(names) if bearers[name] == 1},
        role=np.array([str(person.role) for person in people], dtype=object),
        rank=np.array([RANKS.get(person.role, NO_RANK) for person in people], dtype=np.int64),
        active=np.array([person.active and not person.is_to_come(on) for person in people], dtype=bool),
        away=np.array([person.is_away(on) for person in people], dtype=bool),
        capacity=np.array([person.capacity for person in people], dtype=np.int64),
        weight=np.array([limits.weight(person, on) for person in people], dtype=np.int64),
        cap=np.array(caps, dtype=np.int64),
        day_cap=np.array(day_caps, dtype=np.int64),
        load=np.array([loads.get(code, 0) for code in ids], dtype=np.int64),
        today=np.array([today.get(code, 0) for code in ids], dtype=np.int64),
    )


def places(names: pd.Series, known: Mapping[str, int]) -> Positions:
    """The position of each name in the roster, -1 where it has none."""
    codes, uniques = pd.factorize(names)
    return np.array([*(known.get(name, -1) for name in uniques), -1], dtype=np.int64)[codes]


def territories(units: pd.DataFrame, people: Sequence[Person]) -> tuple[Positions, list[NDArray[np.int8]]]:
    """A code per unit and, per code, each person's stand to the unit's region and industry.

    What a unit does not say excludes nobody. A person of a city may take a unit that names only
    its province, one of a province every unit in it.
    """
    region, near = _coverage(units["region"], [person.regions for person in people], _same_area)
    branch, fit = _coverage(units["industry"], [person.industries for person in people], _equal)
    pairs, codes = np.unique(region * len(fit) + branch, return_inverse=True)
    stands = []
    for pair in pairs.tolist():
        in_area, in_trade = near[pair // len(fit)], fit[pair % len(fit)]
        stand = np.where(in_trade, ELIGIBLE, OTHER_INDUSTRY)
        stands.append(np.where(in_area, stand, OTHER_REGION).astype(np.int8))
    return codes.astype(np.int64), stands


def _coverage(
    values: pd.Series, wanted: Sequence[tuple[str, ...]], covers: Callable[[str, str], bool]
) -> tuple[Positions, list[Mask]]:
    """A code per value, and per code the mask of people whose wanted words cover it."""
    codes, uniques = pd.factorize(values)
    words = sorted({word for one in wanted for word in one})
    size = (len(uniques), len(words), len(wanted))
    hits = np.array([[covers(value, word) for word in words] for value in uniques], dtype=np.float32)
    has = np.array([[word in one for one in wanted] for word in words], dtype=np.float32)
    anywhere = np.array([not one for one in wanted], dtype=bool)
    rows = list((hits.reshape(size[:2]) @ has.reshape(size[1:]) > 0) | anywhere)
    rows.append(np.ones(len(wanted), dtype=bool))  # the last one, -1: the value is not known
    kinds: dict[bytes, int] = {}
    kind = [kinds.setdefault(row.tobytes(), len(kinds)) for row in rows]
    masks = [np.frombuffer(packed, dtype=bool) for packed in kinds]
    return np.array(kind, dtype=np.int64)[codes], masks


def covers(person: Person, region: str | None, industry: str | None) -> bool:
    """Whether a lead of the region and industry is of a person's territory."""
    near = not person.regions or region is None or any(_same_area(region, word) for word in person.regions)
    return near and (not person.industries or industry is None or industry in person.industries)


def _same_area(value: str, word: str) -> bool:
    return value.startswith(word) or word.startswith(value)


def _equal(value: str, word: str) -> bool:
    return value == word
