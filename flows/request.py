"""What a run is asked, and what came of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from config.schema import TABLES, Channel, Config, Rule, Rules
from config.settings import Settings
from flows.console import UsageError

if TYPE_CHECKING:
    from flows.figures import Figures

OUTCOMES = ("created", "merged", "updated", "held", "rejected")


@dataclass(frozen=True)
class Request:
    """What is asked: files and folders (none: the intake folders), from which channel, as of when."""

    paths: tuple[Path, ...]
    channel: str | None
    as_of: datetime
    dry_run: bool = False
    backfill_mail: bool = False  # whether a run dated in the past may mail real people


#: How many rejected rows of a file that is only looked at are kept.
MOST_TOLD = 1_000


class RejectedRow(NamedTuple):
    """A row that would not be taken: its place, and the check rules that it fails or, of a follow-up, what is wrong."""

    sheet: str
    line: int
    rules: tuple[str, ...]
    said: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The row as an answer's data."""
        return {name: value for name, value in self._asdict().items() if name != "said" or value}


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
    rejected: list["RejectedRow"] = field(default_factory=list)  # of a file that was only looked at, the first ones

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
            **({"rejected_rows": [row.as_dict() for row in self.rejected]} if self.rejected else {}),
        }


@dataclass(frozen=True)
class Unfinished:
    """A batch that stands before its end: its run was killed, or is still at it."""

    batch: int
    file: str
    channel: str


@dataclass
class Result:
    """What came of one run."""

    as_of: datetime
    files: list[FileResult] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)
    unfinished: list[Unfinished] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  # files and folders of intake/ that belong to no channel
    seconds: dict[str, float] = field(default_factory=dict)  # by step
    issues: dict[str, int] = field(default_factory=dict)  # rows by check rule, of files that were only looked at
    dry_run: bool = False
    figures: "Figures | None" = None  # what the rows of the files became; None where they were only looked at

    def outcomes(self) -> Counter[str]:
        """Rows by outcome over the files that were taken."""
        total: Counter[str] = Counter()
        for file in self.files:
            total.update(file.counts)
        return total

    def in_state(self, state: str) -> list[FileResult]:
        """The files that ended so."""
        return [file for file in self.files if file.state == state]

    def nothing_new(self) -> bool:
        """Whether the files had been received before, and none of the others gave a row."""
        return bool(self.in_state("known")) and not self.outcomes()

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
            "dry_run": self.dry_run,
            "files": [file.as_dict() for file in self.files],
            "outcomes": dict(self.outcomes()),
            "messages": self.messages,
            "unfinished": [asdict(batch) for batch in self.unfinished],
            "unread": self.unread,
        }


def moment(given: datetime | None) -> datetime:
    """The moment a run stands for, in UTC: the one given, else now."""
    return given.astimezone(UTC) if given else datetime.now(UTC)


def rules_on(rules: Rules, as_of: datetime, settings: Settings) -> Rules:
    """The rules that are in force on the day of a moment; UsageError where one that every run needs is not yet."""
    on = as_of.astimezone(settings.zone).date()
    tables = [name for name in TABLES if (every := getattr(rules, name)) and not _begun(every, on)]
    values = {rule.id for family in rules.values.values() for rule in family}
    missing = tables + sorted(values - {rule.id for family in rules.values.values() for rule in _begun(family, on)})
    if missing:
        some = ", ".join(missing[:_NAMED])
        raise UsageError(f"no run can be dated {on:%Y-%m-%d}: rules it needs are not in force then, as {some}")
    return rules.at(on)


def ruled(config: Config, as_of: datetime, settings: Settings) -> Config:
    """The configuration with the rules that are in force on the day of a moment; UsageError as `rules_on`."""
    return config.model_copy(update={"rules": rules_on(config.rules, as_of, settings)})


def _begun(rules: Iterable[Rule], on: date) -> list[Rule]:
    """The entries that have taken effect by a day; one that removes its rule is one of them."""
    return [rule for rule in rules if rule.effective <= on]


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


def folder_of(path: Path, settings: Settings) -> str | None:
    """The channel whose intake folder a file lies in."""
    return path.relative_to(settings.intake).parts[0] if path.is_relative_to(settings.intake) else None


def _is_list(path: Path) -> bool:
    """Whether a file of a folder is meant to be read: neither hidden, nor half written, nor a marker."""
    return path.is_file() and not path.name.startswith((".", "~$")) and path.suffix.lower() not in _NO_LISTS


_NAMED = 3
_NO_LISTS = (".ok", ".part", ".partial", ".tmp", ".crdownload")
