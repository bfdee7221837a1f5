"""A simulated quarter: `python -m benchmarks.simulate [--leads N] [--seed N]`.

Leads arrive, several of one company at times, people follow them with different diligence, give some back and claim
others, somebody is on leave, two leave for good and hand over what they have, the sweep stands still for two days, and
a rule changes in the middle; all of it drives the functions that the flows call, without Prefect's engine. Prints what
each person got, and ends with one line of figures; exit code 1 when it takes longer than five minutes, when a company
had two owners at one moment, when an open lead has no promise that runs, when a step was told twice or outside working
hours, or when what tables say of each other does not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from benchmarks.simulated import make_world, run
from benchmarks.simulated_people import PEOPLE, shares, two_owners, with_people
from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from models.audit import audit
from models.db import make_engine, read_frame, upgrade
from models.garbage import collect_seldom
from tasks.clocks import reckoner_of

FIRST, LAST = date(2025, 8, 1), date(2025, 10, 31)
OUTAGE = tuple(datetime.combine(date(2025, 9, day), clock(12)) for day in (16, 18))
LEAVE = (("dongsiyuan", date(2025, 9, 1), date(2025, 9, 5)), ("linruoxi", date(2025, 10, 13), date(2025, 10, 17)))
LEAVERS = (("tangyue", date(2025, 9, 8)), ("penglei", date(2025, 10, 9)))
CLAIMANTS = ("hanzhiyuan", "dongsiyuan", "gaowenbo", "wujiaqi", "shenhaoran", "fangxiaohui")
SWEEPS = tuple(clock(hour) for hour in (2, 9, 11, 14, 16, 18, 22))
MOST_SECONDS = 300.0
_RULE = """
- {id: K-CADENCE, effective: 2025-09-15, targets: [{when: {grade: A}, within: {working_days: 2}},
   {when: {grade: B}, within: {working_days: 4}}, {when: {grade: C}, within: {working_days: 8}}]}
"""
_LOST = """
SELECT count(*) AS n FROM lead l WHERE l.closed_at IS NULL AND l.verdict <> 'invalid'
AND l.status IN ('new', 'owned', 'in_progress', 'pool')
AND NOT EXISTS (SELECT 1 FROM clock c WHERE c.lead_id = l.id AND c.ended_at IS NULL)
"""
_STEPS = "SELECT clock_id, step, recipient, at FROM escalation WHERE state = 'fired'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print, and say by the exit code whether all holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--leads", type=int, default=2_000, help="leads of the quarter")
    parser.add_argument("--seed", type=int, default=11, help="what the world is drawn from")
    asked = parser.parse_args(arguments)
    collect_seldom()  # as every process of leadflow does
    with tempfile.TemporaryDirectory(prefix="leadflow-bench-") as made:
        config = _config(Path(made))
        engine = make_engine(f"sqlite:///{Path(made) / 'simulated.db'}")
        upgrade(engine)
        world = make_world(
            asked.leads, FIRST, LAST, (OUTAGE[0], OUTAGE[1]), LEAVE, seed=asked.seed, every=12, sweeps=SWEEPS
        )
        world = with_people(world, LEAVERS, CLAIMANTS, returns=0.03)
        began = time.perf_counter()
        counts = run(engine, world, config, Settings(_env_file=None, home=Path(made)), PEOPLE)
        seconds = time.perf_counter() - began
        wrong = faults(engine, config) + [f"two owners: {one}" for one in two_owners(engine)]
        print(shares(engine, config).to_string())
        told = _told(engine)
        engine.dispose()
    if seconds > MOST_SECONDS:
        wrong.append(f"{seconds:.0f} s > {MOST_SECONDS:g} s")
    end = f" | MISSED {'; '.join(wrong)}" if wrong else ""
    happened = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    print(f"simulate {asked.leads:,} leads, seed {asked.seed}: {happened} in {seconds:.1f} s; {told}{end}")
    return 1 if wrong else 0


def faults(engine: Engine, config: Config) -> list[str]:
    """What must not be, and is."""
    found = []
    with engine.connect() as conn:
        lost = int(read_frame(conn, _LOST)["n"].iloc[0])
        steps = read_frame(conn, _STEPS)
        reckoner = reckoner_of(conn, config.rules.at(LAST), config, "Asia/Shanghai")
        found += [f"{fault.what}: {fault.rows}" for fault in audit(conn)]
    if lost:
        found.append(f"{lost} open leads without a promise")
    if steps.duplicated(["clock_id", "step", "recipient"]).any():
        found.append("a step was told twice")
    moments = pd.unique(steps["at"])
    open_ = [bool(reckoner.is_open(np.datetime64(at, "s"), np.array([""], dtype=object))[0]) for at in moments]
    if not all(open_):
        found.append(f"{len(open_) - sum(open_)} moments of steps outside working hours")
    return found


def _told(engine: Engine) -> str:
    with engine.connect() as conn:
        clocks = read_frame(conn, "SELECT coalesce(ending, 'running') AS ending, count(*) AS n FROM clock GROUP BY 1")
        steps = read_frame(conn, "SELECT kind, count(*) AS n FROM escalation WHERE state = 'fired' GROUP BY 1")
        messages = read_frame(conn, "SELECT count(*) AS n FROM message")
    said = [f"{n:,} {name}" for name, n in [*clocks.itertuples(index=False), *steps.itertuples(index=False)]]
    return f"{', '.join(said)}, {int(messages['n'].iloc[0]):,} messages"


def _config(folder: Path) -> Config:
    (folder / "rules").mkdir()
    (folder / "rules" / "sla.yaml").write_text(_RULE, encoding="utf-8")
    return load_config(folder)


if __name__ == "__main__":
    sys.exit(main())
