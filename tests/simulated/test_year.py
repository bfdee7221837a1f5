"""A simulated year: live states, the log and a naive model agree at any moment, and no lead is lost from sight."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from benchmarks.simulated import ZONE, World, _utc, run
from benchmarks.simulated_year import YEAR, make_year
from config.loader import load_config
from config.settings import Settings
from models.audit import audit
from models.db import make_engine, read_frame, upgrade
from tasks.orders import Order
from tasks.rebuild import check
from tasks.rules.lifecycle.state import Facts
from tasks.state_past import facts_at
from tests.crash.runs import IN_FULL
from tests.simulated.naive_states import Story

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# the short form ends a month after the last lead has come
FIRST, LAST = date(2025, 1, 6), date(2026, 1, 5) if IN_FULL else date(2025, 10, 6)
CONFIG = load_config()
LEADS, SEED = 9 if IN_FULL else 7, 5


@pytest.fixture(scope="module")
def world() -> World:
    return make_year(LEADS, FIRST, LAST, SEED, nights=3)


@pytest.fixture(scope="module")
def played(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("year")
    engine = make_engine(f"sqlite:///{folder / 'leadflow.db'}")
    upgrade(engine)
    run(engine, world, CONFIG, _settings(), YEAR)
    yield engine
    engine.dispose()


def _settings() -> Settings:
    return Settings(_env_file=None, home=Path("nowhere"))


def nights(world: World, every: int) -> list[datetime]:
    return [event.at for event in world.events if event.kind == "nightly"][::every]


def test_every_lead_is_what_its_facts_say_at_the_end_and_at_any_night(played: Engine, world: World) -> None:
    end = _utc(world.events[-1].at)
    now = check(played, CONFIG, _settings(), end)
    assert (now.differ, now.waiting) == ([], 0)
    assert now.leads >= LEADS - 2
    wrong = {at: check(played, CONFIG, _settings(), _utc(at), past=True).differ for at in nights(world, 15)}
    assert {at: found for at, found in wrong.items() if found} == {}
    with played.connect() as conn:
        assert audit(conn) == []


def test_the_naive_model_agrees_at_any_night(played: Engine, world: World) -> None:
    wrong = []
    for at in nights(world, 11):
        for number, mine, yours in compared(played, at):
            if mine != yours:
                wrong.append((at, number, {key: (mine[key], yours[key]) for key in mine if mine[key] != yours[key]}))
    assert wrong == []


def test_the_year_meets_every_state(played: Engine) -> None:
    with played.connect() as conn:
        facts = read_frame(conn, "SELECT facts, status FROM lead_event WHERE kind IN ('state', 'pooled', 'joined')")
    rules = set(facts["facts"].astype("str").str.extract(r"^rule=([^|]*)", expand=False).dropna())
    assert {"L-FOLLOW", "L-PAUSED", "L-SILENT2", "L-STALL-B", "L-WON", "L-LOST"} <= rules
    assert {"won", "lost", "pool", "joined", "in_progress"} <= set(facts["status"])


def test_no_open_lead_is_lost_from_sight(played: Engine, world: World) -> None:
    query = """
    SELECT l.number, l.status FROM lead l WHERE l.closed_at IS NULL AND l.verdict <> 'invalid' AND (
    (l.owner IS NULL AND l.status NOT IN ('pool', 'new'))
    OR NOT EXISTS (SELECT 1 FROM clock c WHERE c.lead_id = l.id AND c.ended_at IS NULL))
    """
    with played.connect() as conn:
        assert read_frame(conn, query).to_dict("records") == []


def test_one_other_duration_in_the_model_is_noticed(
    played: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.simulated.naive_states.month_later", lambda at: at + pd.Timedelta(days=45))
    assert any(mine != yours for at in nights(world, 5) for _, mine, yours in compared(played, at))


def compared(engine: Engine, at: datetime) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Number, what the model says and what the log says of each lead that was there."""
    moment = _utc(at)
    arrival = Order("leadflow", "", moment, moment, ZONE).arrival("state")
    with engine.connect() as conn:
        ids = read_frame(conn, "SELECT id FROM lead")["id"].tolist()
        facts, told = facts_at(conn, ids, arrival, CONFIG)
        known = told["status"].isin(("new", "owned", "in_progress", "pool", "won", "lost")).to_numpy()
    stories = _stories(facts)
    columns = ("status", "tier", "stage", "pause_kind", "grade")
    plain = told.astype("object").where(told.notna(), None)
    return [
        (row["number"], stories[row["lead_id"]].at(at), {name: row[name] for name in columns})
        for row, there in zip(plain.to_dict("records"), known, strict=True)
        if there
    ]


def _stories(facts: Facts) -> dict[int, Story]:
    """The facts of leads as the model takes them, times local."""
    stories = {}
    for row in _local(facts.leads):
        stories[row["lead_id"]] = Story(
            grade=row["grade"], opened=row["opened_at"], need=row["need_state"], chain=row["chain_state"],
            urgency=row["urgency_state"], owner=row["owner"], owner_since=row["owner_since"],
            in_pool=row["status"] == "pool", lost_at=row["silent_at"],
        )  # fmt: skip
    for row in _local(facts.records):
        stories[row["lead_id"]].calls.append(row | {"recorded": row["recorded_at"]})
    for row in _local(facts.words):
        if row["field"] == "closing":
            stories[row["lead_id"]].closing = (row["at"], row["said"])
        else:
            stories[row["lead_id"]].words.append((row["since"], row["field"], row["said"]))
    return stories


def _local(frame: pd.DataFrame) -> list[dict[str, Any]]:
    times = [name for name in frame if str(frame[name].dtype).startswith("datetime")]
    moved = frame.assign(**{name: frame[name] + pd.Timedelta(hours=8) for name in times})
    rows = moved.astype("object").where(moved.notna(), None).to_dict("records")
    return [
        {key: value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for key, value in row.items()}
        for row in rows
    ]
