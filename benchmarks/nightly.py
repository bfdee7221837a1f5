"""How long the nightly flow takes: `python -m benchmarks.nightly [--leads N] [--databases sqlite postgresql]`.

Fills a base with N leads, a hundredth of which time has changed: a third of these have stalled, a third come out of a
pause, a third are lost to silence. Reads what is due bare, then does the night, and once more when nothing is due.
Ends with one line of figures; exit code 1 when a bar is missed: 30 s for the night, 50 ms for the second one, or when
not every due lead was changed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text

from benchmarks.sweep import fresh_engine, named, usual_leads
from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from models import Account, Assignment, Contact, FollowUp, Lead, LeadEvent
from models.db import add_to_counters, begin, insert_frame, read_frame, stored_moment
from tasks.calendar import sync_calendar
from tasks.nightly import run_nightly

AS_OF = datetime(2025, 9, 3, 17, 30, tzinfo=UTC)
DUE_SHARE = 0.01
MOST_SECONDS, MOST_IDLE_MS = 30.0, 50.0
_PIECE = 100_000
_DAY = pd.Timedelta(days=1)
_BARE = "SELECT l.* FROM lead l WHERE l.state_at <= :as_of"
_EVIDENCE = "need=clear|chain=unknown|urgency=frame|title=unknown|budget_state_fact=sufficient|industry_state=target"
_SEQUENCES = ("account", "contact", "lead", "follow_up", "assignment", "lead_event")


@dataclass(frozen=True)
class Found:
    """Seconds of the bare read, of the night, milliseconds of the second night, and what changed."""

    bare: float
    night: float
    idle_ms: float
    due: int
    counts: dict[str, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bars are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nightly", description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000, help="leads of the base")
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["postgresql"])
    asked = parser.parse_args(arguments)
    lines, missed = [], []
    for database in asked.databases:
        found = measured(database, asked.leads)
        changed = ", ".join(f"{count:,} {name}" for name, count in found.counts.items() if count)
        lines.append(
            f"{database} {asked.leads:,} leads, {found.due:,} due: night {found.night:.1f} s, bare read of the due "
            f"rows {found.bare:.2f} s, nothing due {found.idle_ms:.1f} ms ({changed})"
        )
        if found.night > MOST_SECONDS:
            missed.append(f"{found.night:.1f} s > {MOST_SECONDS:g} s")
        if found.idle_ms > MOST_IDLE_MS:
            missed.append(f"nothing due {found.idle_ms:.0f} ms > {MOST_IDLE_MS:g} ms")
        if found.counts.get("looked_at", 0) < found.due:
            missed.append("not every due lead was looked at")
    end = f" | MISSED {'; '.join(missed)}" if missed else ""
    print(f"nightly {'; '.join(lines)}{end}")
    return 1 if missed else 0


def measured(database: str, leads: int) -> Found:
    """Fill a base and do its night."""
    config = load_config()
    with tempfile.TemporaryDirectory(prefix="leadflow-bench-") as made, fresh_engine(database, Path(made)) as engine:
        settings = Settings(_env_file=None, home=Path(made))
        fill(engine, config, leads, round(leads * DUE_SHARE))
        with engine.connect() as conn:
            began = time.perf_counter()
            due = len(read_frame(conn, _BARE, as_of=stored_moment(conn, AS_OF)))
            bare = time.perf_counter() - began
        began = time.perf_counter()
        kept = run_nightly(engine, config, settings, AS_OF)
        night = time.perf_counter() - began
        began = time.perf_counter()
        run_nightly(engine, config, settings, AS_OF)
        idle = (time.perf_counter() - began) * 1000
    return Found(bare, night, idle, due, dict(kept.counts))


def fill(engine: Engine, config: Config, leads: int, due: int, seed: int = 3) -> None:
    """Store owned leads; `due` of them have what time changes by AS_OF."""
    random = np.random.default_rng(seed)
    places = random.permutation(leads)
    owners = np.array([one.id for one in config.roster.people if one.role == "senior"], dtype=object)
    sync_calendar(engine, AS_OF)
    now = pd.Timestamp(AS_OF.replace(tzinfo=None)).as_unit("us")
    opened = now - 120 * _DAY
    for start in range(0, leads, _PIECE):
        ids = np.arange(start, min(start + _PIECE, leads)) + 1
        kind = np.where(places[ids - 1] < due, places[ids - 1] % 3, -1)
        owner = owners[random.integers(0, len(owners), len(ids))]
        later = now + pd.to_timedelta(random.integers(1, 28 * 86_400, len(ids)), unit="s")
        state_at = pd.Series(later).where(kind < 0, now - pd.Timedelta(hours=1)).astype("datetime64[us]")
        with begin(engine) as conn:
            insert_frame(conn, Account, pd.DataFrame({"id": ids, "key": named("k", ids), "name": named("公司", ids)}))
            insert_frame(conn, Contact, pd.DataFrame({"id": ids, "account_id": ids, "name": "某"}))
            insert_frame(conn, Lead, _kept(usual_leads(ids, owner, now), kind, state_at, opened))
            held = pd.DataFrame({"id": ids, "lead_id": ids, "account_id": ids, "person": pd.array(owner, dtype="str")})
            insert_frame(conn, Assignment, held.assign(since=opened, why="A-GRADE-B"))
            insert_frame(conn, LeadEvent, _events(ids, opened, config.rules.version))
            followed = ids[kind >= 0]
            insert_frame(conn, FollowUp, _follow_ups(followed, kind[kind >= 0], now))
            codes, counts = np.unique(owner.astype(str), return_counts=True)
            loads = {f"load:{code}": int(count) for code, count in zip(codes, counts, strict=True)}
            add_to_counters(conn, loads)
    with begin(engine) as conn:
        for name in _SEQUENCES:
            _move_on(conn, name, leads * 2 + 1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))


def _move_on(conn: object, name: str, value: int) -> None:
    """Let a table's next ids begin behind those that were stored."""
    run = conn.execute  # type: ignore[attr-defined]
    if conn.dialect.name == "postgresql" and name not in ("assignment", "lead_event"):  # type: ignore[attr-defined]
        run(text(f"SELECT setval('{name}_seq', {value})"))
        return
    counter = {"assignment": "assignment", "lead_event": "lead_event_id"}.get(name, f"{name}_id")
    run(text("INSERT INTO counter (name, value) VALUES (:n, :v)"), {"n": counter, "v": value})


def _kept(leads: pd.DataFrame, kind: np.ndarray, state_at: pd.Series, opened: pd.Timestamp) -> pd.DataFrame:
    """Leads with what state() said of them the night before."""
    due = pd.Series(kind >= 0)
    said = {
        "tier": "潜在", "tier_rule": "T-NEW", "stage_rule": "ST-NEED", "probability": 5.0,
        "probability_rule": "T-PROBABILITY", "missing": "", "hints": "", "state_rule": "L-FOLLOW",
    }  # fmt: skip
    leads = leads.assign(**said, state_at=state_at, opened_at=opened, grade_rule="G-B")
    paused = pd.Series(kind == 1)
    return leads.assign(
        status=pd.Series("owned", index=leads.index).mask(due, "in_progress"),
        stage=pd.Series("线索获取", index=leads.index).mask(due, "需求分析"),
        phase=pd.Series("ST-LEAD", index=leads.index).mask(due, "ST-NEED"),
        pause_kind=pd.Series(pd.NA, index=leads.index, dtype="str").mask(paused, "hold"),
        paused_until=state_at.where(paused),
    )


def _events(ids: np.ndarray, opened: pd.Timestamp, version: str) -> pd.DataFrame:
    said = {
        "kind": "intake", "actor": "leadflow", "rules_version": version, "status": "owned", "verdict": "valid",
        "verdict_rule": "S-VALID", "reasons": "", "grade": "B", "grade_rule": "G-B", "owner_rule": "A-GRADE-B",
        "facts": _EVIDENCE,
    }  # fmt: skip
    rows = {"id": ids, "lead_id": ids, "contact_id": ids, "account_id": ids}
    return pd.DataFrame(rows).assign(at=opened, recorded_at=opened, **said)


def _follow_ups(ids: np.ndarray, kind: np.ndarray, now: pd.Timestamp) -> pd.DataFrame:
    """What was recorded: an answer long ago; for the silent two attempts and their month, for the paused a pause."""
    parts = []
    said = {"person": "linruoxi", "channel": "cli", "method": "电话", "summary": "沟通", "confirmed": ""}
    for number, (which, days, outcome) in enumerate(
        ((0, 15, "answered"), (1, 15, "answered"), (2, 66, "not_reached"), (2, 65, "not_reached"))
    ):
        mine = ids[kind == which]
        at = now - days * _DAY
        rows = pd.DataFrame({"id": mine * 2 + number % 2, "lead_id": mine, "key": named(f"{number}:", mine)})
        rows = rows.assign(at=at, recorded_at=at, outcome=outcome, **said)
        until = now - pd.Timedelta(hours=1) if which == 1 else pd.NaT
        parts.append(rows.assign(pause_until=pd.Series(until, index=rows.index).astype("datetime64[us]")))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    sys.exit(main())
