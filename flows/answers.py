"""What became of each row of a batch, read back for its receipt, in the order of the file."""

from collections.abc import Iterator

import pandas as pd
from sqlalchemy import Engine

from models.db import read_frame

_FRAME_ROWS = 50_000
_QUERY = """
SELECT s.line, s.outcome, s.issues, s.entry_team, s.entrant, l.number AS lead, l.reasons
FROM submission s
LEFT JOIN membership m ON m.submission_id = s.id AND m.until IS NULL
LEFT JOIN lead l ON l.id = m.lead_id
WHERE s.batch_id = :batch AND s.line > :after
ORDER BY s.line LIMIT :rows
"""


def answers(engine: Engine, batch_id: int) -> Iterator[pd.DataFrame]:
    """Frames of line, outcome, issues, entry_team, entrant, lead (number, NA: none) and reasons."""
    after = -1
    while True:
        with engine.connect() as conn:
            frame = read_frame(conn, _QUERY, batch=batch_id, after=after, rows=_FRAME_ROWS)
        if frame.empty:
            return
        after = int(frame["line"].iloc[-1])
        yield frame.assign(line=frame["line"].astype("int64"))
