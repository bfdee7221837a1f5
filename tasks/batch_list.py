"""The batches and what has become of their leads up to now: read from the database, nothing is kept for it."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, bindparam, select, text

from models import Batch
from tasks.batches import REVERTED
from tasks.revert import reversals

#: A lead of rows of several batches counts for each of them.
_LEADS = """
SELECT x.batch_id, l.verdict, coalesce(l.grade, 'none') AS grade, l.status, count(*) AS leads FROM (
  SELECT DISTINCT s.batch_id, m.lead_id FROM submission s
  JOIN membership m ON m.submission_id = s.id AND m.until IS NULL WHERE s.batch_id IN :batches
) x JOIN lead l ON l.id = x.lead_id GROUP BY x.batch_id, l.verdict, l.grade, l.status
"""
WON = "won"


@dataclass
class BatchLine:
    """One batch: where it came from, what its rows did when they came, what their leads are now."""

    batch: int
    channel: str
    file: str
    received_at: datetime
    state: str
    rows: int
    outcomes: dict[str, int] = field(default_factory=dict)
    leads: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    grades: dict[str, int] = field(default_factory=dict)
    won: int = 0
    reverted: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The line as an answer's data."""
        return asdict(self)


def list_batches(
    engine: Engine, *, last: int, channel: str | None = None, number: int | None = None
) -> list[BatchLine]:
    """The newest batches (of one channel), the newest first; `number`: that one alone."""
    wanted = select(Batch).order_by(Batch.id.desc()).limit(last)
    if number is not None:
        wanted = wanted.where(Batch.id == number)
    if channel is not None:
        wanted = wanted.where(Batch.channel == channel)
    taken_back = reversals(engine)
    with engine.connect() as conn:
        lines = {row.id: _line(row) for row in conn.execute(wanted)}
        counted = text(_LEADS).bindparams(bindparam("batches", expanding=True))
        found = conn.execute(counted, {"batches": list(lines)}).all() if lines else []
    for row in found:
        _add(lines[row.batch_id], row)
    for number, line in lines.items():
        if line.state == REVERTED:
            line.reverted = taken_back.get(number)
    return list(lines.values())


def _line(row: Any) -> BatchLine:
    outcomes = json.loads(row.counts).get("outcomes", {})
    return BatchLine(row.id, row.channel, row.file, row.received_at, row.state, row.rows, outcomes)


def _add(line: BatchLine, row: Any) -> None:
    line.leads += row.leads
    line.verdicts[row.verdict] = line.verdicts.get(row.verdict, 0) + row.leads
    line.grades[row.grade] = line.grades.get(row.grade, 0) + row.leads
    if row.status == WON:
        line.won += row.leads
