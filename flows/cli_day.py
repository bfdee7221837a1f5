"""The command about a working day: what it asks of whom."""

from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import AsOf, DryRun, Json, app, opened, told


@app.command
def day(
    *,
    person: Annotated[str | None, Parameter(help="Only of this person of the roster, lead by lead.")] = None,
    send: Annotated[bool, Parameter(help="Mail it, as the flow `morning` does.")] = False,
    backfill_mail: Annotated[bool, Parameter(help="Mail real people even about a run dated in the past.")] = False,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Show what a day asks of whom: overdue, due, new, to verify, objections open.

    Example: leads day --person wujiaqi
    """
    from flows import working_day

    settings = opened(as_json)
    answer = working_day.day_shown(settings, person, as_of, send=send, dry_run=dry_run, backfill_mail=backfill_mail)
    return told(answer, settings, as_json)
