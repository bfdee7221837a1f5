"""WeCom beside mail: what its answer's code says, and messages that wait, are given up, or keep quiet hours."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import Engine, insert, select
from werkzeug import Request, Response

from config.loader import load_config
from config.settings import Settings
from models import Message
from models.db import begin
from tasks.channels import send_wecom, short_text
from tasks.outbox import send_pending
from tests.tasks.outgoing import AS_OF, base
from tests.tasks.promised import CONFIG, A, arrive, sweep_at

RULES = load_config().rules.at(AS_OF.date())
NOW = AS_OF + timedelta(hours=1)


def settings_of(tmp_path: Path, url: str | None, **said: str) -> Settings:
    usual = {"mail_mode": "send", "smtp_url": "smtp://127.0.0.1:9?from=leads@example.com"}
    return Settings(_env_file=None, home=tmp_path / "home", wecom_url=url, **(usual | said))


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"errcode": 0, "errmsg": "ok"}, "sent"),
        # HTTP 200 says nothing: a wrong key is refused with it
        (200, {"errcode": 93000, "errmsg": "invalid webhook url"}, "refused"),
        (200, {"errcode": 45009, "errmsg": "api freq out of limit"}, "pending"),
        (200, "no json", "unknown"),
        (500, "", "pending"),
        (404, "", "refused"),
    ],
)
def test_the_code_of_the_answer_says_whether_it_was_taken(httpserver: HTTPServer, tmp_path, status, body, outcome):
    content = body if isinstance(body, str) else json.dumps(body)
    httpserver.expect_request("/send").respond_with_data(content, status=status)
    settings = settings_of(tmp_path, httpserver.url_for("/send"))
    assert send_wecom(settings, "提醒").outcome == outcome
    sent = httpserver.log[0][0].get_json()
    assert sent == {"msgtype": "text", "text": {"content": "提醒"}}


def test_nobody_listening_is_later_and_no_text_is_longer_than_is_taken(tmp_path):
    assert send_wecom(settings_of(tmp_path, "http://127.0.0.1:9/send"), "提醒").outcome == "pending"
    assert len(short_text("长" * 5000).encode()) <= 2048


def test_a_notice_goes_by_both_ways_and_each_is_sent_once(httpserver: HTTPServer, tmp_path):
    texts: list[str] = []

    def take(request: Request) -> Response:
        texts.append(request.get_json()["text"]["content"])
        return Response(json.dumps({"errcode": 0}))

    httpserver.expect_request("/send").respond_with_handler(take)
    engine = base(tmp_path)
    settings = settings_of(tmp_path, httpserver.url_for("/send"))
    arrive(engine, A)
    sweep_at(engine, "2024-03-18T10:00", settings=settings)
    now = AS_OF + timedelta(days=3)
    for _ in range(2):
        send_pending(engine, settings, now, RULES, now=now)
    with engine.connect() as conn:
        found = conn.execute(select(Message.channel, Message.state).order_by(Message.id)).tuples().all()
    assert sorted(found) == [("mail", "pending"), ("mail", "pending"), ("wecom", "sent"), ("wecom", "sent")]
    assert len(texts) == 2
    assert all("XL202403001" in text and "K-FIRST" in text and "13800001111" not in text for text in texts)


def test_nothing_leaves_the_machine_while_mails_are_files(httpserver: HTTPServer, tmp_path):
    engine = base(tmp_path)
    settings = settings_of(tmp_path, httpserver.url_for("/send"), mail_mode="file")
    arrive(engine, A)
    sweep_at(engine, "2024-03-18T10:00", settings=settings)
    assert send_pending(engine, settings, NOW, RULES, now=NOW + timedelta(days=9))["filed"] >= 2
    assert httpserver.log == []


def put(engine: Engine, **said: object) -> None:
    usual = {
        "id": 1, "key": "k", "kind": "promise_breach", "recipient": "x", "address": "wecom", "subject": "s",
        "text": "t", "html": "", "state": "pending", "attempts": 0, "created_at": NOW, "channel": "wecom",
    }  # fmt: skip
    with begin(engine) as conn:
        conn.execute(insert(Message).values(usual | said))


def state(engine: Engine) -> tuple[str, int]:
    with engine.connect() as conn:
        return tuple(conn.execute(select(Message.state, Message.attempts)).one())


def test_what_is_refused_for_now_waits_longer_each_time_and_is_given_up_at_last(httpserver: HTTPServer, tmp_path):
    httpserver.expect_request("/send").respond_with_data("", status=503)
    engine = base(tmp_path)
    put(engine)
    settings = settings_of(tmp_path, httpserver.url_for("/send"))
    tried: list[int] = []
    afternoon = NOW + timedelta(hours=3)
    for minutes in range(0, 130, 5):
        at = afternoon + timedelta(minutes=minutes)
        before = state(engine)[1]
        send_pending(engine, settings, at, RULES, now=at)
        if state(engine)[1] > before:
            tried.append(minutes)
    # at once, at the next run, then after 5, 10, 20, 40 minutes
    assert tried == [0, 5, 10, 20, 40, 80]
    for days in (3, 4, 5):
        at = afternoon + timedelta(days=days)
        send_pending(engine, settings, at, RULES, now=at)
    assert state(engine)[0] == "dead"


def test_a_notice_that_could_not_be_sent_in_time_waits_for_the_morning(httpserver: HTTPServer, tmp_path):
    httpserver.expect_request("/send").respond_with_data(json.dumps({"errcode": 0}))
    engine = base(tmp_path)
    put(engine, attempts=1)
    settings = settings_of(tmp_path, httpserver.url_for("/send"))
    night = NOW + timedelta(hours=12)
    assert send_pending(engine, settings, night, RULES, now=night) == {}
    assert state(engine) == ("pending", 1)
    morning = night + timedelta(hours=60)  # of the next Monday
    assert send_pending(engine, settings, morning, RULES, now=morning) == {"sent": 1}


def test_what_was_on_its_way_when_the_process_died_is_not_sent_again(httpserver: HTTPServer, tmp_path):
    httpserver.expect_request("/send").respond_with_data(json.dumps({"errcode": 0}))
    engine = base(tmp_path)
    put(engine, state="sending", attempts=1)
    settings = settings_of(tmp_path, httpserver.url_for("/send"))
    assert send_pending(engine, settings, NOW, RULES, now=NOW) == {"unknown": 1}
    assert httpserver.log == []
    assert CONFIG.roster.people
