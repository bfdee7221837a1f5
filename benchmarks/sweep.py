"""How long the sweep takes: `python -m benchmarks.sweep [--clocks N] [--databases sqlite postgresql]`.

Fills a base with N running clocks of as many leads, a thousandth of them due, and bases of a tenth of that with the
same number due, and ten times as many. Sweeps each: what is due, with its messages, and when nothing is due. Then
reckons a million due times and as many with numpy's `busday_offset` over the same days. Ends with one line of figures;
exit code 1 when a bar is missed: 0.5 s for what is due of the large base, 200 µs a due row where many are, 20 ms when
nothing is due, three times the small base, three times `busday_offset`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text

from benchmarks.cluster import create_database, running_cluster
from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from models import Account, Clock, Contact, Lead
from models.db import begin, insert_frame, make_engine, upgrade
from tasks.calendar import load_days, sync_calendar
from tasks.rules.calendars import Calendars
from tasks.sweep import remember_settings, sweep

AS_OF = datetime(2025, 9, 3, 2, 0, tzinfo=UTC)
DUE_SHARE = 0.001
MOST_SECONDS, MOST_MICROSECONDS, MOST_IDLE_MS, MOST_OF_SMALL, MOST_OF_NUMPY = 0.5, 200.0, 20.0, 3.0, 3.0
_PIECE = 100_000
_TIMES = 1_000_000


@dataclass(frozen=True)
class Found:
    """What a base took: seconds of the sweep of what is due, milliseconds of one without, due rows, messages."""

    seconds: float
    idle_ms: float
    due: int
    messages: int

    @property
    def each(self) -> float:
        """Microseconds a due row, its messages included."""
        return self.seconds / max(self.due, 1) * 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bars are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--clocks", type=int, default=1_000_000, help="running clocks of the large base")
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite"])
    asked = parser.parse_args(arguments)
    lines, missed = [], []
    for database in asked.databases:
        small = measured(database, asked.clocks // 10, round(asked.clocks * DUE_SHARE))
        many = measured(database, asked.clocks // 10, round(asked.clocks * DUE_SHARE * 10))
        large = measured(database, asked.clocks, round(asked.clocks * DUE_SHARE))
        lines.append(_line(database, asked.clocks, small, many, large))
        missed += [f"{database}: {one}" for one in misses(small, many, large)]
    ratio = reckoning()
    if ratio > MOST_OF_NUMPY:
        missed.append(f"due times: {ratio:.2f}x of busday_offset > {MOST_OF_NUMPY:g}x")
    end = f" | MISSED {'; '.join(missed)}" if missed else ""
    print(f"sweep {'; '.join(lines)}; {_TIMES:,} due times {ratio:.2f}x of busday_offset{end}")
    return 1 if missed else 0


def measured(database: str, clocks: int, due: int) -> Found:
    """Fill a base and sweep it."""
    config = load_config()
    with tempfile.TemporaryDirectory(prefix="leadflow-bench-") as made, fresh_engine(database, Path(made)) as engine:
        settings = Settings(_env_file=None, home=Path(made))
        fill(engine, config, clocks, due)
        idle = statistics.median(_timed(engine, config, settings, AS_OF - timedelta(hours=1))[0] for _ in range(5))
        seconds, counts = _timed(engine, config, settings, AS_OF)
        idle = max(idle, statistics.median(_timed(engine, config, settings, AS_OF)[0] for _ in range(5)))
    found = Found(seconds, idle * 1000, counts["due"], counts["messages"])
    print(f"{database}: {clocks:,} clocks, {found.due:,} due with {found.messages:,} messages {seconds:.3f} s, "
          f"{seconds / max(found.due, 1) * 1e6:.0f} µs each; nothing due {found.idle_ms:.1f} ms")  # fmt: skip
    return found


def fill(engine: Engine, config: Config, clocks: int, due: int, seed: int = 3) -> None:
    """Store leads with a running clock each; the first `due` of a random order are due at AS_OF."""
    random = np.random.default_rng(seed)
    order = random.permutation(clocks)
    owners = np.array(
        [one.id for one in config.roster.people if one.role in ("senior", "representative")], dtype=object
    )
    sync_calendar(engine, AS_OF)
    at = pd.Timestamp(AS_OF.replace(tzinfo=None)).as_unit("us")
    for start in range(0, clocks, _PIECE):
        ids = np.arange(start, min(start + _PIECE, clocks)) + 1
        is_due = order[ids - 1] < due
        later = pd.to_timedelta(random.integers(1, 60 * 86_400, len(ids)), unit="s")
        due_at = pd.Series(at + later).where(~is_due, at - pd.Timedelta(minutes=3)).astype("datetime64[us]")
        owner = owners[random.integers(0, len(owners), len(ids))]
        with begin(engine) as conn:
            insert_frame(conn, Account, pd.DataFrame({"id": ids, "key": named("k", ids), "name": named("公司", ids)}))
            insert_frame(conn, Contact, pd.DataFrame({"id": ids, "account_id": ids, "name": "某"}))
            insert_frame(conn, Lead, usual_leads(ids, owner, at))
            insert_frame(conn, Clock, _clocks(ids, due_at, at, config.rules.version))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))
    remember_settings(engine, config, AS_OF, "Asia/Shanghai")


def reckoning() -> float:
    """How many times longer a million due times take than numpy's own offset over the same days."""
    config = load_config()
    engine = make_engine("sqlite://")
    upgrade(engine)
    with engine.connect() as conn:
        days = load_days(conn)
    calendars = Calendars.of(days, config.rules.at(date(2025, 9, 3)), config.roster)
    work = calendars.get("")
    random = np.random.default_rng(5)
    at = np.datetime64("2025-01-01T00:00:00") + random.integers(0, 300 * 86_400, _TIMES)
    off = np.datetime64(days.first) + np.flatnonzero(~days.working)
    work.same_clock(at[:10])
    bare, own = [], []
    for _ in range(3):
        bare.append(_seconds(lambda: np.busday_offset(at.astype("datetime64[D]"), 3, roll="forward",
                                                      weekmask="1111111", holidays=off)))  # fmt: skip
        own.append(max(_seconds(lambda: work.same_clock(at, 3)), _seconds(lambda: work.after_days(at, 3)),
                       _seconds(lambda: work.after_hours(at, 7200))))  # fmt: skip
    return min(own) / min(bare)


def misses(small: Found, many: Found, large: Found) -> list[str]:
    """Which bars the sweeps miss."""
    found = []
    if large.seconds > MOST_SECONDS:
        found.append(f"{large.seconds:.2f} s > {MOST_SECONDS} s")
    if many.each > MOST_MICROSECONDS:
        found.append(f"{many.each:.0f} µs a row > {MOST_MICROSECONDS:g} µs")
    if large.idle_ms > MOST_IDLE_MS:
        found.append(f"nothing due {large.idle_ms:.1f} ms > {MOST_IDLE_MS:g} ms")
    if large.seconds > MOST_OF_SMALL * small.seconds:
        found.append(f"{large.seconds / small.seconds:.1f}x of a tenth of the base")
    return found


def _line(database: str, clocks: int, small: Found, many: Found, large: Found) -> str:
    return (
        f"{database} {clocks:,} clocks, {large.due:,} due {large.seconds:.3f} s, {large.messages} messages, "
        f"idle {large.idle_ms:.1f} ms, a tenth of the base {small.seconds:.3f} s; {many.due:,} due {many.each:.0f} µs"
        " each"
    )


def _timed(engine: Engine, config: Config, settings: Settings, as_of: datetime) -> tuple[float, dict[str, int]]:
    began = time.perf_counter()
    swept = sweep(engine, config, settings, as_of)
    return time.perf_counter() - began, swept.counts


def _seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def usual_leads(ids: np.ndarray, owner: np.ndarray, at: pd.Timestamp) -> pd.DataFrame:
    """Leads (ids) of grade B with their owners, opened five days before a time."""
    said = {"status": "owned", "rows": 1, "verdict": "valid", "verdict_rule": "S-VALID", "reasons": "", "grade": "B",
            "owner_rule": "A-GRADE-B", "need_state": "clear", "budget_state": "stated", "chain_state": "unknown",
            "urgency_state": "unknown", "title_state": "unknown"}  # fmt: skip
    rows = {"id": ids, "number": named("XL2025", ids), "contact_id": ids, "account_id": ids, "origin_id": ids}
    return pd.DataFrame(rows).assign(opened_at=at - pd.Timedelta(days=5), owner=pd.array(owner, dtype="str"), **said)


def _clocks(ids: np.ndarray, due_at: pd.Series, at: pd.Timestamp, version: str) -> pd.DataFrame:
    said = {"policy": "K-CADENCE", "subject_id": 0, "target": "5 working_days", "basis": "official", "pauses": "",
            "step": 1, "rules_version": version}  # fmt: skip
    rows = {"id": ids, "lead_id": ids, "started_at": at - pd.Timedelta(days=5), "due_at": due_at, "next_at": due_at}
    return pd.DataFrame(rows).assign(**said)


def named(prefix: str, ids: np.ndarray) -> pd.Series:
    """A name for each id."""
    return prefix + pd.Series(ids).astype("str")


@contextmanager
def fresh_engine(database: str, folder: Path) -> Iterator[Engine]:
    """An empty base of the newest schema, on SQLite or a PostgreSQL of its own."""
    with nullcontext() if database == "sqlite" else running_cluster() as cluster:
        url = f"sqlite:///{folder / 'sweep.db'}" if cluster is None else create_database(cluster.url, "sweep")
        engine = make_engine(url)
        upgrade(engine)
        yield engine
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
