"""The commands about plans of a working day: listing, confirming, sending."""

from typing import Annotated

from cyclopts import App, Parameter

from flows.cli_app import Actor, AsOf, DryRun, Json, app, opened, told

plan = App(
    name="plan",
    help="Plans of the next working day: prefilled with what is due, confirmed by each person.\n\n"
    "Example: leads plan list",
    help_format="plaintext",
)
app.command(plan)
Day = Annotated[str | None, Parameter(help="Today or the next working day (default: the next), as 2024-03-19.")]


@plan.command(name="list")
def list_(
    *,
    person: Annotated[str | None, Parameter(help="Only of this person of the roster, lead by lead.")] = None,
    day: Day = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Show who has confirmed his plan, what due leads it leaves out, and what was done of today's.

    Example: leads plan list --person wujiaqi
    """
    from flows import planning

    settings = opened(as_json)
    return told(planning.list_plans(settings, person, day, as_of), settings, as_json)


@plan.command
def confirm(
    *,
    person: Annotated[str, Parameter(help="Whose plan: a person of the roster.")],
    leave_out: Annotated[tuple[str, ...], Parameter(help="A lead that he will not follow on that day.")] = (),
    add: Annotated[tuple[str, ...], Parameter(help="A further lead of his.")] = (),
    note: Annotated[tuple[str, ...], Parameter(help="What he means to do: NUMBER=TEXT.")] = (),
    by: Actor,
    day: Day = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Confirm a person's plan, as it is prefilled or edited; said twice it is stored once.

    Example: leads plan confirm --person wujiaqi --leave-out XL202403001 --by wujiaqi
    """
    from flows import lists, planning

    settings = opened(as_json)
    said = lists.Word("plan", by, as_of)
    answer = planning.confirm_plan(
        settings, person, said, day=day, left=leave_out, add=add, notes=note, dry_run=dry_run
    )
    return told(answer, settings, as_json)


@plan.command
def send(
    *,
    backfill_mail: Annotated[bool, Parameter(help="Mail real people even about a run dated in the past.")] = False,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Propose and mail the plans of the next working day and the supervisors' digest, as the flow `day-plan` does.

    Example: leads plan send --dry-run
    """
    from flows import planning

    settings = opened(as_json)
    return told(planning.send_plans(settings, as_of, dry_run=dry_run, backfill_mail=backfill_mail), settings, as_json)
