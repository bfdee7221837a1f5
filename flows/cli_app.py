"""The command line's common ground: the application, the options that commands share, and how they answer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from flows.console import EXIT_CODES, Answer, say, say_home

if TYPE_CHECKING:
    from config.settings import Settings

EPILOGUE = (
    "Every command prints LEADS_HOME, the folder that holds all state (default ./var).\nExit codes: "
    + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())
)

app = App(
    name="leads",
    help="B2B sales leads: taken in, cleaned, deduplicated, screened, graded and owned.\n\n"
    "Example: leads ingest fair.csv --channel expo",
    help_format="plaintext",
    help_epilogue=EPILOGUE,
    version_flags=[],
    default_parameter=Parameter(negative=(), show_default=False),
    suppress_keyboard_interrupt=False,
)
db = App(name="db", help="Look after the database.\n\nExample: leads db upgrade", help_format="plaintext")
export = App(
    name="export",
    help="Write rows or leads to a CSV or Parquet file, or the handbooks' sheets to a workbook.\n\n"
    "Example: leads export rows --out rows.csv",
    help_format="plaintext",
)
batch = App(name="batch", help="Take a whole batch back.\n\nExample: leads batch revert 7", help_format="plaintext")
review = App(
    name="review",
    help="Figures of what came of leads, and the packs that managers get.\n\n"
    "Example: leads review export --dimension source --out source.csv",
    help_format="plaintext",
)
knowledge = App(
    name="knowledge",
    help="What was learnt: words that worked, solutions, profiles, won and lost cases.\n\n"
    "Example: leads knowledge search 价格",
    help_format="plaintext",
)
archive = App(
    name="archive",
    help="What the archive of won and lost leads must hold.\n\nExample: leads archive check --team 华东组",
    help_format="plaintext",
)
app.command(archive)
app.command(knowledge)
app.command(review)
app.command(batch)
app.command(db)
app.command(export)

Json = Annotated[bool, Parameter(name="--json", help="Answer in JSON on standard output.")]
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], help="Say nothing when all is well.")]
AsOf = Annotated[str | None, Parameter(help="The moment the run stands for, as 2024-03-15T09:00 (default: now).")]
Out = Annotated[Path, Parameter(name=["--out", "-o"], help="The file to write: .csv or .parquet.")]

Reason = Annotated[str | None, Parameter(help="Why.")]
By = Annotated[str | None, Parameter(help="Who says so: a person of the roster.")]
Phones = Annotated[tuple[str, ...], Parameter(help="A phone number, in any written form.")]
Emails = Annotated[tuple[str, ...], Parameter(help="An e-mail address.")]
Companies = Annotated[tuple[str, ...], Parameter(help="A company, in any written form of its name.")]
Actor = Annotated[str, Parameter(help="Who says so: a person of the roster.")]
DryRun = Annotated[bool, Parameter(help="Tell what would come of it and change nothing.")]
Typed = Annotated[str | None, Parameter(help="As a file would say it; it is read as a file's is.")]


def opened(aside: bool) -> "Settings":
    """Read the settings and say where all state lies."""
    from config.settings import get_settings

    settings = get_settings()
    say_home(settings.home, aside=aside)
    return settings


def told(answer: Answer, settings: "Settings", as_json: bool, quiet: bool = False) -> int:
    """Say an answer and give its exit code."""
    return say(answer, settings.home, as_json=as_json, quiet=quiet)
