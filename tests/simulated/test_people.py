"""A simulated team whose people come and go: leave, a leaver, leads given back and claimed, companies of several."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from benchmarks.simulate import faults
from benchmarks.simulated import Event, World, make_world, run
from benchmarks.simulated_people import PEOPLE, shares, two_owners, with_people
from config.settings import Settings
from models.db import begin, make_engine, read_frame, upgrade
from tests.tasks.promised import CONFIG

pytestmark = pytest.mark.slow

FIRST, LAST = date(2025, 8, 4), date(2025, 8, 11)
AWAY, LEAVER = ("dongsiyuan", date(2025, 8, 5), date(2025, 8, 6)), ("tangyue", date(2025, 8, 7))
OUTAGE = (datetime.combine(date(2025, 8, 6), time(8)), datetime.combine(date(2025, 8, 7), time(8)))
_SWEEPS = (time(10), time(18))


def world() -> World:
    """A week of a few leads that come and are recorded once a day, so that it plays in seconds."""
    made = make_world(14, FIRST, LAST, OUTAGE, [AWAY], seed=3, grades=0.0, verified=0.0)
    kept = [_daily(one) for one in made.events if one.kind != "sweep" or one.at.time() in _SWEEPS]
    made = replace(made, events=tuple(sorted((one for one in kept if one.at.date() < LAST), key=lambda one: one.at)))
    return with_people(made, [LEAVER], ("hanzhiyuan", "gaowenbo", "linruoxi"), returns=0.6, shared=0.5)


def _daily(event: Event) -> Event:
    hours = {"arrive": (8, 13), "follow_up": (23, 58)}
    if event.kind not in hours:
        return event
    # what comes on two days comes on the second
    later = event.kind == "arrive" and event.at.day % 2
    return replace(
        event,
        at=(event.at + timedelta(days=bool(later))).replace(hour=hours[event.kind][0], minute=hours[event.kind][1]),
    )


def played(folder: Path) -> tuple[Engine, dict[str, int]]:
    engine = make_engine(f"sqlite:///{folder / 'leadflow.db'}")
    upgrade(engine)
    return engine, run(engine, world(), CONFIG, Settings(_env_file=None, home=folder), PEOPLE)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, dict[str, int]]]:
    found = played(tmp_path_factory.mktemp("base"))
    yield found
    found[0].dispose()


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def test_no_company_has_two_owners_at_any_moment_and_nothing_is_lost(base: tuple[Engine, dict[str, int]]) -> None:
    engine, _ = base
    assert two_owners(engine) == []
    assert faults(engine, CONFIG) == []
    several = "SELECT account_id FROM lead GROUP BY account_id HAVING count(*) > 1"
    assert len(rows(engine, several)) > 2


def test_the_sample_meets_leave_a_leaver_returns_and_claims(base: tuple[Engine, dict[str, int]]) -> None:
    engine, counts = base
    assert counts["give_back"] > 2
    whys = {why for (why,) in rows(engine, "SELECT DISTINCT why FROM assignment")}
    assert "A-CLAIM" in whys
    kinds = {kind for (kind,) in rows(engine, "SELECT DISTINCT kind FROM lead_event")}
    assert {"pooled", "claimed", "handover"} <= kinds
    assert rows(engine, "SELECT 1 FROM judgement WHERE field = 'reassigned'")
    # who has left had leads, has none, and got none since
    had = rows(engine, f"SELECT since, until FROM assignment WHERE person = '{LEAVER[0]}'")
    assert had
    assert all(until is not None and str(since)[:10] < LEAVER[1].isoformat() for since, until in had)


def test_what_each_got_is_told_beside_what_he_is_owed(base: tuple[Engine, dict[str, int]]) -> None:
    table = shares(base[0], CONFIG)
    assert table["by turn"].sum() > 8
    assert table["claimed"].sum() > 0
    assert table.loc[LEAVER[0], "open"] == 0
    # of each rule by which he shares less than two
    assert table["owed"].abs().max() < 4


def test_two_owners_at_one_moment_are_found(base: tuple[Engine, dict[str, int]], tmp_path: Path) -> None:
    with closing(sqlite3.connect(base[0].url.database)) as one, closing(sqlite3.connect(tmp_path / "wrong.db")) as two:
        one.backup(two)
    engine = make_engine(f"sqlite:///{tmp_path / 'wrong.db'}")
    with begin(engine) as conn:
        conn.execute(text("UPDATE account_owner SET until = '2025-08-20 00:00:00.000000' WHERE until IS NOT NULL"))
    assert two_owners(engine) != []
    engine.dispose()


def test_replayed_it_comes_out_the_same(base: tuple[Engine, dict[str, int]], tmp_path: Path) -> None:
    again, counts = played(tmp_path)
    assert counts == base[1]
    for table in ("lead", "assignment", "account_owner", "clock", "escalation", "message", "share"):
        with base[0].connect() as one, again.connect() as two:
            found = [read_frame(conn, f"SELECT * FROM {table} ORDER BY id") for conn in (one, two)]
        assert found[0].equals(found[1]), table
    again.dispose()
