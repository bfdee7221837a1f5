"""Dates and times in every written form, as far as the text says and never further.

Year-first dates with or without a time, compact ones, month-first slash dates of English spreadsheets, dates without
a year, spreadsheet serials and epoch seconds are read by RE2 over the distinct texts; the rest is rewritten once per
distinct text (Chinese numerals, English month names) and read again.
Texts: `2024-03-15T14:05`, `2024-03-15`, `2024-03`, `2024`, `--03-15`, `--03`.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.rules.clean.date_spans import span_inside
from tasks.rules.clean.date_text import date_inside, rewrite
from tasks.rules.clean.texts import (
    FIGURES,
    TEXT,
    Mask,
    Text,
    choose,
    flat,
    half_width,
    holding,
    mapped,
    matches,
    numbers,
    parts,
    placed,
    put,
    spread,
    stated,
    swap,
    without_blanks,
)  # fmt: skip

Minutes: TypeAlias = npt.NDArray[np.float64]  # since 1970-01-01 00:00 in the business zone; NaN = none

_WEEKDAY = r"(?:\(?(?:周|星期|礼拜)[一二三四五六日天]\)?\s*)?"
_PART = "上午|午前|下午|午后|晚上|夜里|夜间|深夜|半夜|晚|中午|凌晨|清晨|清早|早晨|早上|早|傍晚|AM|PM"
_HALF = rf"(?P<half>{_PART})?"
_CLOCK = r"(?P<H>\d{1,2})\s*(?:[:时点]\s*(?P<M>\d{1,2}|半|整|[一三]刻)?)\s*(?:[:分]?\s*(?:\d{1,2})?(?:[.,]\d+)?秒?)?"
_ZONE = r"(?P<zone>Z|UTC|GMT|(?:GMT|UTC)?[+-](?:1[0-4]|0?\d):?(?:[0-5]\d)?)?"
_TIME = rf"(?:[T,_\s]*{_WEEKDAY}{_HALF}\s*{_CLOCK}\s*(?P<late>{_PART})?\s*{_ZONE})?\s*{_WEEKDAY}"
_YEAR_FIRST = r"(?P<y>(?:19|20)\d{2})"
_FORMS = (
    rf"^{_YEAR_FIRST}\s*[-/.年]\s*(?P<m>\d{{1,2}})\s*[-/.月]\s*(?P<d>\d{{1,2}})\s*[日号]?{_TIME}$",
    rf"^{_YEAR_FIRST}(?P<m>\d{{2}})(?P<d>\d{{2}})(?:[T\s_-]?(?P<H>\d{{2}}):?(?P<M>\d{{2}})(?::?\d{{2}})?(?P<zone>Z|[+-]\d{{2}}:?\d{{2}})?)?$",
    rf"^{_YEAR_FIRST}[-/.年](?P<m>\d{{1,2}})[-/.月](?P<d>\d{{1,2}})日?[T\s]+\d{{1,2}}$",
    rf"^{_YEAR_FIRST}[\s\\]+(?P<m>\d{{1,2}})[\s\\]+(?P<d>\d{{1,2}}){_TIME}$",
    rf"^{_YEAR_FIRST}-(?P<m>\d{{2}})-(?P<d>\d{{2}})[T\s_-](?P<H>\d{{2}})[.-]?(?P<M>\d{{2}})(?:[.-]?\d{{2}})?$",
    rf"^(?P<m>\d{{1,2}})\s*[/-]\s*(?P<d>\d{{1,2}})\s*[/-]\s*(?P<y>(?:19|20)\d{{2}}|\d{{1,2}}){_TIME}$",
    rf"^(?P<d>\d{{1,2}})\s*\.\s*(?P<m>\d{{1,2}})\s*\.\s*(?P<y>(?:19|20)\d{{2}}){_TIME}$",
    # Two figures for the year come first, as in 24.3.15, where they can be no day of a month: 15.3.24 is European.
    rf"^(?P<y>2\d|3[2-9])\.(?P<m>\d{{1,2}})\.(?P<d>\d{{1,2}}){_TIME}$",
    rf"^(?P<d>[01]?\d)\.(?P<m>\d{{1,2}})\.(?P<y>2\d){_TIME}$",
    r"^(?P<y>[23]\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])$",
    rf"^(?P<y>\d{{2}})年(?P<m>\d{{1,2}})月(?P<d>\d{{1,2}})[日号]?{_TIME}$",
    r"^--(?P<m>\d{2})-(?P<d>\d{2})$",
    rf"^(?P<m>\d{{1,2}})\s*(?:月|[/-])\s*(?P<d>\d{{1,2}})\s*[日号]?{_TIME}$",
    rf"^(?P<m>\d{{1,2}})\.(?P<d>\d{{1,2}})[日号]{_TIME}$",
    # 3.15, but not 3.1, which a spreadsheet also makes of 3.10.
    r"^(?P<m>\d{1,2})\.(?P<d>\d{2}|[4-9])$",
)
_PART_OF_MONTH = "(?:份|上旬|中旬|下旬|初|底|末|月初|月底|月末)?"
# A month or a year and no more. 2024.1 is no month: a spreadsheet also makes it of 2024.10.
_PARTIAL = (
    rf"^{_YEAR_FIRST}\s*[-/年]\s*(?P<m>\d{{1,2}})\s*(?:月{_PART_OF_MONTH})?$",
    rf"^{_YEAR_FIRST}\.(?P<m>[2-9]|0[1-9]|1[0-2])(?:月{_PART_OF_MONTH})?$",
    rf"^(?P<y>[23]\d)年(?P<m>\d{{1,2}})月{_PART_OF_MONTH}$",
    rf"^(?P<y>)(?:--(?P<m>\d{{2}})|(?P<n>\d{{1,2}})月{_PART_OF_MONTH})$",
    r"^(?P<y>(?:199|20\d)\d)(?:年度?)?(?P<m>)$",
    r"^(?P<y>[23]\d)年度?(?P<m>)$",
    # six figures that can be no day of a month in a year of two figures: 202403, but not 201203
    r"^(?P<y>20(?:1[3-9]|[2-9]\d))(?P<m>0[1-9]|1[0-2])$",
)
# Month first or day first: both can be. So can the year of 21/3/24.
_EITHER_ORDER = (
    r"^(?:(?P<a>0?[1-9]|1[0-2])[/-](?P<b>0?[1-9]|1[0-2])[/-](?:20)?\d{2}"
    r"|(?P<c>2\d|3[01])[/-]\d{1,2}[/-](?P<d>2\d|3[01]))(?:\D|$)"
)
# Of «15:00-16:00» the beginning counts; it must not be taken for an offset.
_HOURS = r"^([^T]*[^:\dT]\d{1,2}:\d{2})(?:\s*[~至到]\s*|-|\s-\s)\d{1,2}:\d{2}$"
_SPOKEN_MINUTES = {"半": "30", "整": "0", "一刻": "15", "三刻": "45"}
# The usual forms, known by a pattern without groups (which cost most); whoever writes 02-29 is read below.
_PLAIN = (
    r"^(?:199\d|20\d\d)[-/.年](?:(?:0[13578]|1[02])[-/.月](?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)[-/.月](?:0[1-9]|[12]\d|30)|02[-/.月](?:0[1-9]|1\d|2[0-8]))日?"
    r"(?:[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?)?$"
)
_OFFSET = r":\d{2}(?:\.\d+)?(?P<zone>Z|[+-]\d{2}:?\d{2})$"
_SERIAL = r"^(?P<days>[2-7]\d{4}(?:\.\d+)?)$"
_EPOCH = r"^(?P<seconds>1\d{9})(?P<rest>\d{3}|\d{6}|\.\d+)?$"
_GROUPS = ("y", "m", "d", "H", "M", "half", "late", "zone")
_SERIAL_ORIGIN = 25569.0  # the day number of 1970-01-01 in a spreadsheet
_OLDEST, _NEWEST = 1990, 2100  # before: an empty field written as a date (1899-12-30, 1970-01-01)
_OLDEST_DAY, _NEWEST_DAY = np.datetime64(f"{_OLDEST}-01-01"), np.datetime64(f"{_NEWEST}-01-01")


def read_dates(values: Text, zone: str) -> Text:
    """Return the column as far as each text says; null where no date can be read."""
    return flat(spread(values, lambda texts: {"text": _read(texts, zone)})["text"])


def contact_time(dates: Text, zone: str) -> Any:
    """Return the full dates as datetime64[us], naive UTC; a date without a time is the start of its day in the zone."""
    full = matches(dates, r"^\d{4}-\d{2}-")
    local = np.full(len(dates), np.datetime64("NaT", "us"))
    local[full] = _moments(dates.filter(pa.array(full)))
    placed = pd.DatetimeIndex(local).tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    return placed.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]")


def _moments(texts: Text) -> Any:
    """Return full dates as datetime64[m], read as fixed-width bytes: 16 of them, without a time filled up."""
    whole = flat(
        pc.utf8_slice_codeunits(
            pc.binary_join_element_wise(texts, pa.scalar("T00:00", TEXT), pa.scalar("", TEXT)), 0, 16
        )
    )
    data = whole.buffers()[2]
    return np.frombuffer(data, "S16", len(texts)).astype("datetime64[m]") if len(texts) else []


def fault(values: Text, dates: Text, blanks: Text) -> Text:
    """Return why a text gave no date (placeholder, sci_notation, text) or no sure one (order, span), else null."""
    unread = stated(values) & ~stated(dates)
    part = half_width(values.filter(pa.array(unread)))
    empty = matches(part, r"^0+$|^0000|^1/0/(?:19)?00|^1899|^1900|^1970")
    gone = matches(part, r"^\d(?:\.\d+)?[eE]\+?\d+$")
    why = choose(empty, "placeholder", choose(gone, "sci_notation", "text"))
    found = placed(pa.nulls(len(values), TEXT), unread, without_blanks(why, part, blanks))
    found = choose(_of_a_span(values, dates), "span", found)
    return choose(_either_order(values) & stated(dates), "order", found)


def _of_a_span(values: Text, dates: Text) -> Mask:
    """Tell where a month or a year is all that a span of days or a quarter agrees on."""
    part = matches(dates, r"^\d{4}(?:-\d{2})?$|^--\d{2}$")
    if part.any():
        lean = _lean(values.filter(pa.array(part)))
        part[part] = matches(mapped(lean, lambda text: "span" if _span(text) != text else None), "span")
    return part


def other_order(values: Text) -> Text:
    """Return texts of which day and month, or day and year, may stand either way, the other way round; null else."""
    either = _either_order(values)
    lean = half_width(values.filter(pa.array(either)))
    turned = swap(lean, r"^(2\d|3[01])([/-]\d{1,2}[/-])(2\d|3[01])(\D|$)", r"20\3\2\1\4")
    turned = swap(turned, r"^([01]?\d)([/-])([01]?\d)([/-])", r"\3\2\1\4")
    return placed(pa.nulls(len(values), TEXT), either, turned)


def _either_order(values: Text) -> Mask:
    """Tell where day and month, or day and year, may stand either way and it matters: 3/5/2024, not 3/3/2024."""
    lean = half_width(values)
    either = matches(lean, _EITHER_ORDER)
    if either.any():
        groups = {name: numbers(part) for name, part in parts(lean.filter(pa.array(either)), _EITHER_ORDER).items()}
        either[either] = (groups["a"] != groups["b"]) & (groups["c"] != groups["d"])
    return either


def _read(texts: Text, zone: str) -> Text:
    lean = _lean(texts)
    plain = matches(lean, _PLAIN)
    found = placed(pa.nulls(len(lean), TEXT), plain, _plainly(lean.filter(pa.array(plain)), zone))
    rest = ~plain & stated(lean)
    lean = put(lean, rest, lambda part: swap(part, _HOURS, r"\1"))
    found = placed(found, rest, _by_forms(lean.filter(pa.array(rest)), zone))
    for again in (_span, rewrite, date_inside):
        rest = ~stated(found) & stated(lean)
        if rest.any():
            part = mapped(lean.filter(pa.array(rest)), again)
            lean, found = placed(lean, rest, part), placed(found, rest, _by_forms(part, zone))
    return found


def _lean(texts: Text) -> Text:
    lean = pc.utf8_upper(half_width(texts))
    lean = swap(lean, r"^['\"`=\s]+|['\"`.,;。、\s]+$", "")
    return swap(lean, r"^(\d+)\.0+$", r"\1")


def _span(text: str) -> str:
    return span_inside(text, rewrite)


def _plainly(lean: Text, zone: str) -> Text:
    day = swap(pc.utf8_slice_codeunits(lean, 0, 10), "[/.年月]", "-")
    time = pc.utf8_slice_codeunits(pc.replace_substring(lean, "日", ""), 11, 16)
    timed = pc.binary_join_element_wise(day, time, pa.scalar("T", TEXT))
    text = flat(pc.if_else(pc.equal(time, ""), day, timed))
    offsets = parts(put(lean, ~matches(lean, _OFFSET), _nothing), _OFFSET)["zone"]
    zoned = stated(offsets)
    if not zoned.any():
        return text
    every = np.ones(zoned.sum(), dtype=bool)
    moments = _in_zone(_moments(text.filter(pa.array(zoned))), offsets.drop_null(), every, zone)
    return placed(text, zoned, _shown(moments, every))


def _nothing(part: Text) -> Text:
    return pa.nulls(len(part), TEXT)


def _by_forms(lean: Text, zone: str) -> Text:
    found = pa.nulls(len(lean), TEXT)
    if not holding(lean, FIGURES).any():
        return found
    for form in (*_FORMS, _SERIAL, _EPOCH):
        rest = ~stated(found) & matches(lean, form)
        if rest.any():
            found = placed(found, rest, _written(lean.filter(pa.array(rest)), form, zone))
    for form in _PARTIAL:
        rest = ~stated(found) & matches(lean, form)
        if rest.any():
            found = placed(found, rest, _partial(parts(lean.filter(pa.array(rest)), form)))
    return found


def _partial(groups: dict[str, Text]) -> Text:
    """Return the month (2024-03, --03) or the year that was written."""
    year, month = numbers(groups["y"]), numbers(flat(pc.coalesce(groups["m"], groups.get("n", groups["m"]))))
    year = np.where(year < 100, year + 2000, year)
    years = choose(np.isnan(year), "-", pa.array(np.nan_to_num(year).astype(np.int64)).cast(TEXT))
    months = flat(pc.utf8_lpad(pa.array(np.nan_to_num(month).astype(np.int64)).cast(TEXT), 2, "0"))
    both = flat(pc.binary_join_element_wise(years, months, pa.scalar("-", TEXT)))
    text = choose(np.isnan(month), years, both)
    possible = (np.isnan(month) | ((month >= 1) & (month <= 12))) & (
        np.isnan(year) | (year >= _OLDEST) & (year < _NEWEST)
    )
    return choose(possible, text, None)


def _written(lean: Text, form: str, zone: str) -> Text:
    groups = parts(lean, form)
    if form == _SERIAL:
        return _serial(groups)
    if form == _EPOCH:
        seconds = pd.to_datetime(numbers(groups["seconds"]), unit="s", utc=True).tz_convert(zone).tz_localize(None)
        return _shown(seconds.to_numpy("datetime64[m]"), np.ones(len(lean), bool))
    groups = {name: groups.get(name, pa.nulls(len(lean), TEXT)) for name in _GROUPS}
    return _calendar(groups, zone, year_first=form.startswith(f"^{_YEAR_FIRST}"))


def _serial(groups: dict[str, Text]) -> Text:
    days = numbers(groups["days"]) - _SERIAL_ORIGIN
    minutes = np.rint(days * 1440).astype("int64").astype("datetime64[m]")
    text = _shown(minutes, matches(groups["days"], r"\."))
    return choose((minutes >= _OLDEST_DAY) & (minutes < _NEWEST_DAY), text, None)


def _calendar(groups: dict[str, Text], zone: str, year_first: bool) -> Text:
    year, month, day = (numbers(groups[name]) for name in "ymd")
    # A first number above twelve is a day, or from 20 on the year: 26/1/3.
    short_year = (month >= 20) & (year < 100) & _is_day(2000 + month, day, year)
    year, month, day = np.where(short_year, (month, day, year), (year, month, day))
    # A year of one figure only stands last, as in 24/3/5.
    year = np.where(matches(groups["y"], r"^\d$") & ~short_year, 100.0, year)
    swapped = (month > 12) & (day <= 12) & ~np.isnan(year) & (not year_first)
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
    minute = groups["M"]
    for word, minutes in _SPOKEN_MINUTES.items():
        minute = swap(minute, word, minutes)
    minute = numbers(minute, missing=0.0)
    half = pc.coalesce(groups["half"], groups["late"])
    afternoon = matches(half, "下午|午后|晚|夜|PM|傍晚") | (matches(half, "中午") & (hour < 6))
    early = matches(half, "上午|午前|凌晨|早|清晨|AM") & (hour == 12)
    hour = np.where(afternoon & (hour < 12), hour + 12, np.where(early, 0.0, hour))
    # «晚上12点» and «晚上1点» may be the next day's.
    night = matches(half, "[晚夜]") & ((hour == 12) | (hour < 17))
    return np.where((hour < 24) & (minute < 60) & ~night, hour * 60 + minute, np.nan)


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
    written = np.datetime_as_string(moments.astype("datetime64[m]")).astype("S16")
    places = np.arange(len(written) + 1, dtype=np.int64) * 16
    text = pa.LargeStringArray.from_buffers(len(written), pa.py_buffer(places), pa.py_buffer(written.tobytes()))
    return choose(timed, text, flat(pc.utf8_slice_codeunits(text, 0, 10)))
