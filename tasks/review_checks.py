"""A review's datasets as great-expectations sees them, before anything is mailed: they tie, and no figure is absurd."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tasks.expectations import batch_of, gx_module

_SHARES = (
    "won_of_closed", "low", "high", "share", "of_before", "observed", "flow", "valid_share", "in_time_share",
    "answered_share", "next_share", "intent_share", "complete_share", "won_share",
)  # fmt: skip
_COUNTS = (
    "leads", "won", "lost", "open", "reached", "now", "before", "entered", "stood", "moved", "due", "met", "late",
    "missed",
    "objections", "planned", "planned_in_time", "contacts", "answered", "with_next", "intent", "rows", "complete",
    "omissions", "claimed", "contacted", "days_mean", "days_median", "cycle_mean_days", "cost", "over_days",
    "silent_days",
)  # fmt: skip
#: Columns without which a row says nothing.
_NEEDED = {
    "conversion": ("月份", "线索总数", "成交客户数"), "periods": ("period", "leads", "won"),
    "dimensions": ("view", "dimension", "value", "leads"), "crosses": ("view", "dimension", "value", "leads"),
    "cohorts": ("month", "days", "leads"), "loss_reasons": ("reason", "lost"), "calibration": ("grade", "expected"),
    "funnel": ("stage", "reached"), "screening": ("source", "verdict", "leads"), "tiers": ("tier", "now"),
    "channels": ("channel", "leads"), "promises": ("policy", "by", "value", "due"), "objections": ("theme",
    "objections"),
    "follow_ups": ("by", "value", "contacts"), "patterns": ("pattern", "by", "leads"), "entries": ("team", "rows"),
    "pool": ("kind", "leads"), "marks": ("mark", "leads"), "support": ("number", "at"), "discuss": ("number", "grade"),
    "stalled": ("number", "due_at"), "plans": ("number", "due_at"), "restatements": ("month", "figure"),
    "receipts": ("month", "rows"), "impossible": ("number",), "decisions": ("number", "decision", "who"),
    "wins": ("dimension", "value"),
}  # fmt: skip
#: A part, and the whole that it may not exceed.
_PARTS = {
    "periods": (("valid", "leads"),), "cohorts": (("won", "leads"),), "calibration": (("won", "leads"),),
    "tiers": (("moved", "stood"),), "objections": (("planned", "objections"), ("planned_in_time", "planned")),
    "follow_ups": (("leads", "contacts"), ("answered", "contacts"), ("intent", "leads")),
    "entries": (("complete", "rows"),), "pool": (("claimed", "leads"), ("won", "leads")),
}  # fmt: skip


def check_datasets(datasets: Mapping[str, pd.DataFrame]) -> list[str]:
    """What does not hold, a line each with dataset and column; empty where all does."""
    faults = []
    for name, data in (*datasets.items(), *_ties(datasets).items()):
        expectations = _expected(name, data)
        if not expectations or data.empty:
            continue
        gx = gx_module()
        suite = gx.ExpectationSuite(name=name, expectations=expectations)
        result = batch_of(data.reset_index(drop=True)).validate(suite, result_format="BOOLEAN_ONLY")
        faults += [
            f"{name}: {_about(one.expectation_config.kwargs)} {one.expectation_config.type}"
            for one in result.results
            if not one.success
        ]
    return faults


def _about(kwargs: Mapping[str, Any]) -> str:
    return str(kwargs.get("column") or f"{kwargs.get('column_B')} of {kwargs.get('column_A')}")


def _expected(name: str, data: pd.DataFrame) -> list[Any]:
    gx = gx_module().expectations
    if name.endswith("ties"):
        return [gx.ExpectColumnValuesToBeInSet(column=str(column), value_set=[0]) for column in data]
    found: list[Any] = [gx.ExpectColumnValuesToNotBeNull(column=column) for column in _NEEDED.get(name, ())]
    shares = [column for column in _SHARES if column in data and data[column].notna().any()]
    found += [gx.ExpectColumnValuesToBeBetween(column=column, min_value=0, max_value=1) for column in shares]
    counts = [column for column in _COUNTS if column in data and data[column].notna().any()]
    found += [gx.ExpectColumnValuesToBeBetween(column=column, min_value=0) for column in counts]
    for part, whole in _PARTS.get(name, ()):
        if data[part].notna().any():
            found.append(
                gx.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A=whole, column_B=part, or_equal=True, ignore_row_if="either_value_is_missing"
                )
            )
    return found


def _ties(datasets: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """By how much sums differ that must be the same; all must be 0."""
    found = {"ties": _dimension_ties(datasets)}
    if "promises" in datasets:
        kept = datasets["promises"]
        parts = kept["due"] - kept["met"] - kept["late"] - kept["missed"]
        found["promises ties"] = pd.DataFrame({"due": parts})
        found["people ties"] = pd.concat([_people(kept, "due"), _people(datasets["follow_ups"], "contacts")])
    if "receipts" in datasets:
        found["receipts ties"] = datasets["receipts"][["difference"]]
    return found


def _people(data: pd.DataFrame, count: str) -> pd.DataFrame:
    sums = data.groupby("by")[count].sum().reindex(["all", "team", "person"]).fillna(0)
    return pd.DataFrame({"team": [sums["all"] - sums["team"]], "person": [sums["all"] - sums["person"]]})


def _dimension_ties(datasets: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """By how much the sums over each dimension differ from the period's own figures."""
    whole = datasets["periods"].iloc[-1]
    both = pd.concat([datasets["dimensions"], datasets["crosses"]])
    events = both[both["view"] == "event"].groupby("dimension")[["leads", "won", "lost"]].sum()
    if events.empty:
        return pd.DataFrame({"leads": [], "won": [], "lost": []})
    return events - [int(whole[name]) for name in ("leads", "won", "lost")]
