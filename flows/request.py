"""What a run is asked, and what came of it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.schema import Channel, Config
from flows.console import UsageError

OUTCOMES = ("created", "merged", "updated", "held", "rejected")


@dataclass(frozen=True)
class Request:
    """What is asked: files and folders (none: the intake folders), from which channel, as of when."""

    paths: tuple[Path, ...]
    channel: str | None
    as_of: datetime
    dry_run: bool = False
    backfill_mail: bool = False  # whether a run dated in the past may mail real people


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
    failed: tuple[str, ...] = ()  # check rules that more rows fail than may

    def as_dict(self) -> dict[str, Any]:
        """The file as an answer's data."""
        receipt = str(self.receipt) if self.receipt else None
        shown = {"file": self.file, "channel": self.channel, "state": self.state, "batch": self.batch}
        return {
            **shown,
            "rows": self.rows,
            "counts": self.counts,
            "receipt": receipt,
            "why": self.why,
            "checks_failed": list(self.failed),
        }


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


def moment(given: datetime | None) -> datetime:
    """The moment a run stands for, in UTC: the one given, else now."""
    return given.astimezone(UTC) if given else datetime.now(UTC)


def channel_named(config: Config, name: str) -> Channel:
    """The channel of that name; an unknown one is named with those that exist."""
    if name not in config.channels:
        raise UsageError(f"channel {name!r} is unknown; there are: {', '.join(sorted(config.channels))}")
    return config.channels[name]


def files_named(paths: tuple[Path, ...]) -> list[Path]:
    """The files of the paths, a folder's in the order of their names; what does not exist is refused."""
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist")
        files += sorted(inner for inner in path.rglob("*") if _is_list(inner)) if path.is_dir() else [path]
    return [file.absolute() for file in files]


def _is_list(path: Path) -> bool:
    """Whether a file of a folder is meant to be read: neither hidden, nor half written, nor a marker."""
    return path.is_file() and not path.name.startswith((".", "~$")) and path.suffix.lower() not in _NO_LISTS


_NO_LISTS = (".ok", ".part", ".partial", ".tmp", ".crdownload")
