"""What a review says in sentences, each with its evidence; nothing is said where there is too little to tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tasks.rules.reviews.datasets import UNSTATED, Terms

#: Dimensions of which a value is named when it stands out.
TELLING = ("source", "industry", "grade")
# periods in a row that make a trend
_TREND = 3
_RESTATED = 5
# sentences that somebody reads
_SAID = 7


@dataclass(frozen=True)
class Finding:
    """One sentence: its code, the values in it, and the dataset and numbers that show it."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    dataset: str = "periods"
    evidence: str = ""


def findings(datasets: Mapping[str, pd.DataFrame], terms: Terms) -> list[Finding]:
    """The sentences about a period, the most telling first."""
    periods = datasets["periods"]
    now, before = periods.iloc[-1], periods.iloc[-2]
    found = [_changed(now, before), _falls(periods), *_outliers(datasets, now, terms), _cycle(now, before, terms)]
    found += [_reason(datasets["loss_reasons"], terms), _theme(datasets, terms), _kept(datasets)]
    return [one for one in found if one is not None][:_SAID]


def decisions(datasets: Mapping[str, pd.DataFrame], unstated: float, small: int) -> list[Finding]:
    """What somebody has to decide or mend, the most urgent first; of fewer than `small` losses no share is told."""
    found = _to_do(datasets)
    reasons = datasets["loss_reasons"]
    blank = reasons[(reasons["reason"] == UNSTATED) & (reasons["lost"] > 0)]
    if len(blank) and blank["share"].iloc[0] > unstated:
        share, lost = float(blank["share"].iloc[0]), int(blank["lost"].iloc[0])
        whole = int(reasons["lost"].sum())
        code, values = ("unstated_few", {"of": whole}) if whole < small else ("unstated", {"share": share})
        found.append(Finding(code, {**values, "n": lost}, "loss_reasons", f"{lost}/{whole}"))
    wrong = datasets["impossible"]
    if len(wrong):
        shown = ", ".join(wrong["number"].head(3))
        found.append(Finding("impossible", {"n": len(wrong)}, "impossible", shown))
    changed = datasets["restatements"]
    rows = [(str(row["month"]), str(row["figure"]), row["before"], row["now"]) for row in changed.to_dict("records")]
    if rows:
        found.append(Finding("restated", {"changes": tuple(rows[:_RESTATED])}, "restatements", f"n={len(rows)}"))
    return found


def _to_do(datasets: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """What waits for somebody: overdue decisions, support, stalled leads, teams that leave out too much."""
    found = []
    decided = datasets.get("decisions")
    if decided is not None and (late := int((decided["state"] == "overdue").sum())):
        found.append(Finding("undone", {"n": late}, "decisions"))
    for code, name in (("waiting", "support"), ("stalled", "stalled")):
        data = datasets.get(name)
        # one lead may wait for several things
        leads = [] if data is None else list(dict.fromkeys(data["number"]))
        if leads:
            found.append(Finding(code, {"n": len(leads)}, name, ", ".join(leads[:3])))
    teams = datasets.get("entries")
    for row in [] if teams is None else teams[teams["often"]].to_dict("records"):
        values = {"team": row["team"], "n": row["omissions"]}
        found.append(Finding("omitted", values, "entries", f"{row['complete']:,}/{row['rows']:,}"))
    return found


def _theme(datasets: Mapping[str, pd.DataFrame], terms: Terms) -> Finding | None:
    data = datasets.get("objections")
    if data is None or data["objections"].sum() < terms.small:
        return None
    first = data.iloc[0]
    values = {"theme": first["theme"], "share": first["share"]}
    return Finding("theme", values, "objections", f"{first['objections']:,}/{int(data['objections'].sum()):,}")


def _kept(datasets: Mapping[str, pd.DataFrame]) -> Finding | None:
    """The promise that is kept least often, of those that tell."""
    data = datasets.get("promises")
    if data is None:
        return None
    own = data[(data["by"] == "all") & ~data["small"]].sort_values(["share", "policy"]).head(1)
    for row in own.to_dict("records"):
        values = {"policy": row["policy"], "share": row["share"], "n": row["due"]}
        return Finding("kept", values, "promises", f"{row['met']:,}/{row['due']:,}")
    return None


def _changed(now: pd.Series, before: pd.Series) -> Finding | None:
    if now["small"] or before["small"]:
        return None
    change = 100 * (now["conversion"] - before["conversion"])
    values = {"now": now["conversion"], "before": before["conversion"], "change": change}
    evidence = f"{now['won']:,}/{now['leads']:,}; {before['won']:,}/{before['leads']:,}"
    return Finding("conversion", values, "periods", evidence)


def _falls(periods: pd.DataFrame) -> Finding | None:
    """A conversion that has fallen several periods in a row, each of which tells."""
    rates = periods["conversion"].where(~periods["small"]).tolist()
    count = 0
    while count + 1 < len(rates) and rates[-1 - count] < rates[-2 - count]:
        count += 1
    if count < _TREND:
        return None
    shown = " → ".join(f"{rate:.1%}" for rate in rates[-1 - count :])
    return Finding("falls", {"n": count}, "periods", shown)


def _outliers(datasets: Mapping[str, pd.DataFrame], now: pd.Series, terms: Terms) -> list[Finding]:
    """The best and the worst value of a dimension whose interval lies outside that of the whole."""
    cells = datasets["dimensions"]
    known = cells["dimension"].isin(TELLING) & (cells["view"] == "event") & (cells["value"] != "") & ~cells["small"]
    cells = cells[known]
    found = []
    for code, apart, best in (
        ("best", cells["low"] > now["high"], False),
        ("worst", cells["high"] < now["low"], True),
    ):
        chosen = cells[apart].sort_values(["conversion", "dimension", "value"], ascending=[best, True, True]).head(1)
        for row in chosen.to_dict("records"):
            values = {"dimension": row["dimension"], "value": row["value"], "rate": row["conversion"]}
            evidence = f"{row['won']:,}/{row['leads']:,}"
            found.append(Finding(code, values | {"whole": now["conversion"]}, "dimensions", evidence))
    return [] if now["small"] else found


def _cycle(now: pd.Series, before: pd.Series, terms: Terms) -> Finding | None:
    if min(now["won"], before["won"]) < terms.small:
        return None
    values = {"now": now["cycle_mean_days"], "before": before["cycle_mean_days"]}
    return Finding("cycle", values, "periods", f"n={now['won']:,}; {before['won']:,}")


def _reason(reasons: pd.DataFrame, terms: Terms) -> Finding | None:
    stated = reasons[reasons["reason"] != UNSTATED]
    lost = int(reasons["lost"].sum())
    if lost < terms.small or stated.empty or stated["lost"].iloc[0] == 0:
        return None
    first = stated.iloc[0]
    values = {"reason": first["reason"], "share": first["share"]}
    return Finding("reason", values, "loss_reasons", f"{first['lost']:,}/{lost:,}")
