"""Leave that people add: it counts like that of roster.yaml, which neither wipes nor doubles it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from config.loader import load_config
from config.people import Leave as Away
from config.schema import Config
from tasks.leave import add_leave, end_leave, leaves, staffed
from tasks.orders import Order, OrderError
from tasks.ready import make_ready
from tasks.rules.recipients import Hearer, Ladderers

NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
FIRST, LAST = date(2026, 12, 1), date(2026, 12, 4)
CONFIG = load_config()
WHO, DEPUTY, OTHER = "linruoxi", "wujiaqi", "tangyue"


def order(at: datetime = NOW) -> Order:
    return Order(OTHER, "leave", at, at, "Asia/Shanghai")


def away(deputy: str | None = None, hours: tuple[str, ...] = ()) -> Away:
    return Away.model_validate({"from": FIRST, "to": LAST, "deputy": deputy, "hours": hours})


#: The shipped rules with a roster that states a leave itself.
STATED = CONFIG.model_copy(update={"roster": CONFIG.roster.with_leave([(WHO, away())])})


def as_of(engine: Engine, at: datetime) -> Config:
    with engine.connect() as conn:
        return staffed(conn, CONFIG, at)


def is_away(config: Config, on: date) -> bool:
    person = config.roster.person(WHO)
    assert person is not None
    return person.is_away(on)


def test_added_leave_counts_from_the_moment_it_was_said_until_it_is_taken_back(engine: Engine) -> None:
    assert add_leave(engine, CONFIG, WHO, away(), order())
    assert not add_leave(engine, CONFIG, WHO, away(), order())
    assert [is_away(as_of(engine, NOW), FIRST + timedelta(days)) for days in (-1, 0, 3, 4)] == [
        False,
        True,
        True,
        False,
    ]
    assert not is_away(as_of(engine, NOW - timedelta(minutes=1)), FIRST)
    with engine.connect() as conn:
        [number] = leaves(conn, NOW)["id"]
    later = NOW + timedelta(days=1)
    assert end_leave(engine, number, order(later)) == (WHO, FIRST, LAST)
    assert is_away(as_of(engine, later - timedelta(minutes=1)), FIRST)
    assert not is_away(as_of(engine, later), FIRST)


def test_a_dry_run_notes_and_takes_back_nothing(engine: Engine) -> None:
    assert add_leave(engine, CONFIG, WHO, away(), order(), dry_run=True)
    assert not is_away(as_of(engine, NOW), FIRST)
    add_leave(engine, CONFIG, WHO, away(), order())
    with engine.connect() as conn:
        [number] = leaves(conn, NOW)["id"]
    end_leave(engine, number, order(NOW + timedelta(days=1)), dry_run=True)
    assert is_away(as_of(engine, NOW + timedelta(days=2)), FIRST)


def test_the_roster_neither_wipes_nor_doubles_what_was_added_and_keeps_its_own(engine: Engine) -> None:
    make_ready(engine, STATED, NOW)
    add_leave(engine, CONFIG, DEPUTY, away(hours=("13:30-18:00",)), order())
    for _ in range(2):
        found = make_ready(engine, STATED, NOW + timedelta(hours=1))
    with engine.connect() as conn:
        known = leaves(conn, NOW + timedelta(hours=1))
    assert known[["person", "origin"]].to_numpy().tolist() == [[WHO, "roster"], [DEPUTY, "added"]]
    spans = {person.id: person.leave for person in found.roster.people if person.leave}
    assert spans == {WHO: (away(),), DEPUTY: (away(hours=("13:30-18:00",)),)}
    # when roster.yaml says it no longer, only its own row ends
    make_ready(engine, CONFIG, NOW + timedelta(hours=2))
    with engine.connect() as conn:
        assert leaves(conn, NOW + timedelta(hours=2))["person"].tolist() == [DEPUTY]
        number = int(known.loc[known["person"] == WHO, "id"].iloc[0])
    with pytest.raises(OrderError, match="no leave"):
        end_leave(engine, number, order(NOW + timedelta(hours=2)))


def test_leave_of_roster_yaml_is_ended_there(engine: Engine) -> None:
    make_ready(engine, STATED, NOW)
    with engine.connect() as conn:
        [number] = leaves(conn, NOW)["id"]
    with pytest.raises(OrderError, match=r"roster\.yaml"):
        end_leave(engine, number, order())


def test_the_deputy_of_a_leave_stands_in_for_its_time_alone() -> None:
    roster = CONFIG.roster.with_leave([(WHO, away(DEPUTY))])
    assert Ladderers(roster, FIRST).hearers(["owner"], WHO) == [Hearer(DEPUTY, WHO)]
    assert Ladderers(roster, LAST + timedelta(1)).hearers(["owner"], WHO) == [Hearer(WHO)]


@pytest.mark.parametrize(("who", "deputy"), [("nobody", None), (WHO, "nobody"), (WHO, WHO)])
def test_nobody_and_oneself_are_refused(engine: Engine, who: str, deputy: str | None) -> None:
    with pytest.raises(OrderError):
        add_leave(engine, CONFIG, who, away(deputy), order())


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "0001-01-02"), ("2030-12-01", "2032-01-01")])
def test_leave_far_away_is_refused_for_promises_would_have_no_day_to_fall_due(
    engine: Engine, first: str, last: str
) -> None:
    with pytest.raises(OrderError, match="within 5 years"):
        add_leave(engine, CONFIG, WHO, Away.model_validate({"from": first, "to": last}), order())
    with engine.connect() as conn:
        assert not (leaves(conn, NOW)["origin"] == "added").any()
