"""What was known of each lead at a cut-off; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from models import Outcome
from models.db import DatabaseError, begin, insert_frame, read_frame, take_ids
from tasks.judge import Said, judge
from tasks.lead_facts import arrivals, lead_facts, wait_for_writers
from tasks.orders import Order
from tasks.rules.reviews.receipts import receipts
from tasks.rules.reviews.tally import Period, tally, within
from tests.prepared import AS_OF, CONFIG, settle

ZHANG = {
    "company": "甲公司", "name": "张三", "mobile": "13800001111", "source": "行业展会",
    "contact_at": pd.Timestamp("2024-03-10"),
}  # fmt: skip
LI = {"company": "乙公司", "name": "李四", "mobile": "13800002222", "source": "官网表单"}
WANG = {"company": "丙公司", "name": "王五", "mobile": "13800003333", "industry": "餐饮"}
LATER = AS_OF + timedelta(days=30)


def facts(engine: Engine, as_of: datetime = LATER) -> pd.DataFrame:
    with engine.connect() as conn:
        return lead_facts(conn, as_of, "Asia/Shanghai")


def number(engine: Engine, person: str) -> str:
    with engine.connect() as conn:
        query = "SELECT l.number FROM lead l JOIN contact k ON k.id = l.contact_id WHERE k.name = :name"
        return str(read_frame(conn, query, name=person)["number"].iloc[0])


def say(engine: Engine, person: str, at: datetime, *, verified: bool = False, **values: str) -> None:
    order = Order("wujiaqi", "因为", at, at, "Asia/Shanghai")
    judge(engine, Said(number(engine, person), values, verified), CONFIG, order)


def end(engine: Engine, person: str, result: str, at: datetime, recorded_at: datetime | None = None) -> None:
    with begin(engine) as conn:
        lead = read_frame(conn, "SELECT id FROM lead WHERE number = :number", number=number(engine, person))["id"]
        row = {"id": take_ids(conn, "outcome", 1), "lead_id": lead, "result": result, "actor": "wujiaqi"}
        times = {"at": naive(at), "recorded_at": naive(recorded_at or at)}
        insert_frame(conn, Outcome, pd.DataFrame(row | times))


def naive(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment.astimezone(UTC).replace(tzinfo=None))


def test_a_lead_counts_with_what_its_rows_said_and_what_became_of_it(engine: Engine) -> None:
    settle(engine, ZHANG, LI, WANG, file="a.csv")
    end(engine, "张三", "won", AS_OF + timedelta(days=9))
    found = facts(engine).set_index("source")
    assert len(found) == 3
    won = found.loc["行业展会"]
    assert (won["result"], won["verdict"], won["cycle_days"]) == ("won", "valid", 14)
    assert str(won["created_on"])[:10] == "2024-03-15"
    assert str(won["closed_on"])[:10] == "2024-03-24"
    figures = tally(facts(engine), "total", "created").iloc[0]
    assert figures[["leads", "valid", "won", "lost", "open"]].tolist() == [3, 2, 1, 0, 1]
    assert figures["won_of_valid"] == 0.5
    assert set(facts(engine).loc[facts(engine)["result"] == "invalid", "industry"]) == {"餐饮"}


def test_what_was_recorded_later_was_not_known(engine: Engine) -> None:
    settle(engine, ZHANG, file="a.csv")
    end(engine, "张三", "lost", AS_OF + timedelta(days=2), AS_OF + timedelta(days=20))
    settle(engine, {**ZHANG, "source": "电话咨询", "contact_at": pd.Timestamp("2024-03-01")}, file="b.csv", as_of=LATER)
    early = facts(engine, AS_OF + timedelta(days=10)).iloc[0]
    assert (early["result"], early["source"]) == ("open", "行业展会")
    late = facts(engine).iloc[0]
    assert (late["result"], late["source"]) == ("lost", "电话咨询")
    assert facts(engine, AS_OF - timedelta(seconds=1)).empty


def test_the_grade_is_the_first_one_after_verification(engine: Engine) -> None:
    settle(engine, ZHANG, file="a.csv")
    before = facts(engine)["grade"].iloc[0]
    say(engine, "张三", AS_OF + timedelta(days=1), verified=True, verdict="valid", grade="C")
    say(engine, "张三", AS_OF + timedelta(days=5), grade="A")
    assert facts(engine)["grade"].iloc[0] == "C"
    assert facts(engine, AS_OF)["grade"].iloc[0] == before


def test_a_joined_lead_is_no_longer_counted(engine: Engine) -> None:
    settle(engine, ZHANG, {**ZHANG, "mobile": "13800009999", "name": "张三丰"}, file="a.csv")
    assert len(facts(engine)) == 2
    both = {**ZHANG, "phone2": "13800009999", "phone2_kind": "mobile"}
    settle(engine, both, file="b.csv", as_of=AS_OF + timedelta(days=1))
    assert len(facts(engine, AS_OF)) == 2
    assert len(facts(engine)) == 1


def test_an_impossible_win_is_counted_and_bends_no_cycle(engine: Engine) -> None:
    settle(engine, ZHANG, LI, file="a.csv")
    end(engine, "张三", "won", datetime(2024, 3, 1, tzinfo=UTC), AS_OF)
    end(engine, "李四", "won", AS_OF + timedelta(days=3))
    found = facts(engine)
    assert found["impossible"].tolist() == [True, False]
    figures = tally(found, "total", "created").iloc[0]
    assert (figures["won"], figures["cycle_mean_days"]) == (2, 3.0)


@pytest.mark.parametrize(("basis", "month", "leads"), [("created", "2024-03", 2), ("closed", "2024-04", 1)])
def test_a_month_is_that_of_the_basis_in_the_business_zone(engine: Engine, basis: str, month: str, leads: int) -> None:
    settle(engine, ZHANG, LI, file="a.csv", as_of=datetime(2024, 3, 31, 15, 59, tzinfo=UTC))
    end(engine, "张三", "won", datetime(2024, 3, 31, 16, 0, tzinfo=UTC))
    counted = within(facts(engine), basis, Period())  # type: ignore[arg-type]
    figures = tally(counted, "month", basis).iloc[0]  # type: ignore[arg-type]
    assert (figures["value"], figures["leads"]) == (month, leads)


@pytest.mark.each_database
def test_a_cut_off_waits_for_what_is_being_written(engine: Engine) -> None:
    settle(engine, ZHANG, file="a.csv")
    wait_for_writers(engine, datetime.now(UTC))
    with ThreadPoolExecutor(1) as beside, engine.connect() as conn:
        with conn.execution_options(leadflow_write=True).begin():
            conn.execute(text("UPDATE lead SET rows = rows"))
            waiting = beside.submit(wait_for_writers, engine, datetime.now(UTC))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        waiting.result(timeout=30)
    if engine.dialect.name == "postgresql":
        with engine.begin() as conn:
            conn.execute(text("UPDATE lead SET rows = rows"))
            with pytest.raises(DatabaseError, match="still open"):
                wait_for_writers(engine, datetime.now(UTC), patience=0.0)


@pytest.mark.each_database
def test_the_leads_of_a_month_tie_to_the_receipts(engine: Engine) -> None:
    settle(engine, ZHANG, {**ZHANG, "mobile": "13800009999", "name": "张三丰"}, LI, file="a.csv")
    both = {**ZHANG, "phone2": "13800009999", "phone2_kind": "mobile"}
    settle(engine, both, WANG, file="b.csv", as_of=AS_OF + timedelta(days=30))
    with engine.connect() as conn:
        told = receipts(*arrivals(conn, LATER), "Asia/Shanghai", ["2024-03", "2024-04"])
    assert told.set_index("month").loc["2024-03", ["rows", "created", "gone", "leads", "difference"]].tolist() == [
        3, 3, 1, 2, 0,
    ]  # fmt: skip
    assert told["leads"].sum() == len(facts(engine))
    assert told["difference"].tolist() == [0, 0]
