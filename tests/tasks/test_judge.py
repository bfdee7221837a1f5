"""What a person decides or mends beats rows and rules, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Account, AccountOwner, Assignment, Contact, Counter, Identity, Judgement, Lead, LeadEvent, Submission
from models.audit import audit
from tasks.judge import Judged, JudgeError, Said, judge
from tasks.orders import Order
from tests.prepared import AS_OF, CONFIG, outcomes
from tests.prepared import settle_once as settle

LATER = AS_OF + timedelta(hours=1)
ZHANG = {"company": "甲公司", "name": "张三", "mobile": "13800001111"}
OPEN = {**ZHANG, "budget_min": None, "budget_max": None, "budget_state": "unknown"}
FIRST = "XL202403001"


def say(engine, number=FIRST, reason="电话核实", by="li.na", verified=False, dry_run=False, **values) -> Judged:
    order = Order(by, reason, LATER, LATER, "Asia/Shanghai")
    judged = judge(engine, Said(number, values, verified), CONFIG, order, dry_run=dry_run)
    with engine.connect() as conn:
        assert audit(conn) == []
    return judged


def lead(engine, number=FIRST):
    with engine.connect() as conn:
        return conn.execute(select(Lead.__table__).where(Lead.number == number)).one()


def of(engine, column, *where):
    with engine.connect() as conn:
        return list(conn.execute(select(column).where(*where)).scalars())


@pytest.fixture
def person() -> str:
    return next(one.id for one in CONFIG.roster.people if one.active and one.role == "senior")


def test_a_verified_lead_is_graded_and_owned_by_its_grade_at_once(engine):
    settle(engine, OPEN)
    before = lead(engine)
    assert (before.verdict, before.verified_at) == ("to_verify", None)
    judged = say(engine, verified=True, reason="", verdict="valid")
    after = lead(engine)
    assert judged.after["verdict"] == after.verdict == "valid"
    assert (after.verdict_rule, after.grade, after.grade_rule, after.status) == ("S-PERSON", "B", "G-B", "owned")
    assert after.owner_rule == "A-LIFT"
    assert CONFIG.roster.person(before.owner).role == "representative"
    assert CONFIG.roster.person(after.owner).role == "senior"
    assert (after.verified_by, after.verified_at, after.touched_at) == ("li.na", LATER, LATER)
    assert of(engine, LeadEvent.kind, LeadEvent.lead_id == after.id) == ["intake", "verified"]
    assert of(engine, LeadEvent.actor, LeadEvent.kind == "verified") == ["li.na"]
    live = of(engine, Assignment.person, Assignment.lead_id == after.id, Assignment.until.is_(None))
    assert live == [after.owner]


def test_an_invalid_lead_is_archived_with_its_reason_and_its_contact_may_come_again(engine):
    settle(engine, ZHANG)
    owner = lead(engine).owner
    say(engine, verified=True, verdict="invalid", reason="联系人非决策者")
    after = lead(engine)
    assert (after.status, after.verdict, after.grade, after.owner) == ("archived", "invalid", None, None)
    assert after.closed_at == LATER
    assert of(engine, Judgement.reason) == ["联系人非决策者"]
    assert of(engine, Counter.value, Counter.name == f"load:{owner}") == [0]
    settle(engine, {**ZHANG, "need": "另一条产线"}, file="b.csv")
    assert [number for _, number in outcomes(engine)] == [FIRST, "XL202403002"]
    with pytest.raises(JudgeError, match="XL202403002"):
        say(engine, verdict="valid")


def test_who_was_called_invalid_by_mistake_is_open_again(engine):
    settle(engine, ZHANG)
    say(engine, verdict="invalid")
    say(engine, verdict="valid", reason="客户改主意")
    after = lead(engine)
    assert (after.closed_at, after.status, after.verdict, after.grade) == (None, "owned", "valid", "B")


def test_a_later_row_changes_nothing_that_a_person_decided(engine, person):
    settle(engine, OPEN)
    say(engine, verdict="valid", grade="A", owner=person)
    settle(
        engine,
        {**ZHANG, "budget_min": 10.0, "budget_max": 20.0, "need_state": "vague", "at": "2024-03-14"},
        file="b.csv",
    )
    after = lead(engine)
    assert (after.verdict, after.grade, after.grade_rule, after.owner) == ("valid", "A", "G-PERSON", person)
    assert after.rows == 2


def test_an_invalid_lead_has_no_grade_whatever_was_said_before(engine):
    settle(engine, ZHANG)
    say(engine, grade="A")
    say(engine, verdict="invalid")
    assert lead(engine).grade is None


def test_a_later_correction_leaves_what_was_decided_and_decides_the_rest_anew(engine, person):
    settle(engine, OPEN)
    say(engine, owner=person)
    say(engine, budget="30万")
    after = lead(engine)
    assert (after.budget_min, after.budget_max, after.verdict, after.grade) == (300_000, 300_000, "valid", "B")
    assert (after.owner, after.owner_rule) == (person, "A-PERSON")


def test_an_owner_by_hand_gets_the_whole_company(engine):
    settle(engine, ZHANG, {**ZHANG, "name": "李四", "mobile": "13800002222"})
    seniors = (one.id for one in CONFIG.roster.people if one.active and one.role == "senior")
    person = next(one for one in seniors if one != lead(engine).owner)
    say(engine, owner=person)
    assert of(engine, Lead.owner, Lead.closed_at.is_(None)) == [person, person]
    assert of(engine, AccountOwner.person, AccountOwner.until.is_(None)) == [person]
    assert of(engine, Counter.value, Counter.name == f"load:{person}") == [2]
    assert of(engine, LeadEvent.kind, LeadEvent.kind == "handover") != []


def test_a_mistyped_phone_is_mended_and_the_lead_found_by_the_right_one(engine):
    settle(engine, {**ZHANG, "mobile": "13800001112", "mail": "zhang@jia.cn"})
    say(engine, phone="138 0000 1111")
    assert of(engine, Contact.phone) == ["13800001111"]
    assert sorted(of(engine, Identity.key)) == ["e:zhang@jia.cn", "m:13800001111"]
    settle(engine, {"company": "乙公司", "name": "老张", "mobile": "13800001111"}, file="b.csv")
    settle(engine, {"company": "丙公司", "name": "陌生人", "mobile": "13800001112"}, file="c.csv")
    assert [number for _, number in outcomes(engine)] == [FIRST, FIRST, "XL202403002"]
    assert of(engine, Submission.phone, Submission.id == 1) == ["13800001112"]


def test_the_wrong_phone_delivered_again_does_not_come_back(engine):
    settle(engine, {**ZHANG, "mobile": "13800001112", "mail": "zhang@jia.cn"})
    say(engine, phone="13800001111")
    settle(engine, {**ZHANG, "mobile": "13800001112", "mail": "zhang@jia.cn", "at": "2024-03-14"}, file="b.csv")
    assert of(engine, Contact.phone) == ["13800001111"]
    assert [number for _, number in outcomes(engine)] == [FIRST, FIRST]


def test_a_company_by_hand_moves_the_lead_there(engine):
    settle(engine, ZHANG, {"company": "乙公司", "name": "李四", "mobile": "13800002222"})
    say(engine, company="乙公司")
    companies = {row.id: row.account_id for row in (lead(engine), lead(engine, "XL202403002"))}
    assert len(set(companies.values())) == 1
    settle(engine, {"company": "乙公司", "name": "张三", "box": "info@yi.cn"}, file="b.csv")
    assert [number for _, number in outcomes(engine)] == [FIRST, "XL202403002", FIRST]
    assert sorted(of(engine, Account.name)) == ["乙公司", "甲公司"]


def test_what_was_said_before_is_superseded_never_edited(engine):
    settle(engine, OPEN)
    say(engine, grade="C")
    say(engine, grade="A", reason="另有依据")
    with engine.connect() as conn:
        words = conn.execute(select(Judgement.value, Judgement.until.is_(None)).order_by(Judgement.id)).all()
    assert [tuple(map(str, word)) for word in words] in ([("C", "False"), ("A", "True")], [("C", "0"), ("A", "1")])
    assert lead(engine).grade == "A"


def test_a_number_of_somebody_else_is_refused_and_nothing_changed(engine):
    settle(engine, ZHANG, {"company": "乙公司", "name": "李四", "mobile": "13800002222"})
    with pytest.raises(JudgeError, match="XL202403002"):
        say(engine, phone="13800002222")
    assert of(engine, Judgement.id) == []
    assert of(engine, Contact.phone) == ["13800001111", "13800002222"]


def test_a_dry_run_tells_and_changes_nothing(engine):
    settle(engine, OPEN)
    assert say(engine, verdict="valid", dry_run=True).after["verdict"] == "valid"
    assert lead(engine).verdict == "to_verify"
    assert of(engine, Judgement.id) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"grade": "D"}, "grade"),
        ({"verdict": "maybe"}, "verdict"),
        ({"owner": "nobody"}, "owner"),
        ({"phone": "1.38E+10"}, "phone"),
        ({"email": "kein"}, "email"),
        ({"budget": "viel"}, "budget"),
        ({}, "nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(engine, values, told):
    settle(engine, ZHANG)
    with pytest.raises(JudgeError, match=told):
        say(engine, **values)
    assert lead(engine).touched_at is None


def test_a_blank_reason_and_an_unknown_number_are_refused(engine):
    settle(engine, ZHANG)
    with pytest.raises(JudgeError, match="reason"):
        say(engine, grade="A", reason=" ")
    with pytest.raises(JudgeError, match="XL999"):
        say(engine, "XL999", grade="A")


@pytest.mark.parametrize(("days", "again"), [(179, True), (181, False)])
def test_an_owner_is_asked_first_until_long_after_his_last_lead_at_the_account(engine, days, again):
    settle(engine, OPEN)
    first = lead(engine).owner
    say(engine, verified=True, verdict="invalid", reason="暂无需求")
    # the turn is another's by now
    settle(engine, {"company": "乙公司", "name": "李四", "mobile": "13800002222"}, file="b.csv")
    settle(engine, {**OPEN, "need": "新产线"}, file="c.csv", as_of=LATER + timedelta(days=days))
    back = lead(engine, "XL202409001" if days > 170 else "")
    assert (back.owner == first, back.owner_rule) == (again, "A-STICKY" if again else "A-VERIFY")
    live = of(engine, AccountOwner.person, AccountOwner.account_id == back.account_id, AccountOwner.until.is_(None))
    assert live == [back.owner]
