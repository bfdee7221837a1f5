"""How fast a month is reviewed: `python -m benchmarks.review [--leads N] [--sqlite]`.

Fills a base with N leads of two years, three events and five follow-ups each and outcomes for half of them, and
builds all datasets of a month from it; beside it, in the same run, `benchmarks/sql/monthly.sql` gives the same figures
by plain SQL.
Ends with one line of figures; exit code 1 when the datasets take more than twice as long as the SQL (PostgreSQL).
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text

from benchmarks.cluster import create_database, running_cluster
from config.loader import load_config
from models import FollowUp, Lead, LeadEvent, Outcome
from models.db import begin, insert_frame, make_engine, upgrade
from tasks.lead_facts import lead_facts
from tasks.review_activity import read_activity
from tasks.rules.reviews.datasets import Terms, datasets
from tasks.rules.reviews.done import activity_datasets
from tasks.rules.reviews.spans import read_span

MOST_TIMES_SQL = 2.0
ZONE, CUT = "Asia/Shanghai", datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
SPAN = read_span("monthly", "2026-10")
_ROUNDS, _BLOCK, _CONTACTS = 3, 250_000, 5
_SQL = Path(__file__).parent / "sql" / "monthly.sql"
_SOURCES = ("官网表单", "行业展会", "合作伙伴转介绍", "社交媒体", "电话咨询", "电商平台")
_REASONS = ("竞品价格低", "预算不足", "需求取消", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bar is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review", description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000, help="leads in the base")
    parser.add_argument("--sqlite", action="store_true", help="measure SQLite, beside nothing")
    asked = parser.parse_args(arguments)
    if asked.sqlite:
        with tempfile.TemporaryDirectory(prefix="leadflow-bench-") as made:
            return measure(f"sqlite:///{made}/leadflow.db", asked.leads)
    with running_cluster() as cluster:
        return measure(create_database(cluster.url, "review"), asked.leads)


def measure(url: str, leads: int) -> int:
    """Fill a base and measure both ways, in turn."""
    engine = make_engine(url)
    upgrade(engine)
    fill(engine, leads)
    ours, theirs, steps = [], [], ("", 0.0, 0.0)
    for _ in range(_ROUNDS):
        if engine.dialect.name == "postgresql":
            theirs.append(plain_seconds(engine))
        read, counted, won = review_seconds(engine)
        ours.append(read + counted)
        steps = (f"read {read:.1f} s, count {counted:.1f} s, {won:,} won in the month", read, counted)
    print(f"  {steps[0]}; memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    return report(engine.dialect.name, leads, statistics.median(ours), theirs)


def report(name: str, leads: int, seconds: float, theirs: list[float]) -> int:
    """Print the line of figures; the exit code."""
    line = f"review {name} {leads:,} leads {3 * leads:,} events {_CONTACTS * leads:,} follow-ups {seconds:.1f} s"
    if not theirs:
        print(line)
        return 0
    times = seconds / statistics.median(theirs)
    met = times <= MOST_TIMES_SQL
    shown = ", ".join(f"{one:.1f}" for one in theirs)
    print(f"{line} {times:.2f}x plain SQL ({shown} s) | {'bar met' if met else f'MISSED > {MOST_TIMES_SQL:g}x'}")
    return 0 if met else 1


def review_seconds(engine: Engine) -> tuple[float, float, int]:
    """Seconds to read the facts and to make the datasets of them; the month's wins."""
    config = load_config(None)
    start = time.perf_counter()
    with engine.connect() as conn:
        facts = lead_facts(conn, CUT, ZONE)
        activity = read_activity(conn, SPAN, CUT, ZONE, config)
    read = time.perf_counter()
    found = datasets(facts, facts, SPAN, date(2026, 11, 2), Terms.of(config.rules))
    found |= activity_datasets(facts, activity, SPAN, config.rules, {})
    return read - start, time.perf_counter() - read, int(found["periods"]["won"].iloc[-1])


def plain_seconds(engine: Engine) -> float:
    """Seconds of the plain SQL, its answers fetched."""
    values = {"cut": CUT, "zone": ZONE, "first": SPAN.first, "last": SPAN.last}
    statements = [one for one in _SQL.read_text("utf-8").split(";") if one.strip()]
    start = time.perf_counter()
    with engine.connect() as conn:
        for statement in statements:
            # ::date is a cast, no parameter
            asked = text(statement.replace("::", "\\:\\:"))
            found = conn.execute(asked, {name: value for name, value in values.items() if f":{name}" in statement})
            if found.returns_rows:
                found.all()
        conn.rollback()
    return time.perf_counter() - start


def fill(engine: Engine, leads: int) -> None:
    """Write leads, their events and outcomes, in blocks; the same ones every time."""
    chance = np.random.default_rng(1)
    for start in range(1, leads + 1, _BLOCK):
        _fill_block(engine, np.arange(start, min(start + _BLOCK, leads + 1)), leads, chance)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))


def _fill_block(engine: Engine, ids: np.ndarray, leads: int, chance: np.random.Generator) -> None:
    count = len(ids)
    minutes = (ids * (2 * 365 * 1440 / leads)).astype("int64").astype("timedelta64[m]")
    opened = pd.Series(np.datetime64("2024-11-01T00:00", "us") + minutes.astype("timedelta64[us]"))
    traits: dict[str, Any] = {
        "source": _some(_SOURCES, count, chance),
        "industry": _some([f"行业{at}" for at in range(20)], count, chance),
        "region": _some([f"省{at}" for at in range(31)], count, chance),
        "size": _some(("小型", "中型", "大型"), count, chance),
        "contact_at": opened - pd.Timedelta(hours=5),
    }
    verdict = pd.array(np.where(chance.random(count) < 0.7, "valid", "invalid"), dtype="str")
    grade = _some(("A", "B", "C"), count, chance)
    owner = _some([f"person{at}" for at in range(60)], count, chance)
    decided = {"verdict": verdict, "verdict_rule": "S-OK", "reasons": "", "grade": grade, "owner": owner}
    unknown = dict.fromkeys(("need_state", "budget_state", "chain_state", "urgency_state", "title_state"), "unknown")
    lead = {"id": ids, "number": [f"XL{one:09d}" for one in ids], "contact_id": ids, "origin_id": ids, "rows": 1}
    ended = chance.random(count) < 0.5
    closed = opened + pd.Series(chance.integers(1, 120, count).astype("timedelta64[D]"))
    result = np.where(chance.random(count) < 0.5, "won", "lost")
    with begin(engine) as conn:
        insert_frame(
            conn, Lead, pd.DataFrame(lead | traits | decided | unknown | {"status": "owned", "opened_at": opened})
        )
        for number, kind in enumerate(("intake", "verified", "changed")):
            at = opened + pd.Timedelta(days=number)
            said = traits if kind != "verified" else {}
            event = {"id": ids + number * leads, "lead_id": ids, "at": at, "recorded_at": at, "kind": kind}
            fixed = {"actor": "leadflow", "rules_version": "1", "status": "owned", "contact_id": ids, "facts": ""}
            insert_frame(conn, LeadEvent, pd.DataFrame(event | decided | said | fixed | {"team": owner}))
        outcome = {"id": ids, "lead_id": ids, "result": result, "at": closed, "recorded_at": closed, "actor": "x"}
        outcome |= {"product": _some(("甲", "乙", "丙"), count, chance), "reason": _some(_REASONS, count, chance)}
        insert_frame(conn, Outcome, pd.DataFrame(outcome)[ended])
        for number in range(_CONTACTS):
            insert_frame(conn, FollowUp, _contacts(ids, opened, number, leads, chance))


def _contacts(
    ids: np.ndarray, opened: pd.Series, number: int, leads: int, chance: np.random.Generator
) -> pd.DataFrame:  # fmt: skip
    """One follow-up of each lead, some days after the one before."""
    count = len(ids)
    at = opened + pd.Series((number * 9 * 1440 + chance.integers(60, 9 * 1440, count)).astype("timedelta64[m]"))
    row = {"id": ids + number * leads, "lead_id": ids, "key": [f"{number}:{one}" for one in ids], "at": at}
    row |= {
        "recorded_at": at + pd.Timedelta(hours=2),
        "channel": "page",
        "method": "电话",
        "summary": "沟通",
        "confirmed": "",
    }
    row |= {"person": _some([f"person{at}" for at in range(60)], count, chance)}
    row |= {"outcome": _some(("answered", "answered", "not_reached"), count, chance)}
    row |= {"next_action": pd.array(np.where(chance.random(count) < 0.4, "发送案例", None), dtype="str")}
    return pd.DataFrame(
        row | {"milestone": pd.array(np.where(chance.random(count) < 0.2, "需求确认", None), dtype="str")}
    )


def _some(words: Sequence[str], count: int, chance: np.random.Generator) -> Any:
    return pd.array(np.array(words, dtype=object)[chance.integers(0, len(words), count)], dtype="str")


if __name__ == "__main__":
    sys.exit(main())
