"""What was built for a review, kept: its datasets as rows, and the hashes of its files."""

import json
from collections.abc import Mapping
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, delete, insert, select

from models import Review, ReviewRow
from models.db import begin, insert_frame, take_ids
from tasks.review_files import json_lines, made_with


def keep_review(
    engine: Engine,
    key: tuple[str, str, str, datetime],
    datasets: Mapping[str, pd.DataFrame],
    files: Mapping[str, str],
    rules_version: str,
    built_at: datetime,
) -> int:
    """Keep a build of (kind, period, scope, as_of) in place of an earlier one of the same; gives its id."""
    kind, period, scope, as_of = key
    same = (Review.kind == kind, Review.period == period, Review.scope == scope, Review.as_of == as_of)
    values = {
        "kind": kind, "period": period, "scope": scope, "as_of": as_of, "built_at": built_at,
        "rules_version": rules_version, "made_with": json.dumps(made_with()), "files": json.dumps(dict(files)),
    }  # fmt: skip
    with begin(engine) as conn:
        for number in conn.execute(select(Review.id).where(*same)).scalars().all():
            conn.execute(delete(ReviewRow).where(ReviewRow.review_id == number))
            conn.execute(delete(Review).where(Review.id == number))
        number = int(take_ids(conn, "review", 1)[0])
        conn.execute(insert(Review).values(id=number, **values))
        for name, data in datasets.items():
            lines = json_lines(data)
            rows = {"review_id": number, "dataset": name, "line": range(1, len(lines) + 1), "data": lines}
            insert_frame(conn, ReviewRow, pd.DataFrame(rows))
    return number
