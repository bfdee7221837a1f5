"""Bulk rows, ids and the guards of the database, on both databases."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import Account, AccountOwner, Base, Batch
from models.db import (
    begin,
    insert_frame,
    is_newest,
    look_up,
    read_frame,
    take_ids,
    take_numbers,
    update_frame,
    upgrade,
)


def accounts(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"id": range(1, len(names) + 1), "key": list(names), "name": list(names)})


def test_the_migrations_make_the_tables_that_the_models_say(engine):
    found = inspect(engine)
    for table in Base.metadata.sorted_tables:
        columns = {column["name"] for column in found.get_columns(table.name)}
        assert columns == set(table.columns.keys())


def test_upgrading_twice_changes_nothing(engine):
    upgrade(engine)
    assert inspect(engine).has_table("lead")
    assert is_newest(engine)


def test_older_tables_are_told_from_the_newest(engine):
    with begin(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert not is_newest(engine)


def test_rows_come_back_as_they_were_put_in(engine):
    at = pd.Timestamp("2024-03-15 06:05:07.000008")
    rows = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "account_id": [1, 1, 2],
            "person": ['a"b,c', "王\n五", "x;y"],
            "since": [at, at, pd.Timestamp("2024-01-01")],
            "until": [pd.NaT, pd.NaT, at],
            "why": ["", "A-1", "é"],
        }
    ).astype({"since": "datetime64[us]", "until": "datetime64[us]"})
    with begin(engine) as conn:
        insert_frame(conn, Account, accounts("甲", "乙"))
        rows.loc[1, "until"] = at
        insert_frame(conn, AccountOwner, rows)
    with engine.connect() as conn:
        found = conn.execute(select(AccountOwner).order_by(AccountOwner.id)).all()
    assert [row.person for row in found] == ['a"b,c', "王\n五", "x;y"]
    assert [row.why for row in found] == ["", "A-1", "é"]
    assert found[0].since == datetime(2024, 3, 15, 6, 5, 7, 8, tzinfo=UTC)
    assert found[0].until is None


def test_a_company_has_one_live_owner(engine):
    with begin(engine) as conn:
        insert_frame(conn, Account, accounts("甲"))
    owner = {"account_id": 1, "person": "p", "since": datetime.now(UTC), "why": "A"}
    with pytest.raises(IntegrityError), begin(engine) as conn:
        conn.execute(AccountOwner.__table__.insert(), [{"id": 1, **owner}, {"id": 2, **owner}])


def test_the_event_log_refuses_change_and_removal(engine):
    with begin(engine) as conn:
        conn.execute(text("INSERT INTO contact (id) VALUES (1)"))
        conn.execute(
            text(
                "INSERT INTO lead (id, number, contact_id, origin_id, opened_at, status, rows, verdict, verdict_rule,"
                " reasons, need_state, budget_state, chain_state, urgency_state, title_state) VALUES"
                " (1, 'XL1', 1, 1, '2024-01-01 00:00:00', 'new', 1, 'valid', 'S', '', '', '', '', '', '')"
            )
        )
        conn.execute(
            text(
                "INSERT INTO lead_event (id, lead_id, at, recorded_at, kind, actor, rules_version, status, verdict,"
                " verdict_rule, reasons, contact_id, facts) VALUES (1, 1, '2024-01-01 00:00:00', '2024-01-01 00:00:00',"
                " 'intake', 'x', 'v', 'new', 'valid', 'S', '', 1, '')"
            )
        )
    for statement in ("UPDATE lead_event SET kind = 'x'", "DELETE FROM lead_event"):
        with pytest.raises(DBAPIError, match="append only"), begin(engine) as conn:
            conn.execute(text(statement))


def test_ids_and_numbers_go_on_where_they_stopped(engine):
    with begin(engine) as conn:
        first = take_ids(conn, "lead", 3)
        assert take_numbers(conn, "XL202403", 2).tolist() == [1, 2]
    with begin(engine) as conn:
        assert take_ids(conn, "lead", 2)[0] == first[-1] + 1
        assert take_numbers(conn, "XL202403", 1).tolist() == [3]


def test_a_rolled_back_number_is_given_again(engine):
    with begin(engine) as conn:
        take_numbers(conn, "XL202403", 5)
        conn.rollback()
    with begin(engine) as conn:
        assert take_numbers(conn, "XL202403", 1).tolist() == [1]


def test_updates_touch_only_the_named_rows_and_can_set_nothing(engine):
    with begin(engine) as conn:
        insert_frame(conn, Account, accounts("甲", "乙", "丙").assign(region="r"))
        update_frame(conn, Account, pd.DataFrame({"id": [1, 3], "region": ["上海", None]}))
        found = read_frame(conn, "SELECT region FROM account ORDER BY id")
    assert found["region"].fillna("-").tolist() == ["上海", "r", "-"]


def test_look_ups_keep_large_numbers_exact(engine):
    big = 2**62 + 1
    with begin(engine) as conn:
        found = look_up(conn, pd.Series([big, -big]), "BIGINT", "SELECT key FROM wanted ORDER BY key")
    assert found["key"].tolist() == [-big, big]


def test_the_same_content_is_one_batch(engine):
    batch = {"channel": "c", "file": "f", "content_hash": "h", "layout": "{}", "state": "open", "rules_version": "v"}
    times = {"received_at": datetime.now(UTC), "as_of": datetime.now(UTC)}
    with pytest.raises(IntegrityError), begin(engine) as conn:
        conn.execute(
            Batch.__table__.insert(),
            [{"id": at, "chunks": 0, "chunk_rows": 1, "rows": 0, "counts": "{}", **batch, **times} for at in (1, 2)],
        )
