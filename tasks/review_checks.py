"""A review's datasets as great-expectations sees them, before anything is mailed: they tie, and no figure is absurd."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tasks.expectations import batch_of, gx_module

_SHARES = ("won_of_closed", "low", "high", "share", "of_before", "observed")
_COUNTS = ("leads", "won", "lost", "open", "reached", "now")
#: Columns without which a row says nothing.
_NEEDED = {
    "conversion": ("月份", "线索总数", "成交客户数"), "periods": ("period", "leads", "won"),
    "dimensions": ("view", "dimension", "value", "leads"), "crosses": ("view", "dimension", "value", "leads"),
    "cohorts": ("month", "days", "leads"), "loss_reasons": ("reason", "lost"), "calibration": ("grade", "expected"),
}  # fmt: skip


def check_datasets(datasets: Mapping[str, pd.DataFrame]) -> list[str]:
    """What does not hold, a line each with dataset and column; empty where all does."""
    faults = []
    for name, data in (*datasets.items(), ("ties", _ties(datasets))):
        expectations = _expected(name, data)
        if not expectations or data.empty:
            continue
        gx = gx_module()
        suite = gx.ExpectationSuite(name=name, expectations=expectations)
        result = batch_of(data.reset_index(drop=True)).validate(suite, result_format="BOOLEAN_ONLY")
        faults += [
            f"{name}: {one.expectation_config.kwargs.get('column')} {one.expectation_config.type}"
            for one in result.results
            if not one.success
        ]
    return faults


def _expected(name: str, data: pd.DataFrame) -> list[Any]:
    gx = gx_module().expectations
    found: list[Any] = [gx.ExpectColumnValuesToNotBeNull(column=column) for column in _NEEDED.get(name, ())]
    shares = [column for column in _SHARES if column in data and data[column].notna().any()]
    found += [gx.ExpectColumnValuesToBeBetween(column=column, min_value=0, max_value=1) for column in shares]
    counts = [column for column in _COUNTS if column in data]
    found += [gx.ExpectColumnValuesToBeBetween(column=column, min_value=0) for column in counts]
    if name == "ties":
        found += [gx.ExpectColumnValuesToBeInSet(column=column, value_set=[0]) for column in ("leads", "won", "lost")]
    return found


def _ties(datasets: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """By how much the sums over each dimension differ from the period's own figures; all must be 0."""
    whole = datasets["periods"].iloc[-1]
    both = pd.concat([datasets["dimensions"], datasets["crosses"]])
    events = both[both["view"] == "event"].groupby("dimension")[["leads", "won", "lost"]].sum()
    if events.empty:
        return pd.DataFrame({"leads": [], "won": [], "lost": []})
    return events - [int(whole[name]) for name in ("leads", "won", "lost")]
