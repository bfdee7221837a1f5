"""`leads new-channel`: a channel's YAML to start from, with a guess for each column that is not known."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from ruamel.yaml import YAML

from config.loader import load_config
from config.schema import Channel, Config
from config.settings import Settings
from flows.console import Answer, Refused, UsageError, refuse_no_folder
from flows.request import channel_named
from tasks.content import reading
from tasks.guesses import SURE, Guess, guess_columns
from tasks.headers import is_field, known_headers
from tasks.inspection import Inspection, inspect_source
from tasks.source import open_source
from tasks.whole_file import whole_file

# rows that tell what a column is
_SAMPLE = 500
_HEAD = """\
# {name}: made from {file} by leads new-channel. Read each line, mend it, then: leads check-rules
# and look what comes of it: leads inspect {file} --channel {name}
kind: folder
subject: company        # person: a company is not asked for
# source: 行业展会        # what a row comes from that does not say so
# entry_team: 市场部      # who enters the rows, where they do not say so
# contact: marketing@example.com   # who gets the receipts
"""


@dataclass(frozen=True)
class Asked:
    """What `leads new-channel` was asked."""

    file: Path
    name: str | None = None
    out: Path | None = None


def new_channel(settings: Settings, asked: Asked) -> Answer:
    """Write the YAML; a file that exists is left alone."""
    if not asked.file.is_file():
        raise UsageError(f"{asked.file} is a folder" if asked.file.is_dir() else f"{asked.file} does not exist")
    config = load_config(settings.config)
    name = asked.name or _slug(asked.file.stem)
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise UsageError(f"--name {name}: small letters, digits, - and _ make the name of a channel")
    out = asked.out or _place(settings, name)
    if out.exists():
        raise Refused(f"{out} exists already; name another file with --out")
    refuse_no_folder(out)
    lines, data = _columns(asked.file, channel_named(config, "default"), config, settings)
    text = _HEAD.format(name=name, file=_one_line(asked.file.name)) + "\n".join(lines) + "\n"
    with whole_file(out) as part:
        part.write_text(text, encoding="utf-8")
    where = "" if settings.config else "; put it into channels/ of the folder that LEADS_CONFIG names"
    return Answer(f"{text}\nwritten to {out.absolute()}{where}", {"channel": name, "out": str(out), "columns": data})


def _place(settings: Settings, name: str) -> Path:
    if settings.config is None:
        return Path(f"{name}.yaml")
    folder = settings.config / "channels"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.yaml"


def _slug(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "new"


def _columns(
    file: Path, default: Channel, config: Config, settings: Settings
) -> tuple[list[str], list[dict[str, object]]]:
    """The lines about the columns, and the same as data."""
    sample: list[list[str]] = []

    def keep(table: int, cells: Sequence[str]) -> None:
        if table == 1 and len(sample) <= _SAMPLE:
            sample.append(list(cells))

    with TemporaryDirectory(prefix="leadflow-") as scratch, reading(file):
        found = inspect_source(open_source(file, Path(scratch)), default, keep, lambda rows: None)
    header, headers = found.tables[0].header, known_headers(default.synonyms)
    known = {at: meaning for at, text in enumerate(header) if (meaning := headers.meaning(text))}
    strange = [at for at, text in enumerate(header) if at not in known and text.strip()]
    rows = [[row[at] if at < len(row) else "" for at in strange] for row in sample[1:]]
    cells = pd.DataFrame(rows, columns=[header[at] for at in strange], dtype="str")
    moment = datetime.now(UTC)
    guesses = guess_columns(cells, headers, config.rules.at(moment.date()), moment, settings.tz)
    lines = [*_remarks(found, header, known), *_synonyms([header[at] for at in strange], guesses)]
    data = [_told(text, guess) for text, guess in zip(cells.columns, guesses, strict=True)]
    return lines, data


def _remarks(found: Inspection, header: Sequence[str], known: dict[int, str]) -> list[str]:
    sheet = f" of sheet {_one_line(found.tables[0].sheet)}" if found.tables[0].sheet else ""
    lines = [f"# header on line {found.tables[0].header_row}{sheet}"]
    lines += [
        f"# known: {_one_line(header[at])} -> {meaning if is_field(meaning) else 'not used'}"
        for at, meaning in known.items()
    ]
    blank = sum(not text.strip() for text in header)
    return lines + [f"# {blank} columns have no header and cannot be named"] * bool(blank)


def _synonyms(texts: Sequence[str], guesses: Sequence[Guess]) -> list[str]:
    """The mapping: fields of which a guess is good, the others as remarks."""
    good = [(text, guess) for text, guess in zip(texts, guesses, strict=True) if guess.field and _good(guess)]
    lines = ["synonyms:" if good else "synonyms: {}"]
    for field in dict.fromkeys(guess.field for _, guess in good):
        same = [(text, guess) for text, guess in good if guess.field == field]
        lines.append(f"  {field}: {_listed([text for text, _ in same])}  # {'; '.join(_why(*one) for one in same)}")
    for text, guess in zip(texts, guesses, strict=True):
        if guess.field and not _good(guess):
            lines.append(f"  # {guess.field}: {_listed([text])}  # perhaps: {_why(text, guess)}")
        elif not guess.field:
            lines.append(f"  # no guess: {_one_line(text)} (kept with the row)")
    return lines


def _good(guess: Guess) -> bool:
    return guess.why == "name" or guess.share >= SURE


def _why(text: str, guess: Guess) -> str:
    return "by its name" if guess.why == "name" else f"{guess.share:.0%} of the values"


def _told(text: str, guess: Guess) -> dict[str, object]:
    return {"header": text, **guess._asdict()}


def _listed(texts: Sequence[str]) -> str:
    """Texts as a list of YAML in one line."""
    out = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style, writer.width, writer.allow_unicode = True, 10_000, True
    writer.dump(list(texts), out)
    return out.getvalue().strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
