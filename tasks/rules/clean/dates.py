"""Dates and times in every written form, as far as the text says and never further.

Year-first dates with or without a time, compact ones, month-first slash dates of English spreadsheets, dates without
a year, spreadsheet serials and epoch seconds are read by RE2 over the distinct texts; the rest is rewritten once per
distinct text (Chinese numerals, English month names) and read again.
Texts: `2024-03-15T14:05`, `2024-03-15`, `--03-15`.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.rules.clean.date_text import rewrite
from tasks.rules.clean.texts import (
    TEXT,
    Mask,
    Text,
    choose,
    flat,
    half_width,
    mapped,
    matches,
    numbers,
    parts,
    placed,
    spread,
    stated,
    swap,
)  # fmt: skip

Minutes: TypeAlias = npt.NDArray[np.float64]  # since 1970-01-01 00:00 in the business zone; NaN = none

_WEEKDAY = r"(?:\(?(?:周|星期|礼拜)[一二三四五六日天]\)?\s*)?"
_HALF = r"(?P<half>上午|下午|晚上|晚|中午|凌晨|早上|傍晚|AM|PM)?"
_CLOCK = r"(?P<H>\d{1,2})\s*(?:[:时点]\s*(?P<M>\d{1,2}|半|整)?)\s*(?:[:分]?\s*(?:\d{1,2})?(?:[.,]\d+)?秒?)?"
_ZONE = r"(?P<zone>Z|UTC|GMT|(?:GMT|UTC)?[+-]\d{1,2}:?(?:\d{2})?)?"
_TIME = rf"(?:[T,\s]*{_WEEKDAY}{_HALF}\s*{_CLOCK}\s*(?P<late>AM|PM)?\s*{_ZONE})?\s*{_WEEKDAY}"
_FORMS = (
    rf"^(?P<y>(?:19|20)\d{{2}})\s*[-/.年]\s*(?P<m>\d{{1,2}})\s*[-/.月]\s*(?P<d>\d{{1,2}})\s*[日号]?{_TIME}$",
    r"^(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:[T\s-]?(?P<H>\d{2}):?(?P<M>\d{2})(?::?\d{2})?)?$",
    rf"^(?P<m>\d{{1,2}})\s*[/-]\s*(?P<d>\d{{1,2}})\s*[/-]\s*(?P<y>(?:19|20)?\d{{2}}){_TIME}$",
    rf"^(?P<d>\d{{1,2}})\s*\.\s*(?P<m>\d{{1,2}})\s*\.\s*(?P<y>(?:19|20)\d{{2}}){_TIME}$",
    rf"^(?P<y>\d{{2}})年(?P<m>\d{{1,2}})月(?P<d>\d{{1,2}})[日号]?{_TIME}$",
    r"^--(?P<m>\d{2})-(?P<d>\d{2})$",
    rf"^(?P<m>\d{{1,2}})(?:月|[/-])(?P<d>\d{{1,2}})[日号]?{_TIME}$",
)
_SERIAL = r"^(?P<days>[2-7]\d{4}(?:\.\d+)?)$"
_EPOCH = r"^(?P<seconds>1\d{9})(?P<rest>\d{3}|\d{6}|\.\d+)?$"
_GROUPS = ("y", "m", "d", "H", "M", "half", "late", "zone")
_SERIAL_ORIGIN = 25569.0  # the day number of 1970-01-01 in a spreadsheet
_OLDEST, _NEWEST = 1990, 2100  # before: an empty field written as a date (1899-12-30, 1970-01-01)


def read_dates(values: Text, zone: str) -> Text:
    """Return the column as far as each text says; null where no date can be read."""
    return flat(spread(values, lambda texts: {"text": _read(texts, zone)})["text"])


def contact_time(dates: Text, zone: str) -> Any:
    """Return the full dates as datetime64[us], naive UTC; a date without a time is the start of its day in the zone."""
    full = choose(matches(dates, r"^\d"), dates, None)
    local = pd.Series(pd.to_datetime(full.to_pandas(), format="ISO8601", errors="coerce").to_numpy("datetime64[us]"))
    placed = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    return placed.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")


def fault(values: Text, dates: Text) -> Text:
    """Return why a stated text gave no date: placeholder, sci_notation or text; null where it did."""
    unread = stated(values) & ~stated(dates)
    if not unread.any():
        return pa.nulls(len(values), TEXT)
    unread &= matches(values, r"[\p{L}\p{N}]")  # «-» and «/» are blanks
    empty = matches(values, r"^0+$|^0000|^1899|^1900|^1970")
    gone = matches(values, r"^\d(?:\.\d+)?[eE]\+?\d+$")
    why = choose(empty, "placeholder", choose(gone, "sci_notation", "text"))
    return choose(unread, why, None)


def _read(texts: Text, zone: str) -> Text:
    lean = pc.utf8_upper(half_width(texts))
    lean = swap(lean, r"^['\"`=\s]+|['\"`\s]+$", "")
    lean = swap(lean, r"^(\d+)\.0+$", r"\1")
    found = _by_forms(lean, zone)
    rest = ~stated(found) & stated(lean)
    if rest.any():
        again = _by_forms(mapped(lean.filter(pa.array(rest)), rewrite), zone)
        found = placed(found, rest, again)
    return found


def _by_forms(lean: Text, zone: str) -> Text:
    found = pa.nulls(len(lean), TEXT)
    for form in (*_FORMS, _SERIAL, _EPOCH):
        rest = ~stated(found) & matches(lean, form)
        if rest.any():
            found = placed(found, rest, _written(lean.filter(pa.array(rest)), form, zone))
    return found


def _written(lean: Text, form: str, zone: str) -> Text:
    groups = parts(lean, form)
    if form == _SERIAL:
        return _serial(groups)
    if form == _EPOCH:
        seconds = pd.to_datetime(numbers(groups["seconds"]), unit="s", utc=True).tz_convert(zone).tz_localize(None)
        return _shown(seconds.to_numpy("datetime64[m]"), np.ones(len(lean), bool))
    return _calendar({name: groups.get(name, pa.nulls(len(lean), TEXT)) for name in _GROUPS}, zone)


def _serial(groups: dict[str, Text]) -> Text:
    days = numbers(groups["days"]) - _SERIAL_ORIGIN
    minutes = np.rint(days * 1440).astype("int64").astype("datetime64[m]")
    return _shown(minutes, matches(groups["days"], r"\."))


def _calendar(groups: dict[str, Text], zone: str) -> Text:
    year, month, day = (numbers(groups[name]) for name in "ymd")
    # A first number above twelve is a day, or from 20 on the year: 26/1/3.
    short_year = (month >= 20) & (year < 100) & _is_day(2000 + month, day, year)
    year, month, day = np.where(short_year, (month, day, year), (year, month, day))
    swapped = (month > 12) & (day <= 12) & ~np.isnan(year)
    month, day = np.where(swapped, (day, month), (month, day))
    year = np.where(year < 100, year + 2000, year)
    whole = _is_day(year, month, day) & (year >= _OLDEST) & (year < _NEWEST)
    floating = np.isnan(year) & _is_day(np.full_like(month, 2000.0), month, day)
    year = np.where(whole, year, 2000.0)
    days = _days(year, *np.where(whole | floating, (month, day), 1.0))
    clock = _minutes(groups)
    timed = whole & ~np.isnan(clock)
    moments = _in_zone(days.astype("datetime64[m]") + np.nan_to_num(clock).astype("int64"), groups["zone"], timed, zone)
    text = _shown(moments, timed)
    return choose(whole, text, choose(floating, swap(text, r"^\d{4}", "-"), None))


def _is_day(year: Any, month: Any, day: Any) -> Mask:
    with np.errstate(invalid="ignore"):
        possible = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= 1) & (year < 10_000)
    year, month, day = np.where(possible, (year, month, day), 1.0)
    same_month = _days(year, month, day).astype("datetime64[M]") == _days(year, month, 1.0).astype("datetime64[M]")
    return np.asarray(possible & same_month)


def _days(year: Any, month: Any, day: Any) -> Any:
    months = ((year - 1970) * 12 + month - 1).astype("int64").astype("datetime64[M]")
    return months.astype("datetime64[D]") + np.asarray(day - 1, dtype="int64")


def _minutes(groups: dict[str, Text]) -> Minutes:
    """Return the minute of the day, NaN where no possible time is written."""
    hour = numbers(groups["H"])
    minute = numbers(swap(swap(groups["M"], "半", "30"), "整", "0"), missing=0.0)
    half = pc.coalesce(groups["half"], groups["late"])
    afternoon = matches(half, "下午|晚|PM|傍晚") | (matches(half, "中午") & (hour < 6))
    early = matches(half, "上午|凌晨|早上|AM") & (hour == 12)
    hour = np.where(afternoon & (hour < 12), hour + 12, np.where(early, 0.0, hour))
    return np.where((hour < 24) & (minute < 60), hour * 60 + minute, np.nan)


def _in_zone(moments: Any, offsets: Text, timed: Mask, zone: str) -> Any:
    placed = stated(offsets) & timed
    if not placed.any():
        return moments
    written = parts(choose(placed, offsets, None), r"(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?$")
    shift = numbers(written["hours"], 0.0) * 60 + numbers(written["minutes"], 0.0)
    shift = np.where(matches(written["sign"], "-"), -shift, shift).astype("int64")
    utc = pd.DatetimeIndex((moments - shift)[placed].astype("datetime64[s]")).tz_localize("UTC")
    moments[placed] = utc.tz_convert(zone).tz_localize(None).to_numpy("datetime64[m]")
    return moments


def _shown(moments: Any, timed: Mask) -> Text:
    text = flat(pa.array(np.datetime_as_string(moments.astype("datetime64[m]")).astype(object), TEXT))
    return choose(timed, text, flat(pc.utf8_slice_codeunits(text, 0, 10)))
