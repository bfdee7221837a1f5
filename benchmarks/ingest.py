"""How fast leads come in: `python -m benchmarks.ingest [--rows N] [--people N] [--databases …] [--chunk N]`.

Makes a lead file and a roster that can own it, loads it with `leads ingest --direct` as a whole process (raw rows,
decisions, events, receipts, mails: everything), and sets the time against the bare limit of the same rows, measured
before and after in the same run. Ends with one line of figures; exit code 1 when the bar is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.bare import bare_seconds
from benchmarks.cluster import create_database, running_cluster
from benchmarks.leads import write_leads
from benchmarks.measure import MIB, Run, RunFailed, run_leads
from benchmarks.roster import write_overlay

# The bar of the main job: times the bare limit, MiB of memory, share of the valid leads owned.
MOST_TIMES_BARE = 4.0
MOST_MIB = 1024.0
LEAST_OWNED = 0.99

_OWNED = sa.text("""
SELECT count(*), count(CASE WHEN verdict = 'valid' THEN 1 END),
       count(CASE WHEN verdict = 'valid' AND owner IS NOT NULL THEN 1 END)
FROM lead WHERE closed_at IS NULL
""")


@dataclass(frozen=True)
class Figures:
    """What one database gave; seconds are of the load alone, start-up apart."""

    database: str
    rows: int
    seconds: float
    startup: float
    cpu_seconds: float
    peak_mib: float
    bare: list[float]
    leads: int
    valid: int
    owned: int
    outcomes: dict[str, int] = field(default_factory=dict)
    steps: dict[str, float] = field(default_factory=dict)

    @property
    def times_bare(self) -> float:
        """How many times the bare limit the load took."""
        return self.seconds / statistics.median(self.bare)

    @property
    def share_owned(self) -> float:
        """The share of the valid leads that have an owner."""
        return self.owned / self.valid if self.valid else 0.0

    def missed(self) -> list[str]:
        """What of the bar is missed, in words."""
        faults = []
        if self.times_bare > MOST_TIMES_BARE:
            faults.append(f"{self.times_bare:.2f}x of bare > {MOST_TIMES_BARE:g}x")
        if self.peak_mib >= MOST_MIB:
            faults.append(f"{self.peak_mib:.0f} MiB >= {MOST_MIB:g} MiB")
        if self.share_owned < LEAST_OWNED:
            faults.append(f"{self.share_owned:.1%} owned < {LEAST_OWNED:.0%}")
        if sum(self.outcomes.values()) != self.rows:
            faults.append(f"{sum(self.outcomes.values())} outcomes of {self.rows} rows")
        return [f"{self.database}: {fault}" for fault in faults]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bar is met."""
    asked = _parser().parse_args(arguments)
    # so that what was begun is tidied up
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    databases = asked.databases.split(",")
    with tempfile.TemporaryDirectory(prefix="leadflow-bench-", dir=asked.folder) as made:
        folder = Path(made)
        print(f"making {asked.rows:,} rows and {asked.people} people …", flush=True)
        [leads] = write_leads(folder, asked.rows)
        overlay = write_overlay(folder / "company", asked.people, asked.rows)
        print(f"{leads.stat().st_size / MIB:,.0f} MiB of CSV", flush=True)
        settings = {"LEADS_CONFIG": str(overlay), "LEADS_MAIL_MODE": "file"}
        if asked.chunk:
            settings["LEADS_CHUNK_ROWS"] = str(asked.chunk)
        try:
            results = [_measured(name, leads, asked.rows, folder, settings) for name in databases]
        except RunFailed as failed:
            print(failed, file=sys.stderr)
            return 1
    return report(results)


def report(results: Sequence[Figures]) -> int:
    """Print what was measured, the last line on its own; the exit code."""
    for result in results:
        print("\n".join(_table(result)))
    missed = [fault for result in results for fault in result.missed()]
    closing = " | ".join(_line(result) for result in results)
    print(f"ingest {closing} | {'MISSED ' + '; '.join(missed) if missed else 'bar met'}")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="lead rows to make and load")
    parser.add_argument("--people", type=int, default=500, help="sales people of the roster")
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, in this order")
    parser.add_argument("--chunk", type=int, default=None, help="rows a chunk (LEADS_CHUNK_ROWS)")
    parser.add_argument("--folder", default=None, help="where the temporary folder is made")
    return parser


def _measured(name: str, leads: Path, rows: int, folder: Path, settings: Mapping[str, str]) -> Figures:
    print(f"{name}: bare, ingest, bare …", flush=True)
    home = folder / f"home-{name}"
    home.mkdir()
    with _databases(name, folder) as (own, bare):
        env = {**settings, "LEADS_HOME": str(home), "LEADS_DATABASE_URL": own}
        # the first makes the tables; the second has nothing to do but start
        run_leads(["ingest", "--direct"], env, home)
        startup = run_leads(["ingest", "--direct"], env, home).seconds
        limits = [bare_seconds(bare, leads)]
        run = run_leads(["ingest", "--direct", str(leads)], env, home)
        limits.append(bare_seconds(bare, leads))
        return _figures(name, rows, run, startup, limits, own)


@contextlib.contextmanager
def _databases(name: str, folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of the database to fill and of the one for the bare limit."""
    if name == "sqlite":
        yield f"sqlite:///{folder / 'leadflow.db'}", f"sqlite:///{folder / 'bare.db'}"
        return
    if name != "postgresql":
        raise SystemExit(f"--databases: {name!r} is neither sqlite nor postgresql")
    with running_cluster() as cluster:
        yield create_database(cluster.url, "leadflow"), create_database(cluster.url, "bare")


def _figures(name: str, rows: int, run: Run, startup: float, bare: list[float], url: str) -> Figures:
    startup = float(run.answer.get("started_seconds") or startup)
    engine = sa.create_engine(url)
    with engine.connect() as conn:
        leads, valid, owned = conn.execute(_OWNED).one()
    engine.dispose()
    steps = _flat(run.answer.get("seconds") or {})
    outcomes = dict(run.answer.get("outcomes") or {})
    return Figures(name, rows, run.seconds - startup, startup, run.cpu_seconds, run.peak_mib, bare, leads, valid, owned,
                   outcomes, steps)  # fmt: skip


def _flat(seconds: Any, above: str = "") -> dict[str, float]:
    """The steps of a tree of seconds by their full names."""
    if not isinstance(seconds, dict):
        return {above or "all": float(seconds)}
    flat: dict[str, float] = {}
    for step, spent in seconds.items():
        flat |= _flat(spent, f"{above}.{step}" if above else str(step))
    return flat


def _table(figures: Figures) -> list[str]:
    bare = statistics.median(figures.bare)
    lines = [
        ("load", f"{figures.seconds:.1f} s, {figures.rows / figures.seconds:,.0f} rows/s"),
        ("start-up", f"{figures.startup:.1f} s"),
        ("bare limit", f"{bare:.1f} s ({', '.join(f'{one:.1f}' for one in figures.bare)})"),
        ("of bare", f"{figures.times_bare:.2f}x"),
        ("CPU, without the server", f"{figures.cpu_seconds:.1f} s"),
        ("peak memory", f"{figures.peak_mib:,.0f} MiB"),
        ("leads, valid, owned", f"{figures.leads:,}, {figures.valid:,}, {figures.share_owned:.2%} of the valid"),
        ("rows by outcome", ", ".join(f"{kind} {count:,}" for kind, count in figures.outcomes.items())),
    ]
    lines += [(f"  {step}", f"{spent:.1f} s") for step, spent in figures.steps.items()]
    return [f"\n{figures.database}", *(f"  {label:<26}{value}" for label, value in lines)]


def _line(figures: Figures) -> str:
    return (
        f"{figures.database}: {figures.rows:,} rows {figures.seconds:.1f} s "
        f"{figures.rows / figures.seconds:,.0f} rows/s {figures.times_bare:.2f}x bare "
        f"{figures.peak_mib:.0f} MiB {figures.share_owned:.2%} owned"
    )


if __name__ == "__main__":
    sys.exit(main())
