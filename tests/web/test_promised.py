"""The page of a reminder: a GET shows, its buttons log or acknowledge, and no other link opens it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from config.settings import get_settings
from models import Clock, Escalation, FollowUp, Lead, Objection
from tasks.links import Link, sign
from tasks.sweep import sweep
from tests.kept import begin_with
from tests.prepared import CONFIG, lead, settle
from web.app import create_app

SECRET = b"s" * 32
FIRST = f"XL{datetime.now(UTC) - timedelta(days=10):%Y%m}001"
ZHANG = {"company": "<b>甲</b>公司", "name": "张三", "mobile": "13800001111", "chain_state": "complete",
         "urgency_state": "urgent", "need": "<script>alert(1)</script>"}  # fmt: skip


@pytest.fixture
def client(engine, tmp_path: Path) -> TestClient:
    """A lead of ten days ago, and what its owner was told since."""
    home = tmp_path / "home"
    home.mkdir()
    settings = get_settings(home=home, base_url="https://leads.example.com/", secret=SECRET.decode(), config=None)

    def told() -> None:
        settle(engine, ZHANG, as_of=datetime.now(UTC) - timedelta(days=10))
        for days in range(9, 0, -2):
            sweep(engine, CONFIG, settings, (datetime.now(UTC) - timedelta(days=days)).replace(hour=7))

    begin_with(engine, "a lead whose owner was told", told)
    return TestClient(create_app(settings, CONFIG, engine), base_url="https://leads.example.com")


def number(engine) -> str:
    with engine.connect() as conn:
        return conn.execute(select(Lead.number)).scalar_one()


def link(engine, person: str, days: float = 1, secret: bytes = SECRET) -> str:
    return f"/p/{sign(secret, Link(number(engine), person, datetime.now(UTC) + timedelta(days=days)))}"


def of(engine, column):
    with engine.connect() as conn:
        return list(conn.execute(select(column)).scalars())


def form(**said: str) -> dict[str, str]:
    at = datetime.now(CONFIG_ZONE) - timedelta(minutes=5)
    usual = {"do": "log", "at": f"{at:%Y-%m-%dT%H:%M}", "method": "电话", "answered": "yes", "summary": "介绍方案"}
    return usual | said


CONFIG_ZONE = get_settings().zone


def test_opening_the_page_shows_what_is_promised_and_changes_nothing(engine, client):
    owner = lead(engine, number(engine))["owner"]
    page = client.get(link(engine, owner))
    assert page.status_code == 200
    assert "A级线索 24 小时内首次联系" in page.text
    assert "<script" not in page.text
    assert "&lt;b&gt;甲&lt;/b&gt;公司" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert of(engine, FollowUp.id) == []
    assert set(of(engine, Escalation.acknowledged_at)) == {None}


def test_the_form_records_a_follow_up_once(engine, client):
    owner = lead(engine, number(engine))["owner"]
    typed = form(objection="价格高", next_action="发报价", next_at="2099-01-01T10:00")
    assert client.post(link(engine, owner), data=typed).status_code == 400
    soon = f"{datetime.now(CONFIG_ZONE) + timedelta(days=2):%Y-%m-%dT%H:%M}"
    typed = form(objection="价格高", next_action="发报价", next_at=soon, next_person="zhengkai")
    assert client.post(link(engine, owner), data=typed | {"next_person": "nobody"}).status_code == 400
    first, again = (client.post(link(engine, owner), data=typed) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert (of(engine, FollowUp.person), of(engine, FollowUp.channel)) == ([owner], ["page"])
    assert of(engine, FollowUp.next_person) == ["zhengkai"]
    with engine.connect() as conn:
        ended = dict(conn.execute(select(Clock.policy, Clock.ending)).tuples().all())
    assert ended["K-FIRST"] == "late"
    assert ended["K-NEXT"] is None


@pytest.mark.parametrize(
    "wrong",
    [{"summary": " "}, {"method": "烟雾"}, {"answered": "x"}, {"at": "2099-01-01T10:00"}, {"at": "gestern"},
     {"next_action": "发案例"}, {"summary": "长" * 1001}, {"do": "x"}],
)  # fmt: skip
def test_what_cannot_be_stored_is_said_and_stored_nowhere(engine, client, wrong):
    owner = lead(engine, number(engine))["owner"]
    answer = client.post(link(engine, owner), data=form(**wrong))
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert of(engine, FollowUp.id) == []


def test_every_field_that_is_wrong_is_marked_and_what_was_typed_is_kept(engine, client):
    owner = lead(engine, number(engine))["owner"]
    typed = form(
        summary="谈了报价", next_action="发案例", probability="140", close_on="9999-01-01", obstacle="预算未批"
    )
    page = client.post(link(engine, owner), data=typed | {"at": "2099-01-01T10:00"}).text
    every = {"at", "next_at", "probability", "close_on"}
    assert every == set(re.findall(r'id="wrong-([a-z_]+)"', page))
    page = client.post(link(engine, owner), data=typed | {"at": "2099-01-01T10:00", "amount": "viel"}).text
    assert {*every, "amount"} == set(re.findall(r'id="wrong-([a-z_]+)"', page)), "also beside what cannot be read"
    soon = f"{datetime.now(CONFIG_ZONE) + timedelta(days=2):%Y-%m-%dT%H:%M}"
    page = client.post(link(engine, owner), data=typed | {"next_at": soon}).text
    assert {"probability", "close_on"} == set(re.findall(r'id="wrong-([a-z_]+)"', page))
    for kept in ("谈了报价", "发案例", "预算未批", 'value="140"', f'value="{soon}"'):
        assert kept in page


def test_the_form_takes_what_the_deal_asks_for(engine, client):
    owner = lead(engine, number(engine))["owner"]
    at = datetime.now(CONFIG_ZONE)
    typed = form(stage="方案设计", probability="70%", amount="250,000", close_on=f"{at + timedelta(days=30):%Y-%m-%d}",
                 obstacle="预算未批", category="价格", answer="分期付款", objection="贵")  # fmt: skip
    sent = urlencode({**typed, "confirmed": ["need", "budget"]}, doseq=True)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post(link(engine, owner), content=sent, headers=kind).status_code == 200
    with engine.connect() as conn:
        row = conn.execute(select(FollowUp.__table__)).mappings().one()
    assert (row["stage"], row["probability"], row["amount"], row["obstacle"]) == ("方案设计", 70, 250_000, "预算未批")
    assert row["confirmed"] == "need|budget"


def test_a_record_is_opened_again_and_corrected_by_who_recorded_it_alone(engine, client):
    owner = lead(engine, number(engine))["owner"]
    page = link(engine, owner)
    assert client.post(page, data=form(summary="谈了报价", probability="70", objection="太贵")).status_code == 200
    [first] = of(engine, FollowUp.id)
    assert f"?corrects={first}" in client.get(page).text
    shown = client.get(f"{page}?corrects={first}").text
    for kept in (f'name="corrects" value="{first}"', "谈了报价", 'value="70"', "太贵"):
        assert kept in shown
    assert client.post(page, data=form(summary="谈了报价", probability="40", corrects=str(first))).status_code == 200
    with engine.connect() as conn:
        both = conn.execute(select(FollowUp.superseded_by).order_by(FollowUp.id)).scalars().all()
    assert both == [first + 1, None]
    assert f"?corrects={first}" not in client.get(page).text
    for wrong in (str(first), "99", "x"):
        answer = client.post(page, data=form(summary="又一次", corrects=wrong))
        assert (answer.status_code, 'id="wrong-corrects"' in answer.text) == (400, True)
    assert len(of(engine, FollowUp.id)) == 2
    above = CONFIG.roster.person(owner).reports_to
    assert 'name="corrects"' not in client.get(f"{link(engine, above)}?corrects={first + 1}").text


def test_a_record_of_the_wrong_lead_goes_to_the_right_one_where_that_is_his_too(engine, client):
    first_lead = number(engine)
    owner = lead(engine, first_lead)["owner"]
    page = link(engine, owner)
    others = (
        ZHANG | {"company": f"公司{one}", "name": f"王{one}", "mobile": f"1390000{one}"} for one in range(1001, 1009)
    )
    settle(engine, *others, file="b.csv", as_of=datetime.now(UTC))
    with engine.connect() as conn:
        rows = conn.execute(select(Lead.number, Lead.owner).where(Lead.number != first_lead)).all()
    assert {row.owner for row in rows} > {owner}
    his, another = (next(row.number for row in rows if (row.owner == owner) is mine) for mine in (True, False))
    assert client.post(page, data=form(summary="谈了报价")).status_code == 200
    [first] = of(engine, FollowUp.id)
    assert 'name="moved_to"' in client.get(f"{page}?corrects={first}").text
    assert 'name="moved_to"' not in client.get(page).text
    for wrong in (another, "XL209901001", "x"):
        answer = client.post(page, data=form(summary="谈了报价", corrects=str(first), moved_to=wrong))
        assert (answer.status_code, 'id="wrong-moved_to"' in answer.text) == (400, True), wrong
    assert len(of(engine, FollowUp.id)) == 1
    answer = client.post(page, data=form(summary="谈了报价", corrects=str(first), moved_to=his.lower()))
    assert (answer.status_code, his in answer.text) == (200, True)
    with engine.connect() as conn:
        found = conn.execute(
            select(Lead.number, FollowUp.superseded_by).join(Lead, Lead.id == FollowUp.lead_id).order_by(FollowUp.id)
        ).all()
    assert [tuple(row) for row in found] == [(first_lead, first + 1), (his, None)]
    assert f"?corrects={first}" not in client.get(page).text


def test_who_stands_in_sees_the_lead_and_does_not_give_it_back(engine, client):
    owner = CONFIG.roster.person(lead(engine, number(engine))["owner"])
    page = link(engine, owner.deputy)
    assert client.get(page).status_code == 200
    answer = client.post(page, data={"do": "give_back", "give_back_reason": "太多"})
    assert (answer.status_code, "只能由负责人、其上级或经理退回公海" in answer.text) == (403, True)
    assert lead(engine, number(engine))["owner"] == owner.id
    above = link(engine, owner.reports_to)
    assert client.post(above, data={"do": "give_back", "give_back_reason": "太多"}).status_code == 200


def test_what_is_vague_is_stored_and_hinted_at(engine, client):
    page = link(engine, lead(engine, number(engine))["owner"])
    soon = f"{datetime.now(CONFIG_ZONE) + timedelta(days=2):%Y-%m-%dT%H:%M}"
    said = {"feedback": "有兴趣", "result": "跟进中", "next_at": soon}
    vague = client.post(page, data=form(**said, next_action="近期跟进"))
    assert vague.status_code == 200
    assert "下一步行动：写得较笼统" in vague.text
    clear = client.post(page, data=form(**said, next_action="发送案例", summary="谈了价格"))
    assert "可以写得更清楚" not in clear.text
    assert of(engine, FollowUp.next_action) == ["近期跟进", "发送案例"]


@pytest.mark.each_database
def test_standard_answers_stand_beside_the_form_those_to_what_is_open_first(engine, client):
    page = link(engine, lead(engine, number(engine))["owner"])
    offered = re.findall(r'name="standard" value="(O-[A-Z-]+)"', client.get(page).text)
    assert offered == [rule.id for rule in CONFIG.rules.objections]
    assert client.post(page, data=form(objection="担心效果")).status_code == 200
    shown = client.get(page).text
    assert shown.index("效果：担心效果") < shown.index('value="O-EFFECT-CASE"') < shown.index('value="O-PRICE-TOTAL"')
    later = form(summary="发了案例", standard="O-EFFECT-CASE", answer="附数据", settled="yes")
    assert client.post(page, data=later | {"standard": "O-NONE-SUCH"}).status_code == 400
    assert client.post(page, data=later | {"settled": "maybe"}).status_code == 400
    assert client.post(page, data=later).status_code == 200
    with engine.connect() as conn:
        [one] = conn.execute(select(Objection.__table__)).mappings()
    assert (one["answer"], one["worked"]) == ("O-EFFECT-CASE 附数据", True)
    assert "效果：担心效果" not in client.get(page).text


@pytest.mark.each_database
def test_a_lead_that_nobody_has_opens_to_those_who_lead_and_to_nobody_else(engine, client):
    owner = lead(engine, number(engine))["owner"]
    assert (
        client.post(link(engine, owner), data={"do": "give_back", "give_back_reason": "不在我的区域"}).status_code
        == 200
    )
    by_role = {one.role: one.id for one in CONFIG.roster.people if one.active and one.id != owner}
    opens = {role: client.get(link(engine, person)).status_code for role, person in by_role.items()}
    assert opens["manager"] == 200
    assert {opens[role] for role in ("assistant", "tech", "marketing", "representative")} == {403}


@pytest.mark.each_database
def test_a_technician_opens_the_leads_he_was_asked_about(engine, client):
    owner = lead(engine, number(engine))["owner"]
    tech = next(one.id for one in CONFIG.roster.people if one.role == "tech")
    assert client.get(link(engine, tech)).status_code == 403
    assert client.post(link(engine, owner), data=form(support="测算产能")).status_code == 200
    assert client.get(link(engine, tech)).status_code == 200


@pytest.mark.each_database
def test_the_button_acknowledges(engine, client):
    [person] = {one for one in of(engine, Escalation.recipient) if one == "zhengkai"}
    for _ in range(2):
        assert client.post(link(engine, person), data={"do": "acknowledge"}).status_code == 200
    with engine.connect() as conn:
        seen = select(Escalation.acknowledged_by).where(Escalation.recipient == person, Escalation.state == "fired")
        assert set(conn.execute(seen).scalars()) == {person}


def test_another_person_an_old_link_and_a_forged_one_open_nothing(engine, client):
    owner = lead(engine, number(engine))["owner"]
    stranger = next(one.id for one in CONFIG.roster.people if one.role == "assistant")
    assert client.get(link(engine, stranger)).status_code == 403
    assert client.get(link(engine, owner, days=-1)).status_code == 410
    assert client.get(link(engine, owner, secret=b"x" * 32)).status_code == 404
    assert client.post(link(engine, stranger), data=form()).status_code == 403
    assert of(engine, FollowUp.id) == []


def test_a_lead_is_put_off_until_a_day_with_a_reason_and_once(client, engine) -> None:
    page, until = link(engine, lead(engine, number(engine))["owner"]), datetime.now(CONFIG_ZONE) + timedelta(days=20)
    said = {"do": "snooze", "until": f"{until:%Y-%m-%d}", "snooze_reason": "客户说下月再联系"}
    for wrong in ({"until": ""}, {"until": "2020-01-01"}, {"until": "9999-12-31"}, {"snooze_reason": " "}):
        assert client.post(page, data=said | wrong).status_code == 400
    assert of(engine, FollowUp.pause_until) == []
    assert client.post(page, data=said).status_code == 200
    assert client.post(page, data=said).status_code == 200
    [stored] = of(engine, FollowUp.pause_until)
    assert stored.astimezone(CONFIG_ZONE).date() == until.date()


def test_a_lead_is_given_back_with_a_reason(client, engine) -> None:
    page = link(engine, lead(engine, number(engine))["owner"])
    assert client.post(page, data={"do": "give_back", "give_back_reason": ""}).status_code == 400
    assert client.post(page, data={"do": "give_back", "give_back_reason": "不在我的区域"}).status_code == 200
    assert lead(engine, number(engine))["status"] == "pool"
    # nobody has it any more, so nothing is left to give back
    assert client.post(page, data={"do": "give_back", "give_back_reason": "不在我的区域"}).status_code == 409
