"""Leads that nobody could take: tried again by each sweep that finds something changed, told once."""

from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, text

from config.schema import Config
from config.settings import Settings
from models.audit import audit
from models.db import read_frame
from tasks.tell import tell
from tests.tasks.promised import CONFIG, ZHANG, A, arrive, at, sweep_at

NUMBERS = [f"XL20240300{number}" for number in (1, 2)]
OTHER = {**A, "company": "乙公司", "name": "李四", "mobile": "13800002222"}


def with_people(*ids: str, **said: object) -> Config:
    """The shipped rules with these people alone; `said` of each of them."""
    people = tuple(
        person.model_copy(update={"reports_to": None, "deputy": None, **said})
        for person in CONFIG.roster.people
        if person.id in ids
    )
    return CONFIG.model_copy(update={"roster": CONFIG.roster.model_copy(update={"people": people})})


def owners(engine: Engine) -> dict[str, str | None]:
    with engine.connect() as conn:
        found = read_frame(conn, "SELECT number, owner FROM lead WHERE closed_at IS NULL ORDER BY number")
    return {row.number: None if pd.isna(row.owner) else row.owner for row in found.itertuples()}


def events(engine: Engine) -> int:
    with engine.connect() as conn:
        return int(conn.execute(text("SELECT count(*) FROM lead_event")).scalar_one())


def letters(engine: Engine) -> list[str]:
    with engine.connect() as conn:
        return read_frame(conn, "SELECT recipient FROM message WHERE kind <> 'escalation' ORDER BY id")[
            "recipient"
        ].tolist()


ASSISTANT = with_people("xumengting")


def test_what_nobody_could_take_is_given_by_the_first_sweep_that_finds_somebody(engine: Engine) -> None:
    arrive(engine, A, OTHER, config=ASSISTANT)
    assert owners(engine) == dict.fromkeys(NUMBERS)
    before = events(engine)
    assert sweep_at(engine, "2024-03-15T10:05", ASSISTANT).counts["taken_up"] == 0
    assert events(engine) == before, "nothing has changed, so nothing is written"
    found = sweep_at(engine, "2024-03-15T10:10", with_people("xumengting", "linruoxi"))
    assert found.counts["taken_up"] == 2
    assert owners(engine) == dict.fromkeys(NUMBERS, "linruoxi")
    assert sweep_at(engine, "2024-03-15T10:15", with_people("xumengting", "linruoxi")).counts["taken_up"] == 0
    with engine.connect() as conn:
        assert audit(conn) == []
        rules = read_frame(conn, "SELECT DISTINCT owner_rule FROM lead")["owner_rule"].tolist()
    assert rules == ["A-GRADE-A"]


def test_a_foreseen_sweep_gives_nothing(engine: Engine) -> None:
    arrive(engine, A, config=ASSISTANT)
    found = sweep_at(engine, "2024-03-15T10:10", with_people("linruoxi"), keep=False)
    assert found.counts["taken_up"] == 1
    assert owners(engine) == {NUMBERS[0]: None}


def test_a_list_that_becomes_free_lets_one_more_in(engine: Engine) -> None:
    full = with_people("linruoxi", open_cap=1)
    arrive(engine, A, OTHER, config=full)
    assert sorted(owners(engine).values(), key=str) == [None, "linruoxi"]
    assert sweep_at(engine, "2024-03-15T10:10", full).counts["taken_up"] == 0
    assert sweep_at(engine, "2024-03-15T10:15", with_people("linruoxi", open_cap=2)).counts["taken_up"] == 1
    assert set(owners(engine).values()) == {"linruoxi"}


def test_the_company_goes_with_the_lead_that_needs_somebody_higher(engine: Engine) -> None:
    both = with_people("wujiaqi")
    vague = {**ZHANG, "need_state": "vague"}
    arrive(engine, vague, config=both)
    assert set(owners(engine).values()) == {"wujiaqi"}
    arrive(engine, {**A, "name": "王小明", "mobile": "13800003333"}, file="b.csv", on="2024-03-15T11:00", config=both)
    assert sorted(owners(engine).values(), key=str) == [None, "wujiaqi"]
    lifted = with_people("wujiaqi", "linruoxi")
    assert sweep_at(engine, "2024-03-15T11:10", lifted).counts["taken_up"] == 1
    assert set(owners(engine).values()) == {"linruoxi"}, "one company is never called by two"
    with engine.connect() as conn:
        assert audit(conn) == []


def test_its_supervisors_are_told_once(engine: Engine, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path / "home")
    manager = with_people("xumengting", "zhengkai")
    arrive(engine, A, config=manager)
    tell(engine, manager, settings, at("2024-03-15T10:01"))
    assert letters(engine) == ["zhengkai"]
    for minute in (5, 10):
        sweep_at(engine, f"2024-03-15T10:{minute:02}", manager)
        tell(engine, manager, settings, at(f"2024-03-15T10:{minute:02}"))
    assert letters(engine) == ["zhengkai"]
