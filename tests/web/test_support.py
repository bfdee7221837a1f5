"""A request for support: asked on the page of a lead, seen and answered by the technical department, seen again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from config.settings import get_settings
from models import FollowUp, Lead
from tasks.day import day_of
from tasks.links import Link, sign
from tests.prepared import CONFIG, settle
from tests.tasks.promised import FIRST, A, arrive, at, follow_up
from web.app import create_app, make_desk
from web.internal import internal_app

SECRET = b"s" * 32
TECH = "raozhipeng"


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> TestClient:
    settings = get_settings(home=tmp_path, base_url="https://leads.example.com", secret=SECRET.decode(), config=None)
    return TestClient(create_app(settings, CONFIG, engine), base_url="https://leads.example.com")


def link(page: str, opens: str, person: str) -> str:
    return f"/{page}/{sign(SECRET, Link(opens, person, datetime.now(UTC) + timedelta(days=1)))}"


def said(summary: str, minutes: int, **more: str) -> dict[str, str]:
    when = datetime.now(get_settings().zone) - timedelta(minutes=minutes)
    usual = {"do": "log", "at": f"{when:%Y-%m-%dT%H:%M}", "method": "电话", "answered": "yes", "summary": summary}
    return usual | more


def test_both_sides_see_what_was_asked_and_what_was_answered(engine: Engine, client: TestClient) -> None:
    settle(engine, A, as_of=datetime.now(UTC) - timedelta(days=1))
    with engine.connect() as conn:
        number, owner = conn.execute(select(Lead.number, Lead.owner)).one()
    asked = client.post(link("p", number, owner), data=said("介绍方案", 30, support="<b>产线</b>节拍测算"))
    assert asked.status_code == 200
    for who in (owner, TECH):
        page = client.get(link("p", number, who)).text
        assert "&lt;b&gt;产线&lt;/b&gt;节拍测算" in page
        assert "处理中，应于" in page
        assert "技术支持处理中" in client.get(link("m", "mine", who)).text
    assert number in client.get(link("m", "mine", TECH)).text
    # what becomes of the lead is its owner's to say
    assert "#give_back" not in client.get(link("m", "mine", TECH)).text
    assert client.post(link("p", number, TECH), data={"do": "give_back", "give_back_reason": "x"}).status_code == 403
    client.post(link("p", number, TECH), data=said("节拍 45 秒可行", 5))
    for page in (client.get(link("p", number, owner)).text,
                 TestClient(internal_app(make_desk(client.app.state.desk.settings, CONFIG, engine)),
                            base_url="http://127.0.0.1").get(f"/leads/{number}").text):  # fmt: skip
        assert "饶志鹏 已于" in page
        assert "节拍 45 秒可行" in page
    assert number not in client.get(link("m", "mine", TECH)).text
    assert "技术支持处理中" not in client.get(link("m", "mine", owner)).text
    with engine.connect() as conn:
        assert list(conn.execute(select(FollowUp.person).order_by(FollowUp.id)).scalars()) == [owner, TECH]


def test_a_request_stands_in_the_day_of_who_answers_until_it_is_overdue(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-15T11:00", support="节拍测算")  # due at the end of Tuesday
    with engine.connect() as conn:
        seen = {
            when: [
                set(day_of(conn, CONFIG, at(when), "Asia/Shanghai").of(who)["section"]) for who in (TECH, "linruoxi")
            ]
            for when in ("2024-03-18T09:00", "2024-03-19T09:00", "2024-03-20T09:00")
        }
        only = day_of(conn, CONFIG, at("2024-03-18T09:00"), "Asia/Shanghai", TECH)
    assert [one[0] for one in seen.values()] == [{"support"}, {"due"}, {"overdue"}]
    assert all("support" in one[1] for one in seen.values())
    assert only.rows["number"].tolist() == [FIRST]
