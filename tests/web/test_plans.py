"""The pages of plans: a link shows one person's plan, its button confirms it, and supervisors see how all stand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from config.settings import get_settings
from models import Lead, Plan
from models.db import read_frame
from tasks.links import Link, sign
from tasks.plans import next_working_day
from tests.kept import begin_with
from tests.prepared import CONFIG, settle
from web.app import create_app, make_desk
from web.internal import internal_app

SECRET = b"s" * 32
WHO = "linruoxi"
ZHANG = {"company": "<b>甲</b>公司", "name": "张三", "mobile": "13800001111", "chain_state": "complete",
         "urgency_state": "urgent"}  # fmt: skip


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> TestClient:
    settings = get_settings(home=tmp_path, base_url="https://leads.example.com", secret=SECRET.decode(), config=None)
    begin_with(
        engine,
        "a lead of five days ago: plans",
        lambda: settle(engine, ZHANG, as_of=datetime.now(UTC) - timedelta(days=5)),
    )
    return TestClient(create_app(settings, CONFIG, engine), base_url="https://leads.example.com")


def day_of_plan(engine: Engine) -> str:
    with engine.connect() as conn:
        return next_working_day(conn, CONFIG, datetime.now(UTC), "Asia/Shanghai").isoformat()


def link(engine: Engine, person: str = WHO, opens: str | None = None, page: str = "d", days: float = 1) -> str:
    until = datetime.now(UTC) + timedelta(days=days)
    return f"/{page}/{sign(SECRET, Link(opens or f'plan:{day_of_plan(engine)}', person, until))}"


def number(engine: Engine) -> str:
    with engine.connect() as conn:
        return conn.execute(select(Lead.number)).scalar_one()


def stored(engine: Engine) -> list[tuple]:
    with engine.connect() as conn:
        return conn.execute(select(Plan.person, Plan.state, Plan.actor).order_by(Plan.id)).tuples().all()


def test_one_button_confirms_and_a_second_press_changes_nothing(engine: Engine, client: TestClient) -> None:
    page = client.get(link(engine))
    assert page.status_code == 200
    assert "&lt;b&gt;甲" in page.text
    assert "<script" not in page.text
    assert stored(engine) == [], "a GET stores nothing"
    form = {"listed": number(engine), "keep": number(engine), f"note-{number(engine)}": "上午拜访"}
    said = client.post(link(engine), data=form).text
    assert "已确认：1 条" in said
    assert all("跟进计划</title>" in one and "核实线索" not in one for one in (page.text, said)), "named as it is"
    assert "此前已经" in client.post(link(engine), data=form).text
    assert stored(engine) == [(WHO, "confirmed", WHO)]
    again = client.get(link(engine)).text
    assert "上午拜访" in again
    assert "已于" in again


def test_a_plan_is_edited_and_what_cannot_be_planned_is_told_with_all_that_was_typed(
    engine: Engine, client: TestClient
) -> None:
    form = {"listed": number(engine), f"note-{number(engine)}": "改天", "add": "XL209901001、xl209901002"}
    refused = client.post(link(engine), data=form)
    assert refused.status_code == 400
    assert "XL209901001, XL209901002" in refused.text
    assert "改天" in refused.text
    long = client.post(link(engine), data=form | {f"note-{number(engine)}": "长" * 301, "add": ""})
    assert long.status_code == 400
    # a body that was lost on its way is nobody's word
    lost = client.post(link(engine), data={})
    assert (lost.status_code, "再提交一次" in lost.text) == (400, True)
    assert stored(engine) == []
    assert "已确认：0 条" in client.post(link(engine), data=form | {"add": ""}).text
    with engine.connect() as conn:
        items = read_frame(conn, "SELECT kept, note FROM plan_item")
    assert [(bool(row.kept), row.note) for row in items.itertuples()] == [(False, "改天")]


def test_the_link_of_a_plan_opens_that_plan_alone_and_no_other_link_opens_one(
    engine: Engine, client: TestClient
) -> None:
    assert client.get(link(engine, "nobody")).status_code == 404
    assert client.get(link(engine, days=-1)).status_code == 410
    assert client.get(link(engine, opens="plan:2020-01-02")).status_code == 410
    assert client.post(link(engine, opens="plan:2020-01-02"), data={"keep": ""}).status_code == 410
    assert client.get(link(engine, opens=number(engine))).status_code == 404
    for page in ("p", "v"):
        assert client.get(link(engine, page=page)).status_code == 404
    assert stored(engine) == []


def test_supervisors_see_who_has_confirmed(engine: Engine, client: TestClient) -> None:
    desk = make_desk(client.app.state.desk.settings, CONFIG, engine)
    inside = TestClient(internal_app(desk), base_url="http://127.0.0.1")
    assert "没有计划" in inside.get("/plans").text
    client.post(link(engine), data={"listed": number(engine)})
    page = inside.get("/plans").text
    assert "已确认" in page
    assert f'href="/leads/{number(engine)}"' in page, "a due lead is left out"
