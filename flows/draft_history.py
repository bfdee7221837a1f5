"""`leads import-history --init`: a mapping to start from, by the headers and values of the files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from config.settings import Settings
from flows.console import Answer, Refused, UsageError, refuse_no_folder
from tasks.foreign.files import read_table
from tasks.rules.foreign.draft import Sample, draft_mapping
from tasks.unreadable import UnreadableFile
from tasks.whole_file import whole_file


@dataclass(frozen=True)
class Asked:
    """What `leads import-history --init` was asked."""

    files: Sequence[Path]
    out: Path | None = None


def draft(settings: Settings, asked: Asked) -> Answer:
    """Write the mapping, or show it; a file that exists is left alone."""
    samples = [_sample(path) for path in asked.files]
    text = draft_mapping(samples)
    if asked.out is None:
        return Answer(text, {"mapping": text, "out": None})
    if asked.out.exists():
        raise Refused(f"{asked.out} exists already; name another file with --out")
    refuse_no_folder(asked.out)
    with whole_file(asked.out) as part:
        part.write_text(text, encoding="utf-8")
    return Answer(f"{text}\nwritten to {asked.out.absolute()}", {"mapping": text, "out": str(asked.out.absolute())})


def _sample(path: Path) -> Sample:
    if not path.is_file():
        raise UsageError(f"{path} is a folder" if path.is_dir() else f"{path} does not exist")
    try:
        with TemporaryDirectory(prefix="leadflow-") as scratch:
            table = read_table(path, Path(scratch), frozenset())
    except UnreadableFile as why:
        raise Refused(f"{path.name}: {why}") from why
    return Sample(table.file, table.header, table.rows)
