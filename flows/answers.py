"""What became of each row of a batch, read back for its receipt, in the order of the file or sheet."""

from collections.abc import Iterator

import pyarrow as pa
from sqlalchemy import Engine

from models.streams import driver_rows
from tasks.export import OUTCOME_NOW

_FRAME_ROWS = 10_000
_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        *((name, pa.large_string()) for name in ("outcome", "issues", "entry_team", "entrant", "lead", "reasons")),
    ]
)
_QUERY = f"""
SELECT s.line, {OUTCOME_NOW} AS outcome, s.issues, s.entry_team, s.entrant, l.number AS lead, l.reasons
FROM submission s
LEFT JOIN membership m ON m.submission_id = s.id AND m.until IS NULL
LEFT JOIN lead l ON l.id = m.lead_id
WHERE s.batch_id = :batch AND s.sheet = :sheet AND s.line > :after
ORDER BY s.line LIMIT :rows
"""


def answers(engine: Engine, batch_id: int, sheet: str) -> Iterator[pa.Table]:
    """Tables of a sheet ('': of a text file): line, outcome, issues, entry_team, entrant, lead, reasons."""
    after = -1
    while True:
        with engine.connect() as conn:
            found = driver_rows(conn, _QUERY, _FRAME_ROWS, batch=batch_id, sheet=sheet, after=after, rows=_FRAME_ROWS)
            rows = next(found, None)
        if rows is None:
            return
        columns = zip(zip(*rows, strict=True), _SCHEMA, strict=True)
        table = pa.Table.from_arrays([pa.array(values, field.type) for values, field in columns], schema=_SCHEMA)
        after = table["line"][-1].as_py()
        yield table
