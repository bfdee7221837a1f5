"""The datasets of a review: tidy tables, each a group-by on the facts of leads (H1-3.5-monthly, H1-5.4-dims).

Two views: `event` takes leads by the day of what happened (created, won, lost in the period), `cohort` takes the leads
of the period with what has become of them by the cut-off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from config.schema import Rules
from tasks.rules.reviews.facts import LOST, OPEN, WON
from tasks.rules.reviews.shares import share, wilson
from tasks.rules.reviews.spans import UNIT_OF, Span
from tasks.rules.reviews.tally import stages_of, time_values

GRADES = ("A", "B", "C")
DIMENSIONS = ("grade", "source", "industry", "region", "size", "need_type", "product", "owner", "team")
CROSSED = ("source", "industry", "grade")
#: The columns of the 线索转化分析表, in order.
MANDATED = (
    "月份", "线索总数", "有效线索数", "成交客户数", "转化率", "A级线索转化率", "B级线索转化率", "C级线索转化率",
    "平均跟进周期(天)", "主要流失原因",
)  # fmt: skip
UNSTATED = "未填"
# what is needed of a lead to count it
_COUNTED = ("created_on", "closed_on", "result", "verdict", "cycle_days")
SUMS = ("leads", "screened", "valid", "won", "won_screened", "lost", "open")
FIGURES = (
    "leads", "valid", "won", "lost", "open", "conversion", "won_of_valid", "won_of_closed", "low", "high", "small",
    "cycle_mean_days", "cycle_median_days",
)  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """The values of the rules that figures are made by."""

    small: int
    z: float
    cohort_days: tuple[int, ...]
    units: int
    reasons: int
    expected: Mapping[str, float]

    @classmethod
    def of(cls, rules: Rules) -> "Terms":
        """The terms in force."""
        expected = rules.value("R-EXPECTED")
        return cls(
            int(rules.value("R-SMALL")), float(rules.value("R-Z")), tuple(rules.value("R-COHORT-DAYS")),
            int(rules.value("R-UNITS")), int(rules.value("R-REASONS")), expected,
        )  # fmt: skip


def datasets(facts: pd.DataFrame, before: pd.DataFrame, span: Span, as_of: date, terms: Terms) -> dict[str, Any]:
    """Every dataset of a period by its name.

    facts: as known at the cut-off, of day `as_of`; before: as known at the cut-off of the pack before.
    """
    months = months_of(span, terms.units)
    # what has nothing to do with this period or the one before is looked at no more
    near = _about(facts, span.before.first, span.last)
    monthly = by_time(facts, months, terms)
    whole = [one for one in months if one.last <= span.before.last]
    return {
        "conversion": conversion(facts, monthly, terms),
        "periods": monthly if span.kind == "monthly" else by_time(facts, span.back(terms.units), terms),
        "dimensions": _dimensions(near, span, terms),
        "crosses": _crosses(near, span, terms),
        "cohorts": cohorts(facts, months, as_of, terms),
        "funnel": funnel(facts, span),
        "loss_reasons": loss_reasons(near, span),
        "calibration": calibration(near, span, terms),
        "screening": screening(near[_within(near, "created_on", span)]),
        "restatements": restatements(monthly, before, whole, terms),
        "impossible": facts.loc[facts["impossible"], ["number", "system", "created_on", "contact_on", "closed_on"]],
    }


def months_of(span: Span, units: int) -> list[Span]:
    """So many months, the last one that in which the period ends."""
    last = Span("monthly", span.last.replace(day=1), span.last)
    return last.back(units)


def _about(facts: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """The leads that were created or ended within some days."""
    start, end = pd.Timestamp(first), pd.Timestamp(last)
    created, closed = facts["created_on"], facts["closed_on"]
    kept = ((created >= start) & (created <= end)) | ((closed >= start) & (closed <= end))
    return facts[kept.to_numpy(dtype=bool)]


def _within(facts: pd.DataFrame, day: str, span: Span) -> np.ndarray:
    days = facts[day]
    found: np.ndarray = ((days >= pd.Timestamp(span.first)) & (days <= pd.Timestamp(span.last))).to_numpy()
    return found


def sums(facts: pd.DataFrame, keys: Sequence[pd.Series]) -> pd.DataFrame:
    """Counts of each combination of keys: SUMS, cycle_mean_days and cycle_median_days."""
    result, screened = facts["result"], facts["verdict"] != ""
    won = result == WON
    counted = pd.DataFrame(
        {"leads": 1, "screened": screened, "valid": facts["verdict"] == "valid", "won": won,
         "won_screened": won & screened, "lost": result == LOST, "open": result == OPEN}
    ).astype("int64")  # fmt: skip
    grouped = counted.groupby(list(keys)).sum()
    cycles = facts["cycle_days"].groupby(list(keys))
    return grouped.assign(cycle_mean_days=cycles.mean(), cycle_median_days=cycles.median())


def event_sums(facts: pd.DataFrame, span: Span, names: Sequence[str]) -> pd.DataFrame:
    """Counts of a period by what happened in it: leads created, won and lost, each by its own day."""
    created, closed = facts[_within(facts, "created_on", span)], facts[_within(facts, "closed_on", span)]
    made = sums(created, [created[name] for name in names])
    ended = sums(closed, [closed[name] for name in names])
    every = made.index.union(ended.index)
    made, ended = made.reindex(every), ended.reindex(every)
    counts = made.assign(**{name: ended[name] for name in ("won", "won_screened", "lost")})
    counts = counts[list(SUMS)].fillna(0).astype("int64")
    return counts.join(ended[["cycle_mean_days", "cycle_median_days"]])


def rated(counts: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """Counts with their rates: FIGURES; valid is missing where nothing was screened."""
    low, high = wilson(counts["won"].clip(upper=counts["leads"]), counts["leads"], terms.z)
    figures = counts.assign(
        conversion=share(counts["won"], counts["leads"]),
        won_of_valid=share(counts["won_screened"], counts["valid"]),
        won_of_closed=share(counts["won"], counts["won"] + counts["lost"]),
        low=low,
        high=high,
        small=counts["leads"] < terms.small,
        valid=counts["valid"].astype("Int64").mask(counts["screened"] == 0),
    )
    return figures[list(FIGURES)]


def by_time(facts: pd.DataFrame, spans: Sequence[Span], terms: Terms) -> pd.DataFrame:
    """Figures of each period by what happened in it, with the rate of each grade; an empty one has its line too."""
    unit = UNIT_OF[spans[0].kind]
    facts = _about(facts[[*_COUNTED, "grade"]], spans[0].first, spans[-1].last)
    created, closed = (time_values(facts[f"{day}_on"], unit) for day in ("created", "closed"))
    labels = pd.Index([span.label for span in spans], name="period")
    made = sums(facts, [created]).reindex(labels)
    ended = sums(facts, [closed]).reindex(labels)
    counts = made.assign(**{name: ended[name] for name in ("won", "won_screened", "lost")})
    counts = counts[list(SUMS)].fillna(0).astype("int64")
    counts = counts.join(ended[["cycle_mean_days", "cycle_median_days"]])
    figures = rated(counts, terms)
    for grade in GRADES:
        of_grade = facts["grade"] == grade
        leads = created[of_grade].value_counts().reindex(labels).fillna(0).astype("int64")
        won = closed[of_grade & (facts["result"] == WON)].value_counts().reindex(labels).fillna(0).astype("int64")
        told = {"leads": leads, "won": won, "rate": share(won, leads), "small": leads < terms.small}
        figures = figures.assign(**{f"{name}_{grade}": column for name, column in told.items()})
    return figures.reset_index()


def conversion(facts: pd.DataFrame, figures: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """The 线索转化分析表: MANDATED, from the first month with a lead on; figures: those of by_time for each month."""
    busy = np.flatnonzero((figures[["leads", "won", "lost"]].sum(axis=1) > 0).to_numpy())
    # the month itself has its line, whatever happened in it
    figures = figures.iloc[int(busy[0]) if len(busy) else len(figures) - 1 :]
    reasons = _main_reasons(facts, terms.reasons)
    table = pd.DataFrame(
        {
            "月份": figures["period"],
            "线索总数": figures["leads"],
            "有效线索数": figures["valid"],
            "成交客户数": figures["won"],
            "转化率": figures["conversion"],
            **{f"{grade}级线索转化率": figures[f"rate_{grade}"] for grade in GRADES},
            "平均跟进周期(天)": figures["cycle_mean_days"],
            "主要流失原因": pd.array([reasons.get(month, "") for month in figures["period"]], dtype="str"),
        }
    )
    return table[list(MANDATED)].reset_index(drop=True)


def _main_reasons(facts: pd.DataFrame, most: int) -> dict[str, str]:
    """Month -> its main loss reasons with their shares: 竞品价格低(40%)、预算不足(30%)."""
    lost = facts[facts["result"] == LOST]
    month = time_values(lost["closed_on"], "month")
    counted = lost.assign(month=month, why=_reasons(lost)).groupby(["month", "why"]).size().rename("n").reset_index()
    counted["whole"] = counted.groupby("month")["n"].transform("sum")
    counted = counted.sort_values(["month", "n", "why"], ascending=[True, False, True]).groupby("month").head(most)
    counted["text"] = [f"{why}({n / whole:.0%})" for why, n, whole in counted[["why", "n", "whole"]].to_numpy()]
    if counted.empty:
        return {}
    return {str(month): text for month, text in counted.groupby("month")["text"].agg("、".join).items()}


def _reasons(facts: pd.DataFrame) -> pd.Series:
    return facts["reason"].where(facts["reason"] != "", UNSTATED)


def _dimensions(facts: pd.DataFrame, span: Span, terms: Terms) -> pd.DataFrame:
    parts = [_viewed(facts, span, [name], terms) for name in DIMENSIONS]
    return _laid_out(parts, ["dimension", "value"])


def _crosses(facts: pd.DataFrame, span: Span, terms: Terms) -> pd.DataFrame:
    pairs: list[tuple[str, ...]] = [*combinations(CROSSED, 2), CROSSED]
    return _laid_out([_viewed(facts, span, names, terms) for names in pairs], ["dimension", "value"])


def _viewed(facts: pd.DataFrame, span: Span, names: Sequence[str], terms: Terms) -> pd.DataFrame:
    """Both views of one dimension or cross: view, dimension, value, FIGURES."""
    facts = facts[list(dict.fromkeys((*_COUNTED, *names)))]
    own = facts[_within(facts, "created_on", span)]
    views = {"event": event_sums(facts, span, names), "cohort": sums(own, [own[name] for name in names])}
    parts = []
    for view, counts in views.items():
        figures = rated(counts, terms).reset_index(names=list(names))
        value = figures[names[0]].astype("str")
        for name in names[1:]:
            value = value + " × " + figures[name].astype("str")
        parts.append(figures.assign(view=view, dimension=" × ".join(names), value=value))
    return pd.concat(parts, ignore_index=True).drop(columns=list(names))


def _laid_out(parts: Sequence[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    whole = pd.concat(parts, ignore_index=True)
    order = {name: place for place, name in enumerate(dict.fromkeys(whole["dimension"]))}
    whole = whole.assign(place=whole["dimension"].map(order), blank=whole["value"] == "")
    ordered = whole.sort_values(
        ["view", "place", "blank", "leads", "won", "value"], ascending=[False, True, True, False, False, True]
    )
    return ordered[["view", *keys, *FIGURES]].reset_index(drop=True)


def cohorts(facts: pd.DataFrame, months: Sequence[Span], as_of: date, terms: Terms) -> pd.DataFrame:
    """Leads of each month won within so many days of their creation; mature: all of them have had that time."""
    created = time_values(facts["created_on"], "month")
    took = (facts["closed_on"] - facts["created_on"]).dt.days.where(facts["result"] == WON)
    leads = created.value_counts()
    lines = []
    for month in months:
        own = took[created == month.label]
        for days in terms.cohort_days:
            won = int(((own >= 0) & (own <= days)).sum())
            whole = int(leads.get(month.label, 0))
            mature = (as_of - month.last).days >= days
            lines.append((month.label, days, whole, won, won / whole if whole else np.nan, mature))
    return pd.DataFrame(lines, columns=["month", "days", "leads", "won", "share", "mature"])


def funnel(facts: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Who of the period's leads reached each stage at least, and the share of those who reached the one before."""
    parts = []
    mine = facts[_within(facts, "created_on", span)]
    for system, every in stages_of(facts):
        own = mine[(mine["place"] >= 0) & (mine["system"] == system)]
        if own.empty:
            continue
        reached = [int((own["place"] >= place).sum()) for place in every["place"]]
        here = [int((own["place"] == place).sum()) for place in every["place"]]
        parts.append(pd.DataFrame({"system": system, "stage": every["stage"], "reached": reached, "now": here}))
    if not parts:
        return pd.DataFrame(columns=["system", "stage", "reached", "now", "of_before"])
    whole = pd.concat(parts, ignore_index=True)
    earlier = whole.groupby("system")["reached"].shift()
    return whole.assign(of_before=share(whole["reached"], earlier.fillna(0)))


def loss_reasons(facts: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Why leads were lost in the period: 未填 is a line of its own; change against the period before in points."""
    now, then = (_counted_reasons(facts, one) for one in (span, span.before))
    both = pd.DataFrame({"lost": now, "before": then}).fillna(0).astype("int64")
    shares = {name: both[name] / max(int(both[name].sum()), 1) for name in both}
    found = both.assign(share=shares["lost"], share_before=shares["before"])
    # where nothing was lost before there is nothing to change from
    compared = int(both["before"].sum()) > 0
    found["change_points"] = (found["share"] - found["share_before"]) * 100 if compared else np.nan
    found = found.reset_index(names="reason").sort_values(["lost", "before", "reason"], ascending=[False, False, True])
    return found.reset_index(drop=True)


def _counted_reasons(facts: pd.DataFrame, span: Span) -> pd.Series:
    lost = facts[_within(facts, "closed_on", span) & (facts["result"] == LOST).to_numpy()]
    return _reasons(lost).value_counts()


def calibration(facts: pd.DataFrame, span: Span, terms: Terms) -> pd.DataFrame:
    """Per grade what is expected and what came of the leads that ended in the period."""
    closed = facts[_within(facts, "closed_on", span) & facts["result"].isin((WON, LOST)).to_numpy()]
    counts = sums(closed, [closed["grade"]]).reindex(list(terms.expected)).fillna(0)[["leads", "won"]].astype("int64")
    low, high = wilson(counts["won"], counts["leads"], terms.z)
    expected = pd.Series({grade: float(value) for grade, value in terms.expected.items()})
    observed = share(counts["won"], counts["leads"])
    small = counts["leads"] < terms.small
    # what is expected stands until what is observed leaves no doubt
    fits = (expected >= low) & (expected <= high) | small
    proposed = expected.where(fits, observed.round(2))
    found = counts.assign(expected=expected, observed=observed, low=low, high=high, proposed=proposed, small=small)
    return found.reset_index(names="grade")


def screening(facts: pd.DataFrame) -> pd.DataFrame:
    """What screening made of the period's leads, per source: verdict, and the rule that decided it."""
    own = facts[facts["verdict"] != ""]
    counted = own.groupby(["source", "verdict", "verdict_rule"]).size().rename("leads").reset_index()
    return counted.sort_values(["source", "verdict", "leads", "verdict_rule"], ignore_index=True)


def restatements(figures: pd.DataFrame, before: pd.DataFrame, months: Sequence[Span], terms: Terms) -> pd.DataFrame:
    """Figures of earlier months that are others than the pack before could know: month, figure, before, now.

    figures: of each month as they are known now; before: the facts as they were known then.
    Where nothing at all was known then there was no pack before.
    """
    if before.empty or not months:
        return pd.DataFrame({"month": [], "figure": [], "before": [], "now": []}).astype(
            {"month": "str", "figure": "str", "before": "int64", "now": "int64"}
        )
    now, then = figures.set_index("period"), by_time(before, months, terms).set_index("period")
    now = now.loc[then.index]
    counted = ["leads", "won", "lost"]
    both = pd.DataFrame({"before": then[counted].stack(), "now": now[counted].stack()}).astype("int64")
    changed = both[both["before"] != both["now"]].reset_index()
    changed.columns = pd.Index(["month", "figure", "before", "now"])
    return changed
