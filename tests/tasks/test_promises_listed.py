"""Pages of promises: every row once, in order, by an index; what is due next is what the sweep then does."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.db import make_engine, upgrade
from tasks import promises_listed
from tasks.acknowledge import acknowledge
from tasks.promises_listed import STATES, Listed, Wanted, due_next, fired, running
from tests.tasks.promised import CONFIG, FIRST, A, arrive, at, follow_up, sweep_at

ZONE = "Asia/Shanghai"
NOW = at("2024-03-18T11:00")


@pytest.fixture
def base(engine: Engine) -> Engine:
    """Five leads of a Friday, one put off, and what was swept until Monday noon; not everybody's promises are kept."""
    rows = [
        A | {"company": f"{n}公司", "mobile": f"1380000111{n}", "chain_state": "complete" if n % 2 else "unknown"}
        for n in range(5)
    ]
    arrive(engine, *rows)
    follow_up(engine, "2024-03-15T15:00", next_action="发送案例", next_at="2024-03-20T18:00", support="测算产能",
              support_at="2024-03-20T10:00")  # fmt: skip
    follow_up(engine, "2024-03-15T16:00", "XL202403002", pause_until="2024-03-25T09:00", summary="客户出差")
    for on in ("2024-03-15T14:30", "2024-03-15T17:00", "2024-03-18T10:05"):
        sweep_at(engine, on)
    return engine


def page(engine: Engine, show: str, wanted: Wanted) -> Listed:
    with engine.connect() as conn:
        if show == "fired":
            return fired(conn, wanted, NOW)
        if show == "next":
            return due_next(conn, CONFIG, wanted, NOW, ZONE)
        return running(conn, CONFIG, wanted, NOW)


def every(engine: Engine, show: str, **wanted: Any) -> list[dict[str, Any]]:
    """All rows of a list, two a page."""
    asked, rows = Wanted(rows=2, **wanted), []
    while True:
        found = page(engine, show, asked)
        assert len(found.rows) <= 2
        rows += found.rows.to_dict("records")
        if found.after is None:
            return rows
        asked = replace(asked, after=found.after)


def ask(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def test_page_by_page_every_running_clock_comes_once_the_first_due_first(base: Engine) -> None:
    ids = [row["id"] for row in every(base, "running")]
    wanted = ask(base, "SELECT id FROM clock WHERE ended_at IS NULL ORDER BY due_at IS NULL, due_at, id")
    assert [(one,) for one in ids] == wanted
    parts = [{row["id"] for row in every(base, "running", state=state)} for state in STATES["running"]]
    assert set().union(*parts) == set(ids)
    assert sum(map(len, parts)) == len(ids)
    assert all(parts)

    _filters_take_what_they_name(base, every(base, "running"))
    _what_fired_comes_latest_first_with_its_state(base)


def _filters_take_what_they_name(base: Engine, rows: list[dict[str, Any]]) -> None:
    for policy in {row["policy"] for row in rows}:
        found = {row["id"] for row in every(base, "running", policies=(policy,))}
        assert found == {row["id"] for row in rows if row["policy"] == policy}
    tech = {row["person"] for row in rows if row["policy"] == "K-SUPPORT"}
    whose = {row["id"]: row["person"] if isinstance(row["person"], str) else row["owner"] for row in rows}
    for person in {one for one in whose.values() if isinstance(one, str)}:
        found = {row["id"] for row in every(base, "running", people=(person,))}
        assert found == {number for number, who in whose.items() if who == person}
    assert tech
    assert every(base, "running", people=()) == []
    assert every(base, "fired", people=("zhengkai",), policies=("K-FIRST",), state="fired")
    assert every(base, "fired", people=("nobody",)) == []


def test_what_is_due_next_is_what_the_next_sweep_does(base: Engine) -> None:
    with base.connect() as conn:
        ahead = due_next(conn, CONFIG, Wanted(), at("2024-03-18T17:30"), ZONE).rows
    now = [row for row in ahead.to_dict("records") if row["does_at"] <= at("2024-03-18T17:30").replace(tzinfo=None)]
    told = [(row["number"], row["policy"], row["does"], person, other or "")
            for row in now if row["does_step"] for person, other in row["heard"]]  # fmt: skip
    swept = sweep_at(base, "2024-03-18T17:30", keep=False)
    then = [[one[name] for name in ("number", "policy", "kind", "recipient", "instead_of")] for one in swept.steps]
    assert sorted(told) == sorted(tuple(one if isinstance(one, str) else "" for one in row) for row in then)
    assert told
    kinds = {row["does"] for row in every(base, "next")}
    assert {"resume", "reminder", "escalation"} <= kinds
    assert [row["next_at"] for row in every(base, "next")] == sorted(row["next_at"] for row in every(base, "next"))

    # a step due at night waits for the next working time
    with base.connect() as conn:
        ahead = due_next(conn, CONFIG, Wanted(), at("2024-03-18T23:00"), ZONE).rows
    late = ahead[ahead["next_at"] <= at("2024-03-18T23:00").replace(tzinfo=None)]
    fires = late[late["does_step"] > 0]
    assert len(fires)
    assert set(fires["does_at"]) == {at("2024-03-19T09:00").replace(tzinfo=None)}


def _what_fired_comes_latest_first_with_its_state(base: Engine) -> None:
    acknowledge(base, FIRST, "linruoxi", CONFIG, at("2024-03-18T10:30"), ZONE)
    rows = every(base, "fired")
    assert [(row["id"],) for row in rows] == ask(base, "SELECT id FROM escalation ORDER BY at DESC, id DESC")
    counts = {state: len(every(base, "fired", state=state)) for state in STATES["fired"]}
    assert counts["fired"] + counts["skipped"] == len(rows)
    assert counts["open"] + counts["acknowledged"] == counts["fired"]


def test_no_list_reads_a_table_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'leadflow.db'}")
    upgrade(engine)
    asked: list[tuple[str, dict[str, Any]]] = []
    read = promises_listed.read_frame

    def noted(conn: Any, query: str, **values: Any) -> Any:
        asked.append((query, values))
        return read(conn, query, **values)

    monkeypatch.setattr(promises_listed, "read_frame", noted)
    for show, policies, people in product(STATES, ((), ("K-FIRST", "K-SUPPORT")), (None, ("linruoxi", "zhengkai"))):
        for state in ("", *STATES[show]):
            page(engine, show, Wanted(policies, people, state))
    assert len(asked) > len(STATES)
    tables = tuple(f"SCAN {one}" for one in "clepa")
    with engine.connect() as conn:
        for query, values in asked:
            for step in conn.execute(text(f"EXPLAIN QUERY PLAN {query}"), values):
                assert not step.detail.startswith(tables) or "USING INDEX ix_clock_next" in step.detail, step
