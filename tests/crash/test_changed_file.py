"""A file that is changed while it is read: what was settled stays, it is given back, and the other files go on."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from config.loader import load_config
from config.settings import Settings, get_settings
from flows.intake import take_in
from flows.request import Request, Result
from models import Lead, Submission
from models.db import make_engine
from tests.crash.lead_files import CHUNK_ROWS, list_of_a_fair, list_of_the_form

AS_OF = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)
LATE_ROW = "K9999,官网表单,绍兴迟来机械有限公司,制造业,季迟来,总经理,13955599999,,设备改造,60万元,,2024-03-15,高,绍兴\n"


@pytest.fixture
def settings(home: Path) -> Settings:
    return get_settings(chunk_rows=CHUNK_ROWS)


def test_a_file_that_is_still_written_to_is_given_back_and_the_others_are_taken(settings: Settings) -> None:
    _drop(settings, "1-写到一半.csv", list_of_the_form())
    _drop(settings, "2-完整.csv", list_of_a_fair())

    def append() -> None:
        [path] = settings.processing.rglob("1-*.csv")
        with path.open("a", encoding="utf-8") as file:
            file.write(LATE_ROW)

    result = _take(settings, after_first_chunk=append)
    assert [(file.file, file.state, file.rows) for file in result.files] == [
        ("1-写到一半.csv", "refused", CHUNK_ROWS),
        ("2-完整.csv", "taken", 40),
    ]
    assert result.outcomes().total() == _count(settings, Submission) == CHUNK_ROWS + 40
    assert result.unfinished == []
    [note] = settings.refused.rglob("*.说明.txt")
    assert f"在此之前已接收：前 {CHUNK_ROWS} 行" in note.read_text("utf-8-sig")
    assert "改动" in note.read_text("utf-8-sig")
    assert not list(settings.receipts.rglob("*写到一半*"))

    # nothing is lost: the file lies there whole, and taken in again all its rows have an answer
    leads = _count(settings, Lead)
    [given_back] = settings.refused.rglob("1-写到一半.csv")
    [again] = _take(settings, given_back).files
    assert (again.state, again.rows) == ("taken", list_of_the_form().count("\n"))
    assert again.counts["created"] == _count(settings, Lead) - leads
    assert "K9999" in again.receipt.read_text("utf-8")  # type: ignore[union-attr]


def test_a_named_file_that_is_gone_while_it_is_read_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "名单.csv"
    path.write_text(list_of_the_form(), encoding="utf-8")
    [file] = _take(settings, path, after_first_chunk=path.unlink).files
    assert (file.state, file.rows) == ("refused", CHUNK_ROWS)


def test_a_file_that_only_looks_changed_is_taken(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "名单.csv"
    path.write_text(list_of_the_form(), encoding="utf-8")
    [file] = _take(settings, path, after_first_chunk=path.touch).files
    assert file.state == "taken"


def test_the_same_content_again_is_finished_from_where_it_was_cut_short(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "名单.csv"
    path.write_text(list_of_the_form(), encoding="utf-8")
    _take(settings, path, after_first_chunk=lambda: path.write_text("别的内容", encoding="utf-8"))
    path.write_text(list_of_the_form(), encoding="utf-8")
    [file] = _take(settings, path).files
    assert (file.state, file.batch, file.rows) == ("taken", 1, list_of_the_form().count("\n") - 1)


def _drop(settings: Settings, name: str, text: str) -> None:
    folder = settings.intake / "default"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (folder / f"{name}.ok").touch()


def _take(settings: Settings, *paths: Path, after_first_chunk: Callable[[], object] | None = None) -> Result:
    def call(label: str, work: Callable[[], Any]) -> Any:
        done = work()
        if label == "batch 1 chunk 0" and after_first_chunk:
            after_first_chunk()
        return done

    return take_in(Request(paths, None, AS_OF), settings, load_config(), call=call)


def _count(settings: Settings, table: type[Lead | Submission]) -> int:
    with make_engine(settings.database_url).connect() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())
