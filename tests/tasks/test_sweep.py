"""The sweep: one message a step, to the right person, within working hours, once; on both databases."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text

from config.schema import Config
from config.settings import Settings
from models import Clock, Escalation, Message
from models.audit import audit
from models.db import begin
from tasks.acknowledge import acknowledge
from tasks.calendar import import_year, sync_calendar
from tests.prepared import lead
from tests.tasks.promised import (
    CONFIG,
    FIRST,
    ZHANG,
    A,
    arrive,
    at,
    away,
    clock,
    clocks,
    follow_up,
    steps,
    sweep_at,
    with_rule,
)  # fmt: skip

B = {**ZHANG, "chain_state": "unknown"}
SECOND = "XL202403002"


def messages(engine) -> list[tuple[str, str]]:
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(Message.recipient, Message.subject).order_by(Message.id))]


def of(engine, column, *where):
    with engine.connect() as conn:
        return list(conn.execute(select(column).where(*where)).scalars())


def test_an_a_lead_that_nobody_calls_goes_up_the_ladder_to_somebody_else(engine):
    """Untouched since it came: breached all the same, and each step once, however often the sweep comes."""
    arrive(engine, A)
    assert lead(engine, FIRST)["owner"] == "linruoxi"
    for on in ("2024-03-15T14:00", "2024-03-15T15:00", "2024-03-15T15:05", "2024-03-18T10:00", "2024-03-18T10:05",
               "2024-03-18T15:30", "2024-03-19T10:00", "2024-03-19T10:05"):  # fmt: skip
        sweep_at(engine, on)
    mine = [step for step in steps(engine) if step[1] == "K-FIRST"]
    # his supervisor is the manager, as he is a supervisor himself
    assert mine == [
        (FIRST, "K-FIRST", "reminder", "linruoxi"),
        (FIRST, "K-FIRST", "breach", "linruoxi"),
        (FIRST, "K-FIRST", "breach", "zhengkai"),
        (FIRST, "K-FIRST", "escalation", "zhengkai"),
        (FIRST, "K-FIRST", "reassign", "linruoxi"),
        (FIRST, "K-FIRST", "reassign", "zhengkai"),
    ]
    after = lead(engine, FIRST)
    assert (after["owner"], after["owner_rule"]) == ("gaowenbo", "K-FIRST")
    first = clock(engine, "K-FIRST")
    assert (first["breached_at"], first["ended_at"], first["step"]) == ("2024-03-18T10:00", None, 4)
    with engine.connect() as conn:
        assert audit(conn) == []


def test_a_message_carries_its_proof(engine):
    arrive(engine, A)
    sweep_at(engine, "2024-03-18T10:00")
    [found] = of(engine, Message.text, Message.recipient == "linruoxi")
    for said in (
        "XL202403001", "K-FIRST", "A级线索 24 小时内首次联系", "开始：2024-03-15 10:00", "应完成：2024-03-18 10:00",
        "暂停：无", "已用工作时间：7 小时 30 分钟（共 7 小时 30 分钟）", "下一次升级：2024-03-18 15:30",
    ):  # fmt: skip
        assert said in found
    assert "13800001111" not in found
    links = of(engine, Escalation.message_id, Escalation.state == "fired")
    assert len(links) == len(set(links)) == 2


def test_nothing_is_said_at_night_on_a_day_off_or_at_lunch_and_the_breach_stands(engine):
    """Elsewhere reminders come at midnight and at weekends."""
    arrive(engine, B)
    sweep_at(engine, "2024-03-15T10:05")
    for on in ("2024-03-15T23:59", "2024-03-16T11:00", "2024-03-17T14:00", "2024-03-18T08:59", "2024-03-18T18:00",
               "2024-03-19T02:00"):  # fmt: skip
        assert sweep_at(engine, on).counts["messages"] == 0, on
    assert clock(engine, "K-VERIFY")["breached_at"] == "2024-03-18T18:00"
    swept = sweep_at(engine, "2024-03-19T09:00")
    assert {step["kind"] for step in swept.steps} == {"breach"}
    assert sweep_at(engine, "2024-03-20T12:30").counts["messages"] == 0


def test_after_two_days_of_downtime_each_promise_gets_the_one_step_that_now_applies(engine):
    arrive(engine, A, {**B, "company": "乙公司", "name": "李四", "mobile": "13800001112"})
    swept = sweep_at(engine, "2024-03-20T09:00")
    fired = [(number, policy, kind) for number, policy, kind, _ in steps(engine)]
    assert set(fired) == {
        (FIRST, "K-FIRST", "reassign"), (FIRST, "K-VERIFY", "escalation"), (SECOND, "K-VERIFY", "escalation"),
    }  # fmt: skip
    assert swept.counts["skipped"] == 7
    assert len(steps(engine, "skipped")) == 7
    assert sweep_at(engine, "2024-03-20T09:05").counts["messages"] == 0


def test_many_notices_to_one_person_are_one(engine):
    people = [
        {**B, "company": f"公司{n}", "name": f"某{n}", "mobile": f"138{n:08d}", "region": "北京市"} for n in range(12)
    ]
    arrive(engine, *people)
    sweep_at(engine, "2024-03-18T16:00")
    sent = messages(engine)
    assert len(sent) == len({recipient for recipient, _ in sent}) < 12
    assert any("条承诺需要处理：提醒" in subject for _, subject in sent)
    recipient, body = of(engine, Message.recipient)[0], of(engine, Message.text)[0]
    assert body.count("K-VERIFY") == min(10, sum(step[3] == recipient for step in steps(engine)))


def test_a_follow_up_ends_the_ladder_and_acknowledges(engine):
    arrive(engine, A)
    sweep_at(engine, "2024-03-18T10:00")
    follow_up(engine, "2024-03-18T11:00")
    assert sweep_at(engine, "2024-03-18T16:00").counts["messages"] == 0
    assert of(engine, Escalation.acknowledged_by, Escalation.recipient == "linruoxi") == ["linruoxi"]
    assert of(engine, Escalation.acknowledged_by, Escalation.recipient == "zhengkai") == [None]


@pytest.mark.each_database
def test_an_acknowledged_notice_puts_later_steps_off_and_nothing_else(engine):
    arrive(engine, A)
    sweep_at(engine, "2024-03-18T10:00")
    done = acknowledge(engine, FIRST, "linruoxi", CONFIG, at("2024-03-18T15:00"), "Asia/Shanghai")
    assert (done.notices, done.waiting) == (1, 1)
    assert acknowledge(engine, FIRST, "linruoxi", CONFIG, at("2024-03-18T15:01"), "Asia/Shanghai").notices == 0
    # four business hours after 15:00
    assert clock(engine, "K-FIRST")["next_at"] == "2024-03-19T10:00"
    assert clock(engine, "K-FIRST")["due_at"] == "2024-03-18T10:00"
    assert [step for step in sweep_at(engine, "2024-03-18T15:30").steps if step["policy"] == "K-FIRST"] == []
    fired = [step["kind"] for step in sweep_at(engine, "2024-03-19T10:00").steps if step["policy"] == "K-FIRST"]
    assert set(fired) == {"reassign"}


def test_a_deputy_hears_for_who_is_on_leave(engine):
    arrive(engine, B)
    owner = lead(engine, FIRST)["owner"]
    person = CONFIG.roster.person(owner)
    config = away(owner, "2024-03-18", "2024-03-20")
    sweep_at(engine, "2024-03-15T10:05", config)
    sweep_at(engine, "2024-03-18T16:00", config)
    found = of(engine, Escalation.recipient, Escalation.instead_of == owner)
    assert found == [person.deputy or person.reports_to]
    assert "请假，由您代为处理" in of(engine, Message.text)[0]


def test_a_lead_assigned_before_midnight_is_not_taken_away_at_three(engine):
    """Elsewhere a lead without a follow-up is recyclable in its first night."""
    arrive(engine, A, on="2024-03-14T23:50")
    for on in ("2024-03-15T03:00", "2024-03-15T09:00"):
        assert sweep_at(engine, on).counts["reassigned"] == 0
    assert clock(engine, "K-FIRST")["due_at"] == "2024-03-18T09:00"


def test_a_late_record_is_told_once_to_who_wrote_it_and_his_superior(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-15T16:00", by="tangyue", recorded="2024-03-19T10:00")
    sweep_at(engine, "2024-03-19T10:05")
    told = [step for step in steps(engine) if step[1] == "K-RECORD"]
    assert told == [(FIRST, "K-RECORD", "breach", "tangyue"), (FIRST, "K-RECORD", "breach", "linruoxi")]
    assert sweep_at(engine, "2024-03-20T10:05").counts["due"] == 0


def test_support_that_is_not_answered_is_told_to_the_technical_department(engine):
    arrive(engine, A)
    follow_up(engine, "2024-03-18T10:00", support="方案评估")
    sweep_at(engine, "2024-03-20T15:00")
    assert (FIRST, "K-SUPPORT", "reminder", "raozhipeng") in steps(engine)


def test_what_is_left_for_too_long_goes_to_the_pool_where_the_rule_says_so(engine, tmp_path):
    config = with_rule(
        tmp_path,
        "- {id: K-FIRST, ladder: [{step: breach, to: owner}, {step: pool, after: {hours: 2}, to: owner}]}",
    )
    arrive(engine, A)
    sweep_at(engine, "2024-03-15T10:05", config)
    swept = sweep_at(engine, "2024-03-18T14:00", config)
    assert swept.counts["pooled"] == 1
    after = lead(engine, FIRST)
    assert after["status"] == "pool"
    assert not isinstance(after["owner"], str)
    # all that runs on is the promise that somebody claims it
    still = clocks(engine)
    assert still.loc[still["ended_at"].isna(), "policy"].tolist() == ["K-POOL"]
    with engine.connect() as conn:
        assert audit(conn) == []


def test_who_was_named_by_a_person_keeps_the_lead(engine):
    from tests.tasks.promised import say

    arrive(engine, A)
    say(engine, "2024-03-15T10:30", owner="gaowenbo")
    assert sweep_at(engine, "2024-03-20T09:00").counts["reassigned"] == 0
    assert lead(engine, FIRST)["owner"] == "gaowenbo"
    # and nobody is told that it went to another
    told = [text for text in of(engine, Message.text) if "K-FIRST" in text]
    assert told
    assert all("[未能改派]" in text and "现负责人" not in text for text in told)


def test_the_message_says_who_has_the_lead_now(engine):
    arrive(engine, A)
    assert lead(engine, FIRST)["owner"] == "linruoxi"
    assert sweep_at(engine, "2024-03-20T09:00").counts["reassigned"] == 1
    name = CONFIG.roster.name_of(lead(engine, FIRST)["owner"])
    told = [text for text in of(engine, Message.text) if "K-FIRST" in text]
    assert told
    assert all(f"负责人：林若溪\n    现负责人：{name}" in text for text in told)


@pytest.mark.each_database
def test_what_would_be_done_is_told_and_leaves_nothing(engine):
    arrive(engine, A)
    foreseen = sweep_at(engine, "2024-03-18T10:00", keep=False)
    assert steps(engine) == []
    assert messages(engine) == []
    assert clock(engine, "K-FIRST")["breached_at"] is None
    done = sweep_at(engine, "2024-03-18T10:00")
    assert [step["recipient"] for step in foreseen.steps] == [step["recipient"] for step in done.steps]


def test_a_step_is_once_in_the_database_itself(engine):
    arrive(engine, A)
    sweep_at(engine, "2024-03-18T10:00")
    # whoever looks at it again as if nothing had been done
    with begin(engine) as conn:
        conn.execute(text("UPDATE clock SET step = 0, next_at = due_at WHERE policy = 'K-FIRST'"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        sweep_at(engine, "2024-03-18T10:05")
    assert len(messages(engine)) == 2


def test_a_due_time_of_an_unannounced_year_is_marked_and_reckoned_anew_when_the_year_is_imported(engine, tmp_path):
    # a year that nothing was reckoned by has not changed
    assert sync_calendar(engine, at("2026-12-30T10:00")) == []
    arrive(engine, A, on="2026-12-31T17:00")
    number = "XL202612001"
    before = clock(engine, "K-FIRST", number)
    assert before["basis"] == "estimated"
    path: Path = tmp_path / "2027.json"
    days = ", ".join(f'{{"name": "元旦", "date": "2027-01-0{day}", "isOffDay": true}}' for day in range(1, 6))
    path.write_text(f'{{"year": 2027, "days": [{days}]}}', encoding="utf-8")
    assert import_year(engine, path, at("2026-12-31T17:05")) == 2027
    assert sweep_at(engine, "2026-12-31T17:10").counts["aimed_anew"] > 0
    after = clock(engine, "K-FIRST", number)
    assert (after["basis"], after["due_at"]) == ("overridden", "2027-01-06T17:00")
    assert after["started_at"] == before["started_at"] == "2026-12-31T17:00"
    # once more: nothing is left to do
    assert sweep_at(engine, "2026-12-31T17:15").counts["aimed_anew"] == 0


def test_a_message_has_links_only_where_people_can_follow_them(engine, tmp_path):
    arrive(engine, A)
    home = tmp_path / "home"
    home.mkdir()
    settings = Settings(_env_file=None, home=home, web_url="https://leads.example.com")
    sweep_at(engine, "2024-03-18T10:00", settings=settings)
    assert all("https://leads.example.com/p/" in body for body in of(engine, Message.html))
    assert of(engine, Clock.id, Clock.next_at.is_not(None))


def test_the_roster_of_a_day_is_asked(engine):
    config: Config = away("zhengkai", "2024-03-18", "2024-03-18")
    arrive(engine, A)
    sweep_at(engine, "2024-03-18T10:00", config)
    assert CONFIG.roster.person("zhengkai").is_away(date(2024, 3, 18)) is False
    # nobody stands in for him and nobody is above: he hears himself
    assert (FIRST, "K-FIRST", "breach", "zhengkai") in steps(engine)
