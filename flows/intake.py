"""The main job, as H1 3.1 to 3.3 tells it: what arrives is read, checked, cleaned, matched, screened,
graded, numbered and owned; its sender gets a receipt, its owners a mail.

Every step may be run again: what was settled is found settled, what was begun is finished first.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from config.schema import Channel, Config
from config.settings import Settings
from flows.console import UsageError
from flows.progress import report
from flows.retry import plainly
from models.db import make_engine, upgrade

# (label, work) -> what the work gives; Prefect makes a task run of it
Call = Callable[[str, Callable[[], Any]], Any]

OUTCOMES = ("created", "merged", "updated", "held", "rejected")


@dataclass(frozen=True)
class Request:
    """What is asked: files and folders (none: the intake folders), from which channel, as of when."""

    paths: tuple[Path, ...]
    channel: str | None
    as_of: datetime
    dry_run: bool = False


@dataclass
class FileResult:
    """What came of one file."""

    file: str
    channel: str
    state: str  # taken | known | refused | looked_at
    batch: int | None = None
    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    receipt: Path | None = None
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The file as an answer's data."""
        receipt = str(self.receipt) if self.receipt else None
        shown = {"file": self.file, "channel": self.channel, "state": self.state, "batch": self.batch}
        return {**shown, "rows": self.rows, "counts": self.counts, "receipt": receipt, "why": self.why}


@dataclass
class Result:
    """What came of one run."""

    as_of: datetime
    files: list[FileResult] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)

    def outcomes(self) -> Counter[str]:
        """Rows by outcome over the files that were taken."""
        total: Counter[str] = Counter()
        for file in self.files:
            total.update(file.counts)
        return total

    def in_state(self, state: str) -> list[FileResult]:
        """The files that ended so."""
        return [file for file in self.files if file.state == state]

    def table(self) -> list[dict[str, Any]]:
        """Counts by batch, without a word of what the files hold or are called."""
        return [
            {"batch": file.batch, "channel": file.channel, "state": file.state, "rows": file.rows}
            | {outcome: file.counts.get(outcome, 0) for outcome in OUTCOMES}
            for file in self.files
        ]

    def as_dict(self) -> dict[str, Any]:
        """The run as an answer's data."""
        return {
            "as_of": self.as_of.isoformat(),
            "files": [file.as_dict() for file in self.files],
            "outcomes": dict(self.outcomes()),
            "messages": self.messages,
        }


@dataclass(frozen=True)
class Tools:
    """What every step is given."""

    settings: Settings
    config: Config
    engine: Engine
    as_of: datetime
    call: Call


def moment(given: datetime | None) -> datetime:
    """The moment a run stands for, in UTC: the one given, else now."""
    return given.astimezone(UTC) if given else datetime.now(UTC)


def take_in(request: Request, settings: Settings, config: Config, call: Call = plainly) -> Result:
    """Take in what waits, or what is named; finish first what an earlier run left half done."""
    from tasks import batches, folders
    from tasks.outbox import send_pending
    from tasks.tell import tell

    if request.channel is not None:
        channel_named(config, request.channel)
    engine = make_engine(settings.database_url)
    upgrade(engine)
    folders.make_folders(settings, config.channels)
    on = request.as_of.astimezone(settings.zone).date()
    config = config.model_copy(update={"rules": config.rules.at(on)})
    tools = Tools(settings, config, engine, request.as_of, call)

    result = Result(request.as_of)
    for arrival in batches.leftovers(engine, settings):
        result.files.append(take_file(arrival, tools))
    for arrival in _arrivals(request, tools):
        result.files.append(take_file(arrival, tools))
    tell(engine, config, settings, request.as_of)
    result.messages = dict(send_pending(engine, settings, request.as_of))
    return result


def channel_named(config: Config, name: str) -> Channel:
    """The channel of that name; an unknown one is named with those that exist."""
    if name not in config.channels:
        raise UsageError(f"channel {name!r} is unknown; there are: {', '.join(sorted(config.channels))}")
    return config.channels[name]


def _arrivals(request: Request, tools: Tools) -> Iterator[Any]:
    """The files of this run: named ones where they lie, else complete ones out of the intake folders."""
    from tasks import folders

    if not request.paths:
        yield from folders.claim(tools.settings, tools.config.channels, request.as_of)
        return
    channel = channel_named(tools.config, request.channel or "default")
    for path in files_named(request.paths):
        yield folders.in_place(path, channel)


def files_named(paths: tuple[Path, ...]) -> list[Path]:
    """The files of the paths, a folder's in the order of their names; what does not exist is refused."""
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist")
        files += sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [file.absolute() for file in files]


def take_file(arrival: Any, tools: Tools) -> FileResult:
    """Take one file from its first byte to its receipt, one transaction a chunk."""
    from tasks import batches, expectations, folders, receipt
    from tasks.layout import detect_layout
    from tasks.prepare import prepared_chunks
    from tasks.settle import settle_chunk
    from tasks.unreadable import UnreadableFile

    name, channel = arrival.name, arrival.channel
    try:
        layout = detect_layout(arrival.path, channel)
    except UnreadableFile as why:
        folders.refuse(arrival, tools.settings, why)
        return FileResult(name, channel.name, "refused", why=why.wrong(tools.settings.lang))
    batch = batches.open_batch(tools.engine, arrival, layout, tools.config, tools.as_of)
    if batch.done:
        folders.file_away(arrival, tools.settings)
        return FileResult(name, channel.name, "known", batch.id, batch.rows)
    done = 0
    for number, frame, _last in prepared_chunks(
        arrival.path, layout, channel, tools.config, batch.received_at, tools.settings.chunk_rows, batch.chunks
    ):
        tools.call(
            f"batch {batch.id} chunk {number}",
            lambda number=number, frame=frame: settle_chunk(tools.engine, batch, number, frame, tools.config),
        )
        done += len(frame)
        report(name, done)
    expectations.check_file(tools.engine, batch, tools.config)
    answer = receipt.write_receipt(tools.engine, batch, tools.config, tools.settings)
    counts = batches.finish(tools.engine, batch, tools.as_of)
    folders.file_away(arrival, tools.settings)
    return FileResult(name, channel.name, "taken", batch.id, sum(counts.values()), counts, answer)
