"""The command line: quick help, one line for an error, exit codes that mean something."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from xlsxwriter.exceptions import FileCreateError

from flows.cli import run
from flows.commands import lead_number
from flows.console import CONFIG, DATABASE, EXIT_CODES, FILES, OK, REFUSED, USAGE, exit_code, one_line
from tasks.rules.worktime import OutsideCalendar

ROOT = Path(__file__).parents[2]


def _leads(*words: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LEADS_", "PREFECT_"))}
    return subprocess.run(
        [sys.executable, "-m", "flows", *words],
        cwd=folder, env=env | {"PYTHONPATH": str(ROOT)} | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_help_is_there_at_once(tmp_path: Path) -> None:
    took = []
    for _ in range(3):
        started = time.perf_counter()
        assert _leads("--help", folder=tmp_path).returncode == OK
        took.append(time.perf_counter() - started)
    # half a second is promised on a quiet machine; what keeps it is held by test_structure
    assert min(took) < 1.5


def test_help_makes_nothing(tmp_path: Path) -> None:
    _leads("ingest", "--help", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "nonsense"),
        (["export", "rows"], "--out"),
        (["export", "rows", "--out", "rows.doc"], ".parquet"),
        (["ingest", "nowhere.csv"], "nowhere.csv"),
        (["ingest", "--channel", "nowhere"], "nowhere"),
        (["ingest", "--as-of", "yesterday"], "yesterday"),
        (["ingest", "--as-of", "0001-01-01"], "0001-01-01"),
        (["ingest", "--as-of", "9999-12-31T23:00+00:00"], "9999-12-31"),
        (["ingest", "--direct", "--as-of", "1900-01-01"], "1900-01-01"),
        (["rebuild", "--check", "--as-of", "1970-01-01"], "no run can be dated 1970-01-01"),
        (["split", "XL202403001", "--row", "1", "--reason", "x", "--by", "nobody"], "nobody"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_is_one_line_and_exit_code_2(
    words: list[str], said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == USAGE
    error = capsys.readouterr().err
    assert said in error
    assert len([line for line in error.splitlines() if line.startswith("leads: ")]) == 1
    assert "Traceback" not in error


EVERY = [
    ["ingest", "--direct"], ["explain", "XL202403001"], ["check-rules"], ["db", "upgrade"],
    ["export", "rows", "--out", "rows.csv"], ["export", "leads", "--out", "leads.csv"],
    ["split", "XL202403001", "--row", "1", "--reason", "x", "--by", "zhengkai"], ["demo", "--direct"], ["version"],
]  # fmt: skip


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of an error; nothing went where an answer would be."""
    captured = capsys.readouterr()
    assert [line for line in captured.out.splitlines() if not line.startswith("LEADS_HOME ")] == []
    [line] = [line for line in captured.err.splitlines() if not line.startswith("LEADS_HOME ")]
    assert line.startswith("leads: ")
    return line


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LEADS_MAIL_MODE", "shout", "LEADS_MAIL_MODE"),
        ("LEADS_MAIL_MODE", "redirect:ops@example.com", "LEADS_SMTP_URL"),
        ("LEADS_TZ", "Mars/Olympus", "LEADS_TZ"),
        ("LEADS_DATABASE_URL", "mysql://leads:secret@db/leads", "postgresql://"),
        ("LEADS_DATABASE_URL", "postgresql://leads:secret@db:port/leads", "port"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_4(
    name: str,
    value: str,
    told: str,
    words: list[str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert run(words) == CONFIG
    line = _said(capsys)
    assert name in line
    assert told in line
    assert "secret" not in line
    assert not home.exists()


@pytest.mark.parametrize("words", [words for words in EVERY if words[0] in ("ingest", "db", "demo")], ids=" ".join)
def test_a_home_that_cannot_be_written_to_is_one_line_and_exit_code_4(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("LEADS_HOME", str(tmp_path / "a file" / "home"))
    assert run(words) == CONFIG
    assert "LEADS_HOME" in _said(capsys)


@pytest.mark.parametrize("words", [words for words in EVERY if words[0] not in ("version", "export")], ids=" ".join)
def test_broken_yaml_names_file_and_line_with_exit_code_4(
    words: list[str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "company" / "rules"
    folder.mkdir(parents=True)
    (folder / "screening.yaml").write_text("- {id: S-FLOOR\n  value: [", encoding="utf-8")
    monkeypatch.setenv("LEADS_CONFIG", str(folder.parent))
    assert run(words) == CONFIG
    assert "screening.yaml:" in _said(capsys)


def test_a_wrong_rule_file_names_file_and_key(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "company" / "rules"
    folder.mkdir(parents=True)
    (folder / "screening.yaml").write_text("- {id: S-FLOOR, valeu: 1}\n", encoding="utf-8")
    monkeypatch.setenv("LEADS_CONFIG", str(folder.parent))
    assert run(["check-rules"]) == CONFIG
    error = capsys.readouterr().err
    assert "screening.yaml" in error
    assert "valeu" in error


@pytest.mark.parametrize(
    "words", [words for words in EVERY if words[0] not in ("version", "check-rules")], ids=" ".join
)
def test_a_database_that_does_not_answer_is_one_line_without_its_password_and_exit_code_5(
    words: list[str], home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADS_DATABASE_URL", "postgresql+psycopg://leads:secret@127.0.0.1:1/none")
    assert run(words) == DATABASE
    line = _said(capsys)
    assert "127.0.0.1" in line
    assert "secret" not in line


def test_a_refused_file_is_told_beside_the_answer_with_exit_code_3(
    home: Path, lead_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = lead_file.with_name("letter.csv")
    letter.write_text("Dear Sir\n", encoding="utf-8")
    assert run(["ingest", str(letter), str(lead_file), "--direct", "--json"]) == FILES
    captured = capsys.readouterr()
    assert {file["file"]: file["state"] for file in json.loads(captured.out)["files"]} == {
        "letter.csv": "refused",
        "leads.csv": "taken",
    }
    assert "leads: letter.csv was refused: " in captured.err


@pytest.mark.parametrize("words", [[], *({tuple(words[:2]): words for words in EVERY}.values())], ids=" ".join)
def test_the_help_of_every_command_has_an_example_and_the_exit_codes(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [word for word in words[:2] if not word.startswith("-") and not word.startswith("XL")]
    assert run([*command, "--help"]) == OK
    text = " ".join(capsys.readouterr().out.split())
    assert re.search(rf"Example: (LEADS_CONFIG=\S+ )?leads {' '.join(command)}", text)
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in text


@pytest.mark.slow
def test_with_the_engine_standard_output_is_json_alone_and_start_up_is_told_apart(
    home: Path, lead_file: Path, tmp_path: Path
) -> None:
    done = _leads("ingest", str(lead_file), "--json", "--as-of", "2024-03-18T09:00", folder=tmp_path,
                  LEADS_HOME=str(home), PREFECT_PROFILES_PATH=str(tmp_path / "none"))  # fmt: skip
    assert done.returncode == OK, done.stderr
    said = json.loads(done.stdout)
    assert (said["engine"]["kind"], said["rows"]) == ("own", 3)
    assert said["started_seconds"] > 0
    assert set(said["seconds"]) >= {"prepare", "match", "receipts", "tell"}
    assert str(home) in done.stderr


@pytest.mark.parametrize("words", [["version"], ["check-rules"], ["db", "upgrade"]], ids=" ".join)
def test_every_command_says_where_its_state_lies(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == OK
    assert capsys.readouterr().out.splitlines()[0] == f"LEADS_HOME {home}"
    assert run([*words, "--json"]) == OK
    captured = capsys.readouterr()
    assert json.loads(captured.out)["home"] == str(home)
    assert str(home) in captured.err


def test_the_folders_exist_after_db_upgrade(home: Path) -> None:
    assert run(["db", "upgrade"]) == OK
    assert (home / "intake" / "default").is_dir()
    assert (home / "leadflow.db").is_file()
    assert run(["db", "upgrade"]) == OK


@pytest.mark.parametrize(
    "words",
    [["explain", "XL202403001"], ["export", "rows", "--out", "rows.csv"], ["explain", "XL202403001", "--json"]],
    ids=" ".join,
)
def test_asking_before_there_is_a_database_is_one_line_and_exit_code_1(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == REFUSED
    assert "leads db upgrade" in capsys.readouterr().err
    assert not home.exists()


@pytest.mark.parametrize("typed", ["xl202403001", "ＸＬ２０２４０３００１", " XL202403001 "])
def test_a_lead_number_is_known_however_it_is_typed(typed: str) -> None:
    assert lead_number(typed) == "XL202403001"


def test_an_unknown_lead_is_one_line_and_exit_code_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["db", "upgrade"])
    assert run(["explain", "xl209901001"]) == REFUSED
    assert "leads: there is no lead XL209901001" in capsys.readouterr().err
    assert run(["split", "ＸＬ209901001", "--row", "1", "--reason", "x", "--by", "zhengkai"]) == REFUSED
    assert "leads: there is no lead XL209901001" in capsys.readouterr().err


def test_an_empty_base_is_exported_as_a_header(home: Path, tmp_path: Path) -> None:
    run(["db", "upgrade"])
    assert run(["export", "rows", "--out", str(tmp_path / "rows.csv")]) == OK
    assert (tmp_path / "rows.csv").read_text("utf-8").startswith("batch,file,sheet,line,external_id,outcome,lead")


def test_an_interrupted_command_says_so_and_ends_with_130(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.commands.version", interrupt)
    assert run(["version"]) == 130


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "flows", "version", "--json"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "LEADS_HOME": str(tmp_path)}
    with subprocess.Popen(words, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        assert asked.stdout is not None
        assert asked.stderr is not None
        asked.stdout.close()
        said = asked.stderr.read().decode().splitlines()
        assert (asked.wait(), [line for line in said if not line.startswith("LEADS_HOME")]) == (OK, [])


@pytest.mark.parametrize("error", [FileCreateError(OSError(28, "No space left on device")), OutsideCalendar(2041)])
def test_no_room_for_a_workbook_and_a_calendar_at_its_end_are_one_line(error: Exception) -> None:
    assert exit_code(error) == REFUSED
    assert "\n" not in one_line(error)
