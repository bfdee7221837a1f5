"""Leads kept as state() says they are: columns, events, stages, outcomes, and owners that follow the grade.

Every follow-up, every word of a person, the nightly flow and the rebuild call the same function.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models import Lead
from models.db import update_frame
from tasks.arrival import Arrival
from tasks.clocks import reckoner_of
from tasks.history import DECISION, STATE, append_events
from tasks.rules.differences import said_otherwise
from tasks.rules.due import same_times
from tasks.rules.lifecycle.state import ENDED, KEPT, STALLED, state
from tasks.state_effects import end_leads, follow_grades, neglect, write_outcomes, write_stages
from tasks.state_facts import load_facts

#: A change of one of these is an event.
TOLD = ("status", "tier", "stage", "state_rule", "pause_kind", "paused_until", "grade", "missing", "hints")
_TIMES = ("paused_until",)
_NUMBERS = ("probability",)
# owners that follow a grade change what a lead is once more, and not again
_ROUNDS = 3


@dataclass
class Kept:
    """How many leads were looked at, and of how many what changed: changed, won, lost, paused, resumed, pooled,
    downgraded, regraded, moved (to another owner)."""

    counts: Counter[str] = field(default_factory=Counter)
    changes: list[dict[Any, Any]] = field(default_factory=list)


def keep_current(
    conn: Connection, lead_ids: Iterable[int], arrival: Arrival, config: Config, kept: Kept | None = None
) -> Kept:
    """Bring leads (ids) to what state() says at the moment of an arrival, in the open transaction and its turn."""
    kept = kept or Kept()
    config = config.model_copy(update={"rules": config.rules.at(arrival.local.date())})
    ids = sorted({int(one) for one in lead_ids})
    for round_ in range(_ROUNDS):
        if not ids:
            break
        ids = _one_round(conn, ids, arrival, config, kept, first=round_ == 0)
    return kept


def _one_round(
    conn: Connection, ids: list[int], arrival: Arrival, config: Config, kept: Kept, *, first: bool
) -> list[int]:
    """Bring leads up to date once; gives those whose owner has changed by it."""
    facts, stored = load_facts(conn, ids)
    if stored.empty:
        return []
    reckoner = reckoner_of(conn, config.rules, config, arrival.zone)
    now = state(facts, config.rules, arrival.at.to_datetime64(), reckoner)
    differs = differences(now, stored, (*KEPT, "state_at"))
    if first:
        kept.counts["looked_at"] += len(now)
    over = now[now["status"].isin(ENDED).to_numpy(dtype=bool)]
    if not differs.any():
        # of a contract another amount may be told, and nothing else
        write_outcomes(conn, over, arrival, config)
        return []
    changed, before = now[differs].reset_index(drop=True), stored[differs].reset_index(drop=True)
    ends = (changed["status"].isin(ENDED) & ~before["status"].isin(ENDED)).to_numpy(dtype=bool)
    gone = ((changed["then"] == "pool") & before["owner"].notna()).to_numpy(dtype=bool)
    tells = differences(changed, before, TOLD)
    _write(conn, changed, before, ends, arrival)
    end_leads(conn, before[ends], arrival)
    write_outcomes(conn, over, arrival, config)
    write_stages(conn, changed, before, arrival, config)
    events = _events(changed, before).assign(
        promised=differences(changed, before, ("status", "tier", "grade", "missing", "pause_kind", "paused_until"))
    )[tells & ~gone]
    if len(events):
        append_events(conn, [events.reset_index(drop=True)], arrival, config)
    # the pool's own event names the rule
    moved = neglect(conn, before[gone], arrival, config)
    other = (changed["grade"].fillna("") != before["grade"].fillna("")).to_numpy(dtype=bool)
    moved += follow_grades(conn, changed[other & ~ends & ~gone]["lead_id"], arrival, config)
    _count(kept, changed, before, tells, other, moved)
    return moved


def differences(now: pd.DataFrame, stored: pd.DataFrame, columns: Iterable[str]) -> np.ndarray:
    """In which rows one of some columns says something else than is stored; both in one order."""
    other = np.zeros(len(now), dtype=bool)
    for name in columns:
        one, two = now[name], stored[name]
        if name in (*_TIMES, "state_at"):
            other |= ~same_times(*(np.asarray(side, dtype="datetime64[s]") for side in (one, two)))
        elif name in _NUMBERS:
            x, y = (side.to_numpy(dtype=np.float64, na_value=np.nan) for side in (one, two))
            other |= ~(np.isclose(x, y, equal_nan=True))
        else:
            other |= said_otherwise(now, stored, (name,))
    return other


def _write(conn: Connection, now: pd.DataFrame, before: pd.DataFrame, ends: np.ndarray, arrival: Arrival) -> None:
    rows = now[["lead_id", *KEPT, "state_at"]].rename(columns={"lead_id": "id"})
    times = {name: rows[name].astype("datetime64[us]") for name in ("paused_until", "state_at")}
    texts = {name: rows[name].astype("str") for name in KEPT if name not in (*_TIMES, *_NUMBERS)}
    closed = before["closed_at"].astype("datetime64[us]").mask(ends, arrival.at)
    update_frame(conn, Lead, rows.assign(closed_at=closed, **times, **texts))


def _events(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """One event a lead: what it is now, by which rules, and since when."""
    named = {
        "rule": now["state_rule"], "since": _text(now["since"]), "tier": now["tier"], "tier_rule": now["tier_rule"],
        "stage": now["stage"], "stage_rule": now["stage_rule"], "pause": now["pause_kind"],
        "until": _text(now["paused_until"]), "probability": now["probability"].round(1).astype("str"),
        "by": now["probability_rule"], "was": before["grade"].where(before["grade"] != now["grade"]),
        "missing": now["missing"].str.replace("|", ",", regex=False),
        "hints": now["hints"].str.replace("|", ",", regex=False),
    }  # fmt: skip
    facts = pd.Series("", index=now.index, dtype="str")
    for name, value in named.items():
        filled = (value.notna() & (value.astype("str") != "")).to_numpy(dtype=bool)
        facts = facts.where(~filled, facts + "|" + name + "=" + value.astype("object").fillna("").astype("str"))
    rows = before[["lead_id", "account_id", "contact_id", "owner", "owner_rule", *DECISION]]
    kept = {name: now[name].array for name in ("status", "grade", "grade_rule", "tier", "stage")}
    return rows.assign(kind=STATE, facts=facts.str.slice(1).array, **kept)


def _text(times: pd.Series) -> pd.Series:
    return pd.to_datetime(times).dt.strftime("%Y-%m-%dT%H:%M:%S").astype("str")


def _count(
    kept: Kept, now: pd.DataFrame, before: pd.DataFrame, tells: np.ndarray, regraded: np.ndarray, moved: list[int]
) -> None:
    counts = kept.counts
    for name in ("won", "lost", "pool"):
        counts[name] += int(((now["status"] == name) & (before["status"] != name)).sum())
    paused, was = now["pause_kind"].notna(), before["pause_kind"].notna()
    counts["paused"] += int((paused & ~was).sum())
    counts["resumed"] += int((was & ~paused).sum())
    down = (now["grade_rule"] == STALLED).to_numpy(dtype=bool)
    counts["downgraded"] += int((regraded & down).sum())
    counts["regraded"] += int((regraded & ~down).sum())
    counts["moved"] += len(moved)
    # a lead that changes once more because its owner did is told once
    told = now[tells].assign(number=before["number"][tells], was=before["status"][tells])
    told = told[~told["number"].isin([one["number"] for one in kept.changes]).to_numpy(dtype=bool)]
    counts["changed"] += len(told)
    columns = ["number", "was", "status", "state_rule", "tier", "stage", "grade"]
    kept.changes += told[columns].astype("object").where(told[columns].notna(), None).to_dict("records")
