"""The command about a working day: what it asks of whom."""

from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import AsOf, Json, app, opened, told


@app.command
def day(
    *,
    person: Annotated[str | None, Parameter(help="Only of this person of the roster, lead by lead.")] = None,
    send: Annotated[bool, Parameter(help="Mail it, as the flow `morning` does.")] = False,
    backfill_mail: Annotated[bool, Parameter(help="Mail real people even about a run dated in the past.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Show what a day asks of whom: overdue, due, new, to verify, objections open.

    Example: leads day --person wujiaqi
    """
    from flows import working_day

    settings = opened(as_json)
    return told(
        working_day.day_shown(settings, person, as_of, send=send, backfill_mail=backfill_mail), settings, as_json
    )
