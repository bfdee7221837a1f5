"""A channel's own record delivered again: unchanged is no news, other values supersede."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Deliveries:
    """Which row stands for which: `repeats` and `superseded` map a row's id to the row that counts.

    `current` names each record's row after this chunk: key, submission_id.
    """

    repeats: pd.Series
    superseded: pd.Series
    current: pd.DataFrame


def follow_records(rows: pd.DataFrame, stored: pd.DataFrame) -> Deliveries:
    """Compare the rows of a chunk, in order, with each other and with the stored deliveries.

    Both frames: id, record (int64 hash of channel and external id), content_key; `rows` are the
    accepted ones, ids ascending. A row equal to the delivery before it repeats that one.
    """
    stored = stored[stored["record"].isin(rows["record"])]
    seen = pd.concat([stored.assign(new=False), rows.assign(new=True)], ignore_index=True)
    seen = seen.sort_values(["record", "new", "id"], kind="stable", ignore_index=True)
    record, content = seen["record"].to_numpy(), seen["content_key"].to_numpy()
    first = np.r_[True, record[1:] != record[:-1]] if len(seen) else np.empty(0, dtype=bool)
    news = first | np.r_[True, content[1:] != content[:-1]] if len(seen) else first
    # the row that begins each run of equal deliveries stands for all of the run
    head = np.maximum.accumulate(np.where(news, np.arange(len(seen)), 0)) if len(seen) else first
    ids = seen["id"].to_numpy()
    repeated = ~news
    heads = np.flatnonzero(news)
    later = np.r_[heads[1:], -1] if len(heads) else heads
    follows = (later >= 0) & ~first[later] if len(heads) else np.empty(0, dtype=bool)
    last = np.flatnonzero(np.r_[record[1:] != record[:-1], True]) if len(seen) else heads
    return Deliveries(
        repeats=pd.Series(ids[head[repeated]], index=ids[repeated], dtype="int64"),
        superseded=pd.Series(ids[later[follows]], index=ids[heads[follows]], dtype="int64"),
        current=pd.DataFrame({"key": record[last], "submission_id": ids[head[last]]}),
    )


def resolve(stands_for: pd.Series, ids: pd.Index) -> pd.Series:
    """Follow chains of `stands_for` (id → id) to the row that counts, for each of `ids`."""
    found = pd.Series(ids.to_numpy(), index=ids)
    while True:
        step = stands_for.reindex(found.to_numpy())
        known = step.notna().to_numpy()
        if not known.any():
            return found
        found[known] = step[known].to_numpy().astype(np.int64)
