"""The command line `leads`: what can be asked and how; the work is imported when it is asked for."""

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import CycloptsError, Parameter

from flows import (
    cli_add,
    cli_day,
    cli_feed,
    cli_files,
    cli_handbook,
    cli_leads,
    cli_leave,
    cli_lifecycle,
    cli_notes,
    cli_plan,
    cli_pool,
    cli_promises,
    cli_review,
    cli_running,
)
from flows.cli_app import AsOf, Json, Out, Quiet, app, db, export, opened, told
from flows.console import INTERRUPTED, OK, USAGE, exit_code, one_line
from models.garbage import collect_seldom

__all__ = [
    "app",
    "cli_add",
    "cli_day",
    "cli_feed",
    "cli_files",
    "cli_handbook",
    "cli_leads",
    "cli_leave",
    "cli_lifecycle",
    "cli_notes",
    "cli_plan",
    "cli_pool",
    "cli_promises",
    "cli_review",
    "cli_running",
    "main",
    "run",
]


@app.command
def ingest(
    *paths: Path,
    channel: Annotated[str | None, Parameter(help="The channel the files come from (default: default).")] = None,
    dry_run: Annotated[bool, Parameter(help="Read and check only: nothing is stored, moved or sent.")] = False,
    direct: Annotated[bool, Parameter(help="Run without Prefect.")] = False,
    as_of: AsOf = None,
    backfill_mail: Annotated[bool, Parameter(help="Mail real people even about a run dated in the past.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Take lead files in: those waiting in intake/<channel>/, or the files and folders named.

    A named file is read where it lies and never moved.

    Example: leads ingest fair.csv --channel expo

    Parameters
    ----------
    paths
        Files or folders; none means the intake folders.
    """
    from flows import commands

    settings = opened(as_json or quiet)
    show = not (as_json or quiet)
    asked = commands.IngestRequest(paths, channel, dry_run, direct, as_of, backfill_mail, show)
    return told(commands.ingest(settings, asked), settings, as_json, quiet)


@app.command
def explain(*numbers: Annotated[str, Parameter(required=True)], as_json: Json = False) -> int:
    """Tell the whole story of a lead: its rows, each decision with its rule, and why this owner.

    Example: leads explain XL202403001

    Parameters
    ----------
    numbers
        Lead numbers.
    """
    from flows import commands

    settings = opened(as_json)
    return told(commands.explain(settings, numbers), settings, as_json)


@app.command
def check_rules(
    *,
    write_docs: Annotated[bool, Parameter(help="Write the page of rules, rules.md, anew.")] = False,
    as_json: Json = False,
) -> int:
    """Read all rules, channels and the roster, the company's own included, and say what they are.

    Example: LEADS_CONFIG=./company leads check-rules
    """
    from flows import commands

    settings = opened(as_json)
    return told(commands.check_rules(settings, write_docs=write_docs), settings, as_json)


@db.command
def upgrade(*, as_json: Json = False) -> int:
    """Bring the database to the newest schema and make the folders; harmless when repeated.

    Example: leads db upgrade
    """
    from flows import commands

    settings = opened(as_json)
    return told(commands.upgrade(settings), settings, as_json)


@export.command
def rows(*, out: Out, as_json: Json = False) -> int:
    """Write one line per row received, with its outcome and its lead's current decisions.

    Example: leads export rows --out rows.csv
    """
    return _export("rows", out, as_json)


@export.command
def leads(*, out: Out, as_json: Json = False) -> int:
    """Write one line per lead.

    Example: leads export leads --out leads.parquet
    """
    return _export("leads", out, as_json)


@app.command
def demo(
    *,
    direct: Annotated[bool, Parameter(help="Run without Prefect.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Run the main job on the sample files and tell what came of it.

    Example: leads demo
    """
    from flows import demo as demonstration

    settings = opened(as_json)
    return told(demonstration.run(settings, direct=direct, as_of=as_of, show=not as_json), settings, as_json)


@app.command
def version(*, as_json: Json = False) -> int:
    """Print the version of leadflow and of what it stands on.

    Example: leads version
    """
    from flows import commands

    settings = opened(as_json)
    return told(commands.version(), settings, as_json)


def run(tokens: Iterable[str] | None = None) -> int:
    """Carry out one command line; give its exit code, and say an expected error in one line."""
    try:
        return app(tokens, exit_on_error=False, print_error=False, result_action="return_value") or 0
    except CycloptsError as error:
        print(f"leads: {error}", file=sys.stderr)
        print("Try: leads --help", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("leads: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # whoever reads the answer has seen enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        print(f"leads: {one_line(error)}", file=sys.stderr)
        return code


def main() -> None:
    """Be the console script: a stop signal ends the run as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    collect_seldom()
    sys.exit(run())


def _export(what: Literal["rows", "leads"], out: Path, as_json: bool) -> int:
    from flows import commands

    settings = opened(as_json)
    return told(commands.export(settings, what, out), settings, as_json)
