"""How fast leads find their owners: `python -m benchmarks.assign [--leads N] [--people N]`.

Gives N leads to a roster of so many people, chunk by chunk, each going on with the turns where the one before ended:
roles, territories, industries, caps and leave as in a large company, and a tenth of the accounts owned already. The
time stands against a bare COPY of as many lead rows into an indexed table of PostgreSQL, before and after in the same
run. Ends with one line of figures; exit code 1 when it takes more than half of the COPY, or somebody is off his share.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.bare import bare_seconds
from benchmarks.cluster import create_database, running_cluster
from benchmarks.leads import write_leads
from config.loader import load_config
from config.schema import Person
from tasks.rules.assign import assign
from tasks.rules.share import Standing

CHUNK = 50_000
MOST_OF_BARE = 0.5
DAY = date(2026, 11, 2)
REGIONS = ("浙江省", "江苏省", "上海市", "广东省", "北京市", "四川省", "湖北省", "山东省", "福建省", "辽宁省")
INDUSTRIES = ("制造业", "信息技术", "医药医疗", "物流运输", "教育培训")
ROLES = (("supervisor", 0.1), ("senior", 0.4), ("representative", 0.4), ("assistant", 0.1))
PLENTY = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bar is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.assign", description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000, help="leads to give")
    parser.add_argument("--people", type=int, default=500, help="people of the roster")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="leadflow-bench-") as made, running_cluster() as cluster:
        [leads] = write_leads(Path(made), asked.leads)
        url = create_database(cluster.url, "bare")
        bare = [bare_seconds(url, leads)]
        seconds, owned, off = assigned(crew(asked.people), leads_of(asked.leads))
        bare.append(bare_seconds(url, leads))
    return report(asked.leads, asked.people, seconds, owned, off, bare)


def crew(count: int, seed: int = 7) -> list[Person]:
    """People of all sales roles; a third bound to regions, a fifth to industries, some on leave, some new."""
    random = np.random.default_rng(seed)
    roles = random.choice([role for role, _ in ROLES], count, p=[share for _, share in ROLES])
    people = []
    for number, role in enumerate(roles):
        said: dict[str, object] = {"capacity": int(random.integers(1, 6)), "open_cap": PLENTY}
        if random.random() < 1 / 3:
            said["regions"] = random.choice(REGIONS, 3, replace=False).tolist()
        if random.random() < 1 / 5:
            said["industries"] = random.choice(INDUSTRIES, 2, replace=False).tolist()
        if random.random() < 1 / 20:
            said["leave"] = [{"from": DAY, "to": DAY}]
        if random.random() < 1 / 20:
            said["starts"] = DAY - timedelta(days=int(random.integers(0, 40)))
        common = {"id": f"p{number}", "name": f"员工{number}", "team": "一组", "email": f"p{number}@example.com"}
        people.append(Person.model_validate({**common, "role": str(role), **said}))
    return people


def leads_of(count: int, seed: int = 11) -> pd.DataFrame:
    """Leads as `assign` takes them, a tenth at accounts that somebody has."""
    random = np.random.default_rng(seed)
    verdict = random.choice(["valid", "to_verify"], count, p=[0.7, 0.3])
    owner = np.where(random.random(count) < 0.1, np.char.add("p", random.integers(0, 500, count).astype(str)), None)
    texts = {
        "verdict": verdict,
        "grade": random.choice(["A", "B", "C"], count, p=[0.1, 0.4, 0.5]),
        "region": random.choice([*REGIONS, None], count),
        "industry": random.choice([*INDUSTRIES, None], count),
        "owner": owner,
        "hint": np.full(count, None, dtype=object),
    }
    frame = pd.DataFrame({name: pd.array(values, dtype="str") for name, values in texts.items()})
    return frame.assign(leads=1, held=0)


def assigned(people: list[Person], leads: pd.DataFrame) -> tuple[float, int, float]:
    """Give the leads: seconds, how many found an owner, and how far the worst is off his share."""
    rules = load_config(None).rules.at(DAY)
    standings: dict[str, Standing] = {}
    loads: dict[str, int] = {}
    owned, began = 0, time.perf_counter()
    for low in range(0, len(leads), CHUNK):
        units = leads.iloc[low : low + CHUNK].reset_index(drop=True)
        result = assign(units, people, rules, DAY, loads=loads, standings=standings)
        standings |= result.standings
        loads, owned = result.loads, owned + int(result.frame["owner"].notna().sum())
    seconds = time.perf_counter() - began
    return seconds, owned, max((_off(one) for one in standings.values() if one.given), default=0.0)


def _off(standing: Standing) -> float:
    shares = standing.shares()
    return max(abs(shares[one] - had) for one, had in zip(standing.people, standing.given, strict=True))


def report(leads: int, people: int, seconds: float, owned: int, off: float, bare: Sequence[float]) -> int:
    """Print the line of figures; the exit code."""
    limit = statistics.median(bare)
    met = seconds <= limit * MOST_OF_BARE and off < 1
    print(
        f"assign {leads:,} leads to {people} people {seconds:.1f} s {leads / seconds:,.0f} leads/s {owned:,} owned, at "
        f"most {off:.2f} off a share {seconds / limit:.2f}x bare COPY ({', '.join(f'{one:.1f}' for one in bare)} s) | "
        f"{'bar met' if met else f'MISSED > {MOST_OF_BARE:g}x'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
