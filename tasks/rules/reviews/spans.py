"""The periods of reviews: weeks, months and quarters of the business zone, and when their packs are due."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

Kind = Literal["weekly", "monthly", "quarterly"]
#: Kind of review -> the dimension of time whose values its periods are.
UNIT_OF: dict[str, str] = {"weekly": "week", "monthly": "month", "quarterly": "quarter"}
_FIRST_YEAR = 1990
_MONTHS = {"monthly": 1, "quarterly": 3}


@dataclass(frozen=True)
class Span:
    """A period: its first and its last day."""

    kind: Kind
    first: date
    last: date

    @property
    def label(self) -> str:
        """The period as it is named: 2026-W44, 2026-10, 2026-Q4."""
        if self.kind == "weekly":
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02d}"
        if self.kind == "quarterly":
            return f"{self.first.year}-Q{self.first.month // 3 + 1}"
        return f"{self.first:%Y-%m}"

    @property
    def before(self) -> "Span":
        """The period before this one."""
        return span_of(self.kind, self.first - timedelta(days=1))

    @property
    def year_before(self) -> "Span":
        """The same period of the year before; of a week the one 52 weeks earlier."""
        if self.kind == "weekly":
            return span_of(self.kind, self.first - timedelta(weeks=52))
        return span_of(self.kind, self.first.replace(year=self.first.year - 1))

    def back(self, count: int) -> list["Span"]:
        """So many periods, this one last."""
        spans = [self]
        while len(spans) < count:
            spans.append(spans[-1].before)
        return spans[::-1]


def span_of(kind: Kind, day: date) -> Span:
    """The period in which a day lies."""
    if kind == "weekly":
        first = day - timedelta(days=day.weekday())
        return Span(kind, first, first + timedelta(days=6))
    months = _MONTHS[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    after = first.month + months
    return Span(kind, first, date(first.year + (after - 1) // 12, (after - 1) % 12 + 1, 1) - timedelta(days=1))


def read_span(kind: Kind, text: str) -> Span:
    """Read a period as it is named; ValueError says how it is written."""
    forms = {"weekly": r"(\d{4})-W(\d{2})", "monthly": r"(\d{4})-(\d{2})", "quarterly": r"(\d{4})-Q([1-4])"}
    found = re.fullmatch(forms[kind], text)
    examples = {"weekly": "2026-W44", "monthly": "2026-10", "quarterly": "2026-Q4"}
    try:
        if found is None or int(found[1]) < _FIRST_YEAR:
            raise ValueError
        year, number = int(found[1]), int(found[2])
        if kind == "weekly":
            return span_of(kind, date.fromisocalendar(year, number, 1))
        return span_of(kind, date(year, number if kind == "monthly" else 3 * number, 1))
    except ValueError:
        raise ValueError(f"{text!r} is no period of a {kind} review such as {examples[kind]}") from None


def working_days(first: date, working: np.ndarray, span: Span) -> np.busdaycalendar:
    """The calendar about a period: `working` says of each day from `first` on whether people work.

    Of a period before that Monday to Friday are working days.
    """
    if span.first <= first:
        return np.busdaycalendar()
    off = np.datetime64(first) + np.flatnonzero(~working)
    return np.busdaycalendar(weekmask="1111111", holidays=off)


def due_on(span: Span, days: np.busdaycalendar, latest: int) -> date:
    """The day on which a period's pack is sent: the first working day after it.

    Of a month or quarter at the latest the `latest`-th, in a holiday too.
    """
    first = np.datetime64(span.last + timedelta(days=1))
    day: date = np.busday_offset(first, 0, roll="forward", busdaycal=days).astype("datetime64[D]").item()
    return day if span.kind == "weekly" else min(day, span.last + timedelta(days=latest))


def preliminary_on(span: Span, days: np.busdaycalendar, count: int) -> date:
    """The day so many working days before a period ends, its last day counted."""
    last = np.busday_offset(np.datetime64(span.last), 0, roll="backward", busdaycal=days)
    day: date = np.busday_offset(last, 1 - count, busdaycal=days).astype("datetime64[D]").item()
    return day


def cut_off(span: Span, days: np.busdaycalendar, latest: int, at: time, zone: str) -> datetime:
    """The moment of a period's pack (aware): what had been recorded by then is in it."""
    return datetime.combine(due_on(span, days, latest), at, ZoneInfo(zone))
