"""A large file is settled in smaller parts while posts wait, and ends as it would have without them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from config.loader import load_config
from config.settings import Settings
from flows import giving_way, intake
from flows.intake import take_in
from flows.posting import opened_desk
from flows.request import Request
from models.db import begin
from tasks.posts.inbox import NewPost
from tests.posts.asked import ask

CONFIG = load_config()
AS_OF = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, any_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(giving_way, "PART_ROWS", 4)
    monkeypatch.setattr(giving_way, "_STANDS_BACK", 0.0)
    return Settings(_env_file=None, home=tmp_path / "home", database_url=any_url, chunk_rows=10)


def lead_file(folder: Path) -> Path:
    path = folder / "list.csv"
    rows = [f"杭州澄屿{n}号机械有限公司,李明,138{n % 20:08d},采购产线" for n in range(23)]
    path.write_text("\n".join(["公司名称,联系人,电话,需求描述", *rows, ""]), "utf-8")
    return path


def put(settings: Settings, at: datetime) -> None:
    with opened_desk(settings, CONFIG, AS_OF) as desk:
        desk.inbox.put(NewPost("website", "m", {"fields": {"phone": "13900000001"}}), at)


def parts_of(monkeypatch: pytest.MonkeyPatch, stop_after: int = 99) -> list[int]:
    """Note how many rows are settled at one time; break down after so many times."""
    sizes: list[int] = []
    settle = intake.settle_chunk

    def noting(engine, place, number, rows, *more, **named):
        if len(sizes) == stop_after:
            raise OSError("the machine stops here")
        sizes.append(len(rows))
        return settle(engine, place, number, rows, *more, **named)

    monkeypatch.setattr(intake, "settle_chunk", noting)
    return sizes


def test_chunks_shrink_while_posts_wait_and_only_then(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings, datetime.now(UTC))
    with monkeypatch.context() as patched:
        sizes = parts_of(patched, stop_after=4)
        with pytest.raises(OSError, match="stops here"):
            take_in(Request((lead_file(tmp_path),), "default", AS_OF), settings, CONFIG)
    assert sizes == [4, 4, 2, 4]
    assert ask(settings, "SELECT chunks, part, rows FROM batch") == [(1, 4, 14)]
    with opened_desk(settings, CONFIG, AS_OF) as desk, begin(desk.inbox.engine) as conn:
        conn.execute(text("DELETE FROM post"))
    # a killed run goes on within the chunk
    sizes = parts_of(monkeypatch)
    take_in(Request((tmp_path / "list.csv",), "default", AS_OF), settings, CONFIG)
    assert sizes == [6, 3]
    assert ask(settings, "SELECT chunks, part, rows, state FROM batch") == [(3, 0, 23, "done")]
    assert ask(settings, "SELECT count(*), count(DISTINCT line) FROM submission") == [(23, 23)]


def test_posts_that_nobody_takes_keep_no_file_back(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings, datetime.now(UTC) - timedelta(minutes=5))
    sizes = parts_of(monkeypatch)
    take_in(Request((lead_file(tmp_path),), "default", AS_OF), settings, CONFIG)
    assert sizes == [10, 10, 3]


def test_while_a_loop_is_at_work_no_transaction_is_long(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_way, "CALM_ROWS", 6)
    settings.up.mkdir(parents=True)
    (settings.up / "posts.json").write_text("{}")
    sizes = parts_of(monkeypatch)
    take_in(Request((lead_file(tmp_path),), "default", AS_OF), settings, CONFIG)
    assert sizes == [6, 4, 6, 4, 3]
