"""Commands about whose leads they are: the pool, claiming, giving back, handing over."""

from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import Actor, AsOf, DryRun, Json, app, opened, told


@app.command
def pool(
    *,
    region: Annotated[str | None, Parameter(help="Only leads of a region, such as 浙江省.")] = None,
    as_json: Json = False,
) -> int:
    """List the leads that nobody has: given back, or that nobody could take.

    Example: leads pool --region 浙江省
    """
    from flows import pooling

    settings = opened(as_json)
    return told(pooling.pool(settings, region), settings, as_json)


@app.command
def claim(
    *numbers: Annotated[str, Parameter(required=True)],
    by: Actor,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Take leads out of the pool for oneself, each with what waits of its company.

    Example: leads claim XL202403001 --by wujiaqi

    Parameters
    ----------
    numbers
        Lead numbers.
    """
    from flows import lists, pooling

    settings = opened(as_json)
    said = lists.Word("claimed", by, as_of)
    return told(pooling.claim_leads(settings, numbers, said, dry_run=dry_run), settings, as_json)


@app.command(name="give-back")
def give_back(
    *numbers: Annotated[str, Parameter(required=True)],
    reason: Annotated[str, Parameter(help="Why; it stands in the lead's story.")],
    by: Actor,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Put leads back into the pool, each with what its owner has of its company.

    Example: leads give-back XL202403001 --reason 区域调整 --by wujiaqi

    Parameters
    ----------
    numbers
        Lead numbers.
    """
    from flows import lists, pooling

    settings = opened(as_json)
    return told(
        pooling.give_leads_back(settings, numbers, lists.Word(reason, by, as_of), dry_run=dry_run), settings, as_json
    )


@app.command
def reassign(
    *,
    from_: Annotated[str, Parameter(name="--from", help="Whose leads: an id of the roster, or of a former one.")],
    to: Annotated[str | None, Parameter(help="Who gets them all (default: as the rules choose).")] = None,
    reason: Annotated[str, Parameter(help="Why; it stands in each lead's story.")],
    by: Actor,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Hand over all open leads of a person, company by company.

    Example: leads reassign --from wujiaqi --reason 离职 --by linruoxi --dry-run
    """
    from flows import lists, pooling

    settings = opened(as_json)
    said = lists.Word(reason, by, as_of)
    return told(pooling.hand_over(settings, from_, to, said, dry_run=dry_run), settings, as_json)
