"""A simulated team against a naive model: no promise lost, no step twice, none outside working hours, and replayed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from benchmarks.simulated import World, make_world, run
from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from models.audit import audit
from models.db import make_engine, read_frame, upgrade
from tests.crash.runs import IN_FULL
from tests.simulated import naive
from tests.simulated.naive import RULES, Lead

pytestmark = pytest.mark.slow

FIRST, LAST = date(2025, 9, 15), date(2025, 10, 18)
LEADS, SEED = (26, 5) if IN_FULL else (18, 7)
AWAY = ("dongsiyuan", date(2025, 9, 22), date(2025, 9, 24))
OUTAGE = (datetime.combine(date(2025, 9, 25), time(12)), datetime.combine(date(2025, 9, 27), time(12)))
_RULE = "- {id: K-CADENCE, effective: 2025-10-13, targets: [{when: {grade: A}, within: {working_days: 3}}, {when:"
_RULE += " {grade: B}, within: {working_days: 4}}, {when: {grade: C}, within: {working_days: 10}}]}\n"
# what becomes of the leads themselves is test_year's: here they stay as they came
_RULE += "".join(
    f"- {{id: {name}, enabled: false}}\n" for name in ("K-SILENCE", "K-CASE", "K-CARE", "K-POOL", "K-CHANGE")
)
_STILL = "".join(f"- {{id: {name}, enabled: false}}\n" for name in ("L-LOST-SILENT", "L-NEGLECT", "L-STALL-B"))
_STILL += "- {id: L-SILENT-ATTEMPTS, value: 999}\n- {id: L-HOLD-DAYS, value: 9999}\n"


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(LEADS, FIRST, LAST, OUTAGE, [AWAY], seed=SEED, grades=0.0, verified=0.2)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("company")
    (folder / "rules").mkdir()
    (folder / "rules" / "sla.yaml").write_text(_RULE, encoding="utf-8")
    (folder / "rules" / "lifecycle.yaml").write_text(_STILL, encoding="utf-8")
    return load_config(folder)


@pytest.fixture(scope="module")
def played(world: World, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The base after the world has been played against it."""
    engine = _fresh(tmp_path_factory.mktemp("base"))
    run(engine, world, config, _settings(tmp_path_factory.mktemp("home")))
    yield engine
    engine.dispose()


def _fresh(folder: Path) -> Engine:
    engine = make_engine(f"sqlite:///{folder / 'leadflow.db'}")
    upgrade(engine)
    return engine


def _settings(home: Path) -> Settings:
    return Settings(_env_file=None, home=home)


def _local(frame: pd.DataFrame) -> pd.DataFrame:
    times = [name for name in frame if name.endswith("_at") or name in ("at", "since", "until")]
    moved = {name: frame[name] + pd.Timedelta(hours=8) for name in times}
    frame = frame.assign(**moved)
    return frame.astype("object").where(frame.notna(), None)


def _read(engine: Engine, query: str) -> list[dict[str, Any]]:
    with engine.connect() as conn:
        return _local(read_frame(conn, query)).to_dict("records")


_CLOCKS = """
SELECT c.id, s.raw, c.policy, c.started_at, c.due_at, c.paused_at, c.breached_at, c.ended_at, c.ending FROM clock c
JOIN lead l ON l.id = c.lead_id JOIN submission s ON s.id = l.origin_id WHERE c.policy <> 'K-ENTRY'
"""
_STEPS = "SELECT DISTINCT e.clock_id, e.step, e.kind, e.at FROM escalation e WHERE e.state = 'fired'"
_LEADS = "SELECT l.id, s.raw, l.grade, l.opened_at FROM lead l JOIN submission s ON s.id = l.origin_id"
_OWNERS = "SELECT s.raw, a.person, a.since, a.until FROM assignment a JOIN lead l ON l.id = a.lead_id"
_OWNERS += " JOIN submission s ON s.id = l.origin_id ORDER BY a.id"


def expected(engine: Engine, world: World) -> dict[int, Lead]:
    """What the model says of each lead of the world."""
    owners = pd.DataFrame(_read(engine, _OWNERS))
    grades = {int(row["raw"].split()[1]): row["grade"] for row in _read(engine, _LEADS)}
    leads: dict[int, Lead] = {}

    def leave_of(lead: int) -> Any:
        mine = owners[owners["raw"] == f"lead {lead}"]

        def at(moment: datetime) -> naive.Leave:
            held = [
                row.person
                for row in mine.itertuples()
                if row.since <= moment and not (row.until and row.until <= moment)
            ]
            return AWAY[1:] if AWAY[0] in held else None

        return at

    for event in world.events:
        if event.kind == "arrive":
            leads[event.lead] = Lead(grades[event.lead], event.at, leave_of(event.lead))
        elif event.kind == "follow_up":
            lead = leads[event.lead]
            lead.talk(dict(event.said), event.at, lead.leave_of(event.at))
        elif event.kind == "verify":
            leads[event.lead].verify(event.at)
        elif event.kind == "sweep":
            for lead in leads.values():
                lead.sweep(event.at, False)
    return leads


def told(engine: Engine) -> dict[int, list[tuple[Any, ...]]]:
    """What the base says of each lead: its promises with the steps that fired."""
    steps: dict[int, list[tuple[str, datetime]]] = {}
    for row in _read(engine, _STEPS):
        steps.setdefault(row["clock_id"], []).append((row["kind"], row["at"].to_pydatetime()))
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in _read(engine, _CLOCKS):
        times = [row[name].to_pydatetime() if row[name] is not None else None
                 for name in ("started_at", "due_at", "paused_at", "breached_at", "ended_at")]  # fmt: skip
        said = (row["policy"], *times, row["ending"], tuple(sorted(steps.get(row["id"], []), key=lambda one: one[1])))
        found.setdefault(int(row["raw"].split()[1]), []).append(said)
    return found


def said_by(lead: Lead) -> list[tuple[Any, ...]]:
    return [
        (one.policy, one.start, one.due, one.paused, one.breached, one.ended,
         one.ending, tuple(one.fired)) for one in lead.clocks
    ]  # fmt: skip


def _sorted(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: (row[0], row[1], str(row[2]), str(row[5])))


def test_every_promise_ends_as_the_naive_model_says(played: Engine, world: World) -> None:
    model, base = expected(played, world), told(played)
    wrong = []
    for number, lead in model.items():
        mine, yours = _sorted(said_by(lead)), _sorted(base.get(number, []))
        if mine != yours:
            differs = next(((a, b) for a, b in zip(mine, yours, strict=False) if a != b), (len(mine), len(yours)))
            wrong.append((number, lead.grade, differs))
    assert wrong == []


def test_the_sample_meets_every_promise_pause_and_the_outage(played: Engine, world: World) -> None:
    clocks = pd.DataFrame(_read(played, _CLOCKS))
    assert set(clocks["policy"]) == set(RULES)
    assert {"met", "late"} <= set(clocks["ending"])
    with played.connect() as conn:
        assert read_frame(conn, "SELECT count(*) AS n FROM clock WHERE pauses <> ''")["n"].iloc[0] > 0
        assert read_frame(conn, "SELECT count(*) AS n FROM follow_up WHERE pause_until IS NOT NULL")["n"].iloc[0] > 3
        kinds = set(read_frame(conn, "SELECT DISTINCT kind FROM escalation WHERE state = 'fired'")["kind"])
        assert kinds == {"reminder", "breach", "escalation", "reassign"}
        assert read_frame(conn, "SELECT count(*) AS n FROM escalation WHERE state = 'skipped'")["n"].iloc[0] > 0
        assert audit(conn) == []
    assert any(OUTAGE[0] <= row["breached_at"] < OUTAGE[1] for row in _read(played, _CLOCKS) if row["breached_at"])


def test_no_step_is_told_twice_and_none_outside_working_hours(played: Engine) -> None:
    steps = _read(played, "SELECT e.clock_id, e.step, e.recipient, e.at FROM escalation e WHERE e.state = 'fired'")
    keys = [(row["clock_id"], row["step"], row["recipient"]) for row in steps]
    assert len(keys) == len(set(keys))
    assert all(naive.is_open(row["at"].to_pydatetime()) for row in steps)


def test_an_open_lead_is_never_lost_from_sight(played: Engine) -> None:
    lost = """
    SELECT l.number FROM lead l WHERE l.closed_at IS NULL AND l.status IN ('new', 'owned', 'in_progress')
    AND NOT EXISTS (SELECT 1 FROM clock c WHERE c.lead_id = l.id AND c.ended_at IS NULL)
    """
    assert _read(played, lost) == []


@pytest.mark.parametrize("policy", ["K-FIRST", "K-CADENCE", "K-RECORD"])
def test_one_other_duration_in_the_model_is_noticed(
    played: Engine, world: World, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    other = {grade: count + 1 for grade, count in RULES[policy]["n"].items()}
    monkeypatch.setitem(RULES, policy, RULES[policy] | {"n": other})
    model, base = expected(played, world), told(played)
    assert any(_sorted(said_by(lead)) != _sorted(base.get(number, [])) for number, lead in model.items())


def test_replayed_it_comes_out_the_same(config: Config, tmp_path: Path) -> None:
    world = make_world(4, FIRST, date(2025, 9, 22), OUTAGE, [AWAY], seed=9)
    bases = [tmp_path / "one", tmp_path / "two"]
    found = []
    for folder in bases:
        folder.mkdir()
        engine = _fresh(folder)
        run(engine, replace(world), config, _settings(folder))
        found.append((told(engine), _read(engine, "SELECT key, recipient, subject, text FROM message ORDER BY id")))
    assert found[0] == found[1]
