"""What a killed run leaves for people to do: a named file to be named again, a mail whose fate nobody knows."""

import email
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from flows.cli import run
from models import Message
from models.db import make_engine
from tests.crash.lead_files import list_of_a_fair, list_of_the_form, write_roster
from tests.crash.left_behind import LeftBehind
from tests.crash.runs import AS_OF, KILLED, Base, ingest

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(300)]

Note = Callable[[str], None]


@pytest.fixture
def base(tmp_path: Path) -> Base:
    """An empty home with a roster."""
    return _base(tmp_path / "home")


def test_a_killed_batch_of_a_named_file_is_told_of_and_finished_by_the_same_command(
    base: Base, tmp_path: Path, killed: Note, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "名单.csv"
    path.write_text(list_of_the_form(), encoding="utf-8")
    assert ingest(base, str(path), stop_at="in-transaction:2").code == KILLED
    killed("in-transaction, a named file")

    # in a copy: it tells the owners of what is settled so far, which the same command again does not
    other = Base(tmp_path / "other", f"sqlite:///{tmp_path / 'other' / 'leadflow.db'}")
    shutil.copytree(base.home, other.home)
    said = _command(other, monkeypatch, capsys)
    [line] = [line for line in said.splitlines() if "尚未收完" in line]
    assert "批次 1" in line
    assert "leads ingest <名单.csv 的路径> --channel default" in line
    assert "leads ingest PATH-OF-名单.csv --channel default" in _command(other, monkeypatch, capsys, LEADS_LANG="en")
    told = json.loads(_command(other, monkeypatch, capsys, "--json"))
    assert told["unfinished"] == [{"batch": 1, "file": "名单.csv", "channel": "default"}]

    assert "尚未收完" not in _command(base, monkeypatch, capsys, str(path))
    assert path.exists()
    undisturbed = _base(tmp_path / "undisturbed")
    _command(undisturbed, monkeypatch, capsys, str(path))
    LeftBehind.of(undisturbed).must_equal(base)


def test_a_mail_is_never_sent_twice_and_one_of_unknown_fate_is_said(
    base: Base,
    tmp_path: Path,
    postman: "Postman",
    killed: Note,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "展会.csv"
    path.write_text(list_of_a_fair(), encoding="utf-8")
    mail = {"LEADS_MAIL_MODE": "redirect:all@example.com", "LEADS_SMTP_URL": postman.url}
    for place in ("mail-due:2", "mail-out:2"):
        assert ingest(base, str(path), stop_at=place, **mail).code == KILLED
        killed(f"{place.partition(':')[0]}, through a mail server")
    assert "结果不明 1 封" in _command(base, monkeypatch, capsys, str(path), **mail)
    assert len(postman.got) == len(set(postman.got))
    states = _states(base)
    assert set(states.values()) == {"sent", "unknown"}
    assert list(states.values()).count("unknown") == 2
    # one of the two had gone out, the other had not: both are kept as unknown, and neither is sent by itself
    assert len(postman.got) == len(states) - 1


class Postman:
    """A mail server that takes everything; `got` are the Message-IDs."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.url = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.got.append(str(email.message_from_bytes(envelope.content)["Message-ID"]))
        return "250 OK"


@pytest.fixture
def postman() -> Iterator[Postman]:
    """A mail server on a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    made = Postman()
    server = Controller(made, hostname="127.0.0.1", port=port)
    server.start()
    made.url = f"smtp://127.0.0.1:{port}?from=leads@example.com"
    yield made
    server.stop()


def _base(home: Path) -> Base:
    write_roster(home / "config")
    return Base(home, f"sqlite:///{home / 'leadflow.db'}")


def _command(
    base: Base,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
    **settings: str,
) -> str:
    """Run the command in this process, where nobody kills it, and give what it prints."""
    monkeypatch.chdir(base.home)
    for name, value in (base.settings() | settings).items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    assert run(["ingest", "--direct", "--as-of", AS_OF, *arguments]) == 0
    return capsys.readouterr().out


def _states(base: Base) -> dict[str, str]:
    engine = make_engine(base.url)
    with engine.connect() as conn:
        found = {message.key: message.state for message in conn.execute(select(Message.key, Message.state))}
    engine.dispose()
    return found
