"""How the figures tie to what senders were told: rows by outcome, and the leads that became of those created."""

import pandas as pd

from tasks.rules.reviews.tally import time_values
from tasks.rules.zones import local_times

OUTCOMES = ("created", "merged", "updated", "held", "rejected")
#: Last events of leads that count no longer.
GONE = ("joined", "reverted")
COLUMNS = ("month", "rows", *OUTCOMES, "split", "gone", "leads", "difference")


def receipts(batches: pd.DataFrame, born: pd.DataFrame, zone: str, months: list[str]) -> pd.DataFrame:
    """A line a month: COLUMNS. difference: leads created as the receipts say, and split off, less those gone and there.

    batches: at (naive UTC), rows, and the outcomes of each; born: at, kind and last status of leads, n.
    """
    told = batches.assign(month=_month(batches["at"], zone)).groupby("month")[["rows", *OUTCOMES]].sum()
    own = born.assign(month=_month(born["at"], zone))
    gone = own["status"].isin(GONE)
    counts = {
        "split": own[own["kind"] == "split"].groupby("month")["n"].sum(),
        "gone": own[gone].groupby("month")["n"].sum(),
        "leads": own[~gone].groupby("month")["n"].sum(),
    }
    found = told.join(pd.DataFrame(counts), how="outer").reindex(months).fillna(0).astype("int64")
    found["difference"] = found["created"] + found["split"] - found["gone"] - found["leads"]
    return found.reset_index(names="month")[list(COLUMNS)]


def _month(moments: pd.Series, zone: str) -> pd.Series:
    return time_values(local_times(moments, zone).dt.normalize(), "month")
