"""A whole batch taken back: its rows leave their leads, as events; what a person has worked on stays and is named.

Leads that stand on these rows alone end as reverted. The others are grouped and decided anew from the rows that stay.
All of it is one transaction. The rows themselves stay as they were received; the same file dropped again is a new
arrival.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, insert, select, update

from config.schema import Config
from models import AccountOwner, Batch, Reversal
from models.db import begin, read_frame, take_turn, update_frame
from tasks.arrival import Arrival
from tasks.batches import CUT_SHORT, DONE, REVERTED
from tasks.orders import Order
from tasks.take_back import forget_names, take_back

_LEADS_AT_ONCE, _ROWS_AT_ONCE = 5_000, 50_000
_MINE = """
SELECT DISTINCT l.id, l.number, l.touched_at, l.closed_at FROM submission s
JOIN membership m ON m.submission_id = s.id AND m.until IS NULL JOIN lead l ON l.id = m.lead_id
WHERE s.batch_id = :batch
"""
_FREE = f"{_MINE} AND l.touched_at IS NULL AND l.closed_at IS NULL ORDER BY l.id LIMIT {_LEADS_AT_ONCE}"
_KEPT = f"{_MINE} AND (l.touched_at IS NOT NULL OR l.closed_at IS NOT NULL) ORDER BY l.id"
_LEFT = """
SELECT s.id, s.company_key, s.contact_key FROM submission s WHERE s.batch_id = :batch AND s.id > :after
AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.submission_id = s.id AND m.until IS NULL) ORDER BY s.id LIMIT :rows
"""
# whom nothing but what was taken back made the owner of a company
_OWNERS = """
SELECT o.id FROM account_owner o WHERE o.until IS NULL AND o.account_id IN (
SELECT e.account_id FROM lead_event e WHERE e.batch_id = :batch AND e.kind = 'reverted' AND e.account_id IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM lead l WHERE l.account_id = o.account_id AND l.status NOT IN ('reverted', 'joined'))
"""


class RevertError(Exception):
    """The batch cannot be taken back; the message says why."""


@dataclass
class Reverted:
    """What was taken back: rows, leads that ended, leads that were decided anew, numbers of the leads that are kept."""

    batch: int
    file: str
    channel: str
    rows: int = 0
    ended: int = 0
    decided_again: int = 0
    kept: list[str] = field(default_factory=list)
    before: bool = False  # it had been taken back already, and nothing was done

    def counts(self) -> dict[str, Any]:
        """The figures and the kept leads."""
        return {"rows": self.rows, "ended": self.ended, "decided_again": self.decided_again, "kept": self.kept}


def revert_batch(engine: Engine, number: int, config: Config, order: Order, *, dry_run: bool = False) -> Reverted:
    """Take a batch back and give what came of it; with `dry_run` all of it is undone again. Harmless when repeated."""
    order.check()
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        return _revert(conn, number, config, order)


def reversals(engine: Engine) -> dict[int, dict[str, Any]]:
    """The batches that were taken back, by number: at, by, reason and the figures."""
    with engine.connect() as conn:
        rows = conn.execute(select(Reversal.__table__)).all()
    return {
        row.batch_id: {"at": row.at, "by": row.actor, "reason": row.reason, **json.loads(row.counts)} for row in rows
    }


def _revert(conn: Connection, number: int, config: Config, order: Order) -> Reverted:
    batch = conn.execute(select(Batch).where(Batch.id == number)).one_or_none()
    if batch is None:
        raise RevertError(f"there is no batch {number}; leads batches lists them")
    result = Reverted(batch.id, batch.file, batch.channel)
    done = conn.execute(select(Reversal.counts).where(Reversal.batch_id == number)).scalar_one_or_none()
    if done is not None:
        for name, value in json.loads(done).items():
            setattr(result, name, value)
        result.before = True
        return result
    if batch.state not in (DONE, CUT_SHORT):
        raise RevertError(f"batch {number} is not taken in to its end yet: run leads ingest first")
    arrival = order.arrival()
    for rows in _rows_left(conn, number):
        forget_names(conn, rows)
    while not (leads := read_frame(conn, _FREE, batch=number)).empty:
        _take_back(conn, number, leads["id"].astype("int64").sort_values(), config, arrival, result)
    result.kept = read_frame(conn, _KEPT, batch=number)["number"].tolist()
    owners = read_frame(conn, _OWNERS, batch=number)["id"].astype("int64")
    update_frame(conn, AccountOwner, pd.DataFrame({"id": owners, "until": arrival.at}))
    _close(conn, batch, order, result)
    return result


def _take_back(
    conn: Connection, batch: int, leads: pd.Series, config: Config, arrival: Arrival, result: Reverted
) -> None:
    """Take the batch's rows out of some leads, none of which a person has worked on."""
    taken = take_back(conn, leads, lambda members: members["batch_id"] == batch, config, arrival, batch)
    result.rows += len(taken.rows)
    result.ended += taken.ended
    result.decided_again += taken.decided_again


def _rows_left(conn: Connection, batch: int) -> Iterator[pd.DataFrame]:
    """The batch's rows that belong to no lead."""
    after = -1
    while True:
        rows = read_frame(conn, _LEFT, batch=batch, after=after, rows=_ROWS_AT_ONCE)
        if rows.empty:
            return
        after = int(np.max(rows["id"].to_numpy(dtype=np.int64)))
        yield rows


def _close(conn: Connection, batch: Any, order: Order, result: Reverted) -> None:
    """Note who took the batch back, and give its content free: the same file is a new one from now on."""
    values = {
        "batch_id": batch.id,
        "at": order.as_of,
        "recorded_at": order.recorded_at,
        "actor": order.actor,
        "reason": order.reason.strip(),
        "counts": json.dumps(result.counts(), ensure_ascii=False),
    }
    conn.execute(insert(Reversal).values(values))
    free = f"{batch.content_hash}:reverted:{batch.id}"
    conn.execute(update(Batch).where(Batch.id == batch.id).values(state=REVERTED, content_hash=free))
