"""A follow-up told again: what it is known by, and whether it says the same as before."""

import numpy as np
import pandas as pd

from tasks.arrival import Arrival
from tasks.rules.follow_up_check import AHEAD, DAYS, NUMBERS

#: What makes a record told again another one, beside what it objected.
COMPARED = (
    "outcome", "feedback", "next_action", "next_at", "next_person", "result", "risk", "milestone", "stage",
    "confirmed", "plan", "support", "support_at", "pause_until", "pause_kind", "pause_event", *DAYS, *NUMBERS,
    "obstacle", "contract_number", "lost_reason", "competitor", "would_have_helped", "category", "answer", "settled",
)  # fmt: skip
KNOWN = f"""
SELECT f.key, f.id, f.lead_id, o.text AS objection, {", ".join(f"f.{name}" for name in COMPARED)},
(SELECT e.id FROM follow_up e WHERE e.superseded_by = f.id) AS corrects
FROM wanted w JOIN follow_up f ON f.key = w.key
LEFT JOIN objection o ON o.lead_id = f.lead_id AND o.follow_up_id = f.id
"""


def keyed(rows: pd.DataFrame, arrival: Arrival) -> pd.DataFrame:
    """Records with what makes each the same when it is told again: its own key, else its content."""
    return rows.assign(key=rows["key"].fillna(content_keys(rows)), recorded_at=arrival.at)


def content_keys(rows: pd.DataFrame) -> pd.Series:
    """By what a record without a key of its own is known: lead, who, when, how, and what was said."""
    content = rows[["number", "person", "method", "summary"]].astype("object").fillna("").agg("\x1f".join, axis=1)
    # what corrects a record may say all of this just as that one did
    content += ("\x1fcorrects " + rows["corrects"].astype("str")).fillna("")
    made = pd.util.hash_array((content + "\x1f" + rows["at"].astype("str").fillna("")).to_numpy(object))
    return pd.Series(made, index=rows.index).map("content:{:016x}".format).astype("str")


def told_otherwise(rows: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """Which records state something else than the stored one of their key, or the first that was told with it."""
    if known.empty and not rows["key"].duplicated().any():
        return np.zeros(len(rows), dtype=bool)
    first = rows.drop_duplicates("key").set_index("key")
    other = np.zeros(len(rows), dtype=bool)
    for name in (*COMPARED, "objection", "corrects"):
        stored = _plain(known[name]).reindex(first.index)
        stored = stored.where(first.index.isin(known.index), _plain(first[name]))
        mine, before = _plain(rows[name]).to_numpy(object), stored.reindex(rows["key"]).to_numpy(object)
        # what is left out the second time is not taken back
        other |= (mine != "") & (mine != before)
    return other


def _plain(values: pd.Series) -> pd.Series:
    """Values of a field as text, however a database gives them: times to the second, days as days, blanks empty."""
    if pd.api.types.is_numeric_dtype(values):
        text = values.astype("float64").map("{:.6f}".format)
    elif values.name in DAYS:
        text = values.astype("object").astype("str").str[:10]
    elif values.name in AHEAD:
        text = pd.to_datetime(values).dt.strftime("%Y-%m-%dT%H:%M:%S")
    else:
        text = values.astype("object").astype("str")
    return text.astype("object").where(values.notna(), "")
