"""The facts of all leads as they were known at a cut-off, read from events and dated rows."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from models.db import as_times, read_frame
from tasks.rules.reviews.facts import Known
from tasks.rules.reviews.facts import lead_facts as facts_of

_LEADS = """
SELECT id AS lead_id, number, opened_at, source, industry, region, size, contact_at FROM lead WHERE status <> 'history'
"""
_LAST = """
SELECT e.lead_id, e.status, e.verdict, e.verdict_rule, e.grade, e.owner, e.team FROM lead_event e JOIN (
SELECT max(id) AS id FROM lead_event WHERE recorded_at <= :cut GROUP BY lead_id) x ON x.id = e.id
WHERE e.status <> 'history'
"""
_TRAITS = """
SELECT e.lead_id, e.source, e.industry, e.region, e.size, e.contact_at FROM lead_event e JOIN (
SELECT max(id) AS id FROM lead_event WHERE recorded_at <= :cut AND source IS NOT NULL GROUP BY lead_id) x ON x.id = e.id
WHERE e.status <> 'history'
"""
_FIRST = """
SELECT e.lead_id, e.grade FROM lead_event e JOIN (
SELECT min(id) AS id FROM lead_event WHERE recorded_at <= :cut AND kind = 'verified' GROUP BY lead_id) x ON x.id = e.id
"""
_HISTORY = """
SELECT h.lead_id, l.number, h.system, h.created_at, h.contact_at, h.source, h.industry, h.region, h.size, h.need_type,
h.product, h.grade, h.owner, h.team FROM history_record h JOIN lead l ON l.id = h.lead_id
WHERE h.recorded_at <= :cut AND (h.until IS NULL OR h.until > :cut)
"""
_OUTCOMES = """
SELECT lead_id, result, at, product, reason, amount, currency FROM outcome
WHERE recorded_at <= :cut AND (until IS NULL OR until > :cut)
"""
_STAGES = """
SELECT lead_id, stage, place FROM stage_entry WHERE recorded_at <= :cut AND (until IS NULL OR until > :cut)
"""
_QUERIES = {
    "last": _LAST, "traits": _TRAITS, "first": _FIRST, "history": _HISTORY, "outcomes": _OUTCOMES, "stages": _STAGES,
}  # fmt: skip
_TYPES: dict[str, Any] = {"lead_id": "int64", "place": "int64", "amount": "float64"}
_MOMENTS = ("at", "opened_at", "created_at", "contact_at")


def lead_facts(conn: Connection, as_of: datetime, zone: str) -> pd.DataFrame:
    """One row a lead as it was known at `as_of` (aware): what was recorded later does not count."""
    cut = stored_moment(conn, as_of)
    frames = {name: _typed(read_frame(conn, query, cut=cut)) for name, query in _QUERIES.items()}
    return facts_of(Known(leads=_typed(read_frame(conn, _LEADS)), **frames), zone)


def stored_moment(conn: Connection, moment: datetime) -> Any:
    """A moment in the form in which the database compares it with the times that it holds."""
    moment = moment.astimezone(UTC)
    return moment if conn.dialect.name == "postgresql" else moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose columns have their types also where they hold nothing."""
    types = {str(name): _TYPES.get(str(name), "str") for name in frame if name not in _MOMENTS}
    times = {name: as_times(frame[name]) for name in frame if name in _MOMENTS}
    return frame.astype(types).assign(**times)
