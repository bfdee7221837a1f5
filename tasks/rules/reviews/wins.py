"""What wins share: which values of each dimension are more frequent among the won than among all (H1-3.6-quarter)."""

import pandas as pd

from tasks.rules.reviews.activity import during
from tasks.rules.reviews.facts import LOST, WON
from tasks.rules.reviews.shares import share
from tasks.rules.reviews.spans import Span

DIMENSIONS = ("source", "industry", "region", "size", "need_type", "product", "grade", "team")
COLUMNS = ("dimension", "value", "ended", "won", "lost", "share_of_won", "share_of_lost", "lift", "small")


def wins(facts: pd.DataFrame, span: Span, small: int) -> pd.DataFrame:
    """Of the leads that ended in the period: COLUMNS; lift: share of the won ÷ share of the lost, the highest first."""
    ended = facts[during(facts["closed_on"], span.first, span.last) & facts["result"].isin((WON, LOST)).to_numpy()]
    parts = []
    for name in DIMENSIONS:
        known = ended[ended[name] != ""]
        counted = pd.DataFrame({"won": known["result"] == WON, "lost": known["result"] == LOST}).astype("int64")
        sums = counted.groupby(known[name].rename("value")).sum().reset_index()
        whole = {one: pd.Series(int(sums[one].sum()), index=sums.index) for one in ("won", "lost")}
        sums = sums.assign(
            dimension=name,
            ended=sums["won"] + sums["lost"],
            share_of_won=share(sums["won"], whole["won"]),
            share_of_lost=share(sums["lost"], whole["lost"]),
        )
        parts.append(sums)
    found = pd.concat(parts, ignore_index=True).astype({"dimension": "str", "value": "str"})
    found["lift"] = share(found["share_of_won"], found["share_of_lost"])
    found = found.assign(small=found["ended"] < small)
    return found.sort_values(
        ["small", "lift", "dimension", "value"],
        ascending=[True, False, True, True],
        na_position="last",
        ignore_index=True,
    )[list(COLUMNS)]  # fmt: skip
