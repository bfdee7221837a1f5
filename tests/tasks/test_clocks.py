"""Clocks follow what happens to leads, in the transaction of it, on both databases."""

import pandas as pd
import pytest

from models.audit import audit
from tasks.judge import Said as Word
from tasks.judge import judge
from tasks.orders import Order
from tests.tasks.promised import FIRST, ZHANG, A, arrive, at, away, clock, clocks, follow_up, say, sweep_at, with_rule

B_GRADE = {**ZHANG, "chain_state": "unknown"}
SECOND = "XL202403002"


def test_a_new_lead_has_its_promises_in_the_transaction_that_makes_it(engine):
    arrive(
        engine, {**A, "created": "2024-03-13"}, {**B_GRADE, "company": "乙", "name": "李四", "mobile": "13800001112"}
    )
    mine = clocks(engine)
    assert mine["policy"].tolist() == ["K-ENTRY", "K-VERIFY", "K-FIRST"]
    first = clock(engine, "K-FIRST")
    assert (first["started_at"], first["due_at"], first["basis"]) == (
        "2024-03-15T10:00",
        "2024-03-18T10:00",
        "official",
    )
    entry = clock(engine, "K-ENTRY")
    # a date without a time is that day's end: one working day after Wednesday is Thursday's end
    assert (entry["due_at"], entry["breached_at"], entry["ending"]) == ("2024-03-14T18:00", "2024-03-14T18:00", "late")
    assert (entry["used_minutes"], entry["over_minutes"]) == (510, 60)
    assert clocks(engine, number=SECOND)["policy"].tolist() == ["K-VERIFY"]


def test_an_invalid_lead_and_one_that_was_closed_have_no_promises(engine):
    arrive(engine, {**A, "junk": "job_seeker|student"})
    running = clocks(engine, number=None)
    assert running[running["ended_at"].isna()]["policy"].tolist() in ([], ["K-VERIFY", "K-FIRST"])
    if len(running):
        say(engine, "2024-03-15T15:00", verdict="invalid", verified=True)
        assert clocks(engine)["ended_at"].notna().all()
        # it was verified: that promise was kept
        assert clock(engine, "K-VERIFY")["ending"] == "met"
        assert clock(engine, "K-FIRST")["ending"] == "void"


def test_verification_stops_its_clock_and_begins_the_cadence(engine):
    arrive(engine, B_GRADE)
    say(engine, "2024-03-18T11:00", verified=True, verdict="valid")
    done = clock(engine, "K-VERIFY")
    assert (done["ending"], done["ended_at"], done["used_minutes"]) == ("met", "2024-03-18T11:00", 510)
    cadence = clock(engine, "K-CADENCE")
    assert (cadence["started_at"], cadence["due_at"]) == ("2024-03-18T11:00", "2024-03-25T18:00")


def test_the_first_contact_stops_what_waited_for_it_and_begins_what_follows(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T15:00")
    assert clock(engine, "K-FIRST")["ending"] == clock(engine, "K-VERIFY")["ending"] == "met"
    assert clock(engine, "K-FIRST")["used_minutes"] == 210
    due = {name: clock(engine, name)["due_at"] for name in ("K-CADENCE", "K-PLAN", "K-STALL")}
    assert due == {"K-CADENCE": "2024-03-20T18:00", "K-PLAN": "2024-03-20T18:00", "K-STALL": "2024-03-29T15:00"}


def test_any_contact_resets_the_cadence_and_only_progress_the_stall(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T15:00")
    follow_up(engine, "2024-03-18T10:00", outcome="not_reached", summary="未接")
    ended, running = clocks(engine, "K-CADENCE").to_dict("records")
    assert (ended["ending"], ended["ended_at"]) == ("met", "2024-03-18T10:00")
    assert (running["started_at"], running["due_at"]) == ("2024-03-18T10:00", "2024-03-21T18:00")
    assert len(clocks(engine, "K-STALL")) == 1
    follow_up(engine, "2024-03-19T10:00", milestone="需求确认", summary="确认")
    assert clocks(engine, "K-STALL")["started_at"].tolist() == ["2024-03-15T15:00", "2024-03-19T10:00"]


def test_a_breach_is_late_when_it_is_kept_at_last(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-18T11:30")
    late = clock(engine, "K-FIRST")
    assert (late["ending"], late["breached_at"], late["over_minutes"]) == ("late", "2024-03-18T10:00", 90)


def test_the_first_contact_of_a_lead_nobody_owns_is_promised_and_survives_a_change_of_owner(engine):
    # nobody of the roster works in this industry and region with this role left
    arrive(engine, A)
    before = clock(engine, "K-FIRST")
    say(engine, "2024-03-15T14:00", owner="gaowenbo")
    after = clock(engine, "K-FIRST")
    assert (after["id"], after["started_at"], after["due_at"]) == (before["id"], before["started_at"], before["due_at"])


def test_a_change_of_grade_aims_anew_and_keeps_the_start(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T15:00")
    say(engine, "2024-03-18T10:00", grade="B")
    cadence = clock(engine, "K-CADENCE")
    assert (cadence["started_at"], cadence["due_at"]) == ("2024-03-15T15:00", "2024-03-22T18:00")
    say(engine, "2024-03-18T11:00", grade="C")
    assert clock(engine, "K-CADENCE")["due_at"] == "2024-03-29T18:00"
    assert len(clocks(engine, "K-CADENCE")) == 1


def test_a_grade_that_comes_and_goes_carries_the_used_time(engine):
    """Elsewhere the used time is lost when the level of service changes: A → B → A would begin anew."""
    arrive(engine, A)
    say(engine, "2024-03-15T15:00", grade="B")
    stands = clock(engine, "K-FIRST")
    assert (stands["paused_at"], stands["due_at"], stands["next_at"]) == ("2024-03-15T15:00", None, None)
    say(engine, "2024-03-18T15:00", grade="A")
    goes_on = clock(engine, "K-FIRST")
    # 210 of 450 minutes were used: 240 are left from Monday 15:00
    assert (goes_on["started_at"], goes_on["due_at"]) == ("2024-03-15T10:00", "2024-03-19T10:00")
    assert goes_on["pauses"] != ""


def test_a_change_of_grade_in_a_pause_loses_no_time(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T15:00")
    follow_up(engine, "2024-03-18T10:00", pause_until="2024-03-20T10:00", summary="客户出差")
    plan = clock(engine, "K-PLAN")
    assert (plan["paused_at"], plan["next_at"], plan["due_at"]) == ("2024-03-18T10:00", "2024-03-20T10:00", None)
    say(engine, "2024-03-19T10:00", grade="B")
    say(engine, "2024-03-20T10:00", grade="A")
    plan = clock(engine, "K-PLAN")
    # two working days in the pause: from Wednesday's end to Friday's
    assert (plan["paused_at"], plan["due_at"]) == (None, "2024-03-22T18:00")


def test_paused_time_is_carried_where_the_grade_changes_during_the_pause(engine, tmp_path):
    targets = "[{when: {grade: A}, within: {working_days: 3}}, {when: {grade: B}, within: {working_days: 5}}]"
    config = with_rule(tmp_path, f"- {{id: K-PLAN, targets: {targets}}}\n")
    arrive(engine, A, config=config)
    follow_up(engine, "2024-03-15T15:00", config=config)
    follow_up(engine, "2024-03-18T10:00", pause_until="2024-03-20T10:00", summary="客户出差", config=config)
    order = Order("linruoxi", "问过客户", at("2024-03-19T11:00"), at("2024-03-19T11:00"), "Asia/Shanghai")
    judge(engine, Word(FIRST, {"grade": "B"}), config, order)
    stands = clock(engine, "K-PLAN")
    assert (stands["paused_at"], stands["next_at"]) == ("2024-03-18T10:00", "2024-03-20T10:00")
    assert (stands["started_at"], stands["target"]) == ("2024-03-15T15:00", "5 working_days")
    sweep_at(engine, "2024-03-20T10:00", config)
    # five working days from Friday's contact, and the two that it stood still
    goes_on = clock(engine, "K-PLAN")
    assert (goes_on["started_at"], goes_on["due_at"]) == ("2024-03-15T15:00", "2024-03-26T18:00")
    follow_up(engine, "2024-03-21T10:00", plan="周五前由林若溪演示", config=config)
    kept = clock(engine, "K-PLAN")
    # Friday 15:00 to 18:00, Monday 9:00 to 10:00, Wednesday from 10:00 on, Thursday 9:00 to 10:00
    assert (kept["ending"], kept["used_minutes"]) == ("met", 180 + 60 + 390 + 60)


def test_a_pause_stops_cadence_and_stall_and_its_end_starts_them_anew(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T15:00", pause_until="2024-04-15T09:00", summary="下月再谈")
    assert {clock(engine, name)["due_at"] for name in ("K-CADENCE", "K-STALL")} == {None}
    assert sweep_at(engine, "2024-04-12T09:00").counts["due"] == 0
    assert sweep_at(engine, "2024-04-15T09:00").counts["resumed"] == 4
    assert clock(engine, "K-CADENCE")["due_at"] == "2024-04-18T18:00"
    assert clock(engine, "K-STALL")["due_at"] == "2024-04-29T09:00"
    assert clock(engine, "K-CADENCE")["started_at"] == "2024-04-15T09:00"


def test_a_contact_ends_a_pause(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T15:00", pause_until="2024-04-15T09:00")
    follow_up(engine, "2024-03-18T10:00", summary="客户来电")
    assert clock(engine, "K-CADENCE")["due_at"] == "2024-03-21T18:00"
    assert clock(engine, "K-PLAN")["paused_at"] is None


def test_the_worked_example_keeps_its_promises(engine):
    arrive(engine, A)
    follow_up(
        engine,
        "2024-03-18T15:00",
        objection="担心生产效率提升不明显",
        next_action="发送案例",
        next_at="2024-03-20T18:00",
    )
    objection, promise = clock(engine, "K-OBJECTION"), clock(engine, "K-NEXT")
    # the answer is planned at once; its delivery has a date of its own
    assert (objection["ending"], objection["due_at"]) == ("met", "2024-03-19T15:00")
    assert (promise["ending"], promise["due_at"]) == (None, "2024-03-20T18:00")
    follow_up(engine, "2024-03-20T16:00", method="邮件", summary="案例已发")
    assert clock(engine, "K-NEXT")["ending"] == "met"


def test_an_objection_without_an_answer_waits_for_one(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-18T15:00", objection="价格高")
    assert clock(engine, "K-OBJECTION")["ending"] is None
    follow_up(engine, "2024-03-18T17:00", summary="再联系", outcome="not_reached")
    assert clock(engine, "K-OBJECTION")["ending"] is None
    follow_up(engine, "2024-03-20T09:30", answer="分期报价", summary="答复")
    late = clock(engine, "K-OBJECTION")
    assert (late["ending"], late["breached_at"]) == ("late", "2024-03-19T15:00")


def test_a_promise_to_the_customer_that_was_not_kept_is_late(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-18T15:00", next_action="发送案例", next_at="2024-03-20T18:00")
    follow_up(engine, "2024-03-21T10:00", summary="案例")
    assert (clock(engine, "K-NEXT")["ending"], clock(engine, "K-NEXT")["over_minutes"]) == ("late", 60)


def test_a_record_is_measured_from_the_contact_to_its_entry(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T16:00", recorded="2024-03-18T10:00")
    assert clock(engine, "K-RECORD")["ending"] == "met"
    assert clock(engine, "K-RECORD-SOON")["ending"] == "late"
    follow_up(engine, "2024-03-18T16:00", recorded="2024-03-20T10:00", summary="补录")
    late = clock(engine, "K-RECORD")
    assert (late["ending"], late["breached_at"], late["next_at"]) == ("late", "2024-03-19T16:00", "2024-03-20T10:00")
    assert late["person"] == "linruoxi"


def test_support_is_answered_by_somebody_technical(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-18T15:00", support="方案评估")
    follow_up(engine, "2024-03-19T15:00", summary="再联系")
    assert clock(engine, "K-SUPPORT")["ending"] is None
    follow_up(engine, "2024-03-20T11:00", by="raozhipeng", method="线上会议", summary="评估完成")
    assert clock(engine, "K-SUPPORT")["ending"] == "met"


def test_the_same_follow_up_told_twice_is_one(engine):
    arrive(engine, A)
    first = follow_up(engine, "2024-03-18T15:00")
    again = follow_up(engine, "2024-03-18T15:00")
    assert (first.before, again.before, again.follow_up_id) == (False, True, first.follow_up_id)
    assert len(clocks(engine, "K-RECORD")) == 1


def test_two_leads_that_become_one_keep_the_earlier_promise_and_every_follow_up(engine):
    arrive(engine, {**A, "mobile": "13800001111"}, {**A, "company": "乙公司", "name": "李四", "mobile": "13800009999"})
    follow_up(engine, "2024-03-18T10:00", SECOND, next_action="发报价", next_at="2024-03-22T18:00")
    # one row names both numbers: they are one person
    arrive(
        engine,
        {**A, "phone2": "13800009999", "phone2_kind": "mobile", "at": "2024-03-18"},
        on="2024-03-18T14:00",
        file="b.csv",
    )
    running = clocks(engine)
    running = running[running["ended_at"].isna()]
    assert clocks(engine, number=SECOND)["ended_at"].notna().all()
    assert running[running["policy"] == "K-NEXT"]["due_at"].tolist() == ["2024-03-22T18:00"]
    assert running["policy"].value_counts().max() == 1
    # the contact of the other lead was a contact of this one
    assert clock(engine, "K-FIRST")["ending"] is not None
    with engine.connect() as conn:
        assert audit(conn) == []


def test_only_leads_with_an_open_criterion_are_verified_where_the_company_says_so(engine, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "screening.yaml").write_text("- {id: S-VERIFICATION, value: unanswered}", encoding="utf-8")
    from config.loader import load_config

    config = load_config(tmp_path)
    no_budget = {"budget_min": None, "budget_max": None, "budget_state": "unknown"}
    open_one = {**ZHANG, "company": "乙", "name": "李四", "mobile": "13800001112", **no_budget}
    arrive(engine, B_GRADE, open_one, config=config)
    # who is not verified is followed by cadence from the start
    assert clocks(engine)["policy"].tolist() == ["K-CADENCE"]
    assert clocks(engine, number=SECOND)["policy"].tolist() == ["K-VERIFY"]


def test_leave_and_rules_that_change_aim_running_clocks_anew(engine, tmp_path):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T15:00")
    sweep_at(engine, "2024-03-15T15:05")
    plan = clock(engine, "K-PLAN")
    config = away("linruoxi", "2024-03-18", "2024-03-19")
    assert sweep_at(engine, "2024-03-18T09:00", config).counts["aimed_anew"] > 0
    assert (plan["due_at"], clock(engine, "K-PLAN")["due_at"]) == ("2024-03-20T18:00", "2024-03-22T18:00")
    # the promise to the customer does not wait for anybody's leave
    assert clock(engine, "K-CADENCE")["due_at"] == "2024-03-20T18:00"
    longer = with_rule(tmp_path, "- {id: K-PLAN, targets: [{within: {working_days: 5}}]}")
    sweep_at(engine, "2024-03-18T09:05", longer)
    now = clock(engine, "K-PLAN")
    assert (now["started_at"], now["due_at"], now["target"]) == (
        "2024-03-15T15:00",
        "2024-03-22T18:00",
        "5 working_days",
    )


def test_a_rule_that_is_switched_off_promises_no_more(engine, tmp_path):
    arrive(engine, A)
    config = with_rule(tmp_path, "- {id: K-FIRST, enabled: false}")
    sweep_at(engine, "2024-03-15T11:00", config)
    assert clock(engine, "K-FIRST")["ending"] == "void"


@pytest.mark.parametrize("rows", [1, 3])
def test_the_same_rows_again_change_no_clock(engine, rows):
    arrive(engine, A)
    before = clocks(engine)
    for number in range(rows):
        arrive(engine, A, on="2024-03-15T11:00", file=f"again{number}.csv")
    pd.testing.assert_frame_equal(before, clocks(engine))
    assert before["number"].iloc[0] == FIRST


def test_an_a_lead_is_followed_twice_a_week_whatever_else_is_aimed_anew(engine, tmp_path):
    arrive(engine, A, on="2024-03-11T09:30")
    follow_up(engine, "2024-03-13T10:00")
    assert clock(engine, "K-CADENCE")["due_at"] == "2024-03-15T18:00"
    sweep_at(engine, "2024-03-13T10:05")
    other = with_rule(tmp_path, "- {id: K-CADENCE, ladder: [{step: breach, to: owner}]}")
    sweep_at(engine, "2024-03-13T10:10", other)
    assert clock(engine, "K-CADENCE")["due_at"] == "2024-03-15T18:00"
    follow_up(engine, "2024-03-14T10:00")
    assert clock(engine, "K-CADENCE")["due_at"] == "2024-03-19T18:00"
