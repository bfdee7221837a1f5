"""Commands about what becomes of leads: the nightly look, the rebuild, and how a lead is closed."""

from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import Actor, AsOf, DryRun, Json, app, opened, told


@app.command
def nightly(
    *,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    backfill_mail: Annotated[bool, Parameter(help="Mail real people even about a run dated in the past.")] = False,
    as_json: Json = False,
) -> int:
    """Do once what the flow `nightly` does: end pauses, note stalls and silence, downgrade, lose, pool, care.

    Example: leads nightly --as-of 2024-04-22T01:30 --dry-run
    """
    from flows import lifecycle

    settings = opened(as_json)
    return told(lifecycle.nightly(settings, as_of, dry_run, backfill_mail), settings, as_json)


@app.command
def rebuild(
    *,
    check: Annotated[bool, Parameter(help="Only hold what is stored against the facts; changes nothing.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Bring every lead to what its facts and the rules say, or check that it is; --check --as-of asks of a past moment.

    Example: leads rebuild --check
    """
    from flows import lifecycle

    settings = opened(as_json)
    return told(lifecycle.rebuilt(settings, as_of, check), settings, as_json)


@app.command
def close(
    *numbers: Annotated[str, Parameter(required=True)],
    won: Annotated[bool, Parameter(help="Won: contract number, date, amount and first payment must be known.")] = False,
    lost: Annotated[bool, Parameter(help="Lost; without a reason it is kept as 未填.")] = False,
    contract_number: Annotated[str | None, Parameter(help="The contract's number.")] = None,
    contract_date: Annotated[str | None, Parameter(help="When it was signed: 2024-04-10.")] = None,
    amount: Annotated[float | None, Parameter(help="The contract's amount in yuan.")] = None,
    first_payment: Annotated[float | None, Parameter(help="The first payment in yuan.")] = None,
    first_payment_date: Annotated[str | None, Parameter(help="When it came: 2024-04-12.")] = None,
    reason: Annotated[str | None, Parameter(help="Why it was lost.")] = None,
    competitor: Annotated[str | None, Parameter(help="To whom it was lost.")] = None,
    would_have_helped: Annotated[str | None, Parameter(help="What would have helped.")] = None,
    by: Actor,
    at: Annotated[str | None, Parameter(help="When it happened (default: now).")] = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Close leads as won or lost, or correct how they were closed; what the archive lacks is told.

    Example: leads close XL202403001 --lost --reason 价格偏高 --competitor 某某自动化 --by wujiaqi

    Parameters
    ----------
    numbers
        Lead numbers.
    """
    from flows import lifecycle
    from flows.console import UsageError

    if won == lost:
        raise UsageError("say --won or --lost")
    deal = {
        "contract_number": contract_number, "contract_on": contract_date, "contract_amount": amount,
        "first_payment": first_payment, "first_payment_on": first_payment_date, "lost_reason": reason,
        "competitor": competitor, "would_have_helped": would_have_helped,
    }  # fmt: skip
    settings = opened(as_json)
    asked = lifecycle.Asked(numbers, "won" if won else "lost", deal, by, at, as_of, dry_run)
    return told(lifecycle.closed(settings, asked), settings, as_json)
