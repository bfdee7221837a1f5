"""Whether a feed ends with exactly its rows: `python -m benchmarks.feed [--rows N] [--kills N] [--postgresql]`.

A server on this machine serves N records over N / size pages and lets one request in twenty fail, in every way that it
knows. `leads feed pull` is killed at random moments so many times, and then run until its round is complete. The base
must hold each record once, as one row and one lead. Ends with one line of figures; exit code 1 where it does not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

from benchmarks.cluster import create_database, running_cluster
from benchmarks.measure import REPOSITORY
from benchmarks.partner import FAULTS, Partner, serving, some_leads
from models.audit import audit
from models.db import make_engine

_FAILING = 0.05
# runs that end early because one page failed too often in a row are part of the test, endless ones are not
_MOST_RUNS = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, pull, kill, count, print, and say by the exit code whether all is exact."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feed", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--postgresql", action="store_true", help="a cluster of its own instead of SQLite")
    asked = parser.parse_args(arguments)
    chance = random.Random(7)
    faults: Counter[str] = Counter()

    def fault(_number: int) -> str | None:
        if chance.random() >= _FAILING:
            return None
        name = chance.choice(FAULTS)
        faults[name] += 1
        return name

    partner = Partner(some_leads(asked.rows), size=asked.size, fault=fault)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="leadflow-feed-")))
        opened.enter_context(serving(partner))
        url = f"sqlite:///{folder}/leads.db"
        if asked.postgresql:
            url = create_database(opened.enter_context(running_cluster()).url, "feed")
        environment = _company(folder, partner, url)
        start = time.perf_counter()
        runs, killed = _pull(environment, folder, asked.kills, chance)
        seconds = time.perf_counter() - start
        found = _found(url)
    exact = found == {"rows": asked.rows, "records": asked.rows, "leads": asked.rows, "faults": 0}
    pages = -(-asked.rows // asked.size)
    print(f"faults {dict(faults)}; base {found}")
    verdict = "exact" if exact and killed == asked.kills else "NOT EXACT"
    print(
        f"feed rows={asked.rows} pages={pages} requests={len(partner.seen)} failed={sum(faults.values())} "
        f"kills={killed} runs={runs} seconds={seconds:.0f} | {verdict}"
    )
    return int(not exact or killed < asked.kills)


def _company(folder: Path, partner: Partner, url: str) -> dict[str, str]:
    stated = {
        "kind": "feed",
        "feed": {
            "url": partner.url,
            "paging": {"kind": "cursor", "next": "paging.next"},
            "items": "data.items",
            "id": "id",
            "updated": "updated_at",
            "since": {"parameter": "since"},
            "fields": {"company": "account.name", "contact": "person.name", "phone": "person.mobiles", "need": "want"},
            "limits": {"wait_seconds": 0.05},
        },
    }
    channels = folder / "company" / "channels"
    channels.mkdir(parents=True)
    (channels / "acme.yaml").write_text(json.dumps(stated), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEADS_")}
    return kept | {
        "PYTHONPATH": str(REPOSITORY),
        "LEADS_HOME": str(folder / "home"),
        "LEADS_CONFIG": str(folder / "company"),
        "LEADS_DATABASE_URL": url,
    }


def _pull(environment: dict[str, str], folder: Path, kills: int, chance: random.Random) -> tuple[int, int]:
    """Run until the round is complete; gives the runs, and how many of them were killed."""
    killed = runs = 0
    while runs < _MOST_RUNS:
        runs += 1
        process = subprocess.Popen(
            [sys.executable, "-m", "flows", "feed", "pull", "acme", "--json"],
            env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            code = process.wait(chance.uniform(2, 8) if killed < kills else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
            continue
        if code == 0 and killed >= kills:
            break
    return runs, killed


def _found(url: str) -> dict[str, int]:
    engine = make_engine(url)
    try:
        with engine.connect() as conn:
            count = "SELECT count(*) FROM submission"
            return {
                "rows": conn.execute(text(count)).scalar_one(),
                "records": conn.execute(text(count.replace("*", "DISTINCT external_id"))).scalar_one(),
                "leads": conn.execute(text("SELECT count(*) FROM lead")).scalar_one(),
                "faults": len(audit(conn)),
            }
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
