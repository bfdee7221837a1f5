"""Rows taken out of their leads again, as events: what stands on them alone ends, the rest is decided anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, text

from config.schema import Config
from models import Assignment, Lead, Membership, Profile, Record, Submission
from models.db import add_to_counters, look_up, update_frame
from tasks.arrival import Arrival
from tasks.history import append_events
from tasks.neighbours import find_profiles
from tasks.rules.deliveries import follow_records
from tasks.rules.keys import begins_anew, profile_keys, record_keys
from tasks.settle import decide_again

_MEMBERS = """
SELECT m.id AS membership_id, m.lead_id, l.origin_id, s.id, s.batch_id, s.accepted, s.same_as, s.external_id,
s.content_key, s.company_key, s.contact_key, b.channel FROM wanted w
JOIN membership m ON m.lead_id = w.key AND m.until IS NULL
JOIN lead l ON l.id = m.lead_id JOIN submission s ON s.id = m.submission_id JOIN batch b ON b.id = s.batch_id
"""
_LIVE = "SELECT a.id, a.person FROM wanted w JOIN assignment a ON a.lead_id = w.key AND a.until IS NULL"
_AS_IT_WAS = """
SELECT l.id AS lead_id, l.verdict, l.verdict_rule, l.reasons, l.grade, l.grade_rule, l.account_id, l.contact_id
FROM wanted w JOIN lead l ON l.id = w.key
"""


@dataclass(frozen=True)
class TakenBack:
    """What was taken out: submission ids, how many leads ended and how many were decided anew."""

    rows: pd.Series
    ended: int
    decided_again: int


def take_back(
    conn: Connection,
    leads: pd.Series,
    chosen: Callable[[pd.DataFrame], pd.Series],
    config: Config,
    arrival: Arrival,
    batch: int | None,
    kind: str = "reverted",
) -> TakenBack:
    """Take the chosen rows out of some leads (ids), none of which a person has worked on.

    chosen: which of the members (columns of the query below) go; batch: whose the events are; kind: what they say.
    """
    members = look_up(conn, leads, "BIGINT", _MEMBERS)
    members["same_as"] = members["same_as"].astype("Int64")
    mine = chosen(members).to_numpy(dtype=bool)
    gone, stay = members[mine], _mend_deliveries(conn, members[mine], members[~mine], config)
    counting = stay[stay["accepted"].astype(bool) & stay["same_as"].isna()]
    alone = leads[~leads.isin(counting["lead_id"])]
    # a row of which no lead can be made alone goes with the lead that it was found with
    ended = pd.concat([gone, stay[stay["lead_id"].isin(alone)]])["membership_id"]
    update_frame(conn, Membership, pd.DataFrame({"id": ended.astype("int64"), "until": arrival.at}))
    forget_names(conn, gone)  # else deciding anew would find them
    if len(alone):
        _end_leads(conn, alone, config, replace(arrival, batch_id=batch), kind)
    first = counting.groupby("lead_id")["id"].min()
    lost = gone.loc[gone["id"] == gone["origin_id"], "lead_id"].drop_duplicates()
    lost = lost[lost.isin(first.index)]
    origin = {"id": lost.astype("int64").array, "origin_id": first.reindex(lost).astype("int64").array}
    update_frame(conn, Lead, pd.DataFrame(origin))
    again = leads[leads.isin(first.index)].tolist()
    decide_again(conn, arrival, again, config)
    return TakenBack(gone["id"], len(alone), len(again))


def _anew(rows: pd.DataFrame, others: Sequence[str], config: Config) -> np.ndarray:
    """Where a number began anew in its file; others: the channels that have no files."""
    return begins_anew(rows["external_id"], config.rules) & ~rows["channel"].isin(others).to_numpy(dtype=bool)


def _mend_deliveries(conn: Connection, gone: pd.DataFrame, stay: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Let the deliveries that stay follow each other as if the others had never come; gives `stay` with `same_as`."""
    others = [name for name, channel in config.channels.items() if channel.kind != "folder"]
    gone, stay = (rows.assign(record=record_keys(rows, _anew(rows, others, config))) for rows in (gone, stay))
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


def _end_leads(conn: Connection, leads: pd.Series, config: Config, arrival: Arrival, kind: str) -> None:
    """Close leads that nothing is left of: nobody's any more, each with its event."""
    nobody = pd.array([pd.NA] * len(leads), dtype="str")
    closed = {"id": leads.array, "status": "reverted", "closed_at": arrival.at, "owner": nobody, "owner_rule": nobody}
    update_frame(conn, Lead, pd.DataFrame(closed))
    live = look_up(conn, leads, "BIGINT", _LIVE)
    update_frame(conn, Assignment, pd.DataFrame({"id": live["id"], "until": arrival.at}))
    add_to_counters(conn, {f"load:{person}": -int(n) for person, n in live["person"].value_counts().items()})
    events = look_up(conn, leads, "BIGINT", _AS_IT_WAS).sort_values("lead_id", ignore_index=True)
    events = events.assign(kind=kind, status="reverted", facts="")
    append_events(conn, [events], arrival, config)


def forget_names(conn: Connection, rows: pd.DataFrame) -> None:
    """Take rows out of the index by which later rows would find them again."""
    key = profile_keys(rows).dropna().drop_duplicates().astype("int64").sort_values()
    found = find_profiles(conn, key)
    found = found.loc[found["submission_id"].isin(rows["id"]), ["key", "submission_id"]].astype("int64")
    if len(found):
        entry = text(f"DELETE FROM {Profile.__tablename__} WHERE key = :key AND submission_id = :row")
        conn.execute(entry, [{"key": key, "row": row} for key, row in found.to_numpy().tolist()])
