"""Requests to the technical department: what was asked about a lead, until when, and what was answered by whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from models.db import read_frame

_ASKED = """
SELECT f.id, f.at, f.person, f.support, c.due_at, c.ended_at, c.ending FROM follow_up f
LEFT JOIN clock c ON c.lead_id = f.lead_id AND c.subject_id = f.id AND c.policy = :policy
WHERE f.lead_id = :lead AND f.support IS NOT NULL AND f.superseded_at IS NULL ORDER BY f.at DESC, f.id DESC
"""
_SAID = """
SELECT at, person, summary FROM follow_up WHERE lead_id = :lead AND superseded_at IS NULL ORDER BY at, id
"""
VOID = "void"


@dataclass(frozen=True)
class Support:
    """One request: when, by whom, what, until when; and who answered what when (None: nobody yet).

    state: open, late (nobody has, and it is due), done, void (the lead ended before).
    """

    at: datetime
    by: str
    text: str
    due_at: datetime | None
    state: str
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer: str | None = None


def support_of(conn: Connection, lead: int, policy: str, helpers: Collection[str], as_of: datetime) -> list[Support]:
    """The requests about a lead (its id), newest first; policy: the rule that promises an answer, helpers: who gives
    it."""
    asked = read_frame(conn, _ASKED, lead=lead, policy=policy)
    if asked.empty:
        return []
    said = read_frame(conn, _SAID, lead=lead)
    said = said[said["person"].isin(list(helpers)).to_numpy(dtype=bool)]
    return [_request(row, said[(said["at"] >= row.at).to_numpy(dtype=bool)], as_of) for row in asked.itertuples()]


def _request(row: Any, answers: pd.DataFrame, as_of: datetime) -> Support:
    at, due = _moment(row.at), _moment(row.due_at)
    assert at is not None
    by, text = str(row.person), str(row.support)
    if len(answers):
        first = answers.iloc[0]
        return Support(at, by, text, due, "done", _moment(first["at"]), str(first["person"]), str(first["summary"]))
    if row.ending == VOID:
        return Support(at, by, text, due, VOID)
    return Support(at, by, text, due, "late" if due is not None and due < as_of else "open")


def _moment(at: pd.Timestamp) -> datetime | None:
    return None if pd.isna(at) else at.to_pydatetime().replace(tzinfo=UTC)
