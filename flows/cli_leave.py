"""Commands about leave: who is away, from when to when, and who stands in."""

from typing import Annotated

from cyclopts import App, Parameter

from flows.cli_app import Actor, AsOf, DryRun, Json, app, opened, told

leave = App(
    name="leave",
    help="Who is away, beside roster.yaml.\n\nExample: leads leave add linruoxi 2026-12-01 2026-12-04 --by tangyue",
    help_format="plaintext",
)
app.command(leave)

Hours = Annotated[tuple[str, ...], Parameter(help="Only these hours of each day, as 13:30-18:00.")]


@leave.command
def add(
    who: str,
    first: str,
    last: str,
    *,
    by: Actor,
    deputy: Annotated[str | None, Parameter(help="Who stands in for this time; else the usual deputy.")] = None,
    hours: Hours = (),
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Note that somebody is away: no new leads, promises wait, the deputy hears.

    Example: leads leave add linruoxi 2026-12-01 2026-12-04 --deputy wujiaqi --by tangyue

    Parameters
    ----------
    who
        A person of the roster: id, or a name that nobody else has.
    first
        The first day, as 2026-12-01.
    last
        The last day, included.
    """
    from flows import leaving, lists

    settings = opened(as_json)
    said = lists.Word("leave", by, as_of)
    return told(
        leaving.added(settings, who, first, last, hours, deputy, said, dry_run=dry_run), settings, as_json
    )  # fmt: skip


@leave.command(name="list")
def list_leave(
    *,
    person: Annotated[str | None, Parameter(help="Only that of one person.")] = None,
    every: Annotated[bool, Parameter(help="Also what is over.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """List who is away, or will be: as roster.yaml says, and as was added.

    Example: leads leave list --person linruoxi
    """
    from flows import leaving

    settings = opened(as_json)
    return told(leaving.listed(settings, person, as_of, every=every), settings, as_json)


@leave.command
def remove(number: int, *, by: Actor, as_of: AsOf = None, dry_run: DryRun = False, as_json: Json = False) -> int:
    """Take back a leave that was added; what roster.yaml says is changed there.

    Example: leads leave remove 12 --by tangyue

    Parameters
    ----------
    number
        Its number, as `leads leave list` shows it.
    """
    from flows import leaving, lists

    settings = opened(as_json)
    return told(leaving.removed(settings, number, lists.Word("leave", by, as_of), dry_run=dry_run), settings, as_json)
