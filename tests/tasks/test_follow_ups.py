"""What a follow-up says is stored as it was said, moves its lead, and is refused with all that is wrong at once."""

from datetime import date

import pandas as pd
import pytest
from sqlalchemy import Engine, select

from models import FollowUp
from tasks.closing import close
from tasks.follow_ups import FollowUpError
from tasks.objections import open_objections
from tasks.orders import Order, OrderError
from tests.prepared import lead
from tests.tasks.promised import CONFIG, FIRST, A, arrive, at, clock, follow_up

KEEN = {"confirmed": "need|决策人、budget，date|offer", "stage": "方案设计", "probability": 75.0, "amount": 250_000.0,
        "obstacle": "技术部待评估", "close_on": date(2024, 5, 31)}  # fmt: skip
CONTRACT = {"contract_number": "HT-1", "contract_on": date(2024, 3, 18), "contract_amount": 240_000.0,
            "first_payment": 72_000.0, "first_payment_on": date(2024, 3, 18)}  # fmt: skip


def test_every_field_is_stored_as_it_was_said(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", **KEEN, **CONTRACT)
    with engine.connect() as conn:
        [row] = conn.execute(select(FollowUp.__table__)).mappings()
    assert {name: row[name] for name in KEEN | CONTRACT} == KEEN | CONTRACT


def test_what_the_customer_confirmed_makes_the_tier_and_a_contract_with_payment_the_win(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", **KEEN)
    found = lead(engine, FIRST)
    assert (found["tier"], found["stage"], found["probability"]) == ("高意向", "方案设计", 75.0)
    follow_up(engine, "2024-03-18T15:00", **{**CONTRACT, "first_payment": None})
    assert lead(engine, FIRST)["status"] == "in_progress", "no payment, no win"
    follow_up(engine, "2024-03-18T16:00", first_payment=72_000.0)
    found = lead(engine, FIRST)
    assert (found["status"], found["tier"]) == ("won", "成交")


def test_a_refusal_with_its_reason_loses_it(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", lost_reason="价格偏高", competitor="某某自动化")
    assert (lead(engine, FIRST)["status"], lead(engine, FIRST)["tier"]) == ("lost", "流失")


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_stored(engine: Engine) -> None:
    arrive(engine, A)
    with pytest.raises(FollowUpError) as told:
        follow_up(
            engine, "2024-03-18T10:00", confirmed="need|乱写", stage="不存在", probability=120.0, amount=-5.0,
            contract_amount=1.0, first_payment=2.0, contract_on=date(2030, 1, 1), pause_kind="never",
            close_on=date(2099, 1, 1),
        )  # fmt: skip
    for part in ("stage", "'乱写'", "probability", "amount", "first_payment", "contract_on", "'never'", "close_on"):
        assert part in str(told.value)
    with engine.connect() as conn:
        assert conn.execute(select(FollowUp.id)).all() == []


def test_each_fault_names_its_field_and_no_free_text(engine: Engine) -> None:
    arrive(engine, A)
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T10:00", summary=" ", next_action="寄样品给张三", by="nobody", probability=-1.0)
    found = {(one.field, one.code) for one in told.value.faults}
    assert found == {("summary", "blank"), ("next_at", "both"), ("person", "nobody"), ("probability", "percent")}
    assert "张三" not in str(told.value)
    assert {one.said("zh_CN") for one in told.value.faults if one.field == "summary"} == {"请填写"}


def test_leads_that_take_no_record_are_named_with_the_reason(engine: Engine) -> None:
    arrive(engine, A)
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T10:00", number="XL209901999")
    assert [(one.field, one.code) for one in told.value.faults] == [("number", "no_lead")]
    follow_up(engine, "2024-03-18T10:00", lost_reason="价格偏高")
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T11:00")
    assert [(one.field, one.code) for one in told.value.faults] == [("number", "closed")]


def test_the_same_again_is_known_and_another_content_under_it_is_refused(engine: Engine) -> None:
    arrive(engine, A)
    said = {"next_action": "发报价", "next_at": "2024-03-20T10:00", "amount": 250_000.0, "close_on": date(2024, 5, 31)}
    assert not follow_up(engine, "2024-03-18T10:00", **said).before
    assert follow_up(engine, "2024-03-18T10:00", recorded="2024-03-18T12:00", **said).before
    for other in (
        {"amount": 300_000.0},
        {"next_at": "2024-03-21T10:00"},
        {"outcome": "not_reached"},
        {"risk": "停产"},
        {"answer": "分期付款"},
        {"settled": "yes"},
        {"category": "价格"},
    ):
        with pytest.raises(FollowUpError) as told:
            follow_up(engine, "2024-03-18T10:00", **{**said, **other})
        assert [(one.field, one.code) for one in told.value.faults] == [("at", "differs")], other
    with engine.connect() as conn:
        assert len(conn.execute(select(FollowUp.id)).all()) == 1


def test_an_objection_that_is_told_only_the_second_time_is_not_lost_unsaid(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00")
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T10:00", objection="太贵")
    assert [(one.field, one.code) for one in told.value.faults] == [("at", "differs")]
    assert not follow_up(engine, "2024-03-18T11:00", objection="太贵").before
    assert follow_up(engine, "2024-03-18T11:00", objection="太贵").before


def test_what_lies_before_any_lead_is_refused(engine: Engine) -> None:
    arrive(engine, A)
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "0002-03-18T10:00", recorded="2024-03-18T10:00", close_on=date(1800, 1, 1))
    assert [(one.field, one.code) for one in told.value.faults] == [("at", "early"), ("close_on", "early")]


def test_a_record_and_a_closing_are_refused_for_the_same(engine: Engine) -> None:
    arrive(engine, A)
    wrong = {"contract_amount": float("nan"), "first_payment": -1.0, "contract_on": date(2030, 1, 1),
             "first_payment_on": date(1980, 1, 1), "competitor": "a\0b", "would_have_helped": "长" * 4001}  # fmt: skip
    codes = {"contract_amount": "yuan", "first_payment": "yuan", "contract_on": "future", "first_payment_on": "early",
             "competitor": "sign", "would_have_helped": "long"}  # fmt: skip
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T10:00", **wrong)
    assert {one.field: one.code for one in told.value.faults} == codes
    said = {name: value.isoformat() if isinstance(value, date) else value for name, value in wrong.items()}
    order = Order("linruoxi", "", at("2024-03-18T10:00"), at("2024-03-18T10:00"), "Asia/Shanghai")
    with pytest.raises(OrderError) as refused:
        close(engine, FIRST, "lost", said, CONFIG, order)
    for one in told.value.faults:
        assert f"{one.field}: {one.said('en')}" in str(refused.value)


def test_what_is_told_late_keeps_and_answers_nothing_that_was_promised_after_it(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-19T10:00", next_action="发报价", next_at="2024-03-21T10:00", support="选型")
    follow_up(engine, "2024-03-19T11:00", objection="价格高")
    late = {"recorded": "2024-03-19T12:00", "answer": "O-PRICE-TOTAL"}
    follow_up(engine, "2024-03-18T10:00", by="raozhipeng", **late)
    assert [clock(engine, policy)["ending"] for policy in ("K-SUPPORT", "K-OBJECTION")] == [None, None]
    [one] = open_objections(engine, lead(engine, FIRST)["id"], CONFIG.rules).astype("object").to_dict("records")
    assert one["answer"] is None or pd.isna(one["answer"])
    # at its own time it does
    follow_up(engine, "2024-03-19T13:00", by="raozhipeng", answer="O-PRICE-TOTAL")
    assert [clock(engine, policy)["ending"] for policy in ("K-SUPPORT", "K-OBJECTION")] == ["met", "met"]
