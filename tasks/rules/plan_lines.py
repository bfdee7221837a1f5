"""The steps of a written follow-up plan: week, goal, method, days and needed support of each (H3-2-plan).

A plan is what its writer typed: a step a line, or parted by ；. What a step does not say stays blank, and whatever
cannot be told apart stays in its goal: nothing of the text is lost.
"""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

#: What is known of a step.
COLUMNS = ("place", "step", "week", "goal", "method", "first", "last", "support")
_DIGITS = {sign: number for number, sign in enumerate("一二三四五六七八九十", 1)} | {"十一": 11, "十二": 12, "两": 2}
# a point parts month and day only behind a year: 3.2 is a version
_DAY = (
    r"(?:(?P<year>20\d\d)\s*[-/.年]\s*(?=\d))?(?<!\d)(?P<month>1[0-2]|0?[1-9])\s*(?:[-/月]|(?<=20\d\d\.\d)\.|(?<=20\d\d\.\d\d)\.)\s*"
    r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)\s*[日号]?"
)
_WEEK = (
    r"第\s*(?P<week>十[一二]|[一二两三四五六七八九十]|\d{1,2})\s*周\s*[:：、,，]?"
    r"|\b[Ww]eek\s*(?P<number>\d{1,2})\b\s*:?"
)
_SUPPORT = r"[,，、]?\s*(?:(?:所需|需要|需)?支持|[Ss]upport(?: needed)?)\s*[:：]?\s*(?P<support>[^,，]+)$"
_JOINT = r"^[\s,，、:：~～—–至到-]+|[\s,，、:：~～—–至到-]+$"
_NUMBERED = r"^\s*(?:\d{1,2}\s*[.、)）](?!\d)|[(（]\d{1,2}[)）]|[-•·*])\s*"
# a day of the year that lies further back than this is one of the next year
_BACK = timedelta(days=60)


def plan_steps(texts: pd.Series, written: pd.Series, methods: Sequence[str]) -> pd.DataFrame:
    """The steps of plans, in their order.

    texts: plans as written; written (same index): the local day of each; methods: the words for ways of contact.
    Gives COLUMNS: place, the plan's label in the index; step from 1; week, the Monday that the step is in; first and
    last day (`datetime64`, NaT where no day is told).
    """
    parts = texts.dropna().astype("str").str.split(r"[\r\n；;]+").explode()
    parts = parts.str.replace(_NUMBERED, "", regex=True).str.strip()
    parts = parts[parts != ""]
    steps = pd.DataFrame({"place": parts.index, "text": parts.array})
    steps["step"] = steps.groupby("place").cumcount() + 1
    day = pd.to_datetime(written.reindex(steps["place"])).dt.normalize().reset_index(drop=True)
    support = steps["text"].str.extract(_SUPPORT, expand=False)
    rest = steps["text"].str.replace(_SUPPORT, "", regex=True)
    week = _week(rest, day)
    rest = rest.str.replace(_WEEK, " ", regex=True)
    first, last, all_days = _days(rest, day)
    goal = rest.str.replace(_DAY, " ", regex=True).where(all_days, rest).str.replace(r"\s+", " ", regex=True)
    # brackets and joints that stood about a day are left behind by it
    goal = goal.str.replace(r"[(（]\s*[~～—–至到-]?\s*[)）]", "", regex=True).str.replace(_JOINT, "", regex=True)
    method = (
        goal.str.extract(f"({'|'.join(map(str, methods))})", expand=False) if methods else pd.Series(pd.NA, goal.index)
    )
    found = steps.assign(
        week=_monday(first).fillna(week), goal=goal, method=method, first=first, last=last, support=support
    )
    return found[list(COLUMNS)]


def _monday(days: pd.Series) -> pd.Series:
    monday: pd.Series = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    return monday


def _week(texts: pd.Series, day: pd.Series) -> pd.Series:
    """The Monday of the week that a step names, counted from the one in which the plan was written."""
    said = texts.str.extract(_WEEK)
    text = said["week"].fillna(said["number"])
    number = pd.to_numeric(text.map(lambda one: _DIGITS.get(one, one), na_action="ignore"), errors="coerce")
    return _monday(day) + pd.to_timedelta((number - 1) * 7, unit="D")


def _days(texts: pd.Series, day: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """The first and last day that each step names, and whether all that look like days are some."""
    none = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    said = texts.str.extractall(_DAY)
    if said.empty:
        return none, none, pd.Series(True, index=texts.index)
    place = said.index.get_level_values(0)
    at = pd.Series(pd.to_datetime(day.reindex(place).array))
    stated = pd.Series(pd.to_numeric(said["year"]).to_numpy(dtype="float64"))
    month, number = (pd.Series(pd.to_numeric(said[name]).to_numpy()) for name in ("month", "day"))
    parts = pd.DataFrame({"year": stated.fillna(at.dt.year).astype("int64"), "month": month, "day": number})
    found = pd.to_datetime(parts, errors="coerce")
    past = (found < at - _BACK) & stated.isna()
    found = found.mask(past, pd.to_datetime(parts.assign(year=parts["year"] + 1), errors="coerce"))
    by_step = pd.Series(found.array, index=place).groupby(level=0)
    first, last = (ends.reindex(texts.index).astype("datetime64[us]") for ends in (by_step.min(), by_step.max()))
    sound = pd.Series(found.notna().array, index=place).groupby(level=0).all()
    return first, last, sound.reindex(texts.index, fill_value=True)
