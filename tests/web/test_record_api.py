"""Follow-ups by program: recorded once, all or none, and each fault at its field."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from config.settings import get_settings
from models.db import read_frame
from tests.kept import begin_with
from tests.prepared import CONFIG, settle
from web.app import make_desk
from web.internal import internal_app

LI = {
    "company": "乙公司",
    "name": "李四",
    "mobile": "13800002222",
    "chain_state": "complete",
    "urgency_state": "urgent",
}
NOW = datetime.now(UTC)
NUMBER = f"XL{NOW - timedelta(days=3):%Y%m}001"


@pytest.fixture
def client(engine, tmp_path: Path) -> TestClient:
    begin_with(engine, "a lead of three days ago", lambda: settle(engine, LI, as_of=NOW - timedelta(days=3)))
    settings = get_settings(home=tmp_path, secret="s" * 32, config=None)
    app = internal_app(make_desk(settings, CONFIG, engine))
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


def record(**more: Any) -> dict[str, Any]:
    at = (NOW - timedelta(hours=2)).isoformat(timespec="minutes")
    return {"number": NUMBER, "by": "linruoxi", "at": at, "method": "电话", "summary": "介绍方案"} | more


def sent(client: TestClient, *records: Any) -> Any:
    content = json.dumps({"follow_ups": list(records)}).encode()
    return client.post("/api/follow-ups", content=content, headers={"content-type": "application/json"})


def stored(engine) -> list[dict[str, Any]]:
    with engine.connect() as conn:
        return read_frame(conn, "SELECT * FROM follow_up ORDER BY id").to_dict("records")


def test_records_are_stored_with_all_they_say_and_once(engine, client: TestClient) -> None:
    soon = (NOW + timedelta(days=2)).isoformat(timespec="minutes")
    full = record(
        key="crm:77", next_action="发报价", next_at=soon, confirmed=["need", "budget"], probability=40, amount=250000,
        close_on=f"{NOW + timedelta(days=40):%Y-%m-%d}",
    )  # fmt: skip
    first = sent(client, full, record(summary="又打了一次"))
    assert first.status_code == 200
    assert [one["before"] for one in first.json()["recorded"]] == [False, False]
    for same in (full, full | {"number": f" {NUMBER.lower()}"}):
        assert [one["before"] for one in sent(client, same).json()["recorded"]] == [True]
    one, two = stored(engine)
    assert (one["key"], one["channel"], one["confirmed"], one["amount"]) == ("crm:77", "api", "need|budget", 250_000)
    assert two["summary"] == "又打了一次"


def test_an_answer_tells_what_is_hinted_at(client: TestClient) -> None:
    soon = (NOW + timedelta(days=2)).isoformat(timespec="minutes")
    clear = {"feedback": "有兴趣", "result": "跟进中", "next_action": "发报价", "next_at": soon}
    answer = sent(client, record(**clear), record(**clear | {"next_action": "keep in touch", "summary": "再谈"}))
    assert [one["hints"] for one in answer.json()["recorded"]] == [
        [], [{"field": "next_action", "code": "vague", "detail": "it is vague: say who does what until when"}]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [({"at": "gestern"}, "at", "type"), ({"summary": " "}, "summary", "blank"), ({"probability": "viel"}, "probability",
      "type"), ({"by": "nobody"}, "by", "nobody"), ({"colour": "red"}, "colour", "unknown_field"),
     ({"next_action": "发报价"}, "next_at", "both"), ({"number": "XL209901001"}, "number", "no_lead"),
     ({"method": "烟雾"}, "method", "choice"), ({"summary": None}, "summary", "blank"),
     ({"at": "9999-12-31T10:00"}, "at", "type"), ({"amount": 1e300}, "amount", "type"),
     ({"close_on": "9999-12-31"}, "close_on", "far"), ({"feedback": "a" * 4001}, "feedback", "long"),
     ({"summary": "\ud800"}, "summary", "type"), ({"confirmed": ["mood"]}, "confirmed", "choice")],
)  # fmt: skip
def test_one_wrong_field_is_named_and_nothing_of_the_request_is_stored(
    engine, client: TestClient, wrong: dict[str, Any], field: str, code: str
) -> None:
    answer = sent(client, record(), record(**{"summary": "另一次", **wrong}))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(f"follow_ups.1.{field}", code)]
    assert stored(engine) == []


@pytest.mark.parametrize("body", [[], {}, {"follow_ups": []}, {"follow_ups": [1]}, {"follow_ups": "x"}, 7])
def test_what_is_no_list_of_records_is_said(client: TestClient, body: Any) -> None:
    assert client.post("/api/follow-ups", json=body).status_code == 422
    assert client.post("/api/follow-ups", content=b"{", headers={"content-type": "text/plain"}).status_code == 415


def test_who_signs_in_speaks_for_himself_alone(engine, tmp_path: Path) -> None:
    begin_with(engine, "a lead of three days ago", lambda: settle(engine, LI, as_of=NOW - timedelta(days=3)))
    settings = get_settings(home=tmp_path, secret="s" * 32, config=None, password="a long password")
    app = internal_app(make_desk(settings, CONFIG, engine))
    signed_in = base64.b64encode(b"linruoxi:a long password").decode()
    client = TestClient(app, base_url="http://127.0.0.1", headers={"authorization": f"Basic {signed_in}"})
    assert sent(client, record(by="zhengkai")).json()["errors"][0]["field"] == "follow_ups.0.by"
    assert sent(client, {name: value for name, value in record().items() if name != "by"}).status_code == 200
    assert [one["person"] for one in stored(engine)] == ["linruoxi"]


def test_a_record_corrects_one_that_the_same_person_recorded(engine, client: TestClient) -> None:
    first = sent(client, record()).json()["recorded"][0]["follow_up"]
    for wrong, code in (({"corrects": "1"}, "type"), ({"corrects": 99}, "no_record"),
                        ({"corrects": first, "by": "zhengkai"}, "others")):  # fmt: skip
        answer = sent(client, record(**wrong))
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["field"], error["code"]) == (422, "follow_ups.0.corrects", code)
    for wrong, field, code in (({"corrects_lead": 7}, "corrects_lead", "type"),
                               ({"corrects_lead": "XL209901001"}, "corrects_lead", "no_record")):  # fmt: skip
        answer = sent(client, record(corrects=first, **wrong))
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["field"], error["code"]) == (422, f"follow_ups.0.{field}", code)
    # the lead's own number says nothing new
    assert sent(client, record(corrects=first, risk="停产", corrects_lead=record()["number"])).status_code == 200
    old, new = stored(engine)
    assert old["superseded_by"] == new["id"] == first + 1
    assert new["risk"] == "停产"
