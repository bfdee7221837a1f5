"""`leads import-history`: the leads of a foreign system, with what became of them, taken as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from config.history import History, HistoryFile, load_history
from config.loader import load_config
from config.settings import Settings
from config.yaml_file import read_yaml
from flows.commands import database, parse_moment, usable_home
from flows.console import FILES, Answer, Refused, UsageError
from flows.progress import bar, report
from models.db import make_engine, upgrade
from tasks.foreign.files import Table, read_table
from tasks.foreign.store import Imported, store_history
from tasks.rules.foreign.counted import counted_rows
from tasks.rules.foreign.leads import foreign_leads, impossible
from tasks.rules.foreign.stages import stage_order
from tasks.rules.foreign.tables import LISTED, MAPPING, Joined, Problem, Problems, column_key, join, part_of
from tasks.unreadable import UnreadableFile

_KINDS = {
    "closed_before_created": "won or lost before they were created",
    "closed_before_contact": "won or lost before the first contact",
    "closed_later": "won or lost in the future",
    "created_later": "created in the future",
    "no_closing_date": "won or lost on a day that nobody says",
}
# places of each kind that a screen shows
_EXAMPLES = 5


@dataclass(frozen=True)
class Asked:
    """What `leads import-history` was asked."""

    files: Sequence[Path]
    mapping: Path
    dry_run: bool = False
    as_of: str | None = None
    show: bool = True


@dataclass
class _Read:
    """What the files gave: the leads, what is wrong, and what is worth telling."""

    leads: pd.DataFrame
    joined: Joined
    tables: list[Table]
    problems: Problems
    #: Per file: rows that do not count.
    left_out: dict[str, int]


def import_history(settings: Settings, asked: Asked) -> Answer:
    """Read all files, and store their leads where nothing is wrong with any of them."""
    for path in (asked.mapping, *asked.files):
        if not path.is_file():
            raise UsageError(f"{path} is a folder" if path.is_dir() else f"{path} does not exist")
    history = load_history(asked.mapping)
    config = load_config(settings.config)
    moment = parse_moment(asked.as_of, settings) or datetime.now(UTC)
    with bar(show=asked.show):
        read = read_history(asked.files, history, settings.tz)
        if read is None or read.problems.count:
            return _refused(read.problems if read else Problems(), asked.mapping)
        origin = Imported(history.system, moment, settings.tz, config.rules.version, _stages(history))
        counts = _store(settings, read.leads, origin, asked)
    return _answer(read, history, counts, origin, asked)


def read_history(files: Sequence[Path], history: History, zone: str) -> _Read:
    """Read the files by a mapping; `zone`: the business time zone. Raises UnreadableFile, UsageError."""
    problems = Problems()
    tables: list[Table] = []
    parts, left_out = [], {}
    for file, paths in zip(history.files, _sorted(files, history), strict=True):
        own = [_table(path, file, history) for path in paths]
        tables += own
        part = part_of(file, [(one.file, one.header, one.rows) for one in own], history.blank, problems)
        parts.append(counted_rows(part, file, history, zone, problems))
        left_out[file.name] = len(part.rows) - len(parts[-1].rows)
    joined = join(parts, history, problems)
    leads = foreign_leads(joined, history, zone, problems)
    return _Read(leads, joined, tables, problems, left_out)


def _sorted(files: Sequence[Path], history: History) -> list[list[Path]]:
    """The files of each kind, and no kind is without; a file is of one kind, or of all that have its name."""
    kinds: list[list[Path]] = [[] for _ in history.files]
    for path in files:
        fits = [at for at, file in enumerate(history.files) if _fits(path, file)]
        exact = [at for at in fits if path.name.casefold() == history.files[at].pattern.casefold()]
        chosen = exact or fits
        if len({history.files[at].pattern for at in chosen}) != 1:
            names = ", ".join(f"{history.files[at].name} ({history.files[at].pattern})" for at in chosen)
            told = f"could be each of {names}" if chosen else "fits no file of the mapping"
            known = "" if chosen else ": " + ", ".join(file.pattern for file in history.files)
            raise UsageError(f"{path.name} {told}{known}")
        for at in chosen:
            kinds[at].append(path)
    for file, paths in zip(history.files, kinds, strict=True):
        if not paths:
            raise UsageError(f"no file is {file.name} of the mapping ({file.pattern})")
    return kinds


def _fits(path: Path, file: HistoryFile) -> bool:
    return fnmatch(path.name.casefold(), file.pattern.casefold())


def _table(path: Path, file: HistoryFile, history: History) -> Table:
    fields = [*history.fields.values(), *([history.stage] if history.stage else [])]
    named = [column for field in fields for column in field.columns]
    named += [*file.join, *file.replace, *file.only, *([file.order] if file.order else [])]
    named += [column for rule in history.result for column in rule.when]
    named += list(history.stage.entered.values()) if history.stage else []
    # some of them are of other files: the header with most of them is the one
    wanted = frozenset(column_key(column) for column in named)
    try:
        with TemporaryDirectory(prefix="leadflow-") as scratch:
            return read_table(path, Path(scratch), wanted, file.sheet, lambda rows: report(path.name, rows))
    except UnreadableFile as why:
        raise Refused(f"{path.name}: {why}") from why


def _store(settings: Settings, leads: pd.DataFrame, origin: Imported, asked: Asked) -> dict[str, int]:
    if asked.dry_run:
        try:
            engine = database(settings)
        except Refused:
            return {"new": len(leads), "changed": 0, "unchanged": 0}
    else:
        usable_home(settings)
        engine = make_engine(settings.database_url)
        upgrade(engine)
    return store_history(
        engine, leads, origin, keep=not asked.dry_run, seen=lambda done: report("stored", done, len(leads))
    )


def _stages(history: History) -> tuple[tuple[str, int], ...]:
    """The stages that the mapping names, with their places."""
    named = history.stage.order if history.stage else ()
    return tuple((stage, place) for place, stage in enumerate(stage_order(history)[0]) if stage in named)


def _refused(problems: Problems, mapping: Path) -> Answer:
    listed = [_placed(problem, mapping) for problem in problems.listed]
    shown = [str(problem) for problem in listed[: 2 * LISTED]]
    more = problems.count - len(shown)
    faults = (*shown, *([f"and {more} more"] if more > 0 else []))
    data = {"stored": False, "problems": problems.count, "listed": [vars(one) for one in listed]}
    return Answer("nothing was stored", data, FILES, faults)


def _placed(problem: Problem, mapping: Path) -> Problem:
    """A problem of the mapping with the mapping's name and the line of its key."""
    if problem.file != MAPPING:
        return problem
    within = () if problem.column in ("result", "stage") else ("fields",)
    line = read_yaml(mapping).line((*within, problem.column))
    return replace(problem, file=mapping.name, line=line)


def _answer(read: _Read, history: History, counts: dict[str, int], origin: Imported, asked: Asked) -> Answer:
    leads = read.leads
    results = {one: int((leads["result"] == one).sum()) for one in ("won", "lost", "open")}
    flags = {
        kind: leads.loc[mask, ["external_id", "file", "line"]] for kind, mask in impossible(leads, origin.at).items()
    }
    data: dict[str, Any] = {
        "system": history.system,
        "dry_run": asked.dry_run,
        "stored": not asked.dry_run,
        "leads": len(leads),
        **counts,
        **results,
        "flagged": {kind: len(found) for kind, found in flags.items()},
        "without_a_row": read.joined.alone,
        "rows_of_no_lead": read.joined.unused,
        "rows_that_do_not_count": read.left_out,
        "passed_over": {table.file: list(table.passed_over) for table in read.tables if table.passed_over},
        "ragged": {table.file: list(table.ragged) for table in read.tables if table.ragged},
    }
    return Answer("\n".join(_lines(data, flags)), data)


def _lines(data: dict[str, Any], flags: dict[str, pd.DataFrame]) -> list[str]:
    verb = "would be stored (a dry run)" if data["dry_run"] else "stored"
    lines = [
        f"{data['leads']} leads of {data['system']} {verb}: {data['new']} new, {data['changed']} changed, "
        f"{data['unchanged']} unchanged",
        f"  {data['won']} won, {data['lost']} lost, {data['open']} open",
    ]
    for kind, found in flags.items():
        if len(found):
            places = [f"{one.external_id} ({one.file}:{one.line})" for one in found.head(_EXAMPLES).itertuples()]
            more = " …" if len(found) > _EXAMPLES else ""
            lines.append(f"  kept and flagged: {len(found)} {_KINDS[kind]}: {', '.join(places)}{more}")
    for name, values in data["without_a_row"].items():
        if values:
            shown = ", ".join(f"{value} ({count})" for value, count in list(values.items())[:_EXAMPLES])
            more = " …" if len(values) > _EXAMPLES else ""
            lines.append(f"  {sum(values.values())} leads have no row in {name}: {shown}{more}")
    lines += [f"  {count} rows of {name} fit no lead" for name, count in data["rows_of_no_lead"].items() if count]
    lines += [f"  {n} rows of {name} do not count" for name, n in data["rows_that_do_not_count"].items() if n]
    for what, files in (("are totals or notes and were passed over", data["passed_over"]),
                        ("have more or fewer cells than the header", data["ragged"])):  # fmt: skip
        for file, at in files.items():
            lines.append(f"  {file}: {len(at)} lines {what}: {', '.join(map(str, at[:_EXAMPLES]))}")
    return lines
