"""Writes carried out beside the process that decides on them, on both databases."""

import os
import signal
from contextlib import closing
from datetime import datetime

import pandas as pd
import psutil
import pyarrow as pa
import pytest

from models import Account, AccountOwner
from models.bulk import WriteFailed
from models.db import (
    add_to_counters,
    begin,
    insert_frame,
    make_engine,
    read_frame,
    take_numbers,
    take_turn,
    update_frame,
    upgrade,
    write,
)
from models.side import SideWriter
from tests.processes import running_with


@pytest.fixture
def side(engine):
    with closing(SideWriter(engine)) as made:
        yield made


def accounts(*ids: int) -> pd.DataFrame:
    return pd.DataFrame({"id": ids, "key": [f"甲{one}" for one in ids], "name": [f"甲{one}" for one in ids]})


def stored(engine) -> list[tuple[int, str]]:
    with engine.connect() as conn:
        found = read_frame(conn, "SELECT id, name FROM account ORDER BY id")
    return list(found.itertuples(index=False, name=None))


def counters(engine) -> dict[str, int]:
    with engine.connect() as conn:
        return dict(read_frame(conn, "SELECT name, value FROM counter").itertuples(index=False, name=None))


def test_all_is_there_after_the_transaction_and_nothing_before(engine, side):
    with side.transaction() as conn:
        insert_frame(conn, Account, accounts(*range(1, 25_001)))
        update_frame(conn, Account, pd.DataFrame({"id": [2], "name": ["乙"]}))
        assert write(conn, "UPDATE account SET name = :name WHERE id = :id", name="丙", id=3) == 1
        assert read_frame(conn, "SELECT count(*) AS value FROM account")["value"].tolist() == [0]
    found = stored(engine)
    assert len(found) == 25_000
    assert found[:4] == [(1, "甲1"), (2, "乙"), (3, "丙"), (4, "甲4")]


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(engine, side):
    with pytest.raises(KeyError), side.transaction() as conn:  # noqa: PT012
        insert_frame(conn, Account, accounts(1))
        take_turn(conn)
        take_numbers(conn, "XL202403", 4)
        raise KeyError
    assert stored(engine) == []
    assert counters(engine) == {}
    with side.transaction() as conn:
        insert_frame(conn, Account, accounts(1))
    assert stored(engine) == [(1, "甲1")]


def test_what_the_database_refuses_is_told_without_its_values(engine, side):
    with side.transaction() as conn:
        insert_frame(conn, Account, accounts(1))
    with pytest.raises(WriteFailed) as refused, side.transaction() as conn:  # noqa: PT012
        insert_frame(conn, Account, accounts(2))
        insert_frame(conn, Account, accounts(1))
    assert "甲1" not in str(refused.value)
    assert refused.value.code in ("23505", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")
    assert stored(engine) == [(1, "甲1")]


def test_counters_go_on_where_others_left_them(engine, side):
    for _ in range(2):
        with side.transaction() as conn:
            take_turn(conn)
            first = take_numbers(conn, "XL202403", 3)
            second = take_numbers(conn, "XL202403", 2)
            add_to_counters(conn, {"load:a": 5, "load:b": -1})
    assert [*first, *second] == [6, 7, 8, 9, 10]
    assert counters(engine) == {"XL202403": 10, "load:a": 10, "load:b": -2}


def test_closing_in_the_middle_of_a_transaction_takes_it_back(engine):
    side = SideWriter(engine)
    with pytest.raises(GeneratorExit), side.transaction() as conn:  # noqa: PT012
        insert_frame(conn, Account, accounts(1))
        raise GeneratorExit
    side.close()
    assert stored(engine) == []


def test_a_writing_process_that_is_gone_is_told(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'base.db'}")
    upgrade(engine)
    before = set(psutil.Process().children())
    side = SideWriter(engine)
    with pytest.raises(WriteFailed, match="ended early"), side.transaction() as conn:  # noqa: PT012
        insert_frame(conn, Account, accounts(1))
        [child] = running_with("spawn_main", set(psutil.Process().children()) - before)
        os.kill(child.pid, signal.SIGKILL)
        psutil.wait_procs([child])
        write(conn, "UPDATE account SET name = name")
    side.close()
    assert stored(engine) == []


VALUES = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "key": pa.array(["甲\U0001f600", "", "'\"\\,\n"], pa.large_string()),
        "name": pa.array(["a\0b", "０", " "], pa.string()),
        "region": pa.array([None, "x", None], pa.string()),
        "tags": pa.nulls(3),
    }
)
TIMES = pa.table(
    {
        "id": pa.array([1, 2], pa.int64()),
        "account_id": pa.array([2**62, -(2**62)], pa.int64()),
        "person": ["p1", "p2"],
        "since": pa.array([datetime(2026, 2, 28, 23, 59, 59, 999999), datetime(1970, 1, 1)], pa.timestamp("us")),  # noqa: DTZ001
        "until": pa.array([None, datetime(2026, 3, 1)], pa.timestamp("us")),  # noqa: DTZ001
        "why": ["A-X", "A-Y"],
    }
)


def test_values_are_stored_alike_beside_and_within_a_transaction(engine, side):
    rows = VALUES if engine.dialect.name == "sqlite" else VALUES.set_column(2, "name", pa.array(["ab", "０", " "]))
    with side.transaction() as conn:
        insert_frame(conn, Account, rows)
        insert_frame(conn, AccountOwner, TIMES)
    beside = everything(engine)
    with begin(engine) as conn:
        write(conn, "DELETE FROM account")
        write(conn, "DELETE FROM account_owner")
        insert_frame(conn, Account, rows)
        insert_frame(conn, AccountOwner, TIMES)
    assert everything(engine) == beside


def everything(engine) -> list[tuple]:
    with engine.connect() as conn:
        tables = ("SELECT * FROM account ORDER BY id", "SELECT * FROM account_owner ORDER BY id")
        return [tuple(row) for query in tables for row in conn.exec_driver_sql(query)]


def test_a_lock_that_is_held_is_told_and_the_next_transaction_works(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'one.db'}")
    upgrade(engine)
    with closing(SideWriter(engine)) as side:
        side.write("PRAGMA busy_timeout = 50", {})
        with begin(engine), pytest.raises(WriteFailed) as told, side.transaction():
            pass
        assert told.value.code == "SQLITE_BUSY"
        with side.transaction() as conn:
            insert_frame(conn, Account, accounts(2))
    assert [one for one, _ in stored(engine)] == [2]


ANSWER = """
SELECT id, key, name, CAST(:word AS TEXT) AS word, id > 2 AS more, 1.5 * id AS amount, CAST(NULL AS TEXT) AS untold,
'' AS blank, '5' AS digits FROM account WHERE name <> '%' ORDER BY id
"""
WORDS = ["引号\"'", "逗号,换行\n第二行", "\\N", "NULL", "a\tb", "  空格 ", "t", "007"]


@pytest.mark.parametrize("word", [WORDS[1], ""], ids=["told", "blank"])
def test_a_transaction_reads_what_a_plain_connection_reads(engine, side, word):
    given = pd.DataFrame({"id": range(1, 9), "key": [f"k{one}" for one in range(1, 9)], "name": WORDS})
    with begin(engine) as conn:
        insert_frame(conn, Account, given)
        insert_frame(conn, AccountOwner, TIMES)
    times = "SELECT id, since, until, account_id FROM account_owner WHERE :word <> '' OR id > 0 ORDER BY id"
    for query in (ANSWER, times, ANSWER.replace("ORDER", "AND 1 = 0 ORDER")):
        with engine.connect() as conn:
            plain = read_frame(conn, query, word=word)
        with side.transaction() as conn:
            read = read_frame(conn, query, word=word)
        assert read.columns.tolist() == plain.columns.tolist()
        kinds = [name for name in plain if len(plain) and plain[name].notna().any()]
        pd.testing.assert_frame_equal(read[kinds], plain[kinds])
        pd.testing.assert_frame_equal(read, plain, check_dtype=False)
