"""Whether posts are kept and owned in time: `python -m benchmarks.forms [--seconds N] [--rate N] [--file N] …`.

Runs `leads up` and posts to its form from many addresses through a trusted proxy, on each database twice: once
undisturbed, for the times, and once while web process, loop and Prefect's server are killed in turn, for what is lost
or doubled. With `--file N` a file of so many rows loads meanwhile. Ends with one line of figures a database; exit code
1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import requests
import sqlalchemy as sa

from benchmarks.cluster import create_database, running_cluster
from benchmarks.leads import write_leads
from benchmarks.measure import REPOSITORY
from benchmarks.roster import write_overlay
from models.audit import audit
from models.db import make_engine

# seconds to the committed message of the owner, alone and (on SQLite) while a file loads; seconds to the answer
OWNED_P95, OWNED_P95_BESIDE, ANSWER_P95 = 5.0, 15.0, 0.3
_SENDERS, _KILLED = 24, ("posts", "web", "server")
_START, _REST = 240.0, 120.0
_PEOPLE = 100
_NAMES = "王李张刘陈杨赵黄周吴徐孙"


@dataclass
class Shot:
    """One post: when it was first sent, when it was answered, how long the answer took, its reference."""

    number: int
    sent: float = 0.0
    answered: float = 0.0
    seconds: float = 0.0
    tries: int = 0
    reference: str = ""


@dataclass
class Watcher(threading.Thread):
    """Notes when owners' messages were committed, as far as the counter of what was told says."""

    engine: sa.Engine
    seen: list[tuple[float, int]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        """Look ten times a second."""
        asked = sa.text("SELECT value FROM counter WHERE name = 'told'")
        while not self.ended.wait(0.1):
            with contextlib.suppress(sa.exc.SQLAlchemyError), self.engine.connect() as conn:
                value = conn.execute(asked).scalar()
                if value is not None and (not self.seen or value > self.seen[-1][1]):
                    self.seen.append((time.time(), value))


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, post, kill, count, print, and say by the exit code whether the bars hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forms", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=50, help="posts a second")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--file", type=int, default=0, help="rows of a file that loads meanwhile")
    parser.add_argument("--runs", nargs="+", choices=["undisturbed", "kills"], default=["undisturbed", "kills"])
    asked = parser.parse_args(arguments)
    good = True
    for database in asked.databases:
        for run in asked.runs:
            with tempfile.TemporaryDirectory(prefix="leadflow-forms-") as name, contextlib.ExitStack() as opened:
                folder = Path(name)
                url = f"sqlite:///{folder / 'home' / 'leadflow.db'}"
                if database == "postgresql":
                    url = create_database(opened.enter_context(running_cluster()).url, "forms")
                good &= _run(folder, url, database, run, asked)
    return int(not good)


def _run(folder: Path, url: str, database: str, run: str, asked: Any) -> bool:
    with _up(folder, url, asked.rate * asked.seconds + asked.file) as noted:
        engine = make_engine(url)
        watcher = Watcher(engine)
        watcher.start()
        if asked.file:
            part = write_leads(folder, asked.file)[0]
            (folder / "home" / "intake" / "default").mkdir(parents=True, exist_ok=True)
            part.replace(folder / "home" / "intake" / "default" / "large.csv")
            _until(lambda: _count(engine, "SELECT count(*) FROM batch WHERE channel = 'default' AND rows > 0") > 0, 120)
        shots = _shoot(noted, folder, asked, kills=run == "kills")
        _until(lambda: _count(engine, _OWNED) >= len(shots), _REST)
        time.sleep(1)
        watcher.ended.set()
        watcher.join()
        loading = asked.file and not _count(
            engine, "SELECT count(*) FROM batch WHERE state = 'done' AND file = 'large.csv'"
        )
        good = _told(engine, shots, watcher, database, run, asked, bool(loading))
        engine.dispose()
    return good


_OWNED = "SELECT count(*) FROM submission s JOIN batch b ON b.id = s.batch_id WHERE b.channel = 'website'"


def _count(engine: sa.Engine, statement: str) -> int:
    with engine.connect() as conn:
        return int(conn.execute(sa.text(statement)).scalar_one())


def _until(holds: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.2)


@contextlib.contextmanager
def _up(folder: Path, url: str, leads: int) -> Iterator[Path]:
    """Run `leads up` and give the file in which it notes what runs."""
    write_overlay(folder / "company", _PEOPLE, leads)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEADS_", "PREFECT_"))}
    environment = kept | {
        "PYTHONPATH": str(REPOSITORY), "LEADS_HOME": str(folder / "home"), "LEADS_CONFIG": str(folder / "company"),
        "LEADS_DATABASE_URL": url, "LEADS_TRUSTED_PROXY": "127.0.0.1",
    }  # fmt: skip
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows", "up"], cwd=folder, env=environment, stdout=log, stderr=log
        )
        noted = folder / "home" / "up" / "up.json"
        try:
            _until(lambda: b"leadflow is up" in (folder / "up.log").read_bytes() or process.poll() is not None, _START)
            if process.poll() is not None:
                raise RuntimeError((folder / "up.log").read_text())
            yield noted
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=90)


def _shoot(noted: Path, folder: Path, asked: Any, *, kills: bool) -> list[Shot]:
    """Post at the rate, whatever the answers take; gives every post."""
    address = json.loads(noted.read_text())["web"] + "/f/website"
    shots = [Shot(number) for number in range(asked.rate * asked.seconds)]
    due: queue.Queue[Shot | None] = queue.Queue()
    senders = [threading.Thread(target=_send, args=(due, address), daemon=True) for _ in range(_SENDERS)]
    for sender in senders:
        sender.start()
    killer = threading.Thread(target=_kill, args=(noted, asked.seconds), daemon=True)
    if kills:
        killer.start()
    start = time.monotonic()
    for shot in shots:
        time.sleep(max(0.0, start + shot.number / asked.rate - time.monotonic()))
        due.put(shot)
    for _ in senders:
        due.put(None)
    for sender in senders:
        sender.join()
    return shots


def _kill(noted: Path, seconds: int) -> None:
    """Kill each process twice, in turn, over the time."""
    moments = np.linspace(0.1, 0.8, 2 * len(_KILLED)) * seconds
    start = time.monotonic()
    for moment, name in zip(moments, _KILLED * 2, strict=True):
        time.sleep(max(0.0, start + moment - time.monotonic()))
        services = json.loads(noted.read_text())["services"]
        pid = next(one["pid"] for one in services if one["name"] == name)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _send(due: queue.Queue[Shot | None], address: str) -> None:
    session = requests.Session()
    chance = random.Random(threading.get_ident())
    while (shot := due.get()) is not None:
        shot.sent = time.time()
        while not shot.reference:
            shot.tries += 1
            start = time.perf_counter()
            try:
                # as a page's script would: again with the same key where no answer came
                answer = session.post(address, json=_said(shot.number), timeout=10, headers={
                    "X-Forwarded-For": f"198.51.{chance.randrange(100)}.{chance.randrange(250)}",
                    "Idempotency-Key": f"k{shot.number}",
                })  # fmt: skip
                if answer.status_code == 202:
                    shot.reference, shot.answered = answer.json()["reference"], time.time()
                    shot.seconds = time.perf_counter() - start
                    break
            except requests.RequestException:
                session = requests.Session()
            time.sleep(0.2)


def _said(number: int) -> dict[str, Any]:
    return {
        "contact": _NAMES[number % len(_NAMES)] + "晓" + _NAMES[number // 12 % len(_NAMES)],
        "company": f"杭州表单{number}号机械有限公司", "phone": f"13{_scattered(number):09d}",
        "need": "自动化生产线改造，两周内定供应商", "budget": "30-100万", "urgency": "两周内",
        "chain": "生产部评估，总经理审批", "consent": True, "utm_source": "benchmark",
    }  # fmt: skip


def _scattered(number: int) -> int:
    """A number of nine figures that looks like a phone's, another one for each."""
    return (number * 387_420_489 + 123_456_789) % 1_000_000_007 % 1_000_000_000


def _told(
    engine: sa.Engine, shots: list[Shot], watcher: Watcher, database: str, run: str, asked: Any, loading: bool
) -> bool:
    rows = "SELECT s.external_id, count(DISTINCT s.id), count(DISTINCT m.lead_id), min(a.id) FROM submission s"
    rows += " JOIN batch b ON b.id = s.batch_id AND b.channel = 'website'"
    rows += " LEFT JOIN membership m ON m.submission_id = s.id AND m.until IS NULL"
    rows += " LEFT JOIN assignment a ON a.lead_id = m.lead_id GROUP BY s.external_id"
    with engine.connect() as conn:
        found = {row[0]: tuple(row[1:]) for row in conn.execute(sa.text(rows))}
        leads = conn.execute(sa.text("SELECT count(DISTINCT m.lead_id) FROM membership m JOIN submission s ON"
                                     " s.id = m.submission_id JOIN batch b ON b.id = s.batch_id"
                                     " AND b.channel = 'website' WHERE m.until IS NULL")).scalar_one()  # fmt: skip
        faults = audit(conn) if not loading else []
    lost = [shot for shot in shots if found.get(shot.reference, (0, 0, None))[1] != 1]
    doubled = [row for row in found.values() if row[0] != 1 or row[1] > 1]
    strange = set(found) - {shot.reference for shot in shots}
    moments = np.array([at for at, _ in watcher.seen])
    values = np.array([value for _, value in watcher.seen])
    owned = [(shot, found[shot.reference][2]) for shot in shots if found.get(shot.reference, (0, 0, None))[2]]
    places = np.searchsorted(values, [number for _, number in owned])
    waits = np.array(
        [moments[at] - shot.sent for at, (shot, _) in zip(places, owned, strict=True) if at < len(moments)]
    )
    p50, p95, p99 = np.percentile(waits, [50, 95, 99]) if len(waits) else (np.nan,) * 3
    answers = np.percentile([shot.seconds for shot in shots if shot.tries == 1] or [np.nan], [50, 95, 99])
    bar = OWNED_P95_BESIDE if asked.file and database == "sqlite" else OWNED_P95
    exact = not lost and not doubled and not strange and not faults and len(owned) == len(shots)
    quick = run == "kills" or (p95 <= bar and answers[1] <= ANSWER_P95)
    beside = f" file={asked.file}{' (still loading)' if loading else ''}" if asked.file else ""
    print(
        f"forms {database} {run}{beside} posts={len(shots)} leads={leads} lost={len(lost)} "
        f"doubled={len(doubled) + len(strange)} again={sum(shot.tries > 1 for shot in shots)} "
        f"owned p50={p50:.2f} p95={p95:.2f} p99={p99:.2f} s, answer p50={answers[0] * 1000:.0f} "
        f"p95={answers[1] * 1000:.0f} p99={answers[2] * 1000:.0f} ms | {'holds' if exact and quick else 'MISSED'}",
        flush=True,
    )
    return exact and quick


if __name__ == "__main__":
    sys.exit(main())
