"""Promises from the command line and the flow: the worked example, what is due, and mails at a real server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler

from config.loader import load_config
from config.settings import Settings
from flows.cli import run
from flows.console import OK, REFUSED, USAGE
from flows.sweeping import escalate_promises
from models.db import make_engine
from tests.kept import put_tables
from tests.tasks.promised import FIRST, A, arrive, at


@pytest.fixture
def base(home: Path) -> Path:
    home.mkdir(parents=True)
    put_tables(home / "leadflow.db")
    engine = make_engine(f"sqlite:///{home / 'leadflow.db'}")
    arrive(engine, A)
    engine.dispose()
    return home


def asked(capsys: pytest.CaptureFixture[str], *words: str, code: int = OK) -> dict:
    assert run([*words, "--json"]) == code
    out = capsys.readouterr().out
    return json.loads(out[out.index("{") :])


def log(*more: str) -> list[str]:
    return ["log", FIRST, "--by", "linruoxi", "--at", "2024-03-18T15:00", "--method", "phone", "--summary", "担心效率",
            "--as-of", "2024-03-18T16:00", *more]  # fmt: skip


def test_the_worked_example_from_the_command_line(base, capsys):
    said = asked(capsys, *log("--objection", "效率提升不明显", "--next", "发送案例", "--next-at", "2024-03-20"))
    assert {(one["field"], one["code"]) for one in said["hints"]} == {("feedback", "unsaid"), ("result", "unsaid")}
    due = {one["policy"]: one["due_at"] for one in said["clocks"]}
    # a date without a time is that day's end
    assert due["K-NEXT"] == "2024-03-20T10:00:00+00:00"
    assert (said["before"], said["number"]) == (False, FIRST)
    assert asked(capsys, *log("--objection", "效率提升不明显"))["before"] is True
    shown = asked(capsys, "clocks", FIRST.lower(), "--as-of", "2024-03-18T16:00")["clocks"]
    states = {one["policy"]: one["state"] for one in shown}
    assert (states["K-FIRST"], states["K-OBJECTION"], states["K-NEXT"]) == ("late", "met", "running")
    counted = asked(capsys, "objections", "--as-of", "2024-03-19T16:00")
    assert [(one["category"], one["raised"], one["in_time"]) for one in counted["categories"]] == [("效果", 1, 1)]
    assert counted["categories"][0]["in_time_share"] is None, "too few for a rate"
    story = asked(capsys, "explain", FIRST)["leads"][0]
    assert [one["summary"] for one in story["follow_ups"]] == ["担心效率"]
    assert {one["policy"] for one in story["clocks"]} >= {"K-FIRST", "K-NEXT"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--method", "烟雾信号"], USAGE),
        (["--by", "nobody"], USAGE),
        (["--at", "2024-03-19T15:00"], REFUSED),
        (["--at", "2024-03-19"], REFUSED),
        (["--at", "9999-01-01"], REFUSED),
        (["--at", "0001-01-01"], REFUSED),
        (["--next", "发送案例"], REFUSED),
        (["--next", "发送案例", "--next-at", "soon"], USAGE),
        (["--summary", " "], REFUSED),
        (["--answered", "maybe"], USAGE),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_its_reason(base, capsys, words, code):
    line = log()
    for name, value in zip(words[::2], words[1::2], strict=True):
        line = [*line[: line.index(name)], *line[line.index(name) + 2 :]] if name in line else line
        line += [name, value]
    assert run(line) == code
    assert capsys.readouterr().err.startswith("leads: ")
    assert asked(capsys, "clocks", FIRST)["clocks"][0]["ended_at"] is None


def test_what_is_due_is_told_and_then_done_once(base, capsys):
    foreseen = asked(capsys, "due", "--as-of", "2024-03-18T10:00")
    assert [one["recipient"] for one in foreseen["steps"]] == ["linruoxi", "zhengkai"]
    assert asked(capsys, "escalations")["escalations"] == []
    done = asked(capsys, "escalate", "--as-of", "2024-03-18T10:00")
    assert (done["counts"]["fired"], done["messages"]) == (1, {"filed": 2})
    assert asked(capsys, "escalate", "--as-of", "2024-03-18T10:05")["counts"] == {}
    told = asked(capsys, "escalations", "--lead", FIRST, "--person", "zhengkai")["escalations"]
    assert [(one["kind"], one["used_minutes"], one["mail"]) for one in told] == [("breach", 450, "sent")]


def test_the_calendar_says_how_sure_each_year_is(base, capsys, tmp_path):
    years = {one["year"]: one for one in asked(capsys, "calendar", "--as-of", "2026-06-01T10:00")["years"]}
    assert (years[2025]["basis"], years[2025]["makeup_workdays"]) == ("official", 5)
    assert years[2028]["basis"] == "estimated"
    empty = tmp_path / "2027.json"
    empty.write_text('{"year": 2027, "days": []}', encoding="utf-8")
    assert run(["calendar", "import", str(empty)]) == REFUSED
    empty.write_text('{"year": 2028, "days": [{"date": "2028-01-03", "isOffDay": true}]}', encoding="utf-8")
    assert asked(capsys, "calendar", "import", str(empty), "--as-of", "2026-06-01T10:00")["year"] == 2028
    years = {one["year"]: one["basis"] for one in asked(capsys, "calendar", "--as-of", "2026-06-01T10:00")["years"]}
    assert years[2028] == "overridden"


class _Box(Handler):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[str, str]] = []

    def handle_message(self, message) -> None:
        from email.header import decode_header, make_header

        self.got.append((message["X-Leadflow-Original-To"], str(make_header(decode_header(message["Subject"])))))


@pytest.fixture
def box() -> Iterator[tuple[_Box, str]]:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handler = _Box()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, f"smtp://127.0.0.1:{port}?from=leads@example.com"
    server.stop()


def test_with_short_targets_a_lead_nobody_calls_goes_to_somebody_else_by_mail(base, box, tmp_path):
    handler, url = box
    folder = tmp_path / "company"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "sla.yaml").write_text(
        """
- id: K-FIRST
  targets: [{within: {minutes: 10}}]
  ladder:
    - {step: reminder, before: {minutes: 5}, to: owner}
    - {step: breach, to: [owner, supervisor]}
    - {step: escalation, after: {minutes: 5}, to: manager}
    - {step: reassign, after: {minutes: 10}, to: [owner, supervisor]}
""",
        encoding="utf-8",
    )
    config = load_config(folder)
    settings = Settings(_env_file=None, home=base, mail_mode="redirect:all@example.com", smtp_url=url)
    # the first look reckons the clock under the company's own rule
    for minute in (2, 5, 10, 15, 20, 25):
        escalate_promises(settings, config, at(f"2024-03-15T10:{minute:02d}"))
    subjects = [subject.partition("] ")[2] for _, subject in handler.got if "首次联系" in subject]
    assert [subject[:2] for subject in subjects] == ["提醒", "超时", "超时", "升级", "改派", "改派"]
    with make_engine(f"sqlite:///{base / 'leadflow.db'}").connect() as conn:
        from sqlalchemy import text

        owner, rule = conn.execute(text("SELECT owner, owner_rule FROM lead")).one()
        states = {state for (state,) in conn.execute(text("SELECT state FROM message"))}
    assert (owner, rule) == ("gaowenbo", "K-FIRST")
    assert states == {"sent"}
