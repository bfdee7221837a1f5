"""Look-ups by many keys: few of them or many, they find the same, and none reads a whole table to find its keys."""

import importlib
import pkgutil
import re
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

import tasks
from models import Account
from models.db import KEYS_OF_JSON, begin, insert_frame, keys_first, look_up, make_engine, upgrade

_NAMED = "SELECT w.key, a.id, a.key AS name FROM wanted w JOIN account a ON a.key = w.key ORDER BY a.id"
#: What may read a whole table: commands and reviews that few ask for, of columns that carry no index.
_SELDOM = {"tasks.handbook_facts._PEOPLE", "tasks.review_activity._OWNED", "tasks.state_past._OWNED"}


def statements() -> dict[str, str]:
    """The look-ups of the project by where they stand."""
    found = {}
    for module in pkgutil.walk_packages(tasks.__path__, "tasks."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, str) and re.search(r"\bFROM wanted w\b", value):
                found[f"{module.name}.{name}"] = value
    return found


@pytest.mark.parametrize("count", [1, 3, 100, 101, 500])
def test_few_keys_find_what_many_do(engine: Engine, count: int) -> None:
    names = pd.Series([f"公司{number}\"'\\" for number in range(count)])
    rows = pd.DataFrame({"id": range(1, count + 1), "key": names, "name": names})
    asked = pd.concat([names, pd.Series(["nobody", None])], ignore_index=True)
    with begin(engine) as conn:
        insert_frame(conn, Account, rows)
        found = look_up(conn, asked, "TEXT", _NAMED)
        by_id = look_up(conn, rows["id"], "BIGINT", "SELECT a.id FROM wanted w JOIN account a ON a.id = w.key")
    if engine.dialect.name == "sqlite":
        # PostgreSQL takes no such text
        with engine.connect() as conn:
            assert look_up(conn, pd.Series([f"{names[0]}\0more"]), "TEXT", _NAMED).empty
    assert found["name"].tolist() == found["key"].tolist() == names.tolist()
    assert sorted(by_id["id"]) == rows["id"].tolist()


def test_no_look_up_reads_a_whole_table_to_find_its_keys(tmp_path: Path) -> None:
    asked = statements()
    assert len(asked) > 40
    engine = make_engine(f"sqlite:///{tmp_path / 'leadflow.db'}")
    upgrade(engine)
    reading = {}
    with engine.connect() as conn:
        conn.exec_driver_sql("CREATE TEMPORARY TABLE wanted (key TEXT)")
        for name, statement in asked.items():
            nothing = dict.fromkeys(re.findall(r":(\w+)", statement))
            few = f"WITH wanted (key) AS ({KEYS_OF_JSON}) {keys_first(statement)}"
            for form, given in ((keys_first(statement), nothing), (few, nothing | {"wanted": "[]"})):
                plan = [step.detail for step in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {form}", given)]
                if any("AUTOMATIC" in step or re.match(r"SCAN (?!w\b|json_each\b)", step) for step in plan):
                    reading[name] = plan
    assert set(reading) == _SELDOM, reading
