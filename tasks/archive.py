"""What the archive of won and lost leads lacks (H1-3.6-archive), and until when its owner promised it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from config.schema import Rules
from models.db import read_frame

_ENDED = "l.joined_into IS NULL AND l.status IN ('won', 'lost')"
_COUNTS = f"SELECT l.owner, count(*) AS leads FROM lead l WHERE {_ENDED} GROUP BY l.owner"
_GAPS = f"""
SELECT l.id AS lead_id, l.number, l.status, l.owner, l.missing, a.name AS company, l.closed_at
FROM lead l LEFT JOIN account a ON a.id = l.account_id
WHERE {_ENDED} AND l.missing IS NOT NULL AND l.missing <> '' ORDER BY l.id
"""
_PROMISES = """
SELECT c.lead_id, c.due_at FROM clock c JOIN lead l ON l.id = c.lead_id AND l.status IN ('won', 'lost')
WHERE c.ended_at IS NULL AND c.policy = :policy
"""


@dataclass(frozen=True)
class Archive:
    """How many leads ended, and those whose archive lacks something: number, status, owner, missing, due_at."""

    ended: int
    gaps: pd.DataFrame


def check_archive(conn: Connection, rules: Rules, people: Sequence[str] | None = None) -> Archive:
    """Read the gaps of everybody's archive, or of some people's; times naive UTC, NaT where nothing is promised."""
    counts, gaps = read_frame(conn, _COUNTS), read_frame(conn, _GAPS)
    if people is not None:
        counts, gaps = (frame[frame["owner"].isin(people).to_numpy(dtype=bool)] for frame in (counts, gaps))
    policies = [rule.id for rule in rules.watching("archive")]
    promises = pd.concat([read_frame(conn, _PROMISES, policy=policy) for policy in policies] or [_none()])
    due = promises.groupby("lead_id")["due_at"].min()
    gaps = gaps.assign(due_at=due.reindex(gaps["lead_id"]).astype("datetime64[us]").array)
    return Archive(int(pd.to_numeric(counts["leads"]).sum()), gaps.reset_index(drop=True))


def _none() -> pd.DataFrame:
    return pd.DataFrame({"lead_id": pd.Series(dtype="int64"), "due_at": pd.Series(dtype="datetime64[us]")})
