"""A follow-up that was recorded on the wrong lead: both leads are as if it had been told of the right one at once."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from models.db import read_frame
from tasks.explain import explain
from tasks.follow_ups import FollowUpError, Said, record_follow_ups
from tasks.objections import open_objections
from tasks.orders import Order
from tasks.rebuild import check
from tasks.review_activity import read_activity
from tasks.rules.reviews.spans import read_span
from tests.prepared import lead
from tests.tasks.promised import CONFIG, FIRST, SETTINGS, A, arrive, at, clocks, follow_up

SECOND = "XL202403002"
ALL = {
    "confirmed": "need|budget|decider|date", "milestone": "报价", "objection": "价格高", "category": "价格",
    "next_action": "发案例", "next_at": "2024-03-20T10:00", "support": "选型", "result": "方案沟通中",
}  # fmt: skip
#: What of clocks is the same however a record came to its lead; of what is over, by how much is told by its own grade.
TOLD = ["policy", "started_at", "ended_at", "ending", "used_minutes"]
STATE = ["status", "grade", "tier", "stage", "state_rule", "probability", "pause_kind", "touched_at"]


def codes(told: pytest.ExceptionInfo[FollowUpError]) -> list[tuple[str, str]]:
    return [(one.field, one.code) for one in told.value.faults]


def standing(engine: Engine, number: str) -> list[list[Any]]:
    """What is promised of a lead, but whether it was recorded in time, and what was never promised."""
    found = clocks(engine, number=number)
    kept = found[(found["ending"] != "void") & ~found["policy"].str.startswith("K-RECORD")]
    runs = kept[kept["ending"].isna()]
    return sorted([*kept[TOLD].to_numpy().tolist(), *runs[["policy", "target", "due_at"]].to_numpy().tolist()], key=str)


def seen(engine: Engine, number: str) -> dict[str, Any]:
    """A lead as anybody sees it."""
    found = lead(engine, number)
    with engine.connect() as conn:
        planned = read_frame(
            conn,
            "SELECT f.next_action FROM follow_up f JOIN lead l ON l.next_action_id = f.id WHERE l.number = :number",
            number=number,
        )["next_action"].tolist()
    objected = open_objections(engine, found["id"], CONFIG.rules)[["text", "answer"]].astype("object")
    return {name: found[name] for name in STATE} | {
        "next": planned, "objected": objected.where(objected.notna(), None).to_numpy().tolist(),
    }  # fmt: skip


def four(engine: Engine) -> None:
    """Four leads of one day, alike but for who they are."""
    people = [("甲", "张三"), ("乙", "李四"), ("丙", "王五"), ("丁", "赵六")]
    rows = (
        {**A, "company": f"{company}公司", "name": name, "mobile": f"1380000{f'{place}' * 4}"}
        for place, (company, name) in enumerate(people, 1)
    )
    arrive(engine, *rows)


def move(engine: Engine, record: int, when: str = "2024-03-18T10:00", recorded: str = "2024-03-19T15:00",
         to: str = SECOND, frm: str = FIRST, **said: Any) -> Any:  # fmt: skip
    said = {"by": "zhengkai", **said}
    return follow_up(engine, when, to, recorded=recorded, corrects=record, corrects_lead=frm, **said)


STORIES: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "the only contact": [("2024-03-18T10:00", "x", ALL)],
    "others before and behind it on the first lead": [
        ("2024-03-15T11:00", FIRST, {"objection": "太慢", "next_action": "发方案", "next_at": "2024-03-18T18:00"}),
        ("2024-03-18T10:00", "x", ALL),
        ("2024-03-19T10:00", FIRST, {"answer": "O-PRICE-TOTAL"}),
    ],
    "others before and behind it on the second lead": [
        ("2024-03-15T11:00", SECOND, {"objection": "太慢", "next_action": "发方案", "next_at": "2024-03-18T18:00"}),
        ("2024-03-18T10:00", "x", ALL),
        ("2024-03-19T10:00", SECOND, {"answer": "O-PRICE-TOTAL", "milestone": "合同条款"}),
    ],
    "an attempt that made a pause": [
        ("2024-03-15T11:00", FIRST, {"outcome": "not_reached"}),
        ("2024-03-18T10:00", "x", {"outcome": "not_reached"}),
    ],
    "a pause": [
        ("2024-03-15T11:00", FIRST, {}),
        ("2024-03-15T11:30", SECOND, {"support": "选型"}),
        ("2024-03-18T10:00", "x", {"pause_until": "2024-04-18T10:00", "pause_kind": "hold"}),
    ],
    "what the technical department answered": [
        ("2024-03-15T11:00", FIRST, {"support": "选型"}),
        ("2024-03-15T11:30", SECOND, {"support": "选型"}),
        ("2024-03-18T10:00", "x", {"by": "raozhipeng", "method": "线上会议"}),
    ],
}


@pytest.mark.parametrize("story", list(STORIES))
def test_both_leads_are_as_if_it_had_been_recorded_on_the_right_one(engine: Engine, story: str) -> None:
    four(engine)
    wrong, right = (FIRST, SECOND), ("XL202403003", "XL202403004")
    for when, number, said in STORIES[story]:
        first, second = (pair[number == SECOND] for pair in (wrong, right)) if number != "x" else (wrong[0], right[1])
        said = {"by": "zhengkai", **said}
        record = follow_up(engine, when, first, **said).follow_up_id
        follow_up(engine, when, second, **said)
        if number == "x":
            moving, as_told = record, dict(said)
    move(engine, moving, **as_told)
    for one, two in zip(wrong, right, strict=True):
        assert seen(engine, one) == seen(engine, two)
        assert standing(engine, one) == standing(engine, two)
    assert not check(engine, CONFIG, SETTINGS, at("2024-03-19T16:00")).differ
    for on in ("2024-03-19T12:00", "2024-03-19T16:00"):
        assert not check(engine, CONFIG, SETTINGS, at(on), past=True).differ


def test_the_earlier_record_is_kept_on_the_first_lead_and_told_by_both_stories(engine: Engine) -> None:
    four(engine)
    old = follow_up(engine, "2024-03-18T10:00", by="zhengkai", **ALL)
    new = move(engine, old.follow_up_id, **ALL)
    with engine.connect() as conn:
        rows = read_frame(
            conn, "SELECT f.id, l.number, f.superseded_by FROM follow_up f JOIN lead l ON l.id = f.lead_id"
        )
    kept = rows.sort_values("id")[["number", "superseded_by"]].fillna(0).to_numpy().tolist()
    assert kept == [[FIRST, new.follow_up_id], [SECOND, 0]]
    first, second = ("\n".join(explain(engine, number, CONFIG, "en").lines) for number in (FIRST, SECOND))
    assert f"corrected by #{new.follow_up_id} at 2024-03-19 15:00" in first
    assert "a follow-up went over to another lead" in first
    assert f"#{new.follow_up_id} 2024-03-18 10:00" in second
    # told again it is known, and the earlier one is not told anew
    assert move(engine, old.follow_up_id, **ALL).before
    assert follow_up(engine, "2024-03-18T10:00", by="zhengkai", recorded="2024-03-19T16:00", **ALL).before
    # back again, and it is as it was
    back = move(engine, new.follow_up_id, recorded="2024-03-19T17:00", to=FIRST, frm=SECOND, **ALL)
    assert not back.before
    assert seen(engine, SECOND)["status"] == "owned"
    assert seen(engine, FIRST)["next"] == ["发案例"]
    assert not check(engine, CONFIG, SETTINGS, at("2024-03-19T18:00")).differ


def test_a_review_counts_the_record_where_it_was_known_to_be(engine: Engine) -> None:
    four(engine)
    old = follow_up(engine, "2024-03-18T10:00", by="zhengkai", **ALL)
    move(engine, old.follow_up_id, **ALL)
    on = {lead(engine, number)["id"]: number for number in (FIRST, SECOND)}
    for known, number, kept in (("2024-03-19T12:00", FIRST, {"K-FIRST"}), ("2024-03-19T16:00", SECOND, {"K-FIRST"})):
        with engine.connect() as conn:
            done = read_activity(conn, read_span("monthly", "2024-03"), at(known), "Asia/Shanghai", CONFIG)
        assert [on[one] for one in done.contacts["lead_id"]] == [number]
        ended = done.promises[done.promises["ending"].isin(["met", "late"])]
        assert {(on.get(one), policy) for one, policy in zip(ended["lead_id"], ended["policy"], strict=True)} >= {
            (number, policy) for policy in kept
        }
        other = SECOND if number == FIRST else FIRST
        assert (other, "K-FIRST") not in {
            (on.get(one), policy) for one, policy in zip(ended["lead_id"], ended["policy"], strict=True)
        }


def test_several_go_to_two_leads_at_once(engine: Engine) -> None:
    four(engine)
    ids = [follow_up(engine, f"2024-03-18T1{hour}:00", by="zhengkai", summary=f"第{hour}次").follow_up_id
           for hour in range(3)]  # fmt: skip
    now = at("2024-03-19T15:00")
    said = [
        Said(number, "zhengkai", at(f"2024-03-18T1{hour}:00"), "电话", f"第{hour}次", corrects=ids[hour],
             corrects_lead=FIRST)
        for hour, number in ((0, SECOND), (1, "XL202403003"), (2, SECOND))
    ]  # fmt: skip
    record_follow_ups(engine, said, CONFIG, Order("zhengkai", "", now, now, "Asia/Shanghai"))
    assert [clocks(engine, "K-FIRST", one)["ending"].tolist() for one in (FIRST, SECOND, "XL202403003")] == [
        [None], ["met"], ["late"],
    ]  # fmt: skip
    assert pd.isna(lead(engine, FIRST)["touched_at"])
    assert not check(engine, CONFIG, SETTINGS, at("2024-03-19T16:00")).differ


def test_who_may_not_and_what_stays_where_it_is_is_refused(engine: Engine) -> None:
    four(engine)
    owners = [lead(engine, number)["owner"] for number in (FIRST, SECOND)]
    assert owners[0] != owners[1]
    old = follow_up(engine, "2024-03-18T10:00", by=owners[0])
    said = {"when": "2024-03-18T10:00"}
    for refused, fault in (
        ({"by": owners[0]}, ("number", "not_his")),
        ({"by": "luoyiran"}, ("corrects_lead", "not_his")),
        ({"by": "zhengkai", "frm": "XL202403003"}, ("corrects_lead", "no_record")),
        ({"by": "zhengkai", "frm": "XL202499999"}, ("corrects_lead", "no_record")),
        ({"by": "zhengkai", "frm": None}, ("corrects", "no_record")),
        ({"by": "zhengkai", "channel": "api"}, ("corrects", "others")),
    ):
        with pytest.raises(FollowUpError) as told:
            move(engine, old.follow_up_id, **said, **refused)
        assert fault in codes(told), refused
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T11:00", SECOND, by="zhengkai", corrects_lead=FIRST)
    assert codes(told) == [("corrects", "blank")]
    # what closed a lead stays there
    won = follow_up(
        engine, "2024-03-19T10:00", by="zhengkai", contract_number="HT-1", contract_on=at("2024-03-18T10:00").date(),
        contract_amount=240_000.0, first_payment=72_000.0,
    )  # fmt: skip
    assert lead(engine, FIRST)["status"] == "won"
    with pytest.raises(FollowUpError) as told:
        move(engine, won.follow_up_id, "2024-03-19T10:00")
    assert codes(told) == [("corrects_lead", "ended_by")]
    # what did not, goes, and the lead stays closed
    move(engine, old.follow_up_id)
    assert (lead(engine, FIRST)["status"], lead(engine, SECOND)["status"]) == ("won", "in_progress")
    running = clocks(engine)
    assert not set(running[running["ending"].isna()]["policy"]) & {"K-FIRST", "K-CADENCE", "K-STALL", "K-PLAN"}
    assert not check(engine, CONFIG, SETTINGS, at("2024-03-19T16:00")).differ
