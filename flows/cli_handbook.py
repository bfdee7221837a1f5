"""Commands about the handbooks' sheets and the archive."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import Json, archive, export, opened, told

Owner = Annotated[str | None, Parameter(help="The leads of one person: an id or a name of the roster.")]
Team = Annotated[str | None, Parameter(help="The leads of all people of a team.")]


@export.command
def sheets(
    *,
    lead: Annotated[tuple[str, ...], Parameter(help="A lead's number; may be given several times.")] = (),
    owner: Owner = None,
    team: Team = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="The workbook to write: .xlsx.")],
    as_json: Json = False,
) -> int:
    """Write the handbooks' sheets of leads, of one person or of one team: tables, plan as a gantt, forms, archive.

    Example: leads export sheets --owner linruoxi --out linruoxi.xlsx
    """
    from flows import handbook

    settings = opened(as_json)
    return told(handbook.sheets(settings, handbook.Whose(lead, owner, team), out), settings, as_json)


@archive.command
def check(*, owner: Owner = None, team: Team = None, as_json: Json = False) -> int:
    """Say what the archive of won and lost leads lacks, whose it is and until when; exit code 6 where it lacks any.

    Example: leads archive check --team 华东组
    """
    from flows import handbook

    settings = opened(as_json)
    return told(handbook.archive_check(settings, handbook.Whose((), owner, team)), settings, as_json)
