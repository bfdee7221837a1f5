"""Statutory holidays and make-up workdays of China, from two packages that check each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Literal

Basis = Literal["official", "estimated", "overridden"]
#: The packages that say it, the strict one first.
PACKAGES = ("chinesecalendar", "holidays")
#: The first year that is asked for: earlier ones are of no promise.
FIRST_YEAR = 2010


@dataclass(frozen=True)
class Year:
    """One year: its days off and make-up workdays with their names, and how sure they are."""

    year: int
    basis: Basis
    source: str
    off: Mapping[date, str]
    made_up: Mapping[date, str]
    #: Days about which the two packages do not agree.
    disputed: tuple[date, ...] = field(default=())


def source_now() -> str:
    """The packages with their versions."""
    return ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def statutory(years: Iterable[int]) -> list[Year]:
    """The years as the packages know them: official where one of them has the announcement, else estimated.

    An estimated year has the days that the law names and no make-up workdays: nobody knows them before.
    """
    import chinese_calendar.constants as strict
    import holidays

    wanted = sorted(set(years))
    broad = holidays.country_holidays("CN", years=wanted, language="zh_CN")
    announced = set(getattr(broad, "weekend_workdays", ()))
    known = {day.year for day in strict.holidays}
    source, made = source_now(), []
    for year in wanted:
        off = {day: name for day, name in broad.items() if day.year == year}
        made_up = {day: "" for day in announced if day.year == year}
        if year in known:
            names = off
            strict_off = {day: names.get(day, "") for day in strict.holidays if day.year == year}
            strict_made_up = {day: "" for day in strict.workdays if day.year == year}
            disputed = _differing((off, made_up), (strict_off, strict_made_up), year)
            made.append(Year(year, "official", source, strict_off, strict_made_up, disputed))
        else:
            made.append(Year(year, "official" if made_up else "estimated", source, off, made_up))
    return made


def _differing(
    one: tuple[Mapping[date, str], Mapping[date, str]], two: tuple[Mapping[date, str], Mapping[date, str]], year: int
) -> tuple[date, ...]:
    """The days that are working days by one and not by the other."""
    asked = sorted({day for part in (*one, *two) for day in part if day.year == year})
    return tuple(day for day in asked if _works(day, *one) != _works(day, *two))


def _works(day: date, off: Mapping[date, str], made_up: Mapping[date, str]) -> bool:
    return day in made_up or (day.weekday() < 5 and day not in off)
