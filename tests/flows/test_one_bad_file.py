"""A file or a moment that cannot be used keeps no other file back; what is told of a file ties with its receipt."""

import csv
import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from config.loader import load_config
from config.settings import Settings, get_settings
from flows.console import UsageError
from flows.intake import Tools, take_in
from flows.request import Request, Result
from flows.retry import plainly
from models.db import DatabaseError, make_engine

AS_OF = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)
BEFORE_ALL_RULES = datetime(1900, 1, 1, tzinfo=UTC)
HEAD = "公司名称,行业,联系人,电话,需求描述,预算范围\n"
SHOWN = {"已创建": "created", "已合并到": "merged", "已更新": "updated", "无变化": "held", "已退回": "rejected"}


@pytest.fixture
def settings(home: Path) -> Settings:
    return get_settings(chunk_rows=1)


def _file(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def _row(number: int, company: str = "杭州澄屿机械有限公司") -> str:
    return f"{company},制造业,季若谷,1395550{number:04d},自动化生产线改造,20-30万"


def _take(settings: Settings, *paths: Path, as_of: datetime = AS_OF, dry_run: bool = False, **said: Any) -> Result:
    return take_in(Request(paths, None, as_of, dry_run), settings, load_config(), **said)


def _batches(settings: Settings) -> list[tuple[str, str]]:
    with make_engine(settings.database_url).connect() as conn:
        return [(row.file, row.state) for row in conn.execute(text("SELECT file, state FROM batch ORDER BY id"))]


def _states(result: Result) -> list[tuple[str, str]]:
    return [(file.file, file.state) for file in result.files]


def _failing(batch: int, fault: Exception) -> Callable[[str, Callable[[], Any]], Any]:
    def call(label: str, work: Callable[[], Any]) -> Any:
        if label.startswith(f"batch {batch} "):
            raise fault
        return plainly(label, work)

    return call


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_moment_before_the_rules_is_refused_and_the_right_one_takes_the_file(
    dry_run: bool, settings: Settings, tmp_path: Path
) -> None:
    path = _file(tmp_path, "a.csv", _row(1))
    with pytest.raises(UsageError, match="1900-01-01"):
        _take(settings, path, as_of=BEFORE_ALL_RULES, dry_run=dry_run)
    assert not (settings.home / "leadflow.db").exists()
    assert _states(_take(settings, path)) == [("a.csv", "taken")]


def test_a_rule_that_the_company_removed_keeps_no_run_back(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "company" / "rules"
    own.mkdir(parents=True)
    (own / "screening.yaml").write_text("- {id: S-NEED-VAGUE, enabled: false}\n", encoding="utf-8")
    path = _file(tmp_path, "a.csv", _row(1))
    result = take_in(Request((path,), None, AS_OF), settings, load_config(own.parent))
    assert _states(result) == [("a.csv", "taken")]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="missing: /proc")
def test_a_file_that_cannot_be_read_is_refused_and_the_one_behind_it_is_taken(
    settings: Settings, tmp_path: Path
) -> None:
    # an ordinary file whose first byte nobody can read, whatever his rights
    unreadable, good = Path("/proc/self/mem"), _file(tmp_path, "b.csv", _row(1))
    for dry_run, state in ((True, "looked_at"), (False, "taken")):
        result = _take(settings, unreadable, good, dry_run=dry_run)
        assert _states(result) == [("mem", "refused"), ("b.csv", state)]
        assert "无法打开或读取" in result.files[0].why


def test_a_named_file_that_vanishes_is_refused_and_the_one_behind_it_is_taken(
    settings: Settings, tmp_path: Path
) -> None:
    first, lost, last = (_file(tmp_path, f"{name}.csv", _row(n)) for n, name in enumerate("abc"))

    def losing(label: str, work: Callable[[], Any]) -> Any:
        lost.unlink(missing_ok=True)
        return plainly(label, work)

    result = _take(settings, first, lost, last, call=losing)
    assert _states(result) == [("a.csv", "taken"), ("b.csv", "refused"), ("c.csv", "taken")]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_pipe_or_a_device_is_refused_unopened(dry_run: bool, settings: Settings, tmp_path: Path) -> None:
    pipe, good = tmp_path / "a.csv", _file(tmp_path, "b.csv", _row(1))
    os.mkfifo(pipe)
    result = _take(settings, pipe, Path("/dev/zero"), good, dry_run=dry_run)
    assert _states(result) == [
        ("a.csv", "refused"), ("zero", "refused"), ("b.csv", "looked_at" if dry_run else "taken")
    ]  # fmt: skip


def test_a_fault_in_one_file_is_raised_once_the_others_are_taken_and_the_next_run_takes_it(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = settings.intake / "default"
    folder.mkdir(parents=True)
    for number, name in enumerate(("a.csv", "b.csv")):
        _file(folder, name, _row(number)).with_name(f"{name}.ok").touch()
    with pytest.raises(ZeroDivisionError):
        _take(settings, call=_failing(1, ZeroDivisionError("13955500001")))
    assert _batches(settings) == [("a.csv", "open"), ("b.csv", "done")]
    said = capsys.readouterr().err
    assert "a.csv" in said
    assert "13955500001" not in said
    # the process lives on, and still the file is free for its next run
    assert _states(_take(settings)) == [("a.csv", "taken")]


def test_a_fault_of_the_database_ends_the_run_at_once(settings: Settings, tmp_path: Path) -> None:
    paths = [_file(tmp_path, f"{number}.csv", _row(number)) for number in range(2)]
    with pytest.raises(DatabaseError):
        _take(settings, *paths, call=_failing(1, DatabaseError("gone")))
    assert _batches(settings) == [("0.csv", "open")]


def test_what_is_told_of_a_file_ties_with_its_receipt(settings: Settings, tmp_path: Path) -> None:
    # nobody is reached by the first row; the third makes the lead of that person
    unreachable = _row(1).replace("13955500001", "")
    path = _file(tmp_path, "a.csv", unreachable, _row(2, company="宁波二三轴承有限公司"), _row(1))
    [file] = _take(settings, path).files
    assert file.receipt is not None
    with file.receipt.open(encoding="utf-8-sig", newline="") as receipt:
        told = Counter(SHOWN[row["leadflow结果"]] for row in csv.DictReader(receipt))
    assert told == {"created": 2, "merged": 1}
    assert (file.counts, file.rows) == (told, 3)
    with make_engine(settings.database_url).connect() as conn:
        counts = json.loads(conn.execute(text("SELECT counts FROM batch")).scalar_one())
    assert counts["outcomes"] == told
    assert counts["issues"]["C-REACH"] == 1
    [again] = _take(settings, path).files
    assert (again.state, again.rows) == ("known", 3)


def test_the_rules_of_a_day_are_worked_out_once_a_run(settings: Settings) -> None:
    tools = Tools(settings, load_config(), make_engine(settings.database_url), AS_OF, plainly)
    assert tools.config_of(AS_OF) is tools.config_of(AS_OF.replace(hour=2))
    assert tools.config_of(AS_OF) is not tools.config_of(AS_OF.replace(day=19))
