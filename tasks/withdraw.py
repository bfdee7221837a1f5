"""Rows whose partner has deleted them leave their leads, as events; what a person has worked on stays and is named."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models import Withdrawal
from models.db import insert_frame, look_up
from tasks.arrival import Arrival
from tasks.rules.keys import record_keys
from tasks.take_back import take_back

_LIVE = """
SELECT DISTINCT l.id, l.number, l.touched_at, l.closed_at FROM wanted w JOIN record r ON r.key = w.key
JOIN membership m ON m.submission_id = r.submission_id AND m.until IS NULL JOIN lead l ON l.id = m.lead_id
"""


@dataclass(frozen=True)
class Withdrawn:
    """How many rows and leads it was, and the numbers of the leads that are kept."""

    rows: int = 0
    ended: int = 0
    decided_again: int = 0
    kept: tuple[str, ...] = ()


def withdraw(conn: Connection, channel: str, ids: pd.Series, config: Config, arrival: Arrival) -> Withdrawn:
    """Take all deliveries of some records (external ids) of a channel out of their leads, within the transaction."""
    if ids.empty:
        return Withdrawn()
    named = pd.DataFrame({"channel": channel, "external_id": ids.to_numpy(), "accepted": True})
    found = look_up(conn, record_keys(named).astype("int64").sort_values(), "BIGINT", _LIVE)
    free = found["touched_at"].isna() & found["closed_at"].isna()
    kept = tuple(sorted(found.loc[~free, "number"]))
    leads = found.loc[free, "id"].astype("int64").sort_values()
    if leads.empty:
        return Withdrawn(kept=kept)
    gone = set(ids)
    taken = take_back(
        conn,
        leads,
        lambda members: (members["channel"] == channel) & members["external_id"].isin(gone),
        config,
        arrival,
        None,
        "withdrawn",
    )
    insert_frame(conn, Withdrawal, pd.DataFrame({"submission_id": taken.rows.astype("int64"), "at": arrival.at}))
    return Withdrawn(len(taken.rows), taken.ended, taken.decided_again, kept)
