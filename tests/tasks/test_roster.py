"""The roster as dated rows: the same roster writes nothing, a changed one ends rows and begins others."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select

from config.people import Leave as Away
from config.people import Person as Stated
from config.schema import Roster
from models import Leave, Person
from tasks.roster import sync_roster

MARCH, APRIL, MAY = (datetime(2024, month, 1, tzinfo=UTC) for month in (3, 4, 5))
HOLIDAY = Away.model_validate({"from": date(2024, 5, 1), "to": date(2024, 5, 5)})


def _person(name: str, **said: object) -> Stated:
    usual = {"id": name, "name": name.title(), "role": "senior", "team": "华东组", "email": f"{name}@example.com"}
    return Stated.model_validate(usual | said)


def _roster(*people: Stated) -> Roster:
    return Roster(people=people)


def _people(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as conn:
        rows = conn.execute(select(Person).order_by(Person.id)).all()
    return [(row.code, row.role, row.team, row.reports_to, row.since, row.until) for row in rows]


def _leave(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as conn:
        rows = conn.execute(select(Leave).order_by(Leave.id)).all()
    return [(row.code, row.first_on, row.last_on, row.since, row.until) for row in rows]


def test_a_roster_is_stored_once(engine: Engine) -> None:
    roster = _roster(_person("lin", leave=(HOLIDAY, HOLIDAY)), _person("han", reports_to="lin"))
    assert sync_roster(engine, roster, MARCH) == 3
    assert sync_roster(engine, roster, APRIL) == 0
    assert _people(engine) == [
        ("lin", "senior", "华东组", None, MARCH, None),
        ("han", "senior", "华东组", "lin", MARCH, None),
    ]
    assert _leave(engine) == [("lin", date(2024, 5, 1), date(2024, 5, 5), MARCH, None)]


def test_a_change_ends_the_row_and_begins_another(engine: Engine) -> None:
    sync_roster(engine, _roster(_person("lin", leave=(HOLIDAY,)), _person("han")), MARCH)
    assert sync_roster(engine, _roster(_person("lin", team="综合组"), _person("tang", capacity=3)), APRIL) == 5
    assert _people(engine) == [
        ("lin", "senior", "华东组", None, MARCH, APRIL),
        ("han", "senior", "华东组", None, MARCH, APRIL),
        ("lin", "senior", "综合组", None, APRIL, None),
        ("tang", "senior", "华东组", None, APRIL, None),
    ]
    assert _leave(engine) == [("lin", date(2024, 5, 1), date(2024, 5, 5), MARCH, APRIL)]


@pytest.mark.parametrize("said", [{"capacity": 2}, {"open_cap": 5}, {"regions": ["上海市"]}, {"active": False}])
def test_every_word_of_the_roster_counts(engine: Engine, said: dict[str, object]) -> None:
    sync_roster(engine, _roster(_person("lin")), MARCH)
    assert sync_roster(engine, _roster(_person("lin", **said)), APRIL) == 2


def test_a_run_dated_in_the_past_rewrites_nothing(engine: Engine) -> None:
    sync_roster(engine, _roster(_person("lin")), APRIL)
    sync_roster(engine, _roster(_person("lin", team="综合组")), MARCH)
    assert [row[-2:] for row in _people(engine)] == [(APRIL, APRIL), (APRIL, None)]


def test_nobody_is_a_roster_too(engine: Engine) -> None:
    assert sync_roster(engine, _roster(), MARCH) == 0
    sync_roster(engine, _roster(_person("lin")), MARCH)
    assert sync_roster(engine, _roster(), MAY) == 1
    assert _people(engine) == [("lin", "senior", "华东组", None, MARCH, MAY)]
