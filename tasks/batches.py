"""Batches: one file of one channel, known by its content; what is not done is finished later."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from models import Batch
from models.db import begin, take_ids

OPEN, SETTLED, DONE = "open", "settled", "done"


@dataclass(frozen=True)
class Opened:
    """A batch as a run finds it: `state` DONE means that the same content was taken before."""

    id: int
    channel: str
    file: str
    state: str
    chunks: int
    layout: str
    received_at: datetime
    as_of: datetime
    counts: dict[str, Any]


def content_hash(path: Path) -> str:
    """Hash a file's bytes, in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_batch(
    engine: Engine, channel: str, file: str, digest: str, layout: str, as_of: datetime, rules_version: str
) -> Opened:
    """Find the batch of this content in this channel, or make it; two workers get the same one."""
    wanted = select(Batch).where(Batch.channel == channel, Batch.content_hash == digest)
    values = {
        "channel": channel,
        "file": file,
        "content_hash": digest,
        "layout": layout,
        "received_at": as_of,
        "as_of": as_of,
        "state": OPEN,
        "chunks": 0,
        "rows": 0,
        "counts": "{}",
        "rules_version": rules_version,
    }
    for _ in range(2):
        try:
            with begin(engine) as conn:
                found = conn.execute(wanted).one_or_none()
                if found is None:
                    conn.execute(insert(Batch).values(id=int(take_ids(conn, "batch", 1)[0]), **values))
                    found = conn.execute(wanted).one()
            return _opened(found)
        except IntegrityError:
            continue
    raise AssertionError("the batch neither exists nor can be made")


def find_batch(engine: Engine, channel: str, digest: str) -> Opened | None:
    """Find the batch of this content in this channel."""
    with engine.connect() as conn:
        found = conn.execute(
            select(Batch).where(Batch.channel == channel, Batch.content_hash == digest)
        ).one_or_none()
    return _opened(found) if found else None


def unfinished(engine: Engine) -> list[Opened]:
    """List the batches that an earlier run left before their end, oldest first."""
    with engine.connect() as conn:
        rows = conn.execute(select(Batch).where(Batch.state != DONE).order_by(Batch.id)).all()
    return [_opened(row) for row in rows]


def load_batch(engine: Engine, batch_id: int) -> Opened:
    """Read a batch as it now stands."""
    with engine.connect() as conn:
        return _opened(conn.execute(select(Batch).where(Batch.id == batch_id)).one())


def mark(engine: Engine, batch_id: int, state: str) -> None:
    """Move a batch on; harmless when repeated."""
    with begin(engine) as conn:
        conn.execute(update(Batch).where(Batch.id == batch_id).values(state=state))


def add_counts(conn: Connection, batch_id: int, rows: pd.DataFrame, outcome: pd.Series, required: set[str]) -> None:
    """Add a chunk's counts to its batch: outcomes, issues by rule, omissions by team and entrant."""
    stored = json.loads(conn.execute(select(Batch.counts).where(Batch.id == batch_id)).scalar_one())
    added = {"outcomes": outcome.value_counts().to_dict()}
    issues = rows.loc[rows["issues"] != "", ["issues", "entry_team", "entrant"]]
    each = issues.assign(rule=issues["issues"].str.split("|")).explode("rule")
    added["issues"] = each["rule"].value_counts().to_dict()
    missed = each[each["rule"].isin(required)]
    who = missed["entry_team"].fillna("") + "|" + missed["entrant"].fillna("") + "|" + missed["rule"]
    added["omissions"] = who.value_counts().to_dict()
    for name, counted in added.items():
        total = Counter(stored.get(name, {}))
        total.update({str(key): int(value) for key, value in counted.items()})
        stored[name] = dict(sorted(total.items()))
    text = json.dumps(stored, ensure_ascii=False, sort_keys=True)
    conn.execute(update(Batch).where(Batch.id == batch_id).values(counts=text))


def _opened(row: Any) -> Opened:
    return Opened(
        id=row.id,
        channel=row.channel,
        file=row.file,
        state=row.state,
        chunks=row.chunks,
        layout=row.layout,
        received_at=row.received_at,
        as_of=row.as_of,
        counts=json.loads(row.counts),
    )
