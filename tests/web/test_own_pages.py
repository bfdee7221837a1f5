"""A person's own pages by a signed link: his leads, and the pool of his territory; and the pool inside."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from config.settings import get_settings
from models import Lead
from tasks.links import Link, sign
from tasks.orders import Order
from tasks.pool import give_back
from tests.kept import begin_with
from tests.prepared import CONFIG, settle
from tests.tasks.promised import FIRST, arrive, at, away
from web.app import create_app, make_desk
from web.internal import internal_app
from web.mine import leads_of

SECRET = b"s" * 32
WHO = "linruoxi"
ZHANG = {"company": "<b>甲</b>公司", "name": "张三", "mobile": "13800001111", "chain_state": "complete",
         "urgency_state": "urgent", "region": "浙江省杭州市"}  # fmt: skip
LI = ZHANG | {"company": "乙公司", "name": "李四", "mobile": "13800002222"}


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> TestClient:
    """Two A leads of five days ago."""
    settings = get_settings(home=tmp_path, base_url="https://leads.example.com", secret=SECRET.decode(), config=None)
    begin_with(
        engine,
        "two leads of five days ago",
        lambda: settle(engine, ZHANG, LI, as_of=datetime.now(UTC) - timedelta(days=5)),
    )
    return TestClient(create_app(settings, CONFIG, engine), base_url="https://leads.example.com")


def link(page: str, opens: str, person: str = WHO, days: float = 1) -> str:
    return f"/{page}/{sign(SECRET, Link(opens, person, datetime.now(UTC) + timedelta(days=days)))}"


def order(by: str, days: float = 0, reason: str = "区域调整") -> Order:
    now = datetime.now(UTC) - timedelta(days=days)
    return Order(by, reason, now, now, "Asia/Shanghai")


def owners(engine: Engine) -> dict[str, str | None]:
    with engine.connect() as conn:
        return dict(conn.execute(select(Lead.number, Lead.owner).order_by(Lead.id)).tuples().all())


def test_my_leads_are_due_and_open_found_and_a_tap_away(engine: Engine, client: TestClient) -> None:
    mine = [number for number, owner in owners(engine).items() if owner == WHO]
    page = client.get(link("m", "mine"))
    assert page.status_code == 200
    assert all(number in page.text for number in mine)
    assert "已逾期" in page.text
    assert 'href="tel:1380000' in page.text
    assert ">138" not in page.text.replace("138****", ""), "what is shown is masked"
    assert "<script" not in page.text
    assert client.post(link("m", "mine"), data={"q": "没有这家"}).text.count("tel:") == 0
    assert client.post(link("m", "mine"), data={"q": mine[0].lower()}).text.count("tel:") == 1
    # what it leads to opens too, and no longer than itself
    for part in page.text.split('href="../')[1:]:
        assert client.get("/" + part.split('"')[0].split("#")[0]).status_code == 200
    assert client.get(link("m", "pool")).status_code == 404
    assert client.get(link("m", "mine", days=-1)).status_code == 410


@pytest.mark.each_database
def test_who_stands_in_has_what_is_due_for_one_on_leave(engine: Engine, client: TestClient) -> None:
    arrive(engine, ZHANG | {"company": "丙公司", "mobile": "13800003333"}, file="b.csv")
    owner = CONFIG.roster.person(owners(engine)[FIRST] or "")
    deputy = CONFIG.roster.person(owner.deputy or "")
    for config, wanted in ((CONFIG, []), (away(owner.id, "2024-03-18", "2024-03-18"), [f"代 {owner.name}"])):
        found = leads_of(client.app.state.desk, config, deputy, "", at("2024-03-18T09:00"), None)
        assert [one["instead_of"] for one in found.rows if one["number"] == FIRST] == wanted


def other_than(taken: str) -> str:
    """A supervisor who may have an A lead, and has not had these."""
    return next(one.id for one in CONFIG.roster.people if one.role == "supervisor" and one.id != taken)


@pytest.mark.each_database
def test_a_lead_of_the_pool_is_claimed_by_one_post_and_by_one_person(engine: Engine, client: TestClient) -> None:
    number, former = next(iter(owners(engine).items()))
    give_back(engine, number, CONFIG, order(former))
    person = other_than(former)
    page = client.get(link("g", "pool", person)).text
    assert "&lt;b&gt;甲" in page
    assert "张**" in page
    assert "张三" not in page
    assert "1380000" not in page
    assert owners(engine)[number] is None, "a GET claims nothing"
    # who had it sees from when he may have it again, and cannot claim it
    assert "起可再领取" in client.get(link("g", "pool", former)).text
    refused = client.post(link("g", "pool", former), data={"number": number})
    assert refused.status_code == 409
    assert "才能再领取" in refused.text
    # an assistant may not have an A lead: it is not offered, and not given
    assistant = next(one.id for one in CONFIG.roster.people if one.role == "assistant")
    assert number not in client.get(link("g", "pool", assistant)).text
    assert "更高职级" in client.post(link("g", "pool", assistant), data={"number": number}).text
    assert "已领取" in client.post(link("g", "pool", person), data={"number": number}).text
    assert owners(engine)[number] == person
    late = client.post(link("g", "pool", person), data={"number": number})
    assert (late.status_code, "已有负责人" in late.text) == (409, True)
    assert "不能领取" in client.post(link("g", "pool", person), data={"number": "XL209901001"}).text


def test_the_pool_inside_is_told_by_region_and_claimed_for_somebody(engine: Engine, client: TestClient) -> None:
    number, former = next(iter(owners(engine).items()))
    give_back(engine, number, CONFIG, order(former))
    inside = TestClient(
        internal_app(make_desk(client.app.state.desk.settings, CONFIG, engine)), base_url="http://127.0.0.1"
    )
    assert number in inside.get("/pool").text
    assert number in inside.get("/pool", params={"region": "浙江省"}).text
    assert number not in inside.get("/pool", params={"region": "广东省"}).text
    person = other_than(former)
    assert inside.post("/pool", data={"number": number}).status_code == 422
    assert "才能再领取" in inside.post("/pool", data={"number": number, "by": former}).text
    assert "已领取" in inside.post("/pool", data={"number": number, "by": person}).text
    assert owners(engine)[number] == person
