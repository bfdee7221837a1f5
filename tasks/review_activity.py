"""What people did with leads as it was known at a cut-off, read from dated rows (H1-3.4, H2-2-tiers, H4-3-review)."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection

from config.schema import Config
from models.columns import MOMENT, read_columns
from models.db import look_up, read_frame, stored_moment
from tasks.clocks import watched
from tasks.objections import KNOWN_ANSWER, KNOWN_PLAN
from tasks.rules.reviews import activity as frames
from tasks.rules.reviews.activity import Activity
from tasks.rules.reviews.spans import Span

_KNOWN = "f.recorded_at <= :cut AND (f.superseded_at IS NULL OR f.superseded_at > :cut)"
_MOVES = "(f.milestone IS NOT NULL OR f.stage IS NOT NULL OR f.tier IS NOT NULL OR f.confirmed <> '')"
_CONTACTS = f"""
SELECT f.id, f.lead_id, f.at, f.recorded_at, f.person, f.method, f.outcome,
CASE WHEN f.next_action IS NULL THEN 0 ELSE 1 END, CASE WHEN {_MOVES} THEN 1 ELSE 0 END, f.pause_kind,
f.pause_until FROM follow_up f
WHERE {_KNOWN} AND f.at >= :first AND f.at < :after ORDER BY f.id
"""
# of each lead how far back its last contacts lie
_LAST = f"""
SELECT f.lead_id, max(f.at), max(CASE WHEN f.outcome <> 'not_reached' THEN f.at END), count(*) FROM follow_up f
WHERE {_KNOWN} AND f.at < :after GROUP BY f.lead_id ORDER BY f.lead_id
"""
_OBJECTIONS = f"""
SELECT o.id, o.lead_id, o.at, o.category, o.text, CASE WHEN {KNOWN_PLAN} THEN o.planned_at END,
CASE WHEN {KNOWN_ANSWER} AND o.worked IS NOT NULL THEN CASE WHEN o.worked THEN 'yes' ELSE 'no' END END
FROM objection o JOIN follow_up f ON f.id = o.follow_up_id LEFT JOIN follow_up p ON p.id = o.planned_in
LEFT JOIN follow_up a ON a.id = o.answered_in
WHERE {_KNOWN} AND o.at >= :first AND o.at < :after ORDER BY o.id
"""
# a clock as it stood at the cut-off: as it was before the first change that became known later, else as it stands
_PROMISES = """
SELECT c.id, COALESCE(b.lead_id, c.lead_id), c.policy, c.subject_id, c.person,
CASE WHEN b.id IS NULL THEN c.started_at ELSE b.started_at END, CASE WHEN b.id IS NULL THEN c.due_at ELSE b.due_at END,
CASE WHEN b.id IS NULL THEN c.ended_at ELSE b.ended_at END, CASE WHEN b.id IS NULL THEN c.ending ELSE b.ending END
FROM clock c LEFT JOIN (SELECT clock_id, min(id) AS id FROM clock_past WHERE until > :cut GROUP BY clock_id) x
ON x.clock_id = c.id LEFT JOIN clock_past b ON b.id = x.id
WHERE COALESCE(c.known_at, c.started_at) <= :cut AND ((c.due_at >= :first AND c.due_at < :after) OR c.ended_at IS NULL
OR (c.started_at >= :first AND c.started_at < :after) OR b.id IS NOT NULL) ORDER BY c.id
"""
_TIERS = """
SELECT lead_id, at, tier FROM lead_event WHERE recorded_at <= :cut AND tier IS NOT NULL AND at < :after ORDER BY id
"""
_POOL = """
SELECT e.lead_id, e.at, e.kind, CASE WHEN e.facts = '' THEN e.owner_rule END, a.person
FROM lead_event e LEFT JOIN assignment a ON a.lead_id = e.lead_id AND a.until = e.at
WHERE e.recorded_at <= :cut AND e.kind IN ('pooled', 'claimed') AND e.at < :after ORDER BY e.id
"""
_PAUSES = f"""
SELECT f.id, f.lead_id, f.at, f.pause_until FROM follow_up f
WHERE {_KNOWN} AND f.pause_kind = 'reactivate' AND f.pause_until >= :first AND f.pause_until < :after ORDER BY f.id
"""
_ORIGINS = """
SELECT l.id, b.channel, s.mark FROM lead l JOIN submission s ON s.id = l.origin_id JOIN batch b ON b.id = s.batch_id
WHERE l.opened_at >= :first AND l.opened_at < :after ORDER BY l.id
"""
_SUPPORT = f"""
SELECT f.id, f.lead_id, f.at, f.support, f.support_at FROM follow_up f
WHERE {_KNOWN} AND f.support IS NOT NULL AND f.at < :after ORDER BY f.id
"""
_PLANS = f"""
SELECT f.id, f.lead_id, f.at, COALESCE(f.next_person, f.person), f.next_action, f.next_at FROM follow_up f
WHERE {_KNOWN} AND f.next_action IS NOT NULL AND f.next_at >= :after ORDER BY f.id
"""
_ENTRIES = """
SELECT COALESCE(s.entry_team, ''), s.issues, count(*) FROM batch b JOIN submission s ON s.batch_id = b.id
WHERE b.as_of >= :first AND b.as_of < :after AND b.as_of <= :cut GROUP BY 1, 2 ORDER BY 1, 2
"""
_OWNED = """
SELECT a.lead_id, a.person, a.since AS due_at FROM wanted w JOIN assignment a ON a.lead_id = w.key
WHERE a.since <= :cut ORDER BY a.since, a.id
"""
# follow-ups went over with leads that were joined to others since: whose they were stands in their events
_MOVED = """
SELECT e.lead_id, e.facts FROM lead_event e WHERE e.kind = 'follow_up' AND e.recorded_at <= :cut AND e.lead_id IN (
SELECT lead_id FROM lead_event WHERE kind = 'joined' GROUP BY lead_id HAVING min(recorded_at) > :cut)
"""
_TOGETHER = f"""
SELECT f.id, f.lead_id, f.at, f.outcome FROM follow_up f WHERE {_KNOWN} AND f.at < :after AND f.lead_id IN (
SELECT f.lead_id FROM wanted w JOIN follow_up f ON f.id = w.key)
"""
_QUERIES: Mapping[str, tuple[str, dict[str, str]]] = {
    "contacts": (_CONTACTS, frames.CONTACTS), "last": (_LAST, frames.LAST),
    "objections": (_OBJECTIONS, frames.OBJECTIONS), "promises": (_PROMISES, frames.PROMISES), "tiers": (_TIERS,
    frames.TIERS), "pool": (_POOL, frames.POOL),
    "pauses": (_PAUSES, frames.PAUSES), "origins": (_ORIGINS, frames.ORIGINS), "support": (_SUPPORT, frames.SUPPORT),
    "plans": (_PLANS, frames.PLANS), "entries": (_ENTRIES, frames.ENTRIES),
}  # fmt: skip
_ARROW = {"str": pa.large_string(), "int64": pa.int64(), "bool": pa.int64(), "datetime64[us]": MOMENT}


def read_activity(conn: Connection, span: Span, as_of: datetime, zone: str, config: Config) -> Activity:
    """What was done until the end of a period, as known at `as_of` (aware)."""
    values: dict[str, Any] = {
        "cut": as_of, "first": _begin(span.first, zone), "after": _begin(span.last + timedelta(days=1), zone),
    }  # fmt: skip
    asked = {name: stored_moment(conn, moment) for name, moment in values.items()}
    found = {name: _frame(conn, query, columns, asked, zone) for name, (query, columns) in _QUERIES.items()}
    own = _owners_then(conn, found["promises"], asked, zone)
    found["promises"]["person"] = found["promises"]["person"].where(found["promises"]["person"] != "", own)
    for name, frame in _put_back(conn, found, asked, zone).items():
        found[name] = frame
    people = config.roster.people
    now = pd.Timestamp(as_of.astimezone(ZoneInfo(zone)).replace(tzinfo=None)).as_unit("us")
    teams = {one.id: one.team or "" for one in people}
    return Activity(now=now, **found, teams=teams, watches=watched(config.rules))


def _begin(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _frame(
    conn: Connection, query: str, columns: Mapping[str, str], values: Mapping[str, Any], zone: str
) -> pd.DataFrame:
    """A query's rows with local times; texts are '' where nothing is said."""
    types = {name: _ARROW[kind] for name, kind in columns.items()}
    own = {name: value for name, value in values.items() if f":{name}" in query}
    frame: pd.DataFrame = read_columns(conn, query, types, **own).to_pandas()
    for name, kind in columns.items():
        if kind == "str":
            frame[name] = frame[name].astype("str").fillna("")
        elif kind == "datetime64[us]":
            frame[name] = _local(frame[name], zone)
        else:
            frame = frame.astype({name: kind})
    return frame


def _local(moments: pd.Series, zone: str) -> pd.Series:
    local = pd.to_datetime(moments).dt.tz_localize("UTC").dt.tz_convert(zone)
    return local.dt.tz_localize(None).astype("datetime64[us]")


def _owners_then(conn: Connection, promises: pd.DataFrame, values: Mapping[str, Any], zone: str) -> pd.Series:
    """Whose lead it was when each promise was due, or stands now where it stands still."""
    leads = promises["lead_id"].drop_duplicates().sort_values()
    owned = look_up(conn, leads, "BIGINT", _OWNED, cut=values["cut"])
    asked = promises[["lead_id", "due_at", "ended_at"]].reset_index()
    asked["due_at"] = asked["due_at"].fillna(asked["ended_at"]).fillna(pd.Timestamp.max.as_unit("us").floor("D"))
    owned = owned.assign(due_at=_local(owned["due_at"], zone), lead_id=owned["lead_id"].astype("int64"))
    found = pd.merge_asof(
        asked.sort_values(["due_at", "index"]), owned.sort_values("due_at"), on="due_at", by="lead_id"
    )
    return found.set_index("index")["person"].reindex(promises.index).fillna("").astype("str")


def _put_back(
    conn: Connection, found: Mapping[str, pd.DataFrame], values: Mapping[str, Any], zone: str
) -> dict[str, pd.DataFrame]:
    """Give follow-ups back to the leads that had them at the cut-off."""
    moved = read_frame(conn, _MOVED, cut=values["cut"])
    if moved.empty:
        return {}
    ids = moved["facts"].str.extract(r"follow_up=(\d+)", expand=False).dropna().astype("int64")
    lead = pd.Series(moved["lead_id"].reindex(ids.index).to_numpy(), index=ids.to_numpy())
    back = {
        name: frame.assign(lead_id=frame["id"].map(lead).fillna(frame["lead_id"]).astype("int64"))
        for name, frame in found.items()
        if name in ("contacts", "support", "pauses", "plans")
    }
    every = look_up(
        conn, ids.sort_values(), "BIGINT", _TOGETHER, cut=values["cut"], after=values["after"]
    ).astype({"id": "int64", "lead_id": "int64"})  # fmt: skip
    own = every.assign(lead_id=every["id"].map(lead).fillna(every["lead_id"]).astype("int64"))
    own = own.assign(at=_local(own["at"], zone))
    answered = own["at"].where(own["outcome"] != "not_reached")
    last = (
        own.assign(answered_at=answered)
        .groupby("lead_id", as_index=False)
        .agg(at=("at", "max"), answered_at=("answered_at", "max"), contacts=("id", "size"))
    )
    rest = found["last"][~found["last"]["lead_id"].isin([*every["lead_id"], *own["lead_id"]])]
    return back | {"last": pd.concat([rest, last], ignore_index=True).sort_values("lead_id", ignore_index=True)}
