"""The page after a run: in the reader's language, aligned also where words are Chinese, with absolute places."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.loader import load_config
from config.settings import get_settings
from flows.engine import Engine
from flows.figures import Figures
from flows.request import FileResult, Result
from flows.summary import demo_text, run_text

ENGINE = Engine("own", 9.84)
TAKEN = FileResult("官网.csv", "default", "taken", 1, 3, {"created": 2, "rejected": 1})
KNOWN = FileResult("官网.csv", "default", "known", 1, 3)


def _result(*files: FileResult) -> Result:
    return Result(datetime(2024, 3, 18, tzinfo=UTC), list(files))


@pytest.mark.parametrize(
    ("lang", "said"), [("zh_CN", ("新建线索", "退回", "合计")), ("en", ("created", "rejected", "total"))]
)
def test_rows_by_outcome_tie_and_places_are_absolute(lang: str, said: tuple[str, ...], home: Path) -> None:
    text = run_text(_result(TAKEN), ENGINE, get_settings(lang=lang))
    assert all(word in text for word in said)
    line = next(line for line in text.splitlines() if line.split()[:1] == ["2"])
    assert line.split() == ["2", "0", "0", "0", "1", "3"]
    assert str(home / "receipts") in text
    assert str(home / "leadflow.db") in text
    assert text.splitlines()[-1] == "Prefect engine: 9.8 s (started for this run)"


def test_when_all_was_known_nothing_was_new(home: Path) -> None:
    assert "Nothing was new" in run_text(_result(KNOWN), ENGINE, get_settings(lang="en"))
    assert "Nothing was new" not in run_text(_result(KNOWN, TAKEN), ENGINE, get_settings(lang="en"))


def test_when_nothing_waits_that_is_said(home: Path) -> None:
    assert "没有待接收的文件" in run_text(_result(), ENGINE, get_settings())


def test_a_refused_file_stands_with_its_reason(home: Path) -> None:
    refused = FileResult("a.xls", "default", "refused", why="a workbook")
    assert "refused: a workbook" in run_text(_result(refused), ENGINE, get_settings(lang="en"))


def test_who_got_what_names_each_person_with_role_and_counts_and_what_nobody_got(home: Path) -> None:
    config = load_config()
    person = next(person for person in config.roster.people if person.role == "supervisor")
    found = Figures(
        rows=9,
        verdicts={"valid": {"A": 2, "B": 1}, "invalid": {"": 1}},
        owned={person.id: {"A": 2}, "left.us": {"B": 1}},
        unowned={"C": 4},
        issues={"C-REACH": 5},
    )
    text = demo_text(_result(TAKEN), ENGINE, found, config, get_settings(), "XL202403001")
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert rows[person.name] == ["主管", "2", "·", "·", "2"]
    assert rows["left.us"] == ["·", "1", "·", "1"]
    assert rows["（暂无合适人选）"] == ["·", "·", "4", "4"]
    assert config.rules.statement("C-REACH") in text
    assert "leads explain XL202403001" in text


def test_a_password_of_the_database_is_never_shown(home: Path) -> None:
    settings = get_settings(database_url="postgresql+psycopg://leads:secret@db/leads")
    text = run_text(_result(TAKEN), ENGINE, settings)
    assert "secret" not in text
    assert "@db/leads" in text
