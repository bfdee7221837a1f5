"""What each command does once it is understood; the work itself is imported here, when it is asked for."""

import importlib.metadata
import platform
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from config.errors import SettingsError
from config.loader import load_config
from config.rules_doc import render_rules
from config.settings import Settings
from config.states_doc import render_states
from config.unsaid import unsaid
from flows.console import FILES, OK, Answer, Refused, UsageError, aside, refuse_no_folder
from flows.engine import Engine, carry_out
from flows.progress import bar
from tasks.whole_file import whole_file

if TYPE_CHECKING:
    from sqlalchemy import Engine as Database

    from config.schema import Config
    from flows.request import Result

STANDS_ON = ("prefect", "sqlalchemy", "pandas", "pyarrow", "great-expectations")


@dataclass(frozen=True)
class IngestRequest:
    """What `leads ingest` was asked."""

    paths: Sequence[Path]
    channel: str | None = None
    dry_run: bool = False
    direct: bool = False
    as_of: str | None = None
    backfill_mail: bool = False
    show: bool = True


@dataclass(frozen=True)
class SplitRequest:
    """What `leads split` was asked."""

    number: str
    rows: tuple[int, ...]
    reason: str
    by: str
    as_of: str | None = None


def ingest(settings: Settings, asked: IngestRequest) -> Answer:
    """Take files in and tell what came of them."""
    result, engine = run_ingest(settings, asked)
    return answer_of(settings, result, engine)


def answer_of(
    settings: Settings, result: "Result", engine: Engine, next_lead: "Callable[[Database], str | None] | None" = None
) -> Answer:
    """Tell what came of a run, as a page and as data; exit code 3 when a file was refused."""
    from flows.summary import page
    from flows.told import Told, data
    from models.db import make_engine

    number = next_lead(make_engine(settings.database_url)) if next_lead and not result.dry_run else None
    told = Told(result, engine, load_config(settings.config), settings, result.figures, number)
    faults = tuple(f"{file.file} was refused: {file.why}" for file in result.in_state("refused"))
    return Answer(page(told), data(told), FILES if faults else OK, faults)


def run_ingest(settings: Settings, asked: IngestRequest) -> "tuple[Result, Engine]":
    """Run the main job on Prefect where it can be had; give its result and what carried it."""
    from flows.intake import take_in
    from flows.request import Request, channel_named, files_named

    as_of = parse_moment(asked.as_of, settings)
    config = load_config(settings.config)
    if not asked.dry_run:
        usable_home(settings)
    if asked.channel is not None:
        channel_named(config, asked.channel)
    paths = tuple(files_named(tuple(asked.paths)))
    if asked.paths and not paths:
        raise UsageError("there is no file in " + ", ".join(map(str, asked.paths)))
    request = Request(paths, asked.channel, as_of or datetime.now(UTC), asked.dry_run, asked.backfill_mail)

    def on_prefect() -> "Result":
        from flows.ingest import StepFailed
        from flows.ingest import ingest as flow

        try:
            return flow([str(path) for path in paths], asked.channel, request.as_of, asked.dry_run, asked.backfill_mail)
        except StepFailed as failed:
            raise failed.fault or failed from None

    def directly() -> "Result":
        return take_in(request, settings, config)

    remark = aside if asked.show else _unsaid
    with bar(show=asked.show):
        return carry_out(settings, on_prefect, directly, direct=asked.direct, remark=remark)


def explain(settings: Settings, numbers: Sequence[str]) -> Answer:
    """Tell the stories of leads."""
    from tasks.explain import explain as story_of

    config = load_config(settings.config)
    engine = database(settings)
    try:
        told = partial(story_of, engine, config=config, lang=settings.lang, zone=settings.tz, now=datetime.now(UTC))
        stories = [told(lead_number(number)) for number in numbers]
    except LookupError as unknown:
        raise Refused(str(unknown)) from unknown
    return Answer("\n\n".join(story.text for story in stories), {"leads": [story.as_dict() for story in stories]})


def check_rules(settings: Settings, *, write_docs: bool = False) -> Answer:
    """Read the whole configuration; what is wrong with it is a ConfigError."""
    config = load_config(settings.config)
    families: dict[str, int] = {}
    for family, _rule in config.rules.every():
        families[family] = families.get(family, 0) + 1
    active = [person for person in config.roster.people if person.active]
    channels, stale = sorted(config.channels), unsaid(settings.config)
    data = {
        "version": config.rules.version,
        "rules": families,
        "channels": channels,
        "people": len(active),
        "overlay": settings.config,
        "unsaid": [{"rule": rule, "key": key} for rule, key in stale],
    }
    lines = [f"rules {config.rules.version}: " + ", ".join(f"{count} {name}" for name, count in families.items())]
    lines.append("channels: " + ", ".join(channels))
    lines.append(f"roster: {len(active)} people")
    lines.append(f"company's own folder: {settings.config or 'none (LEADS_CONFIG)'}")
    for rule, key in stale:
        statement = config.rules.statement(rule, settings.lang)
        lines.append(f"hint: {rule} has another `{key}`, but readers are still told: {statement}")
    if write_docs:
        page = _page_of_rules(settings)
        page.parent.mkdir(parents=True, exist_ok=True)
        states = page.with_name("states.md")
        for path, text in ((page, render_rules(config.rules)), (states, render_states(config.rules))):
            with whole_file(path) as part:
                part.write_text(text, encoding="utf-8")
        lines += [f"written: {page}", f"written: {states}"]
    return Answer("\n".join(lines), data)


def _page_of_rules(settings: Settings) -> Path:
    """Where the page of rules goes: a company's own rules beside its own files, the shipped ones into docs/."""
    shipped = Path(__file__).parent.parent / "docs"
    return (settings.config or shipped) / "rules.md"


def upgrade(settings: Settings) -> Answer:
    """Bring the database to the newest schema and make the folders."""
    from models.db import make_engine
    from models.db import upgrade as upgrade_database
    from tasks.folders import make_folders

    config = load_config(settings.config)
    usable_home(settings)
    engine = make_engine(settings.database_url)
    upgrade_database(engine)
    make_folders(settings, config.channels)
    address = engine.url.render_as_string(hide_password=True)
    intake = [str(settings.intake / name) for name in sorted(config.channels)]
    lines = [f"database {address}", "drop lead files into:", *(f"  {folder}" for folder in intake)]
    return Answer("\n".join(lines), {"database": address, "intake": intake})


def export(settings: Settings, what: Literal["rows", "leads"], out: Path) -> Answer:
    """Write rows or leads to a file whose name says the format."""
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError(f"--out {out}: the name must end in .csv or .parquet")
    refuse_no_folder(out)
    from tasks.chain import ChainWords
    from tasks.export import export_leads, export_rows

    engine = database(settings)
    if what == "rows":
        lines = export_rows(engine, out)
    else:
        chains = ChainWords(load_config(settings.config).rules, settings.lang)
        lines = export_leads(engine, out, zone=settings.tz, chains=chains.column)
    return Answer(f"{lines} {what} written to {out.absolute()}", {"file": str(out.absolute()), "lines": lines})


def split(settings: Settings, asked: SplitRequest) -> Answer:
    """Take rows out of a lead by a person's word."""
    from tasks.split import split_lead

    config = load_config(settings.config)
    refuse_stranger(config, asked.by)
    now = datetime.now(UTC)
    number = lead_number(asked.number)
    numbers = split_lead(
        database(settings),
        number,
        asked.rows,
        config,
        actor=asked.by,
        reason=asked.reason,
        as_of=parse_moment(asked.as_of, settings) or now,
        recorded_at=now,
        zone=settings.tz,
    )
    return Answer(f"rows taken out of {number} now make: {', '.join(numbers)}", {"leads": numbers})


def version() -> Answer:
    """Say which leadflow this is and what it stands on."""
    found = {name: importlib.metadata.version(name) for name in ("leadflow", *STANDS_ON)}
    found["python"] = platform.python_version()
    return Answer("\n".join(f"{name} {number}" for name, number in found.items()), found)


def usable_home(settings: Settings) -> None:
    """Make LEADS_HOME where it is missing; one that cannot be written to is a SettingsError."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home):
            pass
    except OSError as error:
        raise SettingsError(f"LEADS_HOME: {settings.home} cannot be written to: {error.strerror}") from error


def lead_number(typed: str) -> str:
    """A lead's number as it is stored, however its letters were typed: small, or as wide as Chinese signs."""
    return unicodedata.normalize("NFKC", typed).strip().upper()


def parse_day(text: str, name: str) -> date:
    """A day as typed, 2024-03-15; UsageError names what it was typed for."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{name} {text!r} is no day such as 2024-03-15") from None


def parse_moment(text: str | None, settings: Settings, option: str = "--as-of") -> datetime | None:
    """Read --as-of, or another option; a time without a zone is one of the business time zone."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
        moment = (given if given.tzinfo else given.replace(tzinfo=settings.zone)).astimezone(UTC)
        moment.astimezone(settings.zone)  # its day in the business time zone must be one too
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {text!r} is no moment such as 2024-03-15T09:00") from None
    return moment


def refuse_stranger(config: "Config", by: str) -> None:
    """UsageError where nobody of the id is in the roster."""
    if config.roster.person(by) is None:
        raise UsageError(f"--by {by}: nobody of that id is in the roster")


def database(settings: Settings) -> "Database":
    """The database as it stands, with the newest tables; asking about leads does not make one."""
    from sqlalchemy import inspect

    from models.db import is_newest, make_engine
    from models.db import upgrade as upgrade_database

    engine = make_engine(settings.database_url)
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file and not Path(file).exists():
        raise Refused(f"there is no database {file} yet: leads db upgrade, or leads ingest, makes it")
    if not inspect(engine).has_table("lead"):
        raise Refused("the database has no tables of leadflow yet: leads db upgrade, or leads ingest, makes them")
    if not is_newest(engine):
        upgrade_database(engine)
    return engine


def _unsaid(_line: str) -> None:
    """Keep the remark to the answer's data."""


def company(settings: Settings, as_of: datetime | None = None) -> "tuple[Config, Database]":
    """The rules with the roster as it stands at a moment (default: now), added leave included, and the database."""
    from tasks.leave import staffed

    config, engine = load_config(settings.config), database(settings)
    with engine.connect() as conn:
        return staffed(conn, config, as_of or datetime.now(UTC)), engine
