"""`--dry-run`: files are read, cleaned and checked; nothing is stored, moved or sent."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pandas as pd
from sqlalchemy import Engine, inspect

from config.schema import Channel, Config
from config.settings import Settings
from flows.progress import report
from flows.record_files import FOLLOW_UPS, FollowUpsFound, found_tables, look_at_records
from flows.request import (
    MOST_TOLD,
    FileResult,
    RejectedRow,
    Request,
    Result,
    channel_named,
    files_named,
    folder_of,
    ruled,
)
from flows.steps import Steps
from models import Batch
from models.db import make_engine
from tasks.batches import DONE, Opened, find_batch
from tasks.content import content_hash, reading
from tasks.folders import unread
from tasks.prepare import Reading, prepared_chunks
from tasks.source import open_source
from tasks.unreadable import UnreadableFile


def look(request: Request, settings: Settings, config: Config) -> Result:
    """Read and check the files, and say which were received before; store and move nothing."""
    steps, issues = Steps(), Counter[str]()
    result = Result(request.as_of, seconds=steps.seconds, dry_run=True)
    dated = ruled(config, request.as_of, settings)
    paths = request.paths or tuple(settings.intake / name for name in config.channels)
    base = _base(settings)
    known = _known_batches(base)
    for path in files_named(tuple(path for path in paths if request.paths or path.is_dir())):
        named = request.channel or folder_of(path, settings)
        channel = channel_named(config, named or "default")
        file = FileResult(path.name, channel.name, "looked_at")
        result.files.append(file)
        try:
            if channel.holds == FOLLOW_UPS:
                look_at_records(path, file, dated, base, settings, request.as_of)
                continue
            batch = known(channel.name, path)
            if batch:
                file.state, file.batch, file.rows = "known", batch.id, sum(batch.counts.get("outcomes", {}).values())
                continue
            with steps.timed("prepare"):
                _read(path, file, _Asked(channel, dated, request, settings, guessed=named is None), issues)
        except FollowUpsFound as found:
            file.channel = found.channel.name
            look_at_records(path, file, dated, base, settings, request.as_of)
        except UnreadableFile as why:
            file.state, file.why = "refused", why.wrong(settings.lang)
    result.unread = unread(settings, config.channels)
    result.issues = dict(sorted(issues.items(), key=lambda item: (-item[1], item[0])))
    return result


@dataclass(frozen=True)
class _Asked:
    """What a file is looked at with; guessed: nobody named its channel."""

    channel: Channel
    config: Config
    request: Request
    settings: Settings
    guessed: bool


def _read(path: Path, file: FileResult, asked: _Asked, issues: "Counter[str]") -> None:
    """Count what would be taken and what rejected, and the rows by check rule."""
    rules, settings = asked.config.rules, asked.settings
    with TemporaryDirectory(prefix="leadflow-") as scratch:
        with reading(path):
            source = open_source(path, Path(scratch))
            tables = found_tables(source, asked.channel, asked.config, guess=asked.guessed)
        rows = Reading(source, tables, asked.channel, rules, asked.request.as_of, settings.tz, settings.chunk_rows)
        _count(prepared_chunks(rows), file, issues)


def _count(chunks: Iterator[tuple[int, pd.DataFrame]], file: FileResult, issues: "Counter[str]") -> None:
    for _, frame in chunks:
        rejected = int(frame["rejected"].sum())
        room = MOST_TOLD - len(file.rejected)
        some = frame.loc[frame["rejected"], ["sheet", "line", "issues"]].head(room)
        file.rejected += (RejectedRow(sheet, int(line), tuple(issues.split("|"))) for sheet, line, issues in
                          some.itertuples(index=False, name=None))  # fmt: skip
        file.rows += len(frame)
        file.counts["readable"] = file.counts.get("readable", 0) + len(frame) - rejected
        file.counts["rejected"] = file.counts.get("rejected", 0) + rejected
        issues.update(_issues(frame["issues"]))
        report(file.file, file.rows)


def _issues(issues: pd.Series) -> dict[str, int]:
    codes = issues[issues != ""].str.split("|").explode()
    return {str(rule): int(count) for rule, count in codes.value_counts().items()}


def _base(settings: Settings) -> Engine | None:
    """The database where it is made, opened so that looking leaves its files as they are."""
    engine = make_engine(settings.database_url)
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file and not Path(file).exists():
        return None
    if file and Path(f"{file}-wal").exists():
        # left by a killed run, or still written to: who may write would move it into the database when he leaves
        engine = make_engine(f"sqlite:///file:{quote(file)}?mode=ro&uri=true")
    made = inspect(engine).has_table(Batch.__tablename__)
    engine.dispose()
    return engine if made else None


def _known_batches(base: Engine | None) -> Callable[[str, Path], Opened | None]:
    """Find the finished batch of a channel and a file's content; where there is no database, there is none."""

    def find(channel: str, path: Path) -> Opened | None:
        if base is None:
            return None
        batch = find_batch(base, channel, content_hash(path))
        base.dispose()
        return batch if batch and batch.state == DONE else None

    return find
