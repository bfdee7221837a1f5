"""Leads that nobody follows go back to the pool by grade and working days, where a company has switched that on."""

from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine

from config.schema import Config
from models.audit import audit
from models.db import read_frame
from tests.tasks.promised import CONFIG, FIRST, ZHANG, arrive, clocks, follow_up, sweep_at, with_rule

SHIPPED = Path(__file__).parents[2] / "config" / "rules" / "sla.yaml"


@pytest.fixture
def recycling(tmp_path: Path) -> Config:
    [rule] = [one for one in yaml.safe_load(SHIPPED.read_text("utf-8"))["rules"] if one["id"] == "K-RECYCLE"]
    return with_rule(tmp_path, yaml.safe_dump({"rules": [{**rule, "enabled": True}]}, allow_unicode=True))


def lead(engine: Engine) -> tuple[str | None, str]:
    with engine.connect() as conn:
        assert audit(conn) == []
        row = read_frame(conn, "SELECT owner, status FROM lead WHERE number = :number", number=FIRST).iloc[0]
    return (row["owner"] if isinstance(row["owner"], str) else None), row["status"]


def test_a_lead_that_nobody_followed_goes_to_the_pool_after_its_grades_working_days(
    engine: Engine, recycling: Config
) -> None:
    arrive(engine, ZHANG, config=recycling)  # B, on 15 March; 4 and 5 April are off, Sunday the 7th works
    owner, _ = lead(engine)
    [due] = clocks(engine, "K-RECYCLE")["due_at"]
    assert str(due)[:16] == "2024-04-08T18:00"
    sweep_at(engine, "2024-04-08T17:55", recycling)
    assert lead(engine)[0] == owner
    assert sweep_at(engine, "2024-04-08T18:05", recycling).counts["pooled"] == 0, "outside working hours nobody is told"
    assert sweep_at(engine, "2024-04-09T09:05", recycling).counts["pooled"] == 1
    assert lead(engine) == (None, "pool")
    with engine.connect() as conn:
        told = read_frame(conn, "SELECT recipient FROM escalation WHERE kind = 'pool' AND state = 'fired'")["recipient"]
    assert owner in set(told)
    assert sweep_at(engine, "2024-04-09T09:10", recycling).counts["pooled"] == 0


def test_a_follow_up_or_a_pause_puts_it_off(engine: Engine, recycling: Config) -> None:
    arrive(engine, ZHANG, config=recycling)
    owner, _ = lead(engine)
    follow_up(engine, "2024-04-08T17:00", by=owner, config=recycling, outcome="not_reached")
    sweep_at(engine, "2024-04-09T09:05", recycling)
    assert lead(engine)[0] == owner
    paused = {"pause_until": "2024-06-03T18:00", "pause_kind": "hold"}
    follow_up(engine, "2024-04-09T10:00", by=owner, config=recycling, **paused)
    sweep_at(engine, "2024-05-31T10:00", recycling)
    assert lead(engine)[0] == owner


def test_what_was_given_late_in_the_evening_is_nobodys_neglect_that_night(engine: Engine, recycling: Config) -> None:
    arrive(engine, ZHANG, on="2024-03-15T23:50", config=recycling)
    owner, _ = lead(engine)
    for moment in ("2024-03-16T03:00", "2024-03-18T03:00", "2024-03-18T09:05"):
        assert sweep_at(engine, moment, recycling).counts["pooled"] == 0
    assert lead(engine)[0] == owner


def test_it_is_off_as_shipped(engine: Engine) -> None:
    arrive(engine, ZHANG)
    assert clocks(engine, "K-RECYCLE").empty
    sweep_at(engine, "2024-04-09T09:05", CONFIG)
    assert lead(engine)[1] != "pool"
