"""The command line: quick help, one line for an error, exit codes that mean something."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.cli import run
from flows.console import OK, REFUSED, USAGE

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


def test_a_wrong_setting_is_one_line_and_exit_code_2(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADS_MAIL_MODE", "shout")
    assert run(["version"]) == USAGE
    assert "LEADS_MAIL_MODE" in capsys.readouterr().err


def test_a_wrong_rule_file_names_file_and_key(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "company" / "rules"
    folder.mkdir(parents=True)
    (folder / "screening.yaml").write_text("- {id: S-FLOOR, valeu: 1}\n", encoding="utf-8")
    monkeypatch.setenv("LEADS_CONFIG", str(folder.parent))
    assert run(["check-rules"]) == USAGE
    error = capsys.readouterr().err
    assert "screening.yaml" in error
    assert "valeu" in error


def test_a_database_that_does_not_answer_is_one_line_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADS_DATABASE_URL", "postgresql+psycopg://leads:secret@127.0.0.1:1/none")
    assert run(["db", "upgrade"]) == REFUSED
    error = capsys.readouterr().err
    assert "127.0.0.1" in error
    assert "secret" not in error


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


def test_an_unknown_lead_is_one_line_and_exit_code_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["db", "upgrade"])
    assert run(["explain", "XL209901001"]) == REFUSED
    assert "leads: there is no lead XL209901001" in capsys.readouterr().err
    assert run(["split", "XL209901001", "--row", "1", "--reason", "x", "--by", "zhengkai"]) == REFUSED
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
