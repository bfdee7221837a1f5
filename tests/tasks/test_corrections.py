"""A follow-up that corrects an earlier one: the earlier row is kept, and nothing that asks what is so reads it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from alembic import command
from alembic.config import Config as Alembic
from sqlalchemy import Engine

import models
from models.db import begin, read_frame, upgrade
from tasks.explain import explain
from tasks.follow_ups import FollowUpError
from tasks.objections import count_objections, open_objections
from tasks.rebuild import check
from tasks.review_activity import read_activity
from tasks.rules.reviews.spans import read_span
from tests.prepared import lead
from tests.tasks.promised import (
    CONFIG,
    FIRST,
    SETTINGS,
    ZHANG,
    A,
    arrive,
    at,
    clock,
    clocks,
    follow_up,
    steps,
    sweep_at,
)  # fmt: skip

KEEN = {"confirmed": "need|budget|decider|date|offer", "probability": 75.0}
CONTRACT = {"contract_number": "HT-1", "contract_on": at("2024-03-18T10:00").date(), "contract_amount": 240_000.0,
            "first_payment": 72_000.0}  # fmt: skip


def stored(engine: Engine, table: str = "follow_up") -> list[dict[str, Any]]:
    with engine.connect() as conn:
        found = read_frame(conn, f"SELECT * FROM {table} ORDER BY id")
    return found.astype("object").where(found.notna(), None).to_dict("records")


def codes(told: pytest.ExceptionInfo[FollowUpError]) -> list[tuple[str, str]]:
    return [(one.field, one.code) for one in told.value.faults]


def test_a_correction_takes_the_place_of_the_record_and_of_what_that_promised(engine: Engine) -> None:
    arrive(engine, A)
    old = follow_up(
        engine, "2024-03-18T10:00", next_action="发报价", next_at="2024-03-20T10:00", support="选型", **KEEN
    )
    assert lead(engine, FIRST)["tier"] == "高意向"
    new = follow_up(
        engine, "2024-03-18T10:00", recorded="2024-03-18T15:00", confirmed="need", support="选型",
        next_action="发报价", next_at="2024-03-22T10:00", corrects=old.follow_up_id,
    )  # fmt: skip
    assert not new.before
    first, second = stored(engine)
    assert (first["superseded_by"], first["probability"]) == (second["id"], 75.0), "kept as it was told"
    assert (second["superseded_by"], second["confirmed"]) == (None, "need")
    found = lead(engine, FIRST)
    assert (found["tier"] == "高意向", found["next_action_id"]) == (False, second["id"])
    # one promise is void and begun anew, the same one goes on, and none is made twice
    assert clocks(engine, "K-NEXT")[["due_at", "ending"]].values.tolist() == [
        ["2024-03-20T10:00", "void"], ["2024-03-22T10:00", None],
    ]  # fmt: skip
    assert len(clocks(engine, "K-SUPPORT")) == len(clocks(engine, "K-RECORD")) == 1
    with engine.connect() as conn:
        [support] = read_frame(conn, "SELECT subject_id FROM clock WHERE policy = 'K-SUPPORT'")["subject_id"]
    assert support == second["id"]
    # a review counts what was known at its cut-off, once
    for on, known in (("2024-03-18T12:00", 1), ("2024-03-18T16:00", 2)):
        with engine.connect() as conn:
            done = read_activity(conn, read_span("monthly", "2024-03"), at(on), "Asia/Shanghai", CONFIG)
        assert (done.contacts["id"].tolist(), done.support["id"].tolist()) == ([known], [known])
    # live and rebuilt say the same, now and as it was known before
    for on in ("2024-03-18T12:00", "2024-03-18T16:00"):
        assert not check(engine, CONFIG, SETTINGS, at(on), past=True).differ


def test_told_again_both_are_known_and_neither_takes_a_second_correction(engine: Engine) -> None:
    arrive(engine, A)
    old = follow_up(engine, "2024-03-18T10:00", risk="停产")
    said = {"recorded": "2024-03-18T12:00", "corrects": old.follow_up_id}
    # it may say what the earlier one said, but for one thing
    new = follow_up(engine, "2024-03-18T10:00", risk="减产", **said)
    again = follow_up(engine, "2024-03-18T10:00", risk="减产", **said)
    assert (new.before, again.before, again.follow_up_id) == (False, True, new.follow_up_id)
    assert follow_up(engine, "2024-03-18T10:00", recorded="2024-03-18T13:00", risk="停产").before
    with pytest.raises(FollowUpError, match=f"it was corrected by {new.follow_up_id}") as told:
        follow_up(engine, "2024-03-18T10:00", risk="关厂", summary="更正", **said)
    assert codes(told) == [("corrects", "corrected")]
    further = follow_up(engine, "2024-03-18T09:00", recorded="2024-03-18T14:00", corrects=new.follow_up_id)
    assert [row["superseded_by"] for row in stored(engine)] == [new.follow_up_id, further.follow_up_id, None]
    story = "\n".join(explain(engine, FIRST, CONFIG, "en").lines)
    assert f"#{old.follow_up_id} 2024-03-18 10:00" in story
    assert f"corrected by #{further.follow_up_id} at 2024-03-18 14:00" in story


def test_what_is_no_record_of_the_lead_or_somebody_elses_is_refused(engine: Engine) -> None:
    arrive(engine, A, {"company": "乙公司", "name": "李四", "mobile": "13800002222"})
    old = follow_up(engine, "2024-03-18T10:00")
    for number, corrects in ((FIRST, 999), ("XL202403002", old.follow_up_id)):
        with pytest.raises(FollowUpError, match=f"the lead has no follow-up {corrects}") as told:
            follow_up(engine, "2024-03-18T11:00", number, corrects=corrects)
        assert codes(told) == [("corrects", "no_record")]
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T11:00", by="zhengkai", channel="page", corrects=old.follow_up_id)
    assert codes(told) == [("corrects", "others")]
    assert len(stored(engine)) == 1


def test_an_objection_goes_with_its_record_and_keeps_what_others_said_of_it(engine: Engine) -> None:
    arrive(engine, A)
    old = follow_up(engine, "2024-03-18T10:00", objection="价格高")
    follow_up(engine, "2024-03-19T10:00", answer="O-PRICE-TOTAL")
    new = follow_up(
        engine, "2024-03-18T10:00", recorded="2024-03-19T11:00", objection="价格太高", category="价格",
        corrects=old.follow_up_id,
    )  # fmt: skip
    found = open_objections(engine, lead(engine, FIRST)["id"], CONFIG.rules)
    assert found[["text", "answer"]].values.tolist() == [["价格太高", "O-PRICE-TOTAL"]]
    assert len(clocks(engine, "K-OBJECTION")) == 1
    with engine.connect() as conn:
        now, before = (count_objections(conn, CONFIG, at(on)) for on in ("2024-03-19T12:00", "2024-03-18T12:00"))
    assert [one.categories["raised"].sum() for one in (now, before)] == [1, 1]
    # left out, it was not said; a plan that is taken back is none
    follow_up(engine, "2024-03-18T10:00", recorded="2024-03-19T12:00", summary="无异议", corrects=new.follow_up_id)
    assert open_objections(engine, lead(engine, FIRST)["id"], CONFIG.rules).empty


def test_a_plan_or_settling_that_is_corrected_away_stands_no_more(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", objection="价格高")
    old = follow_up(engine, "2024-03-19T10:00", answer="O-PRICE-TOTAL", settled="yes")
    ident = lead(engine, FIRST)["id"]
    assert open_objections(engine, ident, CONFIG.rules).empty
    follow_up(engine, "2024-03-19T10:00", recorded="2024-03-19T11:00", corrects=old.follow_up_id)
    [one] = open_objections(engine, ident, CONFIG.rules).astype("object").to_dict("records")
    assert (one["text"], one["answer"] == "O-PRICE-TOTAL") == ("价格高", False)


def test_a_correction_of_an_older_record_leaves_the_newer_promises_alone(engine: Engine) -> None:
    arrive(engine, A)
    old = follow_up(engine, "2024-03-18T10:00", next_action="发案例", next_at="2024-03-19T10:00")
    follow_up(engine, "2024-03-19T09:00", next_action="发报价", next_at="2024-03-21T10:00")
    before = lead(engine, FIRST)["next_action_id"]
    follow_up(
        engine, "2024-03-18T10:00", recorded="2024-03-19T11:00", next_action="发案例", next_at="2024-03-19T18:00",
        corrects=old.follow_up_id,
    )  # fmt: skip
    assert clocks(engine, "K-NEXT")["ending"].tolist() == ["met", None]
    assert (clock(engine, "K-NEXT")["due_at"], lead(engine, FIRST)["next_action_id"]) == ("2024-03-21T10:00", before)


def test_what_the_record_kept_of_the_promises_follows_the_corrected_time(engine: Engine) -> None:
    arrive(engine, A)
    old = follow_up(engine, "2024-03-15T17:00")
    assert clock(engine, "K-FIRST")["ending"] == "met"
    before = clocks(engine)["policy"].tolist()
    # it was a working day later, beyond 24 hours
    new = follow_up(engine, "2024-03-18T17:00", recorded="2024-03-18T18:00", corrects=old.follow_up_id)
    first = clock(engine, "K-FIRST")
    assert (first["ending"], first["ended_at"]) == ("late", "2024-03-18T17:00")
    # what began with the contact begins with it still: no clock more, and none was kept in between
    assert sorted(clocks(engine)["policy"]) == sorted(before)
    for policy in ("K-CADENCE", "K-STALL", "K-SILENCE", "K-PLAN"):
        running = clock(engine, policy)
        assert (running["started_at"], running["ending"]) == ("2024-03-18T17:00", None), policy
    # where another follow-up lies in between, that was the first contact, and what began between both goes on
    follow_up(engine, "2024-03-19T10:00")
    follow_up(engine, "2024-03-19T12:00", recorded="2024-03-19T15:00", corrects=new.follow_up_id)
    assert clock(engine, "K-FIRST")["ended_at"] == "2024-03-19T10:00"
    for policy, started in (("K-CADENCE", "12:00"), ("K-SILENCE", "12:00"), ("K-STALL", "10:00"), ("K-PLAN", "10:00")):
        assert (clock(engine, policy)["started_at"], clock(engine, policy)["ending"]) == (f"2024-03-19T{started}", None)
    assert not check(engine, CONFIG, SETTINGS, at("2024-03-19T16:00")).differ


def test_a_plan_that_is_corrected_away_was_never_kept(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-15T11:00")
    old = follow_up(engine, "2024-03-15T17:00", plan="第1周 电话确认需求")
    assert clock(engine, "K-PLAN")["ending"] == "met"
    follow_up(engine, "2024-03-15T17:00", recorded="2024-03-15T17:30", corrects=old.follow_up_id)
    found = clocks(engine, "K-PLAN")[["started_at", "ending"]].to_numpy().tolist()
    assert found == [["2024-03-15T11:00", None]]


def test_a_milestone_that_is_taken_back_begins_no_two_weeks_anew(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-15T11:00")
    old = follow_up(engine, "2024-03-20T10:00", milestone="需求确认")
    follow_up(engine, "2024-03-21T10:00")
    assert clock(engine, "K-STALL")["started_at"] == "2024-03-20T10:00"
    said = {"recorded": "2024-03-22T10:00", "corrects": old.follow_up_id}
    new = follow_up(engine, "2024-03-20T10:00", **said)
    stalls = clocks(engine, "K-STALL")
    standing = stalls[stalls["ending"] != "void"]
    assert standing[["started_at", "due_at", "ending"]].to_numpy().tolist() == [
        ["2024-03-15T11:00", "2024-03-29T11:00", None]
    ]
    # the contact was one all the same
    assert clocks(engine, "K-CADENCE")["started_at"].tolist()[-1] == "2024-03-21T10:00"
    assert not check(engine, CONFIG, SETTINGS, at("2024-03-22T11:00")).differ
    # told after all, the two weeks are counted from it again
    follow_up(
        engine, "2024-03-20T10:00", recorded="2024-03-22T12:00", corrects=new.follow_up_id, milestone="需求确认",
        risk="",
    )  # fmt: skip
    assert clock(engine, "K-STALL")["started_at"] == "2024-03-20T10:00"
    # what stalled by then has stalled, as if the milestone had never been told
    sweep_at(engine, "2024-04-08T10:00")
    assert not check(engine, CONFIG, SETTINGS, at("2024-03-22T13:00")).differ


def test_where_two_weeks_are_over_without_the_milestone_the_lead_has_stalled(engine: Engine) -> None:
    arrive(engine, {**ZHANG, "chain_state": "partial"})
    by = lead(engine, FIRST)["owner"]
    follow_up(engine, "2024-03-15T11:00", by=by)
    old = follow_up(engine, "2024-03-28T10:00", by=by, milestone="需求确认", method="邮件")
    sweep_at(engine, "2024-04-01T10:00")
    assert (lead(engine, FIRST)["grade"], len(steps(engine))) == (
        "B",
        len([s for s in steps(engine) if s[1] != "K-STALL"]),
    )
    follow_up(engine, "2024-03-28T10:00", by=by, method="邮件", recorded="2024-04-01T11:00", corrects=old.follow_up_id)
    assert lead(engine, FIRST)["grade"] == "C", "two weeks over on 03-29"
    sweep_at(engine, "2024-04-01T14:00")
    assert "K-STALL" in [policy for _, policy, _, _ in steps(engine)] or clock(engine, "K-STALL")["breached_at"]
    assert not check(engine, CONFIG, SETTINGS, at("2024-04-01T15:00")).differ


def test_a_pause_that_is_taken_back_never_stopped_a_promise(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-15T11:00")
    running = {name: clock(engine, name)["due_at"] for name in ("K-PLAN", "K-STALL")}
    old = follow_up(engine, "2024-03-18T10:00", pause_until="2024-03-25T10:00")
    assert clock(engine, "K-STALL")["paused_at"]
    follow_up(engine, "2024-03-18T10:00", recorded="2024-03-18T12:00", corrects=old.follow_up_id)
    assert {name: clock(engine, name)["due_at"] for name in running} == running
    assert pd.isna(lead(engine, FIRST)["pause_kind"])


def test_a_closed_lead_takes_a_correction_that_leaves_it_closed(engine: Engine) -> None:
    arrive(engine, A, {"company": "乙公司", "name": "李四", "mobile": "13800002222"})
    old = follow_up(engine, "2024-03-18T10:00", **CONTRACT)
    assert lead(engine, FIRST)["status"] == "won"
    more = {**CONTRACT, "contract_amount": 300_000.0}
    new = follow_up(engine, "2024-03-18T10:00", recorded="2024-03-18T11:00", corrects=old.follow_up_id, **more)
    assert [row["amount"] for row in stored(engine, "outcome") if row["until"] is None] == [300_000.0]
    assert not check(engine, CONFIG, SETTINGS, at("2024-03-18T12:00")).differ
    lost = follow_up(engine, "2024-03-18T10:00", "XL202403002", lost_reason="价格偏高")
    said = {"recorded": "2024-03-18T11:00", "corrects": lost.follow_up_id}
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T10:00", "XL202403002", **said)
    assert codes(told) == [("number", "closed")]
    follow_up(engine, "2024-03-18T10:00", "XL202403002", lost_reason="选择了竞品", **said)
    assert [row["reason"] for row in stored(engine, "outcome") if row["until"] is None] == [None, "选择了竞品"]
    assert new.follow_up_id != lost.follow_up_id


def test_what_older_records_said_of_objections_is_taken_from_these(engine: Engine) -> None:
    arrive(engine, A)
    said = ({"objection": "价格高", "category": "价格", "next_action": "发案例", "next_at": "2024-03-19T10:00"},
            {"answer": "O-PRICE-TOTAL", "settled": "no"},
            {"settled": "yes", "objection": "太慢", "answer": "分批交付"})  # fmt: skip
    for hour, one in enumerate(said, 10):
        follow_up(engine, f"2024-03-18T{hour}:00", **one)
    asked = Alembic()
    asked.set_main_option("script_location", str(Path(models.__file__).parent / "migrations"))
    with begin(engine) as conn:
        asked.attributes["connection"] = conn
        command.downgrade(asked, "0015")
    upgrade(engine)
    found = [tuple(row[name] for name in ("category", "answer", "settled")) for row in stored(engine)]
    assert found == [("价格", None, None), (None, None, "no"), (None, "分批交付", "yes")]
    # told again they are the same ones
    assert follow_up(engine, "2024-03-18T10:00", recorded="2024-03-19T10:00", **said[0]).before
