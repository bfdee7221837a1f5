"""Batches: one file of one channel, known by its content; what is not done is finished later."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from models import Batch
from models.db import begin, take_numbers, write
from tasks.points import reached

# CUT_SHORT: its file could not be read to the end; the rows settled so far stay. REVERTED: a person took it back
OPEN, SETTLED, DONE, CUT_SHORT, REVERTED = "open", "settled", "done", "cut_short", "reverted"


@dataclass(frozen=True)
class Opened:
    """A batch as a run finds it: `state` DONE means that the same content was taken before."""

    id: int
    channel: str
    file: str
    state: str
    chunks: int
    chunk_rows: int
    layout: str
    received_at: datetime
    as_of: datetime
    counts: dict[str, Any]
    part: int = 0


def open_batch(
    engine: Engine,
    channel: str,
    file: str,
    digest: str,
    layout: str,
    as_of: datetime,
    rules_version: str,
    chunk_rows: int,
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
        "chunk_rows": chunk_rows,
        "rows": 0,
        "counts": "{}",
        "rules_version": rules_version,
    }
    for _ in range(2):
        try:
            with begin(engine) as conn:
                found = conn.execute(wanted).one_or_none()
                if found is None:
                    # the number is part of the receipt's name, so a run that died must not have used one up
                    number = int(take_numbers(conn, "batch_id", 1)[0])
                    conn.execute(insert(Batch).values(id=number, **values))
                    reached("opening")
                    found = conn.execute(wanted).one()
            return _opened(found)
        except IntegrityError:
            continue
    raise AssertionError("the batch neither exists nor can be made")


def find_batch(engine: Engine, channel: str, digest: str) -> Opened | None:
    """Find the batch of this content in this channel."""
    with engine.connect() as conn:
        found = conn.execute(select(Batch).where(Batch.channel == channel, Batch.content_hash == digest)).one_or_none()
    return _opened(found) if found else None


def unfinished(engine: Engine) -> list[Opened]:
    """List the batches that a run left before their end, or is still at, oldest first."""
    with engine.connect() as conn:
        rows = conn.execute(
            select(Batch).where(Batch.state.not_in((DONE, CUT_SHORT, REVERTED))).order_by(Batch.id)
        ).all()
    return [_opened(row) for row in rows]


def load_batch(engine: Engine, batch_id: int) -> Opened:
    """Read a batch as it now stands."""
    with engine.connect() as conn:
        return _opened(conn.execute(select(Batch).where(Batch.id == batch_id)).one())


def mark(engine: Engine, batch_id: int, state: str) -> None:
    """Move a batch on; harmless when repeated."""
    with begin(engine) as conn:
        conn.execute(update(Batch).where(Batch.id == batch_id).values(state=state))


def finish(engine: Engine, batch: Opened, outcomes: Mapping[str, int]) -> None:
    """Mark a batch done with the rows by outcome that its receipt tells, in one statement; harmless when repeated.

    What was counted chunk by chunk is how things stood then: a later row may have made a lead of an earlier one.
    """
    counts = batch.counts | {"outcomes": dict(sorted(outcomes.items()))}
    done = update(Batch).where(Batch.id == batch.id).values(state=DONE, counts=_text(counts))
    with begin(engine) as conn:
        conn.execute(done)


def add_counts(conn: Connection, batch_id: int, issues: pd.Series, outcome: pd.Series) -> None:
    """Add a chunk's counts to its batch: rows by outcome, and rows by the check that they fail."""
    stored = json.loads(conn.execute(select(Batch.counts).where(Batch.id == batch_id)).scalar_one())
    added = {"outcomes": outcome.value_counts().to_dict()}
    # few combinations occur, however many rows
    each = issues[issues != ""].value_counts().reset_index(name="rows")
    each = each.assign(rule=each["issues"].str.split("|")).explode("rule")
    added["issues"] = each.groupby("rule")["rows"].sum().to_dict()
    for name, counted in added.items():
        total = Counter(stored.get(name, {}))
        total.update({str(key): int(value) for key, value in counted.items()})
        stored[name] = dict(sorted(total.items()))
    write(conn, "UPDATE batch SET counts = :counts WHERE id = :id", id=batch_id, counts=_text(stored))


def _text(counts: Mapping[str, Any]) -> str:
    return json.dumps(counts, ensure_ascii=False, sort_keys=True)


def _opened(row: Any) -> Opened:
    return Opened(
        id=row.id,
        channel=row.channel,
        file=row.file,
        state=row.state,
        chunks=row.chunks,
        chunk_rows=row.chunk_rows,
        layout=row.layout,
        received_at=row.received_at,
        as_of=row.as_of,
        counts=json.loads(row.counts),
        part=row.part,
    )
