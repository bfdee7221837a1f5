"""Time limits as written (两周内, Q2前, 6月30日前, 年底) and the days until them from a given day."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.float64]
Kind = Literal["days", "after", "date", "yearly", "month_end", "quarter_end", "week_end", "next_year"]

_NUMERAL = {
    "半": 0.5,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}
_N = r"\d{1,3}(?:\.\d)?|十[一二三四五六七八九]|[半一二两三四五六七八九十]"
_WITHIN = "(?:之内|以内|内)"
_BEFORE = "(?:之前|以前|前)"

#: How a need states a time limit (RE2): always closed by «within» or «before», for «3 年» may be a warranty.
LIMIT_IN_TEXT = "|".join(
    (
        rf"20\d\d[-年/.]\d{{1,2}}(?:[-月/.]\d{{1,2}}[日号]?|月?底?){_BEFORE}",
        rf"\d{{1,2}}月(?:\d{{1,2}}[日号]?|份|底|末)?{_BEFORE}",
        rf"(?:{_N})(?:个?(?:工作日|天|周|星期|礼拜|季度|年)|个半?月|月){_WITHIN}",
        rf"(?:元旦|五一|国庆|十一|618|双十一|双11)节?{_BEFORE}",
        rf"(?:[q][1-4]|[一二三四]季度|本季度|上半年|下半年|年底|年末|月底|月末)(?:{_BEFORE}|{_WITHIN})",
        r"within \d{1,3} ?(?:day|week|month)s?",
    )
)

_DATE = re.compile(r"(20\d\d)[-年/.](\d{1,2})(?:[-月/.](\d{1,2}))?")
_DAY = re.compile(rf"(\d{{1,2}})月(\d{{1,2}})|(?<![\d/.-])(\d{{1,2}})[/.](\d{{1,2}})[日号]?{_BEFORE}")
_NEXT_YEAR = re.compile(r"([明来后])年(?:(\d{1,2}|[一二三四五六七八九十])月|第?([一二三四])季度|(下半年)|[qQ]([1-4]))?")
_FEAST = re.compile(rf"(元旦|五一|劳动节|618|国庆|十一|双十一|双11)节?(?:{_BEFORE}|$)")
_FEASTS = {"元旦": (1, 1), "五一": (5, 1), "劳动节": (5, 1), "618": (6, 18), "国庆": (10, 1), "十一": (10, 1),
           "双十一": (11, 11), "双11": (11, 11)}  # fmt: skip
_SPAN = re.compile(
    rf"(?<![上下])({_N})个?(半)?个?(工作日|天|周|星期|礼拜|月|年|(?<=个)季度|day|week|month|year)s?(之后|以后|后)?"
)
_MONTH = re.compile(r"(\d{1,2}|[一二三四五六七八九十])月(?:底|末|份|之?前|以前|之?内)")
_QUARTER = re.compile(r"[qQ]([1-4])|第?([一二三四])季度")
_NAMED: dict[str, tuple[Kind, int]] = {
    "季度": ("quarter_end", 0), "下季度": ("quarter_end", 1), "下个季度": ("quarter_end", 1),
    "上半年": ("yearly", 6), "下半年": ("yearly", 12), "年底": ("yearly", 12), "年末": ("yearly", 12),
    "年内": ("yearly", 12), "今年": ("yearly", 12), "月底": ("month_end", 0), "月末": ("month_end", 0),
    "下月": ("month_end", 1), "下个月": ("month_end", 1), "下周": ("week_end", 1), "下个周": ("week_end", 1),
    "年中": ("yearly", 6), "下星期": ("week_end", 1), "下个星期": ("week_end", 1),
}  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """One time limit: so many days on, a date, a day of each year (0: month's end), or the end of a span."""

    kind: Kind
    number: float = 0
    month: int = 0
    day: int = 0


def read_limit(text: str, units: Mapping[str, float]) -> Limit | None:
    """Read the first time limit of a text without spaces, or None; units: days of each unit of a span."""
    return (
        _next_year(text)
        or _date(text)
        or _month_day(text)
        or _feast(text)
        or _span(text, units)
        or _month(text)
        or _named(text)
    )


def days_until(limits: Sequence[Limit], which: NDArray[np.int64], on: NDArray[np.datetime64]) -> Days:
    """Days from each row's day `on` (datetime64[D]) to the limit `which` names, NaN for -1 and for a past date."""
    days = np.full(len(which), np.nan)
    for place, limit in enumerate(limits):
        rows = np.flatnonzero(which == place)
        if len(rows):
            days[rows] = _days(limit, on[rows])
    return np.where(days < 0, np.nan, days)


def _days(limit: Limit, on: NDArray[np.datetime64]) -> Days:
    if limit.kind in ("days", "after"):
        return np.full(len(on), float(limit.number))
    if limit.kind == "week_end":
        weekday = (on.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        return (6 - weekday + 7 * limit.number).astype(np.float64)
    return (_end(limit, on) - on).astype(np.float64)


def _end(limit: Limit, on: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    months = on.astype("datetime64[M]")
    if limit.kind == "date":
        return np.full(len(on), np.datetime64(int(limit.number), "D"))
    if limit.kind == "next_year":
        first = (on.astype("datetime64[Y]") + int(limit.number)).astype("datetime64[M]") + (limit.month - 1)
        return first.astype("datetime64[D]")
    if limit.kind == "month_end":
        return _last_day(months + int(limit.number))
    if limit.kind == "quarter_end":
        passed = months.astype(np.int64) % 3
        ahead = (2 - passed + 3 * int(limit.number)).astype("timedelta64[M]")
        return _last_day(months + ahead)
    end = _yearly(on.astype("datetime64[Y]"), limit)
    return np.where(end < on, _yearly(on.astype("datetime64[Y]") + 1, limit), end)


def _yearly(years: NDArray[np.datetime64], limit: Limit) -> NDArray[np.datetime64]:
    month = years.astype("datetime64[M]") + (limit.month - 1)
    last = _last_day(month)
    return last if not limit.day else np.minimum(month.astype("datetime64[D]") + (limit.day - 1), last)


def _last_day(months: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    return (months + 1).astype("datetime64[D]") - 1


def _date(text: str) -> Limit | None:
    found = _DATE.search(text)
    if not found:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3] or 0)
    try:
        first = date(year, month, day or 1)
    except ValueError:
        return None
    if not day:
        first = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return Limit("date", (first - date(1970, 1, 1)).days)


def _month_day(text: str) -> Limit | None:
    found = _DAY.search(text)
    if not found:
        return None
    month, day = int(found[1] or found[3]), int(found[2] or found[4])
    return Limit("yearly", month=month, day=day) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _next_year(text: str) -> Limit | None:
    """Read «明年», «明年3月»: not before the first day of it."""
    found = _NEXT_YEAR.search(text)
    if not found:
        return None
    quarter = found[3] or found[5]
    month = int(_number(found[2])) if found[2] else 3 * int(_number(quarter)) - 2 if quarter else 7 if found[4] else 1
    return Limit("next_year", 2 if found[1] == "后" else 1, month) if 1 <= month <= 12 else None


def _feast(text: str) -> Limit | None:
    found = _FEAST.search(text)
    return Limit("yearly", month=_FEASTS[found[1]][0], day=_FEASTS[found[1]][1]) if found else None


def _span(text: str, units: Mapping[str, float]) -> Limit | None:
    found = _SPAN.search(text)
    if not found or found[3] not in units or _is_month_name(found, text):
        return None
    count = _number(found[1]) + (0.5 if found[2] else 0)
    return Limit("after" if found[4] else "days", math.ceil(count * units[found[3]]))


def _is_month_name(found: re.Match[str], text: str) -> bool:
    """Whether «3月» is March: only 个月 and 半月 count months."""
    return found[3] == "月" and "个" not in found[0] and found[1] != "半"


def _month(text: str) -> Limit | None:
    found = _MONTH.search(text)
    month = int(_number(found[1])) if found else 0
    return Limit("yearly", month=month) if 1 <= month <= 12 else None


def _named(text: str) -> Limit | None:
    quarter = _QUARTER.search(text)
    if quarter:
        return Limit("yearly", month=3 * int(_number(quarter[1] or quarter[2])))
    for name in sorted(_NAMED, key=len, reverse=True):
        if name in text:
            kind, number = _NAMED[name]
            return Limit(kind, month=number) if kind == "yearly" else Limit(kind, number)
    return None


def _number(text: str) -> float:
    if text[0].isdecimal():
        return float(text)
    return float(10 + _NUMERAL[text[1]] if len(text) == 2 else _NUMERAL[text])
