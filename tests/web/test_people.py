"""The pages about people: the roster with its leave, and what is asked of each person."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from config.settings import get_settings
from tasks.leave import leaves
from tests.kept import begin_with
from tests.prepared import CONFIG, settle
from web.app import make_desk
from web.internal import internal_app

ZHANG = {"company": "<b>甲</b>公司", "name": "张三", "mobile": "13800001111", "chain_state": "complete",
         "urgency_state": "urgent"}  # fmt: skip
WHO = "linruoxi"
FIRST, LAST, BEHIND = (f"{datetime.now(UTC).year + 3}-12-0{day}" for day in (1, 4, 5))


@pytest.fixture
def pages(engine: Engine, tmp_path: Path) -> TestClient:
    """The internal application over one A lead of five days ago."""
    (tmp_path / "home").mkdir()
    settings = get_settings(home=tmp_path / "home", base_url="https://leads.example.com", config=None)
    begin_with(
        engine,
        "a lead of five days ago: people",
        lambda: settle(engine, ZHANG, as_of=datetime.now(UTC) - timedelta(days=5)),
    )
    return TestClient(internal_app(make_desk(settings, CONFIG, engine)), base_url="http://127.0.0.1")


def form(**said: str) -> dict[str, str]:
    return {"person": WHO, "first": FIRST, "last": LAST, "deputy": "tangyue", "by": "wujiaqi"} | said


@pytest.mark.each_database
def test_leave_is_noted_and_taken_back_on_the_page(pages: TestClient, engine: Engine) -> None:
    assert pages.post("/people", data=form()).status_code == 200
    page = pages.get("/people").text
    assert LAST in page
    with engine.connect() as conn:
        [number] = leaves(conn, datetime.now(UTC))["id"]
    assert pages.post("/people", data={"remove": str(number), "by": "wujiaqi"}).status_code == 200
    assert LAST not in pages.get("/people").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"by": ""}, "请选择操作人"),
        ({"first": BEHIND}, "先起后止"),
        ({"person": "nobody"}, "花名册中没有“nobody”"),
        ({"deputy": WHO}, "代理人须是花名册中的另一位同事"),
        ({"hours": "25:00-26:00"}, "时段如"),
        ({"last": ""}, "请填写"),
        ({"first": "2001-01-01", "last": "2001-01-02"}, "5 年之内"),
        ({"remove": "99"}, "已不在"),
        ({"remove": "x"}, "请填写"),
    ],
    ids=str,
)
def test_what_is_no_leave_is_told_and_what_was_typed_stays(
    pages: TestClient, engine: Engine, wrong: dict[str, str], said: str
) -> None:
    answer = pages.post("/people", data=form(**wrong))
    assert answer.status_code == 422
    [told] = re.findall(r'role="alert">([^<]*)', answer.text)
    assert said in told
    assert not re.search("[a-z]{3} [a-z]{3}", told), "in the reader's language"
    with engine.connect() as conn:
        assert leaves(conn, datetime.now(UTC)).empty


def test_a_persons_page_shows_what_is_asked_of_him_with_a_tap_to_call(pages: TestClient) -> None:
    page = pages.get(f"/people/{WHO}").text
    assert "已逾期" in page
    assert 'href="tel:13800001111"' in page
    assert "&lt;b&gt;甲" in page
    assert "<b>甲</b>公司" not in page
    assert "138****1111" in page
    assert "/p/" in page, "a link to log, put off or give back"
    assert pages.post(f"/people/{WHO}", data={"q": "张三"}).text.count('class="box"') == 1
    assert pages.post(f"/people/{WHO}", data={"q": "李四"}).text.count('class="box"') == 0
    assert pages.get("/people/nobody").status_code == 404
