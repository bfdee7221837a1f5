"""When mails about leads go out: an A lead at once in working hours, else one mail a person in so many minutes."""

import email
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, insert, text, update

from config.loader import load_config
from config.settings import Settings
from flows.server import free_port
from models import Message, MessageFile
from models.db import begin
from tasks.outbox import send_pending

RULES = load_config(None).rules
# a Monday, ten o'clock in Shanghai
MORNING = datetime(2024, 3, 18, 2, 0, tzinfo=UTC)


class Postman:
    """Keeps what comes."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:
        self.got.append(envelope.content)
        return "250 OK"


@pytest.fixture
def postman() -> Iterator[tuple[Postman, int]]:
    handler = Postman()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def settings(tmp_path: Path, postman: tuple[Postman, int]) -> Settings:
    return Settings(
        _env_file=None, home=tmp_path, mail_mode="send",
        smtp_url=f"smtp://127.0.0.1:{postman[1]}?from=leads@example.com",
    )  # fmt: skip


def put(engine: Engine, number: int, at: datetime, *, kind: str = "new_leads", who: str = "li", urgent: bool = False):
    with begin(engine) as conn:
        conn.execute(
            insert(Message).values(
                id=number, key=f"k{number}", kind=kind, recipient=who, address=f"{who}@example.com", urgent=urgent,
                subject=f"新线索 {number}", text=f"text {number}", state="pending", attempts=0, created_at=at,
                html=f"<html><body><p>page {number}</p></body></html>",
            )
        )  # fmt: skip
        conn.execute(insert(MessageFile).values(message_id=number, name="leads.xlsx", content=b"x%d" % number))
        conn.execute(text("INSERT INTO counter (name, value) VALUES ('message_id', 100) ON CONFLICT DO NOTHING"))


def sent(engine: Engine, settings: Settings, at: datetime) -> dict[str, int]:
    return send_pending(engine, settings, at, RULES, now=at)


def states(engine: Engine) -> dict[int, str]:
    with engine.connect() as conn:
        return {row.id: row.state for row in conn.execute(text("SELECT id, state FROM message ORDER BY id"))}


def test_a_person_gets_one_mail_in_so_many_minutes_with_all_that_came_meanwhile(engine, settings, postman) -> None:
    put(engine, 1, MORNING)
    assert sent(engine, settings, MORNING) == {"sent": 1}
    for minute in (1, 5):
        put(engine, 1 + minute, MORNING + timedelta(minutes=minute))
        assert sent(engine, settings, MORNING + timedelta(minutes=minute))["waiting"] >= 1
    put(engine, 9, MORNING + timedelta(minutes=6), who="wang")
    assert sent(engine, settings, MORNING + timedelta(minutes=6)) == {"sent": 1, "waiting": 2}
    assert sent(engine, settings, MORNING + timedelta(minutes=16)) == {"sent": 1}
    assert states(engine) == {1: "sent", 2: "gathered", 6: "gathered", 9: "sent", 101: "sent"}
    whole = email.message_from_bytes(postman[0].got[-1])
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in whole.walk() if not part.is_multipart()}
    assert parts["text/plain"].decode().split() == ["text", "2", "text", "6"]
    assert "<p>page 2</p><hr><p>page 6</p>" in parts["text/html"].decode().replace("\n", "")
    assert {part.get_filename() for part in whole.walk()} == {None, "leads.xlsx", "leads-2.xlsx"}
    assert sent(engine, settings, MORNING + timedelta(minutes=40)) == {}


@pytest.mark.parametrize(
    ("at", "goes"),
    [(MORNING, True), (MORNING.replace(hour=4, minute=45), False), (MORNING.replace(hour=15), False),
     (MORNING + timedelta(days=5), False),
     # Qingming, and the Sunday on which its bridge day is made up
     (MORNING.replace(month=4, day=4), False), (MORNING.replace(month=4, day=7), True)],
)  # fmt: skip
def test_an_a_lead_goes_out_at_once_in_working_hours_and_takes_the_others_along(
    engine, settings, at: datetime, goes: bool
) -> None:
    put(engine, 1, at)
    sent(engine, settings, at)
    later = at + timedelta(minutes=1)
    put(engine, 2, later)
    put(engine, 3, later, urgent=True)
    assert sent(engine, settings, later) == ({"sent": 1} if goes else {"waiting": 2})


def test_what_is_no_word_of_leads_never_waits(engine, settings) -> None:
    put(engine, 1, MORNING)
    sent(engine, settings, MORNING)
    put(engine, 2, MORNING, kind="receipt")
    put(engine, 3, MORNING, kind="unassigned")
    assert sent(engine, settings, MORNING + timedelta(minutes=1)) == {"sent": 2}


def test_one_that_the_server_put_off_is_not_gathered_again(engine, settings) -> None:
    put(engine, 1, MORNING)
    sent(engine, settings, MORNING)
    put(engine, 2, MORNING)
    with begin(engine) as conn:
        conn.execute(update(Message).where(Message.id == 2).values(attempts=1))
    assert sent(engine, settings, MORNING + timedelta(minutes=1)) == {"sent": 1}
