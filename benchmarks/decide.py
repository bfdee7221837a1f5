"""How fast rows become verdicts: `python -m benchmarks.decide [--rows N] [--processes N]`.

Takes N lead rows through clean, facts, check, screen and grade, in memory and in two processes, and sets the time
against a bare COPY of the same rows into an indexed table of PostgreSQL, measured before and after in the same run.
Ends with one line of figures; exit code 1 when it takes longer than the COPY.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from benchmarks.bare import bare_seconds
from benchmarks.cluster import create_database, running_cluster
from benchmarks.leads import write_leads
from config.loader import load_config
from tasks.layout import detect_layout
from tasks.read import read_chunks
from tasks.rules.check import check
from tasks.rules.clean import clean
from tasks.rules.decide import decide
from tasks.rules.facts import row_facts

# rows prepared at one time, as the main job does it
PIECE = 10_000
MOST_TIMES_BARE = 1.0
ZONE, RECEIVED = "Asia/Shanghai", datetime(2026, 11, 1, 1, 0, tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bar is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decide", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="lead rows to decide")
    parser.add_argument("--processes", type=int, default=2, help="how many work at once")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="leadflow-bench-") as made, running_cluster() as cluster:
        [leads] = write_leads(Path(made), asked.rows)
        url = create_database(cluster.url, "bare")
        bare = [bare_seconds(url, leads)]
        seconds, steps, verdicts = decided(leads, asked.processes)
        bare.append(bare_seconds(url, leads))
    return report(asked.rows, seconds, bare, steps, verdicts)


def decided(path: Path, processes: int) -> tuple[float, Counter[str], Counter[str]]:
    """Decide the rows of a file in several processes: seconds from first to last, CPU seconds by step, verdicts."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=_work, args=(path, n, processes, barrier, answers)) for n in range(processes)]
    for worker in workers:
        worker.start()
    told = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    begun, ended, steps, verdicts = zip(*told, strict=True)
    return max(ended) - min(begun), sum(steps, Counter()), sum(verdicts, Counter())


def report(rows: int, seconds: float, bare: Sequence[float], steps: Counter[str], verdicts: Counter[str]) -> int:
    """Print what was measured, the last line on its own; the exit code."""
    limit = statistics.median(bare)
    for step, spent in steps.items():
        print(f"  {step:<8}{spent:7.2f} CPU s")
    print(f"  {', '.join(f'{verdict} {count:,}' for verdict, count in sorted(verdicts.items()))}")
    met = seconds <= limit * MOST_TIMES_BARE
    print(
        f"decide {rows:,} rows {seconds:.1f} s {rows / seconds:,.0f} rows/s {seconds / limit:.2f}x bare COPY "
        f"({', '.join(f'{one:.1f}' for one in bare)} s) | {'bar met' if met else f'MISSED > {MOST_TIMES_BARE:g}x'}"
    )
    return 0 if met else 1


def _work(path: Path, number: int, of: int, barrier: Barrier, answers: Any) -> None:
    config = load_config(None)
    rules, channel = config.rules.at(RECEIVED.date()), config.channels["default"]
    # read before the clock starts
    frames = list(islice(read_chunks(path, detect_layout(path, channel), PIECE), number, None, of))
    steps: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()

    def timed(step: str, make: Any, *about: Any) -> Any:
        started = time.process_time()
        made = make(*about)
        steps[step] += time.process_time() - started
        return made

    timed("warm up", clean, frames[0].head(), rules, RECEIVED, ZONE)
    steps.clear()
    barrier.wait()
    begun = time.time()
    for rows in frames:
        cleaned = timed("clean", clean, rows, rules, RECEIVED, ZONE)
        known = cleaned.join(timed("facts", row_facts, cleaned, rules, RECEIVED, ZONE))
        timed("check", check, rows, known, rules, channel)
        found = timed("decide", decide, known, rules)
        verdicts.update(found["verdict"].value_counts().to_dict())
    answers.put((begun, time.time(), steps, verdicts))


if __name__ == "__main__":
    sys.exit(main())
