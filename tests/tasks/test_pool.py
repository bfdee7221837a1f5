"""The pool and hand-overs: leads leave and find owners with their companies, on both databases."""

from collections import Counter as Tally
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AccountOwner, Assignment, Counter, Lead, LeadEvent
from models.audit import audit
from tasks.orders import NotHisError, Order, OrderError
from tasks.pool import claim, give_back, waiting
from tasks.reassign import reassign
from tests.named_cases import with_value
from tests.prepared import AS_OF, CONFIG
from tests.prepared import settle_once as settle

FIRST, SECOND = "XL202403001", "XL202403002"
ZHANG = {"company": "甲公司", "name": "张三", "mobile": "13800001111"}
LI = {"company": "甲公司", "name": "李四", "mobile": "13800002222"}
DAY = timedelta(days=1)


@pytest.fixture
def engine(engine):
    """The base on each database; whatever a test did, all of it must fit together."""
    yield engine
    with engine.connect() as conn:
        assert audit(conn) == []


def order(by: str, days: float = 1, reason: str = "区域调整") -> Order:
    return Order(by, reason, AS_OF + days * DAY, AS_OF + days * DAY, "Asia/Shanghai")


def seen(engine, *columns, where=()):
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(*columns).where(*where).order_by(columns[0]))]


def owners(engine):
    return dict(seen(engine, Lead.number, Lead.owner))


def other(*taken: str) -> str:
    """A senior who is none of these."""
    people = CONFIG.roster.people
    return next(one.id for one in people if one.role == "senior" and one.id not in taken and not one.regions
                and not one.industries)  # fmt: skip


@pytest.mark.each_database
def test_a_lead_goes_back_with_its_company_and_comes_out_with_it(engine):
    settle(engine, ZHANG, LI)
    former = owners(engine)[FIRST]
    assert set(owners(engine).values()) == {former}
    moved = give_back(engine, FIRST, CONFIG, order(former))
    assert (moved.numbers, moved.former, moved.owner) == ((FIRST, SECOND), former, None)
    assert seen(engine, Lead.number, Lead.status, Lead.owner_rule) == [
        (FIRST, "pool", "A-POOL"), (SECOND, "pool", "A-POOL"),
    ]  # fmt: skip
    assert seen(engine, AccountOwner.person, where=(AccountOwner.until.is_(None),)) == []
    assert seen(engine, Counter.value, where=(Counter.name == f"load:{former}",)) == [(0,)]
    with engine.connect() as conn:
        found = waiting(conn)
    assert found["former"].tolist() == [former, former]
    person = other(former)
    assert claim(engine, SECOND, CONFIG, order(person, 2)).numbers == (FIRST, SECOND)
    assert set(owners(engine).values()) == {person}
    assert seen(engine, AccountOwner.person, where=(AccountOwner.until.is_(None),)) == [(person,)]
    kinds = [kind for _, kind in seen(engine, LeadEvent.id, LeadEvent.kind)]
    assert kinds[-4:] == ["pooled", "pooled", "claimed", "claimed"]


def test_a_lead_is_given_back_by_its_owner_those_above_him_and_managers_alone(engine):
    settle(engine, ZHANG)
    owner = owners(engine)[FIRST]
    above = CONFIG.roster.above(owner)
    for stranger in (other(owner), "luoyiran"):
        assert stranger not in above
        with pytest.raises(NotHisError, match=f"{FIRST} is {owner}'s: {stranger} may not say so"):
            give_back(engine, FIRST, CONFIG, order(stranger))
    assert owners(engine) == {FIRST: owner}
    assert give_back(engine, FIRST, CONFIG, order(above[0])).former == owner


def test_a_lead_in_the_pool_stays_there_when_another_row_of_it_arrives(engine):
    settle(engine, ZHANG)
    give_back(engine, FIRST, CONFIG, order(owners(engine)[FIRST]))
    settle(engine, {**ZHANG, "need": "另一条产线"}, file="b.csv", as_of=AS_OF + 2 * DAY)
    assert seen(engine, Lead.number, Lead.status, Lead.owner) == [(FIRST, "pool", None)]


def test_who_had_a_lead_waits_before_he_may_claim_it_again(engine):
    settle(engine, ZHANG)
    former = owners(engine)[FIRST]
    give_back(engine, FIRST, CONFIG, order(former))
    with pytest.raises(OrderError, match="may claim it again from 2024-03-23"):
        claim(engine, FIRST, CONFIG, order(former, 7.9))
    claim(engine, FIRST, CONFIG, order(former, 8.1))
    assert owners(engine) == {FIRST: former}


def changed(person: str, **values) -> object:
    people = [one.model_copy(update=values) if one.id == person else one for one in CONFIG.roster.people]
    return CONFIG.model_copy(update={"roster": CONFIG.roster.model_copy(update={"people": tuple(people)})})


def test_who_may_not_have_a_lead_cannot_claim_it(engine):
    settle(engine, {**ZHANG, "region": "浙江省杭州市"})
    former = owners(engine)[FIRST]
    person = other(former)
    with pytest.raises(OrderError, match="has an owner"):
        claim(engine, FIRST, CONFIG, order(person))
    give_back(engine, FIRST, CONFIG, order(former))
    assistant = next(one.id for one in CONFIG.roster.people if one.role == "assistant")
    marketing = next(one.id for one in CONFIG.roster.people if one.role == "marketing")
    for who, config, why in (
        (assistant, CONFIG, "higher role"),
        (marketing, CONFIG, "higher role"),
        (person, changed(person, regions=("北京市",)), "another region"),
        (person, changed(person, open_cap=0), "open leads of at most 0"),
        ("nobody", CONFIG, "nobody of the id"),
    ):
        with pytest.raises(OrderError, match=why):
            claim(engine, FIRST, config, order(who, 2))
    with pytest.raises(OrderError, match="there is no lead"):
        claim(engine, "XL202403999", CONFIG, order(person, 2))
    assert owners(engine) == {FIRST: None}


def test_nobody_claims_more_companies_a_day_than_he_may(engine):
    config = CONFIG.model_copy(update={"rules": with_value(CONFIG.rules, "A-CLAIM-DAY", 3)})
    rows = [{"company": f"{n}号公司", "name": f"王{n}", "mobile": f"1380000{n:04}"} for n in range(5)]
    settle(engine, *rows)
    for number, owner in owners(engine).items():
        give_back(engine, number, config, order(owner))
    person = other(*owners(engine).values())
    numbers = sorted(owners(engine))
    for number in numbers[:3]:
        claim(engine, number, config, order(person, 9))
    with pytest.raises(OrderError, match="claimed 3 leads today"):
        claim(engine, numbers[3], config, order(person, 9.1))
    claim(engine, numbers[3], config, order(person, 10))


@pytest.mark.parametrize("to", [True, False], ids=["to one", "by the rules"])
def test_all_that_a_leaver_has_is_handed_over_company_by_company(engine, to):
    rows = [{"company": f"{n // 2}号公司", "name": f"王{n}", "mobile": f"1380000{n:04}"} for n in range(24)]
    settle(engine, *rows)
    before = owners(engine)
    leaver, most = Tally(before.values()).most_common(1)[0]
    seniors = (one.id for one in CONFIG.roster.people if one.role == "senior" and one.id != leaver)
    successor = next(seniors) if to else None
    seen_first = reassign(engine, leaver, successor, CONFIG, order("linruoxi"), dry_run=True)
    assert owners(engine) == before
    found = reassign(engine, leaver, successor, CONFIG, order("linruoxi"))
    assert found["owner"].tolist() == seen_first["owner"].tolist()
    after = owners(engine)
    assert len(found) == most
    assert leaver not in after.values()
    assert {number: owner for number, owner in after.items() if before[number] != leaver} == {
        number: owner for number, owner in before.items() if owner != leaver
    }
    if to:
        assert {after[number] for number in found["number"]} == {successor}
    else:
        roles = {CONFIG.roster.person(after[number]).role for number in found["number"]}
        assert roles == {CONFIG.roster.person(leaver).role}
    live = seen(engine, AccountOwner.account_id, AccountOwner.person, where=(AccountOwner.until.is_(None),))
    assert {person for _, person in live} == set(after.values())
    former = seen(engine, Assignment.id, Assignment.lifted_from, where=(Assignment.until.is_(None),))
    assert [one for _, one in former].count(leaver) == most
    assert reassign(engine, leaver, successor, CONFIG, order("linruoxi", 2)).empty


def test_a_hand_over_without_a_reason_or_to_nobody_is_refused(engine):
    for to, reason, why in (
        (None, " ", "reason is blank"),
        ("gone", "离职", "nobody of that id"),
        ("a", "离职", "has them already|nobody of that id"),
    ):
        with pytest.raises(OrderError, match=why):
            reassign(engine, "a", to, CONFIG, order("linruoxi", reason=reason))
