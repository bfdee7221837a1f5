"""What becomes of stored leads: the worked example, ends, returns, grades and owners, nights, and a check of it all."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from models.audit import audit
from models.db import read_frame
from tasks.closing import Closed, close
from tasks.explain import explain
from tasks.follow_ups import FollowUpError
from tasks.nightly import run_nightly
from tasks.orders import Order, OrderError
from tasks.pool import claim
from tasks.quality import measure
from tasks.rebuild import check, rebuild
from tasks.review_activity import read_activity
from tasks.rules.reviews.kept import Habits, patterns
from tasks.rules.reviews.spans import read_span
from tests.tasks.promised import CONFIG, FIRST, SETTINGS, ZHANG, A, arrive, at, clocks, follow_up, say, sweep_at

DEAL = {
    "contract_number": "HT-1", "contract_on": "2024-04-10", "contract_amount": 250_000.0, "first_payment": 75_000.0,
}  # fmt: skip


def night(engine: Engine, on: str, **said: Any) -> dict[str, int]:
    kept = run_nightly(engine, CONFIG, SETTINGS, at(on), recorded_at=at(on), **said)
    return {name: count for name, count in kept.counts.items() if count}


def end(engine: Engine, on: str, result: str, number: str = FIRST, **deal: Any) -> Closed:
    order = Order("hanzhiyuan", str(deal.get("lost_reason", "")), at(on), at(on), "Asia/Shanghai")
    return close(engine, number, result, deal, CONFIG, order)


def lead(engine: Engine, number: str = FIRST) -> dict[str, Any]:
    with engine.connect() as conn:
        found = read_frame(conn, "SELECT * FROM lead WHERE number = :number", number=number)
    return found.astype("object").where(found.notna(), None).iloc[0].to_dict()


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as conn:
        found = read_frame(conn, query)
    return list(found.astype("object").where(found.notna(), None).itertuples(index=False, name=None))


def sound(engine: Engine, on: str) -> None:
    """All that is stored follows from the facts, now and as the log tells it, and the tables agree with each other."""
    for past in (False, True):
        found = check(engine, CONFIG, SETTINGS, at(on), past=past)
        assert (found.differ, found.waiting) == ([], 0)
    with engine.connect() as conn:
        assert audit(conn) == []


def state_of(engine: Engine) -> dict[str, Any]:
    return dict(explain(engine, FIRST, CONFIG).data["state"])


def test_the_worked_example_comes_out_as_its_sheets(engine: Engine) -> None:
    arrive(engine, {**ZHANG, "company": "示例制造有限公司"}, on="2024-03-15T10:00")
    assert lead(engine)["grade"] == "B"
    say(engine, "2024-03-15T16:00", verified=True, verdict="valid")
    assert state_of(engine)["phase"] == "待跟进"
    follow_up(
        engine, "2024-03-18T15:00", objection="担心生产效率提升不明显", result="方案沟通中", next_action="发送案例",
        next_at="2024-03-20T18:00", summary="客户担心生产效率提升不明显",
    )  # fmt: skip
    assert state_of(engine)["phase"] == "方案沟通中"
    follow_up(engine, "2024-03-22T10:00", method="线上演示", summary="演示认可，预算审批待确认")
    found = state_of(engine)
    assert (found["phase"], found["stage"], found["tier"]) == ("方案沟通中", "方案设计", "意向")
    follow_up(engine, "2024-03-25T10:00", method="邮件", milestone="报价", summary="报价")
    found = state_of(engine)
    assert (found["phase"], found["stage"], found["probability"]) == ("待客户确认", "商务谈判", 30.0)
    assert night(engine, "2024-03-26T01:30") == {}
    assert rows(engine, "SELECT stage, place FROM stage_entry WHERE until IS NULL ORDER BY place") == [
        ("线索获取", 0), ("方案设计", 2), ("商务谈判", 3),
    ]  # fmt: skip
    assert len(explain(engine, FIRST, CONFIG).text.splitlines()) <= 45
    sound(engine, "2024-03-26T02:00")


def test_a_silent_customer_is_paused_then_lost_and_each_change_has_its_event(engine: Engine) -> None:
    arrive(engine, ZHANG)
    follow_up(engine, "2024-03-18T10:00", outcome="not_reached")
    follow_up(engine, "2024-03-19T10:00", outcome="not_reached", summary="再次未接")
    assert lead(engine)["pause_kind"] == "reactivate"
    assert clocks(engine, "K-CADENCE").iloc[-1]["due_at"] is None
    assert night(engine, "2024-04-19T01:30") == {}
    sweep_at(engine, "2024-04-19T11:00")
    # the pause ended at ten: cadence, stall and the 30 days began anew then
    assert night(engine, "2024-04-20T01:30") == {"looked_at": 1, "changed": 1, "resumed": 1}
    assert clocks(engine, "K-SILENCE").iloc[-1]["due_at"] == "2024-05-19T10:00"
    assert night(engine, "2024-05-04T01:30")["downgraded"] == 1
    # its new owner has 30 days of his own
    assert night(engine, "2024-05-20T01:30") == {}
    assert night(engine, "2024-06-04T01:30")["lost"] == 1
    found = lead(engine)
    assert (found["status"], found["tier"], found["phase"]) == ("lost", "流失", "lost")
    told = rows(engine, "SELECT result, reason, actor FROM outcome")
    assert told == [("lost", "长期无回应", "leadflow")]
    rules = [row[0] for row in rows(engine, "SELECT facts FROM lead_event WHERE kind = 'state' ORDER BY id")]
    named = [one.split("|")[0].removeprefix("rule=") for one in rules]
    assert list(dict.fromkeys(named)) == ["L-FOLLOW", "L-SILENT2", "L-STALL-B", "L-LOST-SILENT"]
    with pytest.raises(FollowUpError, match="closed"):
        follow_up(engine, "2024-06-04T10:00")
    sound(engine, "2024-06-04T11:00")


def test_what_nobody_tried_goes_to_the_pool_and_the_next_owner_has_his_time(engine: Engine) -> None:
    arrive(engine, ZHANG)
    owner = lead(engine)["owner"]
    assert night(engine, "2024-04-14T01:30") == {}
    assert night(engine, "2024-04-15T01:30")["pool"] == 1
    found = lead(engine)
    assert (found["status"], found["owner"], found["owner_rule"]) == ("pool", None, "L-NEGLECT")
    assert rows(engine, "SELECT person FROM assignment WHERE until IS NOT NULL") == [(owner,)]
    assert clocks(engine, "K-POOL").iloc[-1]["ended_at"] is None
    later = at("2024-04-18T10:00")
    claim(engine, FIRST, CONFIG, Order("tangyue", "", later, later, "Asia/Shanghai"))
    assert lead(engine)["status"] == "owned"
    assert clocks(engine, "K-POOL").iloc[-1]["ending"] == "met"
    assert night(engine, "2024-05-18T01:30") == {}
    sound(engine, "2024-05-18T02:00")


@pytest.mark.each_database
def test_what_nobody_tried_counts_against_its_owner_and_what_goes_along_does_not(engine: Engine) -> None:
    other = {**ZHANG, "name": "李四", "mobile": "13800002222"}
    arrive(engine, ZHANG, other, on="2024-03-01T09:00")
    owner = lead(engine)["owner"]
    assert lead(engine, "XL202403002")["owner"] == owner
    # somebody calls the second one; it goes along all the same
    follow_up(engine, "2024-03-25T10:00", number="XL202403002", by=owner)
    assert night(engine, "2024-04-02T01:30")["pool"] == 1
    assert lead(engine, "XL202403002")["status"] == "pool"
    zone = SETTINGS.zone
    with engine.connect() as conn:
        [found] = measure(conn, CONFIG.rules, zone, at("2024-04-03T10:00"), ("team",)).neglected.to_dict("records")
        assert measure(conn, CONFIG.rules, zone, at("2024-04-01T10:00"), ("team",)).neglected.empty
        assert measure(conn, CONFIG.rules, zone, at("2024-04-03T10:00"), ("team",), "2024-03").neglected.empty
        assert len(measure(conn, CONFIG.rules, zone, at("2024-04-03T10:00"), ("team",), "2024-04").neglected) == 1
        assert measure(conn, CONFIG.rules, zone, at("2024-04-03T10:00"), ("team",), None, "expo").neglected.empty
        april = read_span("monthly", "2024-04")
        activity = read_activity(conn, april, at("2024-04-30T10:00"), "Asia/Shanghai", CONFIG)
        facts = pd.DataFrame({"lead_id": activity.pool["lead_id"], "owner": "", "result": "open", "system": ""})
        facts["created_on"] = pd.Timestamp("2024-03-01")
        shown = patterns(facts, activity, april, Habits.of(CONFIG.rules)).query("pattern == 'neglected'")
    assert (found["person"], found["leads"], found["numbers"]) == (owner, 1, FIRST)
    assert shown[["by", "value", "leads"]].iloc[[0, -1]].to_numpy().tolist() == [["all", "", 1], ["person", owner, 1]]
    sound(engine, "2024-04-02T02:00")


def test_a_win_is_archived_cared_for_and_its_customer_comes_back_as_a_new_cycle(engine: Engine) -> None:
    arrive(engine, ZHANG)
    follow_up(engine, "2024-04-08T10:00", summary="谈妥")
    with pytest.raises(OrderError, match="first_payment"):
        end(engine, "2024-04-10T10:00", "won", **{**DEAL, "first_payment": None})
    closed = end(engine, "2024-04-10T10:00", "won", **DEAL)
    assert (closed.status, closed.missing) == ("won", ("requirement",))
    assert {one["policy"] for one in clocks(engine).to_dict("records") if one["ended_at"] is None} == {
        "K-ARCHIVE", "K-CARE",
    }  # fmt: skip
    assert rows(engine, "SELECT result, amount, contract_number FROM outcome") == [("won", 250_000.0, "HT-1")]
    follow_up(engine, "2024-05-06T10:00", milestone="需求确认", summary="回访")
    assert clocks(engine, "K-CARE").iloc[-1]["due_at"] == "2024-06-05T10:00"
    assert clocks(engine, "K-ARCHIVE").iloc[-1]["ended_at"] is not None
    assert night(engine, "2024-05-11T01:30")["changed"] == 1
    assert lead(engine)["stage"] == "维护"
    arrive(engine, ZHANG, on="2024-06-01T10:00", file="again.csv")
    numbers = rows(engine, "SELECT number, status, contact_id, account_id FROM lead ORDER BY id")
    assert [row[1] for row in numbers] == ["won", "owned"]
    assert numbers[0][2:] == numbers[1][2:]
    assert rows(engine, "SELECT customer_number FROM account") == [("QT2024001",)]
    sound(engine, "2024-06-01T11:00")


def test_an_end_is_corrected_and_the_earlier_word_stays(engine: Engine) -> None:
    arrive(engine, ZHANG)
    follow_up(engine, "2024-04-08T10:00")
    assert end(engine, "2024-04-10T10:00", "lost").reason == "未填"
    assert lead(engine)["missing"] == "lost_reason"
    end(engine, "2024-04-11T10:00", "lost", lost_reason="价格", competitor="某某自动化")
    assert lead(engine)["missing"] == ""
    live = "SELECT result, reason, competitor FROM outcome WHERE until IS NULL"
    assert rows(engine, live) == [("lost", "价格", "某某自动化")]
    end(engine, "2024-04-12T10:00", "won", **DEAL)
    assert rows(engine, live)[0][0] == "won"
    assert len(rows(engine, "SELECT id FROM outcome")) == 3
    sound(engine, "2024-04-12T11:00")


def test_owner_and_clocks_follow_the_grade_down_and_up(engine: Engine) -> None:
    arrive(engine, {**ZHANG, "urgency_state": "urgent"})
    assert lead(engine)["grade"] == "B"
    follow_up(engine, "2024-03-18T10:00")
    assert night(engine, "2024-04-02T01:30")["downgraded"] == 1
    found = lead(engine)
    roles = {person.id: person.role for person in CONFIG.roster.people}
    assert (found["grade"], found["grade_rule"], roles[found["owner"]]) == ("C", "L-STALL-B", "assistant")
    assert (found["status"], found["phase"]) == ("in_progress", "ST-NEED")
    follow_up(engine, "2024-04-08T10:00", confirmed="chain", summary="决策链清楚了")
    found = lead(engine)
    assert (found["grade"], found["grade_rule"], roles[found["owner"]]) == ("A", "L-CONFIRMED", "supervisor")
    running = clocks(engine, "K-CADENCE").iloc[-1]
    assert running["target"] == "3 working_days week 4 2024-04-08"
    sound(engine, "2024-04-08T11:00")


def test_a_persons_tier_and_stage_stand_until_a_new_fact(engine: Engine) -> None:
    arrive(engine, ZHANG)
    follow_up(engine, "2024-03-18T10:00")
    say(engine, "2024-03-19T10:00", tier="高意向", stage="商务谈判")
    found = lead(engine)
    assert (found["tier"], found["tier_rule"], found["stage"]) == ("高意向", "L-PERSON", "商务谈判")
    follow_up(engine, "2024-03-20T10:00", milestone="合同草案", summary="合同")
    found = lead(engine)
    assert (found["tier"], found["stage"], found["stage_rule"]) == ("意向", "合同签订", "ST-CONTRACT")
    sound(engine, "2024-03-20T11:00")


def test_a_changed_chain_is_told_to_the_team_within_the_hour(engine: Engine) -> None:
    arrive(engine, ZHANG)
    follow_up(engine, "2024-03-18T10:00", risk="联系人离职")
    swept = sweep_at(engine, "2024-03-18T11:00")
    told = {(step["policy"], step["kind"]) for step in swept.steps}
    assert ("K-CHANGE", "reminder") in told
    follow_up(engine, "2024-03-18T14:00", confirmed="决策链", summary="新的联系人")
    assert clocks(engine, "K-CHANGE").iloc[-1]["ending"] == "met"


def test_two_leads_that_are_joined_in_mid_cycle_go_on_as_one(engine: Engine) -> None:
    arrive(engine, ZHANG, {"company": "甲公司", "name": "李四", "mobile": "13800002222"})
    follow_up(engine, "2024-03-18T10:00", milestone="报价")
    follow_up(engine, "2024-03-19T10:00", number="XL202403002", summary="另一人", confirmed="budget|decider|date")
    both = {
        "company": "甲公司",
        "name": "张三",
        "mobile": "13800001111",
        "phone2": "13800002222",
        "phone2_kind": "mobile",
    }
    arrive(engine, both, on="2024-03-20T10:00", file="both.csv")
    found = lead(engine)
    assert (lead(engine, "XL202403002")["status"], found["tier"], found["stage"]) == ("joined", "高意向", "商务谈判")
    sound(engine, "2024-03-20T11:00")


def test_a_night_twice_and_one_that_only_looks_change_nothing_more(engine: Engine) -> None:
    arrive(engine, ZHANG, {**A, "company": "乙公司", "name": "李四", "mobile": "13800002222"})
    follow_up(engine, "2024-03-18T10:00")
    foreseen = night(engine, "2024-04-02T01:30", keep=False)
    assert foreseen["downgraded"] == 1
    assert lead(engine)["grade"] == "B"
    before = rows(engine, "SELECT count(*) FROM lead_event")
    assert night(engine, "2024-04-02T01:30") == foreseen
    events = rows(engine, "SELECT count(*) FROM lead_event")
    assert events > before
    assert night(engine, "2024-04-02T01:30") == {}
    assert rebuild(engine, CONFIG, SETTINGS, at("2024-04-02T01:30")).counts["changed"] == 0
    assert rows(engine, "SELECT count(*) FROM lead_event") == events


def test_a_column_that_was_changed_by_hand_is_found_and_mended(engine: Engine) -> None:
    arrive(engine, ZHANG)
    follow_up(engine, "2024-03-18T10:00")
    with engine.begin() as conn:
        conn.execute(text("UPDATE lead SET tier = '高意向'"))
    [found] = check(engine, CONFIG, SETTINGS, at("2024-03-18T11:00")).differ
    assert found == {"number": FIRST, "column": "tier", "stored": "高意向", "state": "潜在"}
    rebuild(engine, CONFIG, SETTINGS, at("2024-03-18T11:00"))
    sound(engine, "2024-03-18T11:00")


def test_a_company_has_its_number_from_its_first_valid_lead_on(engine: Engine) -> None:
    hangzhou = {"company": "国家电网杭州公司", "name": "王五", "mobile": "13800003333", "region": "浙江省杭州市"}
    unsure = {"company": "乙公司", "name": "赵六", "mobile": "13800004444", "region": "上海市", "budget_max": None,
              "budget_min": None, "industry": None}  # fmt: skip
    arrive(engine, hangzhou, {**ZHANG, "region": "杭州"}, unsure)
    told = "SELECT name, customer_number, tags FROM account ORDER BY id"
    assert rows(engine, told)[:2] == [("国家电网杭州公司", "HZ2024001", "国企"), ("甲公司", "HZ2024002", None)]
    assert rows(engine, told)[2][1] is None
    say(engine, "2024-03-18T10:00", number="XL202403003", verified=True, verdict="valid")
    assert rows(engine, told)[2][1] == "SH2024001"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"contract_amount": float("nan")}, "contract_amount"), ({"contract_amount": float("inf")}, "contract_amount"),
        ({"first_payment": -1.0}, "first_payment"), ({"contract_on": "2027-11-20"}, "contract_on"),
        ({"contract_on": "1800-01-01"}, "contract_on"), ({"contract_number": " "}, "contract_number"),
        ({"competitor": "某" * 4_001}, "competitor"), ({"first_payment": 250_000.01}, "first_payment"),
    ],
)  # fmt: skip
def test_a_sum_that_is_none_and_a_day_to_come_close_nothing(engine: Engine, said: dict[str, Any], named: str) -> None:
    arrive(engine, A)
    with pytest.raises(OrderError, match=named):
        end(engine, "2024-04-12T10:00", "won", **(DEAL | said))
    assert rows(engine, "SELECT value FROM judgement") == []
