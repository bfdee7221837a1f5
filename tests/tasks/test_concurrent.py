"""Several workers at once on PostgreSQL: whoever read what another changes meanwhile starts anew."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.audit import audit
from models.db import begin, make_engine, read_frame, take_turn, upgrade
from models.side import SideWriter
from tasks.orders import Order
from tasks.pool import ClaimRefused, claim, give_back
from tests.prepared import AS_OF, CONFIG, lead, leads_as_sets, outcomes, settle

pytestmark = pytest.mark.postgres
# whoever of this database waits for a lock of another
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
ZHANG = {"company": "甲厂", "name": "张伟", "mobile": "13800000001", "mail": "z@x.cn"}
LI = {"company": "乙厂", "name": "李四", "mail": "li@b.cn"}


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    made = make_engine(postgres_url)
    upgrade(made)
    yield made
    with made.connect() as conn:
        assert audit(conn) == []
    made.dispose()


@contextmanager
def nobody_goes_on(engine: Engine) -> Iterator[Callable[..., Future[Any]]]:
    """Start workers that have read all they need, and wait for each other, before the first of them writes."""
    asked: list[Future[Any]] = []
    with ThreadPoolExecutor() as workers:
        with begin(engine) as conn, engine.connect() as watch:
            take_turn(conn)

            def start(*rows: dict[str, Any], **said: Any) -> Future[Any]:
                asked.append(workers.submit(settle, engine, *rows, **said))
                while watch.execute(text(_WAITING)).scalar_one() < len(asked):
                    # one that has failed will never wait
                    assert not asked[-1].done() or asked[-1].result()
                    watch.rollback()
                return asked[-1]

            yield start
        for one in asked:
            one.result()


def test_two_rows_of_one_lead_by_different_keys_both_count(engine):
    settle(engine, ZHANG)
    with nobody_goes_on(engine) as start:
        start({"company": "丙厂", "name": "张总", "contact_key": None, "mobile": ZHANG["mobile"]}, file="b.csv")
        latest = {"budget_min": 500_000.0, "budget_max": 600_000.0, "at": "2024-03-14"}
        start({"company": "丁厂", "contact": "张总", "mail": ZHANG["mail"], **latest}, file="c.csv")
    made = lead(engine, "XL202403001")
    assert (made["rows"], made["budget_min"]) == (3, 500_000.0)


def test_a_lead_that_ends_by_a_join_is_not_opened_again_by_a_row_that_was_on_its_way(engine):
    settle(engine, ZHANG, LI)
    with nobody_goes_on(engine) as start:
        start({"company": "丙厂", "name": "王五", "mobile": ZHANG["mobile"], "mail": LI["mail"]}, file="b.csv")
        start({**LI, "title": "厂长"}, file="c.csv")
    assert lead(engine, "XL202403002")["status"] == "joined"
    assert {number for _, number in outcomes(engine)} == {"XL202403001"}


def test_rows_of_one_name_at_one_company_that_come_at_once_are_one_lead(engine):
    with nobody_goes_on(engine) as start:
        start({"company": "甲厂", "name": "张伟", "mobile": ZHANG["mobile"]}, file="b.csv")
        start({"company": "甲厂", "name": "张伟", "mail": ZHANG["mail"]}, file="c.csv")
        start({"company": "甲厂", "name": "张伟"}, file="d.csv")
    assert len(leads_as_sets(engine)) == 1
    assert {number for _, number in outcomes(engine)} == {"XL202403001"}


def test_rows_of_one_number_that_come_at_once_are_one_lead(engine):
    with nobody_goes_on(engine) as start:
        start({"company": "甲厂", "name": "张伟", "mobile": ZHANG["mobile"]}, file="b.csv")
        start({"company": "乙厂", "name": "张玮", "mobile": ZHANG["mobile"]}, file="c.csv")
    assert len(leads_as_sets(engine)) == 1


def test_workers_whose_writes_go_beside_them_never_wait_for_each_other_in_a_circle(engine):
    sides = [SideWriter(engine), SideWriter(engine)]
    try:
        with nobody_goes_on(engine) as start:
            for place, side in enumerate(sides):
                start(
                    {**ZHANG, "title": f"厂长{place}"}, {**LI, "need": f"第{place}条"}, file=f"{place}.csv", side=side
                )
    finally:
        for side in sides:
            side.close()
    assert [lead(engine, f"XL20240300{at}")["rows"] for at in (1, 2)] == [2, 2]


def test_of_two_who_claim_a_lead_at_once_one_gets_it(engine):
    settle(engine, ZHANG | {"chain_state": "complete", "urgency_state": "urgent"})
    owner = lead(engine, "XL202403001")["owner"]
    then = AS_OF + timedelta(hours=1)
    give_back(engine, "XL202403001", CONFIG, Order(owner, "区域调整", then, then, "Asia/Shanghai"))
    people = [one.id for one in CONFIG.roster.people if one.role in ("supervisor", "senior") and one.id != owner]
    gate = Barrier(len(people))

    def claimed(person: str) -> str | None:
        gate.wait(30)
        order = Order(person, "", then + timedelta(hours=1), then + timedelta(hours=1), "Asia/Shanghai")
        try:
            return claim(engine, "XL202403001", CONFIG, order).owner
        except ClaimRefused as refused:
            return None if refused.code == "owned" else refused.code

    with ThreadPoolExecutor(len(people)) as workers:
        got = list(workers.map(claimed, people))
    assert [one for one in got if one] == [lead(engine, "XL202403001")["owner"]]


def test_who_met_nobody_has_nothing_to_ask(engine):
    settle(engine, ZHANG)
    settle(engine, LI, file="b.csv")
    with engine.connect() as conn:
        turns = read_frame(conn, "SELECT value FROM counter WHERE name = 'turns'")
    assert turns["value"].tolist() == [2]
