"""A whole batch taken back: its rows leave their leads, as events; what a person has worked on stays and is named.

Leads that stand on these rows alone end as reverted. The others are grouped and decided anew from the rows that stay.
All of it is one transaction. The rows themselves stay as they were received; the same file dropped again is a new
arrival.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from config.schema import Config
from models import AccountOwner, Assignment, Batch, Lead, Membership, Profile, Record, Reversal, Submission
from models.db import add_to_counters, begin, look_up, read_frame, take_turn, update_frame
from tasks.arrival import Arrival
from tasks.batches import CUT_SHORT, DONE, REVERTED
from tasks.history import append_events
from tasks.neighbours import find_profiles
from tasks.orders import Order
from tasks.rules.deliveries import follow_records
from tasks.rules.keys import profile_keys, record_keys
from tasks.settle import decide_again

_LEADS_AT_ONCE, _ROWS_AT_ONCE = 5_000, 50_000
_MINE = """
SELECT DISTINCT l.id, l.number, l.touched_at, l.closed_at FROM submission s
JOIN membership m ON m.submission_id = s.id AND m.until IS NULL JOIN lead l ON l.id = m.lead_id
WHERE s.batch_id = :batch
"""
_FREE = f"{_MINE} AND l.touched_at IS NULL AND l.closed_at IS NULL ORDER BY l.id LIMIT {_LEADS_AT_ONCE}"
_KEPT = f"{_MINE} AND (l.touched_at IS NOT NULL OR l.closed_at IS NOT NULL) ORDER BY l.id"
_MEMBERS = """
SELECT m.id AS membership_id, m.lead_id, l.origin_id, s.id, s.batch_id, s.accepted, s.same_as, s.external_id,
s.content_key, s.company_key, s.contact_key, b.channel FROM wanted w
JOIN membership m ON m.lead_id = w.key AND m.until IS NULL
JOIN lead l ON l.id = m.lead_id JOIN submission s ON s.id = m.submission_id JOIN batch b ON b.id = s.batch_id
"""
_LEFT = """
SELECT s.id, s.company_key, s.contact_key FROM submission s WHERE s.batch_id = :batch AND s.id > :after
AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.submission_id = s.id AND m.until IS NULL) ORDER BY s.id LIMIT :rows
"""
_LIVE = "SELECT a.id, a.person FROM wanted w JOIN assignment a ON a.lead_id = w.key AND a.until IS NULL"
_AS_IT_WAS = """
SELECT l.id AS lead_id, l.verdict, l.verdict_rule, l.reasons, l.grade, l.grade_rule, l.account_id, l.contact_id
FROM wanted w JOIN lead l ON l.id = w.key
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
        _forget_names(conn, rows)
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
    members = look_up(conn, leads, "BIGINT", _MEMBERS)
    members["same_as"] = members["same_as"].astype("Int64")
    mine = (members["batch_id"] == batch).to_numpy()
    gone, stay = members[mine], _mend_deliveries(conn, members[mine], members[~mine])
    counting = stay[stay["accepted"].astype(bool) & stay["same_as"].isna()]
    alone = leads[~leads.isin(counting["lead_id"])]
    # a row of which no lead can be made alone goes with the lead that it was found with
    ended = pd.concat([gone, stay[stay["lead_id"].isin(alone)]])["membership_id"]
    update_frame(conn, Membership, pd.DataFrame({"id": ended.astype("int64"), "until": arrival.at}))
    _forget_names(conn, gone)  # else deciding anew would find them
    if len(alone):
        _end_leads(conn, batch, alone, config, arrival)
    first = counting.groupby("lead_id")["id"].min()
    lost = gone.loc[gone["id"] == gone["origin_id"], "lead_id"].drop_duplicates()
    lost = lost[lost.isin(first.index)]
    origin = {"id": lost.astype("int64").array, "origin_id": first.reindex(lost).astype("int64").array}
    update_frame(conn, Lead, pd.DataFrame(origin))
    again = leads[leads.isin(first.index)].tolist()
    decide_again(conn, arrival, again, config)
    result.rows += int(mine.sum())
    result.ended += len(alone)
    result.decided_again += len(again)


def _mend_deliveries(conn: Connection, gone: pd.DataFrame, stay: pd.DataFrame) -> pd.DataFrame:
    """Let the deliveries that stay follow each other as if the others had never come; gives `stay` with `same_as`."""
    gone, stay = gone.assign(record=record_keys(gone)), stay.assign(record=record_keys(stay))
    records = gone["record"].dropna().drop_duplicates()
    if records.empty:
        return stay
    touched = stay[stay["record"].isin(records)].sort_values("id")
    follows = follow_records(
        touched[["id", "record", "content_key"]].astype("int64"),
        pd.DataFrame({name: pd.Series(dtype="int64") for name in ("id", "record", "content_key")}),
    )
    stands_for = pd.concat([follows.repeats, follows.superseded]).astype("Int64")
    now = stands_for.reindex(touched["id"])
    update_frame(conn, Submission, pd.DataFrame({"id": touched["id"].array, "same_as": now.array}))
    update_frame(conn, Record, follows.current, "key")
    none = records[~records.isin(follows.current["key"])].astype("int64").tolist()
    for start in range(0, len(none), 500):
        conn.execute(delete(Record).where(Record.key.in_(none[start : start + 500])))
    same_as = stay.set_index("id")["same_as"].copy()
    same_as[touched["id"]] = now.array
    return stay.assign(same_as=same_as.array)


def _end_leads(conn: Connection, batch: int, leads: pd.Series, config: Config, arrival: Arrival) -> None:
    """Close leads that nothing is left of: nobody's any more, each with its event."""
    nobody = pd.array([pd.NA] * len(leads), dtype="str")
    closed = {"id": leads.array, "status": "reverted", "closed_at": arrival.at, "owner": nobody, "owner_rule": nobody}
    update_frame(conn, Lead, pd.DataFrame(closed))
    live = look_up(conn, leads, "BIGINT", _LIVE)
    update_frame(conn, Assignment, pd.DataFrame({"id": live["id"], "until": arrival.at}))
    add_to_counters(conn, {f"load:{person}": -int(n) for person, n in live["person"].value_counts().items()})
    events = look_up(conn, leads, "BIGINT", _AS_IT_WAS).sort_values("lead_id", ignore_index=True)
    events = events.assign(kind="reverted", status="reverted", facts="")
    append_events(conn, [events], replace(arrival, batch_id=batch), config)


def _forget_names(conn: Connection, rows: pd.DataFrame) -> None:
    """Take rows out of the index by which later rows would find them again."""
    key = profile_keys(rows).dropna().drop_duplicates().astype("int64").sort_values()
    found = find_profiles(conn, key)
    found = found.loc[found["submission_id"].isin(rows["id"]), ["key", "submission_id"]].astype("int64")
    if len(found):
        entry = text(f"DELETE FROM {Profile.__tablename__} WHERE key = :key AND submission_id = :row")
        conn.execute(entry, [{"key": key, "row": row} for key, row in found.to_numpy().tolist()])


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
