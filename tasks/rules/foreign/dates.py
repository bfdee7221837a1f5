"""Dates and times of other systems: any written form, the order of day and month as the column itself shows it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from tasks.rules.clean.dates import contact_time, read_dates
from tasks.rules.clean.texts import TEXT, flat

AUTO, DAY_FIRST, MONTH_FIRST = "auto", "day-first", "month-first"
# a date that its system exports with a time of day it never had
_MIDNIGHT = r"[T\s]+00:00(?::00(?:[.,]0+)?)?$"
_EITHER = r"^(?P<a>\d{1,2})\s*(?P<mark>[/-])\s*(?P<b>\d{1,2})\s*[/-]\s*(?P<y>\d{4}|\d{2})(?P<rest>\D.*)?$"
_DOTTED = r"^(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{2})(?!\d)"


class Moments(NamedTuple):
    """Times (naive UTC), where something is written that is no date, and what is wrong with the column as a whole."""

    at: pd.Series
    unread: npt.NDArray[np.bool_]
    fault: str | None


def read_moments(texts: pd.Series, forms: tuple[str, ...], zone: str, business: str) -> Moments:
    """Read a column; `zone`: of times that name none; `business`: whose day a date without a time is.

    forms: auto, day-first, month-first, or forms of strptime that are tried in order.
    """
    clean = texts.str.strip()
    fault = None
    if forms[0] in (AUTO, DAY_FIRST, MONTH_FIRST):
        clean, fault = _ordered(_without_midnight(clean), forms[0])
    else:
        clean = _by_forms(clean, forms)
    read = read_dates(flat(pa.array(clean.mask(clean == ""), from_pandas=True).cast(TEXT)), zone)
    timed = contact_time(read, zone)
    days = contact_time(read, business)
    told = pd.Series(read.to_pandas(), index=texts.index, dtype="str")
    at = np.where((told.str.len() == 10).fillna(False).to_numpy(dtype=bool), days, timed)
    found = pd.Series(at.astype("datetime64[us]"), index=texts.index)
    return Moments(found, ((clean != "") & found.isna()).to_numpy(dtype=bool), fault)


def _without_midnight(clean: pd.Series) -> pd.Series:
    """The days alone of a column whose every time is midnight."""
    stated = clean[clean != ""]
    if len(stated) and bool(stated.str.contains(_MIDNIGHT).all()):
        return clean.str.replace(_MIDNIGHT, "", regex=True)
    return clean


def _by_forms(clean: pd.Series, forms: tuple[str, ...]) -> pd.Series:
    """Rewrite what fits one of the forms as ISO; the rest stays and is no date."""
    found = pd.Series(pd.NA, index=clean.index, dtype="str")
    for form in forms:
        read = pd.to_datetime(clean, format=form, errors="coerce", utc="%z" in form)
        timed = any(mark in form for mark in ("%H", "%I", "%T", "%X", "%c", "%R"))
        shown = read.dt.strftime("%Y-%m-%dT%H:%M:%S%z" if timed else "%Y-%m-%d")
        found = found.fillna(shown.astype("str"))
    return found.fillna(clean.where(clean == "", "?"))


def _ordered(clean: pd.Series, order: str) -> tuple[pd.Series, str | None]:
    """Write 25/03/2017 and its like year first; without a stated order that of the column's own telling values."""
    if order != MONTH_FIRST:
        # between dots the day comes first
        clean = clean.str.replace(_DOTTED, r"\g<d>.\g<m>.20\g<y>", regex=True)
    parts = clean.str.extract(_EITHER)
    either = parts["a"].notna()
    if not either.any():
        return clean, None
    first, second = (pd.to_numeric(parts[name]) for name in "ab")
    fault = None
    if order == AUTO:
        days, months = bool((first > 12).any()), bool((second > 12).any())
        if days and months:
            fault = "some of its dates can only begin with the day, others only with the month; say dates"
        elif not days and not months and bool((either & (first != second)).any()):
            example = clean[either & (first != second)].iloc[0]
            fault = f"{example!r} may begin with the day or with the month; say dates: day-first or month-first"
        order = MONTH_FIRST if months else DAY_FIRST
    day, month = (parts["a"], parts["b"]) if order == DAY_FIRST else (parts["b"], parts["a"])
    year = parts["y"].where(parts["y"].str.len() == 4, "20" + parts["y"])
    written = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2) + parts["rest"].fillna("")
    return clean.where(~either, written), fault
