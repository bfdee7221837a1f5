"""Figures by one dimension: a group-by on the facts of leads (H1-5.4-dims, H2-4-funnel)."""

from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from tasks.rules.reviews.facts import LOST, OPEN, TRAITS, WON

Basis = Literal["created", "closed"]
TIMES = ("week", "month", "quarter", "year")
#: By what figures can be told apart; `total` makes one line of all.
DIMENSIONS = ("total", *TRAITS, "system", *TIMES, "stage")
#: The columns of an export, in order.
FIGURES = (
    "dimension", "value", "leads", "valid", "won", "lost", "open", "conversion", "won_of_valid", "won_of_closed",
    "cycle_mean_days", "cycle_median_days",
)  # fmt: skip
#: Between the values of a cross.
CROSS = " × "
#: What the one line of `total` is called.
ALL = "all"


class Period(NamedTuple):
    """Days of the business zone, both included; None: no bound."""

    first: date | None = None
    last: date | None = None


def within(facts: pd.DataFrame, basis: Basis, period: Period) -> pd.DataFrame:
    """The leads that count: by their day of creation, or those that ended by the day on which they did.

    A day that is not known lies in no period.
    """
    if basis == "closed":
        facts = facts[facts["result"].isin((WON, LOST))]
    day = facts[f"{basis}_on"]
    kept = np.ones(len(facts), dtype=bool)
    if period.first is not None:
        kept &= (day >= pd.Timestamp(period.first)).to_numpy()
    if period.last is not None:
        kept &= (day <= pd.Timestamp(period.last)).to_numpy()
    return facts[kept]


def tally(facts: pd.DataFrame, dimension: str, basis: Basis, every: pd.DataFrame | None = None) -> pd.DataFrame:
    """Count by one of DIMENSIONS, or by a cross of some (source*grade): FIGURES, missing where they have no sense.

    Times in their order, stages in theirs, grades by name; all others by leads, the most first; '' last.
    every: all facts, by which the stages are known, where only some of them count.
    """
    if dimension == "stage":
        return _stages(facts, facts if every is None else every)
    value = _values(facts, dimension, basis)
    figures = _figures(facts, value)
    blank = figures["value"] == ""
    figures = figures.assign(blank=blank)
    if dimension in (*TIMES, "grade"):
        return figures.sort_values(["blank", "value"]).assign(dimension=dimension)[list(FIGURES)]
    figures = figures.sort_values(["blank", "leads", "value"], ascending=[True, False, True], ignore_index=True)
    return figures.assign(dimension=dimension)[list(FIGURES)]


def parts_of(dimension: str) -> list[str]:
    """The dimensions of which a cross is made: source*grade."""
    return [part.strip() for part in dimension.split("*")]


def _values(facts: pd.DataFrame, dimension: str, basis: Basis) -> pd.Series:
    parts = parts_of(dimension)
    if len(parts) > 1:
        value = _values(facts, parts[0], basis)
        for part in parts[1:]:
            value = value + CROSS + _values(facts, part, basis)
        return value
    if dimension == "total":
        return pd.Series(ALL, index=facts.index, dtype="str")
    if dimension in TIMES:
        return time_values(facts[f"{basis}_on"], dimension)
    return facts[dimension]


def time_values(days: pd.Series, dimension: str) -> pd.Series:
    """The week (2026-W05), month (2026-10), quarter (2026-Q4) or year of days; '' where there is none."""
    once = pd.Series(days.unique())
    if dimension == "week":
        iso = once.dt.isocalendar()
        names = iso["year"].astype("str") + "-W" + iso["week"].astype("str").str.zfill(2)
    elif dimension == "quarter":
        names = once.dt.year.astype("Int64").astype("str") + "-Q" + once.dt.quarter.astype("Int64").astype("str")
    else:
        names = once.dt.strftime("%Y-%m" if dimension == "month" else "%Y").astype("str")
    names = names.mask(once.isna(), "")
    named = pd.Series(names.to_numpy(dtype=object), index=pd.DatetimeIndex(once))
    return pd.Series(named.reindex(pd.DatetimeIndex(days)).to_numpy(), index=days.index, dtype="str").fillna("")


def _figures(facts: pd.DataFrame, value: pd.Series) -> pd.DataFrame:
    """The figures of each value; index: none."""
    result, screened = facts["result"], facts["verdict"] != ""
    counted = pd.DataFrame(
        {
            "value": value,
            "leads": 1,
            "screened": screened,
            "valid": facts["verdict"] == "valid",
            "won": result == WON,
            "lost": result == LOST,
            "open": result == OPEN,
            "won_screened": (result == WON) & screened,
        }
    )
    sums = counted.groupby("value").sum().astype("int64")
    cycles = facts["cycle_days"].groupby(value)
    sums = sums.assign(cycle_mean_days=cycles.mean(), cycle_median_days=cycles.median())
    return _with_rates(sums).reset_index(names="value")


def _with_rates(sums: pd.DataFrame) -> pd.DataFrame:
    won = sums["won"]
    return sums.assign(
        conversion=_share(won, sums["leads"]),
        won_of_valid=_share(sums["won_screened"], sums["valid"]),
        won_of_closed=_share(won, won + sums["lost"]),
        valid=sums["valid"].astype("Int64").mask(sums["screened"] == 0),
    )


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """A share, missing where there is nothing to share."""
    return part / whole.where(whole > 0).astype("float64")


def stages_of(facts: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The stages of each process (stage, place) in their order, by the system whose they are."""
    ordered = pd.DataFrame(facts.attrs["stages"], columns=["system", "stage", "place"])
    return [(str(system), own[["stage", "place"]]) for system, own in ordered.groupby("system", sort=True)]


def _stages(facts: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    """Who reached each stage at least: the stages of each process in their order, leads without one last."""
    parts: list[pd.DataFrame] = []
    # how far along its process a stage stands, where several processes have one of its name
    along: dict[str, float] = {}
    for system, stages in stages_of(every):
        own = facts[(facts["place"] >= 0) & (facts["system"] == system)]
        last = max(int(stages["place"].max()), 1)
        for stage, place in stages.itertuples(index=False):
            parts.append(own[own["place"] >= place].assign(step=stage))
            along[stage] = max(along.get(stage, 0.0), place / last)
    order = sorted(along, key=lambda stage: along[stage])
    parts.append(facts[facts["place"] < 0].assign(step=""))
    counted = pd.concat(parts, ignore_index=True)
    figures = _figures(counted, counted["step"].astype("str")).set_index("value")
    figures = figures.reindex([one for one in [*order, ""] if one in figures.index])
    return figures.reset_index().assign(dimension="stage")[list(FIGURES)]


__all__ = ["DIMENSIONS", "FIGURES", "Basis", "Period", "parts_of", "stages_of", "tally", "time_values", "within"]
