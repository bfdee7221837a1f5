"""What the outbox holds is sent once: as files, or through a real mail server with all its moods."""

import logging
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine, insert, text

from config.loader import load_config
from config.settings import Settings, SettingsError
from models import Person
from models.db import begin
from tasks.mailer import Mail, mail_bytes, sender
from tasks.outbox import send_pending
from tests.named_cases import with_value
from tests.tasks.outgoing import AS_OF, base, messages, put, read_mail, settings_of

NOW = AS_OF + timedelta(minutes=1)
RULES = load_config(None).rules


class Postman:
    """A mail server's handler: keeps what comes, and answers by the recipient's name."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.passwords: list[bytes] = []
        self.encrypted = False
        self.texts_announced = 0

    def knows(
        self, _server: SMTP, session: Session, _envelope: Envelope, _how: str, login: LoginPassword
    ) -> AuthResult:
        self.passwords.append(login.password)
        self.encrypted = session.ssl is not None
        return AuthResult(success=True)

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        for code, said in (("550", f"550 no such user {address}"), ("451", "451 try later"), ("421", "421 bye")):
            if address.startswith(code):
                return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if envelope.rcpt_tos[0].startswith("drop"):
            assert server.transport is not None
            server.transport.abort()
            return "250 never heard"
        self.got.append(envelope)
        return "554 no thanks" if envelope.rcpt_tos[0].startswith("554") else "250 OK"


class Listening(Controller):
    """A mail server that tells its handler of every DATA, also of one that it then refuses."""

    def factory(self) -> SMTP:
        handler: Postman = self.handler

        class Counting(SMTP):
            async def smtp_DATA(self, arg: str) -> None:
                handler.texts_announced += 1
                await super().smtp_DATA(arg)

        return Counting(handler, **self.SMTP_kwargs)


@pytest.fixture
def postman() -> Iterator[tuple[Postman, str]]:
    """A mail server on a free port, and its URL."""
    handler = Postman()
    server = Listening(handler, hostname="127.0.0.1", port=_free_port(), data_size_limit=20_000)
    server.start()
    yield handler, f"smtp://127.0.0.1:{server.port}?from=leads@example.com"
    server.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _states(engine: Engine) -> list[tuple[str, int, str | None]]:
    return [(message.state, message.attempts, message.error) for message in messages(engine)]


def _mails(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(settings.mails.iterdir())}


def test_file_mode_writes_each_message_once(tmp_path: Path) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path)
    put(engine, "a@example.com", "b@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"filed": 2}
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {}
    assert list(_mails(settings)) == ["00000001_new_leads_p1.eml", "00000002_new_leads_p2.eml"]
    assert _states(engine) == [("sent", 1, None)] * 2
    assert messages(engine)[0].sent_at is not None


def test_a_mail_bears_the_name_of_whom_it_is_for(tmp_path: Path) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path)
    put(engine, "a@example.com", "b@example.com")
    # p1 is called otherwise now; of p2 nobody knows a name
    people = [(1, "p1", "旧名", AS_OF), (2, "p1", "陈伟", None)]
    with begin(engine) as conn:
        for number, code, name, until in people:
            person = {"id": number, "code": code, "name": name, "role": "销售代表", "detail": "{}", "since": AS_OF}
            conn.execute(insert(Person).values(**person, until=until))
    send_pending(engine, settings, AS_OF, RULES, now=NOW)
    read = [read_mail(data)["To"].addresses[0] for data in _mails(settings).values()]
    assert [(one.display_name, one.addr_spec) for one in read] == [("陈伟", "a@example.com"), ("p2", "b@example.com")]


def test_a_file_written_again_after_a_kill_has_the_same_bytes(tmp_path: Path) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path)
    put(engine, "a@example.com")
    _attach(engine, 1, b"PK\x03\x04" * 5000)
    send_pending(engine, settings, AS_OF, RULES, now=NOW)
    before = _mails(settings)
    with begin(engine) as conn:  # killed between the file and the state
        conn.execute(text("UPDATE message SET state = 'pending', sent_at = NULL"))
    send_pending(engine, settings, AS_OF, RULES, now=NOW + timedelta(hours=3))
    assert _mails(settings) == before


def test_a_mail_is_one_tree_that_reads_back(tmp_path: Path) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path)
    put(engine, "a@example.com")
    content = bytes(range(256)) * 333
    _attach(engine, 1, content)
    send_pending(engine, settings, AS_OF, RULES, now=NOW)
    data = _mails(settings)["00000001_new_leads_p1.eml"]
    mail = read_mail(data)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ]  # fmt: skip
    assert mail["Subject"] == "新线索 1 条"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == AS_OF
    assert mail["Message-ID"].endswith("@leadflow.invalid>")
    assert mail.get_body(("plain",)).get_content().splitlines() == ["正文 1", ".点"]
    attachment = next(mail.iter_attachments())
    assert (attachment.get_filename(), attachment.get_content()) == ("new-leads_1.xlsx", content)
    assert attachment["Content-Transfer-Encoding"] == "base64"
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_the_headers_of_a_mail_hold_any_text_and_no_other_header(tmp_path: Path) -> None:
    subject = "［代 张三］新线索 12 条 😀" + "很长的主题" * 20 + "\r\nBcc: x@example.com"
    mail = Mail("k", "new_leads", 'Li, "Bo"', "a@example.com", subject, "正文", "<p>正文</p>", AS_OF)
    data = mail_bytes(mail, "leads@example.com")
    read = read_mail(data)
    assert read["Subject"] == " ".join(subject.split("\r\n"))
    assert read["Bcc"] is None
    assert (read["To"].addresses[0].display_name, read["To"].addresses[0].addr_spec) == ('Li, "Bo"', "a@example.com")
    assert read["From"].addresses[0].addr_spec == "leads@example.com"
    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert data.isascii()


def test_a_person_without_address_is_refused(tmp_path: Path) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path)
    put(engine, "", "b@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"filed": 1, "refused": 1}
    assert _states(engine)[0] == ("refused", 0, "no address")


def test_a_server_gets_each_message_and_its_answers_are_kept(tmp_path: Path, postman: tuple[Postman, str]) -> None:
    handler, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com", "550@example.com", "451@example.com", "554@example.com", "b@example.com")
    counts = send_pending(engine, settings, AS_OF, RULES, now=NOW)
    assert counts == {"sent": 2, "refused": 2, "pending": 1}
    assert _states(engine) == [
        ("sent", 1, None),
        ("refused", 1, "550 no such user <address>"),
        ("pending", 1, "451 try later"),
        ("refused", 1, "554 no thanks"),
        ("sent", 1, None),
    ]
    assert [envelope.rcpt_tos for envelope in handler.got][::2] == [["a@example.com"], ["b@example.com"]]
    assert handler.got[0].mail_from == "leads@example.com"
    assert read_mail(handler.got[0].content).get_body(("plain",)).get_content().splitlines() == ["正文 1", ".点"]
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"pending": 1}
    assert _states(engine)[2] == ("pending", 2, "451 try later")


def test_a_message_too_large_is_refused(tmp_path: Path, postman: tuple[Postman, str]) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=postman[1])
    put(engine, "a@example.com", "b@example.com")
    _attach(engine, 1, b"x" * 30_000)
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"refused": 1, "sent": 1}
    assert str(_states(engine)[0][2]).startswith("552")


def test_a_connection_broken_in_the_text_leaves_its_fate_unknown(tmp_path: Path, postman: tuple[Postman, str]) -> None:
    handler, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "drop@example.com", "a@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"pending": 1, "unknown": 1}
    assert [state for state, _, _ in _states(engine)] == ["unknown", "pending"]
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"sent": 1}
    assert [state for state, _, _ in _states(engine)] == ["unknown", "sent"]
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {}
    assert len(handler.got) == 1


def test_a_server_that_breaks_off_in_each_text_leaves_one_mail_unknown_a_run(
    tmp_path: Path, postman: tuple[Postman, str], caplog: pytest.LogCaptureFixture
) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=postman[1])
    put(engine, *["drop@example.com"] * 6)
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"pending": 5, "unknown": 1}
    assert "5 mails are put off" in caplog.text
    # tried already, so two days of it do not make them mails of the past
    late = NOW + timedelta(days=2)
    assert send_pending(engine, settings, late, RULES, now=late) == {"pending": 4, "unknown": 1}


def test_a_server_that_hangs_up_again_and_again_is_asked_twice_a_run(
    tmp_path: Path, postman: tuple[Postman, str]
) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=postman[1])
    put(engine, *["421@example.com"] * 3, "a@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"pending": 4}
    assert [error for _, _, error in _states(engine)] == ["421 bye"] * 2 + ["put off: 421 bye"] * 2


def test_after_a_refused_recipient_the_server_does_not_hear_that_a_text_follows(
    tmp_path: Path, postman: tuple[Postman, str]
) -> None:
    handler, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "550@example.com", "a@example.com", "451@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"pending": 1, "refused": 1, "sent": 1}
    assert handler.texts_announced == 1


def test_a_server_that_hangs_up_before_the_text_is_tried_again(tmp_path: Path, postman: tuple[Postman, str]) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=postman[1])
    put(engine, "421@example.com", "a@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"pending": 1, "sent": 1}


def test_a_server_that_cannot_be_reached_leaves_all_pending(tmp_path: Path) -> None:
    url = f"smtp://127.0.0.1:{_free_port()}?from=leads@example.com"
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com", "b@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"pending": 2}
    assert [state[:2] for state in _states(engine)] == [("pending", 1)] * 2
    # tried already, so two days of outage do not make it a mail of the past
    late = NOW + timedelta(days=2)
    assert "held_back" not in send_pending(engine, settings, late, RULES, now=late)


def test_what_was_being_sent_when_the_process_died_is_unknown_and_not_sent_again(
    tmp_path: Path, postman: tuple[Postman, str]
) -> None:
    handler, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com", state="sending")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"unknown": 1}
    assert handler.got == []
    assert _states(engine) == [("unknown", 0, "interrupted while sending")]


def test_redirect_sends_all_to_one_address_and_says_for_whom(tmp_path: Path, postman: tuple[Postman, str]) -> None:
    handler, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="redirect:test@example.com", smtp_url=url)
    put(engine, "a@example.com", "b@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"sent": 2}
    assert {tuple(envelope.rcpt_tos) for envelope in handler.got} == {("test@example.com",)}
    mail = read_mail(handler.got[1].content)
    assert (mail["To"], mail["X-Leadflow-Original-To"]) == ("test@example.com", "b@example.com")
    assert mail["Subject"] == "[redirected from b@example.com] 新线索 1 条"


def test_a_run_of_the_past_writes_files_and_says_so(
    tmp_path: Path, postman: tuple[Postman, str], caplog: pytest.LogCaptureFixture
) -> None:
    handler, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com")
    put(engine, "b@example.com", created_at=NOW + timedelta(days=30))  # waits for a run of its own time
    with caplog.at_level(logging.WARNING, logger="tasks.outbox"):
        assert send_pending(engine, settings, AS_OF, RULES, now=NOW + timedelta(days=30)) == {"filed": 1}
    assert "written as files" in caplog.text
    assert "example.com" not in caplog.text
    assert handler.got == []
    assert [state for state, _, _ in _states(engine)] == ["sent", "pending"]


@pytest.mark.parametrize(("hours", "counts"), [(4, {"sent": 1}), (2, {"filed": 1})])
def test_a_rule_says_how_far_back_is_the_past(
    hours: int, counts: dict[str, int], tmp_path: Path, postman: tuple[Postman, str]
) -> None:
    _, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com")
    rules = with_value(RULES, "N-PAST-HOURS", hours)
    assert send_pending(engine, settings, AS_OF, rules, now=AS_OF + timedelta(hours=3)) == counts


def test_mails_left_by_an_interrupted_run_of_the_past_are_held_back_unless_told(
    tmp_path: Path, postman: tuple[Postman, str]
) -> None:
    handler, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com")
    today = NOW + timedelta(days=30)
    assert send_pending(engine, settings, today, RULES, now=today) == {"held_back": 1}
    assert handler.got == []
    assert send_pending(engine, settings, today, RULES, now=today, backfill_mail=True) == {"sent": 1}
    assert len(handler.got) == 1


def test_what_a_run_dated_ahead_says_waits_until_its_time(tmp_path: Path, postman: tuple[Postman, str]) -> None:
    handler, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    ahead = NOW + timedelta(days=30)
    put(engine, "a@example.com", created_at=ahead)
    assert send_pending(engine, settings, ahead, RULES, now=NOW) == {}
    assert handler.got == []
    assert send_pending(engine, settings, ahead, RULES, now=ahead) == {"sent": 1}


@pytest.mark.parametrize(
    ("now", "counts"),
    [("2024-03-18T09:30", {"sent": 1}), ("2024-03-18T10:30", {"held_back": 1}), ("2024-03-19T09:30", {"held_back": 1})],
)
def test_what_waited_over_a_weekend_is_not_of_the_past(
    now: str, counts: dict[str, int], tmp_path: Path, postman: tuple[Postman, str]
) -> None:
    _, url = postman
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com", created_at=AS_OF)  # Friday, ten o'clock
    at = datetime.fromisoformat(now).replace(tzinfo=settings.zone)
    assert send_pending(engine, settings, at, RULES, now=at) == counts


def test_a_mode_that_needs_a_server_names_the_setting(tmp_path: Path) -> None:
    engine = base(tmp_path)
    settings = settings_of(tmp_path).model_copy(update={"mail_mode": "redirect:a@example.com"})
    put(engine, "a@example.com")
    with pytest.raises(SettingsError, match="LEADS_SMTP_URL"):
        send_pending(engine, settings, AS_OF, RULES, now=NOW)


def test_the_sender_is_stated_or_the_user_or_nobody() -> None:
    assert sender("smtp://host?from=x@example.com") == "x@example.com"
    assert sender("smtps://leads%40example.com:secret@host") == "leads@example.com"
    assert sender(None) == "leadflow@localhost"
    assert mail_bytes is not None


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Postman, str]]]:
    """Start mail servers that ask for a password; with `tls` they encrypt, and take it in no other way."""
    certificate = _certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    servers = []

    def start(*, tls: bool) -> tuple[Postman, str]:
        context = None
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        handler = Postman()
        server = Controller(
            handler, hostname="127.0.0.1", port=_free_port(), tls_context=context, auth_required=True,
            auth_require_tls=tls, authenticator=handler.knows,
        )  # fmt: skip
        server.start()
        servers.append(server)
        return handler, f"smtp://leads%40example.com:secret@127.0.0.1:{server.port}"

    yield start
    for server in servers:
        server.stop()


def _certificate(folder: Path) -> Path:
    """A key and its own certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
    signed = made.add_extension(host, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "server.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + signed.public_bytes(pem))
    return path


def test_a_password_goes_over_an_encrypted_connection_without_being_asked_for(
    tmp_path: Path, login: Callable[..., tuple[Postman, str]]
) -> None:
    handler, url = login(tls=True)
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"sent": 1}
    assert handler.passwords == [b"secret"]
    assert handler.encrypted


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_password_is_not_given_to_a_server_that_cannot_encrypt_unless_told_to(
    tmp_path: Path, login: Callable[..., tuple[Postman, str]]
) -> None:
    handler, url = login(tls=False)
    engine, settings = base(tmp_path), settings_of(tmp_path, mail_mode="send", smtp_url=url)
    put(engine, "a@example.com")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"pending": 1}
    assert handler.passwords == []
    settings = settings_of(tmp_path, mail_mode="send", smtp_url=f"{url}?starttls=false")
    assert send_pending(engine, settings, AS_OF, RULES, now=NOW) == {"sent": 1}
    assert handler.passwords == [b"secret"]


def _attach(engine: Engine, number: int, content: bytes) -> None:
    values: dict[str, Any] = {"id": number, "name": f"new-leads_{number}.xlsx", "content": content}
    with begin(engine) as conn:
        conn.execute(text("INSERT INTO message_file (message_id, name, content) VALUES (:id, :name, :content)"), values)


def test_now_is_the_clock_when_it_is_not_given(tmp_path: Path) -> None:
    engine, settings = base(tmp_path), settings_of(tmp_path)
    put(engine, "a@example.com")
    before = datetime.now(UTC)
    send_pending(engine, settings, AS_OF, RULES)
    assert messages(engine)[0].sent_at >= before
