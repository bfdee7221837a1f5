"""What people did with leads, as it was known at a cut-off; each frame has a `lead_id` of the facts."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tasks.rules.reviews.spans import Span

_TEXT, _TIME, _TRUTH, _WHOLE = "str", "datetime64[us]", "bool", "int64"
#: The columns of each frame; times are those of the business zone, without a zone.
CONTACTS = {
    "id": _WHOLE, "lead_id": _WHOLE, "at": _TIME, "recorded_at": _TIME, "person": _TEXT, "method": _TEXT,
    "outcome": _TEXT, "next": _TRUTH, "moves": _TRUTH, "pause_kind": _TEXT, "pause_until": _TIME,
}  # fmt: skip
LAST = {"lead_id": _WHOLE, "at": _TIME, "answered_at": _TIME, "contacts": _WHOLE}
OBJECTIONS = {
    "id": _WHOLE, "lead_id": _WHOLE, "at": _TIME, "category": _TEXT, "text": _TEXT, "planned_at": _TIME,
    "worked": _TEXT,
}  # fmt: skip
PROMISES = {
    "id": _WHOLE, "lead_id": _WHOLE, "policy": _TEXT, "subject_id": _WHOLE, "person": _TEXT, "started_at": _TIME,
    "due_at": _TIME, "ended_at": _TIME, "ending": _TEXT,
}  # fmt: skip
TIERS = {"lead_id": _WHOLE, "at": _TIME, "tier": _TEXT}
POOL = {"lead_id": _WHOLE, "at": _TIME, "kind": _TEXT, "rule": _TEXT, "person": _TEXT}
ORIGINS = {"lead_id": _WHOLE, "channel": _TEXT, "mark": _TEXT}
SUPPORT = {"id": _WHOLE, "lead_id": _WHOLE, "at": _TIME, "support": _TEXT, "support_at": _TIME}
PAUSES = {"id": _WHOLE, "lead_id": _WHOLE, "at": _TIME, "until": _TIME}
PLANS = {
    "id": _WHOLE, "lead_id": _WHOLE, "at": _TIME, "person": _TEXT, "plan": _TEXT, "due_at": _TIME,
}  # fmt: skip
#: Rows as senders gave them, of the period: no lead is known by them.
ENTRIES = {"team": _TEXT, "issues": _TEXT, "n": _WHOLE}


def none_of(columns: dict[str, str]) -> pd.DataFrame:
    """A frame of no rows."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


@dataclass(frozen=True)
class Activity:
    """What was done and promised until the end of a period, as known at a cut-off; now: the cut-off, local.

    contacts: of the period. last: per lead its last contact, its last answered one and how many there were
    until the end of the period. promises: begun or due in the period, and those still running. tiers: every change.
    pool: given back (pooled) and claimed, each by its rule and with who had it before. origins: of leads created in
    the period, the channel and marketing's mark of the row that made them. support: every request. plans: what is
    agreed for the days after the period. teams: person -> team; watches: policy -> what it watches.
    """

    now: pd.Timestamp
    contacts: pd.DataFrame
    last: pd.DataFrame
    objections: pd.DataFrame
    promises: pd.DataFrame
    tiers: pd.DataFrame
    pool: pd.DataFrame
    pauses: pd.DataFrame
    origins: pd.DataFrame
    support: pd.DataFrame
    plans: pd.DataFrame
    entries: pd.DataFrame
    teams: dict[str, str]
    watches: dict[str, str]

    def of(self, facts: pd.DataFrame, team: str) -> "Activity":
        """The part that is about some leads, those of a team; its entries are those that the team made."""
        kept: dict[str, Any] = {}
        for one in fields(self):
            frame = getattr(self, one.name)
            if isinstance(frame, pd.DataFrame) and "lead_id" in frame:
                kept[one.name] = frame[frame["lead_id"].isin(facts["lead_id"])].reset_index(drop=True)
        own = self.entries[self.entries["team"] == team].reset_index(drop=True)
        return replace(self, **kept, entries=own)


def nothing(now: pd.Timestamp) -> Activity:
    """No activity at all."""
    columns = (CONTACTS, LAST, OBJECTIONS, PROMISES, TIERS, POOL, PAUSES, ORIGINS, SUPPORT, PLANS, ENTRIES)
    values: list[Any] = [now, *map(none_of, columns), {}, {}]
    return Activity(*values)


def during(moments: pd.Series, first: date, last: date) -> np.ndarray:
    """Which moments (local) lie in a span of days, both included."""
    end = pd.Timestamp(last) + pd.Timedelta(days=1)
    found: np.ndarray = ((moments >= pd.Timestamp(first)) & (moments < end)).to_numpy(dtype=bool)
    return found


def end_of(span: Span, now: pd.Timestamp) -> pd.Timestamp:
    """When a period ends: at the end of its last day, or at the cut-off where that comes first."""
    return min(pd.Timestamp(span.last) + pd.Timedelta(days=1), now)


def looked_up(keys: pd.Series, told: pd.Series) -> pd.Series:
    """What is told of each key, missing where nothing is; of the type of what is told, also where that is empty."""
    return told.reindex(keys.to_numpy()).set_axis(keys.index)


def days_of(spans: pd.Series) -> pd.Series:
    """Spans of time as days with fractions."""
    days: pd.Series = spans.dt.total_seconds() / 86_400
    return days
