"""Objections through the follow-ups that raise, answer and settle them, and the figures as of any moment."""

from typing import Any

import pytest
from sqlalchemy import Engine

from models.db import read_frame
from tasks.follow_ups import FollowUpError
from tasks.objections import Counted, count_objections, open_objections
from tests.prepared import lead
from tests.tasks.promised import CONFIG, FIRST, A, arrive, at, follow_up

KEEN = {"confirmed": "need|budget|decider|date|offer"}


def stored(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as conn:
        found = read_frame(conn, "SELECT * FROM objection ORDER BY id")
    return found.astype("object").where(found.notna(), None).to_dict("records")


def counted(engine: Engine, on: str, since: str | None = None) -> Counted:
    with engine.connect() as conn:
        return count_objections(conn, CONFIG, at(on), at(since) if since else None)


@pytest.mark.each_database
def test_an_objection_goes_from_raised_to_settled_and_its_answer_is_counted(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", objection="价格偏高", answer="O-PRICE-TOTAL 附上能耗数据")
    follow_up(engine, "2024-03-18T11:00", objection="工期太长", category="时间")
    assert len(open_objections(engine, lead(engine, FIRST)["id"], CONFIG.rules)) == 2
    # of one category alone; the other stands, and gets its first answer
    follow_up(engine, "2024-03-20T15:00", settled="yes", category="价格", answer="O-TIME-PLAN")
    price, time = stored(engine)
    assert (price["worked"], time["worked"], time["answer"]) == (True, None, "O-TIME-PLAN")
    assert open_objections(engine, lead(engine, FIRST)["id"], CONFIG.rules)["category"].tolist() == ["时间"]
    follow_up(engine, "2024-03-21T10:00", **KEEN)
    found = counted(engine, "2024-03-22T10:00")
    rows = found.categories.set_index("category")
    assert rows.loc["价格", ["raised", "in_time", "resolved"]].tolist() == [1, 1, 1]
    # planned two working days after it was raised
    assert rows.loc["时间", ["raised", "in_time", "resolved"]].tolist() == [1, 0, 0]
    assert rows["small"].all()
    used = found.answers.set_index("answer")
    assert used.loc["O-PRICE-TOTAL", ["used", "resolved", "up", "won", "helped"]].tolist() == [1, 1, 1, 0, 1]
    assert used.loc["O-TIME-PLAN", ["used", "resolved", "up", "helped"]].tolist() == [1, 0, 1, 1]
    # as it was known before: raised, not settled, nobody moved
    before = counted(engine, "2024-03-18T12:00")
    assert before.categories["resolved"].sum() == 0
    assert before.answers.set_index("answer").loc["O-PRICE-TOTAL", ["used", "up"]].tolist() == [1, 0]
    assert counted(engine, "2024-03-22T10:00", since="2024-03-18T10:30").categories["category"].tolist() == ["时间"]
    assert counted(engine, "2024-03-17T10:00").categories.empty


def test_what_did_not_convince_can_be_answered_otherwise(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", objection="价格偏高", answer="O-PRICE-TOTAL")
    follow_up(engine, "2024-03-19T10:00", settled="no", answer="O-PRICE-STEPS")
    [one] = stored(engine)
    assert (one["answer"], one["worked"]) == ("O-PRICE-STEPS", False)
    assert str(one["planned_at"])[:10] == "2024-03-18"
    follow_up(engine, "2024-03-20T10:00", settled="yes")
    [one] = stored(engine)
    assert one["worked"]
    # what is settled stays so
    follow_up(engine, "2024-03-21T10:00", settled="no", answer="O-PRICE-SCOPE")
    assert [row["answer"] for row in stored(engine)] == ["O-PRICE-STEPS"]
    assert stored(engine)[0]["worked"]


def test_a_record_that_raises_and_settles_leaves_older_ones_alone(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", objection="价格偏高")
    follow_up(engine, "2024-03-18T11:00", objection="担心效果", answer="O-EFFECT-CASE", settled="yes")
    old, new = stored(engine)
    assert (old["worked"], new["worked"], new["answer"]) == (None, True, "O-EFFECT-CASE")
    # an answer to effects is none to the price
    assert (old["answer"], old["planned_at"] is None) == (None, False)


def test_leads_won_and_lost_afterwards_are_counted(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", objection="价格偏高", answer="O-PRICE-TOTAL")
    follow_up(engine, "2024-03-19T10:00", lost_reason="价格偏高")
    row = counted(engine, "2024-03-20T10:00").categories.iloc[0]
    assert (row["won"], row["lost"]) == (0, 1)
    assert counted(engine, "2024-03-18T20:00").categories.iloc[0]["lost"] == 0


def test_an_answer_to_nothing_is_hinted_at_and_once_told_it_stays_known(engine: Engine) -> None:
    arrive(engine, A)
    found = follow_up(engine, "2024-03-18T10:00", answer="O-PRICE-TOTAL", settled="yes")
    assert {one.field for one in found.hints if one.code == "no_objection"} == {"answer", "settled"}
    follow_up(engine, "2024-03-18T11:00", objection="贵")
    for before in (False, True):
        found = follow_up(engine, "2024-03-19T10:00", settled="yes")
        assert found.before is before
        assert "no_objection" not in {one.code for one in found.hints}


def test_an_answer_that_is_none_and_a_word_that_is_none_are_refused(engine: Engine) -> None:
    arrive(engine, A)
    with pytest.raises(FollowUpError) as told:
        follow_up(engine, "2024-03-18T10:00", objection="贵", answer="O-PRICE-NEVER", settled="maybe")
    assert {(one.field, one.code) for one in told.value.faults} == {("answer", "no_answer"), ("settled", "choice")}
