"""The facts of all leads as they were known at a cut-off, read from events and dated rows."""

import json
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine, text

from models.columns import MOMENT, read_columns
from models.db import DatabaseError, begin, stored_moment
from tasks.rules.reviews.facts import Known
from tasks.rules.reviews.facts import lead_facts as facts_of
from tasks.rules.reviews.receipts import OUTCOMES

# one look at the log: the last event of each lead, the last that states its traits, the first after verification
_LIVE = """
SELECT l.id, l.number, l.opened_at, e.verdict, e.verdict_rule, CASE WHEN v.id IS NULL THEN e.grade ELSE v.grade END,
e.owner, e.team, CASE WHEN t.id IS NULL THEN l.source ELSE t.source END,
CASE WHEN t.id IS NULL THEN l.industry ELSE t.industry END, CASE WHEN t.id IS NULL THEN l.region ELSE t.region END,
CASE WHEN t.id IS NULL THEN l.size ELSE t.size END, CASE WHEN t.id IS NULL THEN l.contact_at ELSE t.contact_at END
FROM (
SELECT lead_id, max(id) AS last, max(id) FILTER (WHERE source IS NOT NULL AND region IS NOT NULL) AS told,
min(id) FILTER (WHERE kind = 'verified') AS first FROM lead_event
WHERE recorded_at <= :cut AND status <> 'history' GROUP BY lead_id
) x JOIN lead_event e ON e.id = x.last JOIN lead l ON l.id = x.lead_id
LEFT JOIN lead_event t ON t.id = x.told LEFT JOIN lead_event v ON v.id = x.first
WHERE e.status NOT IN ('joined', 'reverted')
"""
_HISTORY = """
SELECT h.lead_id, l.number, h.created_at, h.grade, h.owner, h.team, h.source, h.industry, h.region, h.size,
h.contact_at, h.system, h.need_type, h.product FROM history_record h JOIN lead l ON l.id = h.lead_id
WHERE h.recorded_at <= :cut AND (h.until IS NULL OR h.until > :cut)
"""
_OUTCOMES = """
SELECT lead_id, result, at, product, reason, amount, currency FROM outcome
WHERE recorded_at <= :cut AND (until IS NULL OR until > :cut)
"""
_STAGES = """
SELECT lead_id, stage, place FROM stage_entry WHERE recorded_at <= :cut AND (until IS NULL OR until > :cut)
"""
_WRITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL
AND xact_start <= :start AND pid <> pg_backend_pid()
"""
# how long a transaction may take, how long is waited for it, and how often is looked (seconds)
_LONGEST, _PATIENCE, _LOOK = timedelta(hours=1), 120.0, 0.1
_BATCHES = "SELECT as_of, rows, counts FROM batch WHERE as_of <= :cut ORDER BY id"
_BORN = """
SELECT f.at, f.kind, e.status, count(*) FROM (
SELECT lead_id, min(id) AS first, max(id) AS last FROM lead_event
WHERE recorded_at <= :cut AND status <> 'history' GROUP BY lead_id
) x JOIN lead_event f ON f.id = x.first JOIN lead_event e ON e.id = x.last GROUP BY f.at, f.kind, e.status
ORDER BY 1, 2, 3
"""
_TEXT = pa.large_string()
_LIVE_TYPES = {
    "lead_id": pa.int64(), "number": _TEXT, "created_at": MOMENT,
    **dict.fromkeys(("verdict", "verdict_rule", "grade", "owner", "team"), _TEXT),
    **dict.fromkeys(("source", "industry", "region", "size"), _TEXT), "contact_at": MOMENT,
}  # fmt: skip
_HISTORY_TYPES = {
    "lead_id": pa.int64(), "number": _TEXT, "created_at": MOMENT,
    **dict.fromkeys(("grade", "owner", "team", "source", "industry", "region", "size"), _TEXT),
    "contact_at": MOMENT, **dict.fromkeys(("system", "need_type", "product"), _TEXT),
}  # fmt: skip
_OUTCOME_TYPES = {
    "lead_id": pa.int64(), "result": _TEXT, "at": MOMENT, "product": _TEXT, "reason": _TEXT, "amount": pa.float64(),
    "currency": _TEXT,
}  # fmt: skip
_STAGE_TYPES = {"lead_id": pa.int64(), "stage": _TEXT, "place": pa.int64()}
_QUERIES = {
    "live": (_LIVE, _LIVE_TYPES), "history": (_HISTORY, _HISTORY_TYPES), "outcomes": (_OUTCOMES, _OUTCOME_TYPES),
    "stages": (_STAGES, _STAGE_TYPES),
}  # fmt: skip


def lead_facts(conn: Connection, as_of: datetime, zone: str) -> pd.DataFrame:
    """One row a lead as it was known at `as_of` (aware): what was recorded later does not count."""
    cut = stored_moment(conn, as_of)
    frames = {name: _frame(read_columns(conn, query, types, cut=cut)) for name, (query, types) in _QUERIES.items()}
    return facts_of(Known(**frames), zone)


def arrivals(conn: Connection, as_of: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What senders were told (a line a batch), and when leads were made and how they ended, as of a moment (aware)."""
    cut = stored_moment(conn, as_of)
    types = {"at": MOMENT, "rows": pa.int64(), "counts": _TEXT}
    batches = _frame(read_columns(conn, _BATCHES, types, cut=cut))
    outcomes = [json.loads(counts).get("outcomes", {}) for counts in batches["counts"]]
    told = {name: [int(one.get(name, 0)) for one in outcomes] for name in OUTCOMES}
    kinds = {"at": MOMENT, "kind": _TEXT, "status": _TEXT, "n": pa.int64()}
    born = _frame(read_columns(conn, _BORN, kinds, cut=cut))
    return batches.drop(columns="counts").assign(**told), born


def wait_for_writers(engine: Engine, as_of: datetime, patience: float = _PATIENCE) -> None:
    """Wait until nothing that may have been recorded by `as_of` (aware) is still on its way into the base.

    Whatever began to be written by now ends first; of a cut-off that lies some time back nothing is on its way.
    `patience` in seconds; raises DatabaseError when it is over.
    """
    if as_of < datetime.now(UTC) - _LONGEST:
        return
    if engine.dialect.name != "postgresql":
        # there is one writer, and this waits its turn behind him
        with begin(engine):
            return
    start, deadline = datetime.now(UTC), monotonic() + patience
    while True:
        with engine.connect() as conn:
            if not conn.execute(text(_WRITING), {"start": start}).scalar_one():
                return
        if monotonic() > deadline:
            raise DatabaseError(
                "a transaction that began before the cut-off is still open; try again when it has ended"
            )
        sleep(_LOOK)


def _frame(found: pa.Table) -> pd.DataFrame:
    """Columns as pandas has them, texts `str`, also where there is no row."""
    frame: pd.DataFrame = found.to_pandas()
    texts = [field.name for field in found.schema if pa.types.is_large_string(field.type)]
    return frame.astype(dict.fromkeys(texts, "str"))
