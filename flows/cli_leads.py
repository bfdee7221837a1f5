"""Commands about leads that are stored: mended, verified, counted, decided again."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import Actor, AsOf, DryRun, Json, Typed, app, opened, told


@app.command
def split(
    number: str,
    /,
    *,
    row: Annotated[tuple[int, ...], Parameter(help="A row (submission) id, as explain shows it.")],
    reason: Annotated[str, Parameter(help="Why the rows are not this lead's.")],
    by: Annotated[str, Parameter(help="Who says so: a person of the roster.")],
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Take rows out of a lead that they were joined to by mistake; they become a lead of their own.

    Example: leads split XL202403001 --row 17 --reason "another person" --by wang.min

    Parameters
    ----------
    number
        The lead's number.
    """
    from flows import commands

    settings = opened(as_json)
    asked = commands.SplitRequest(number, row, reason, by, as_of)
    return told(commands.split(settings, asked), settings, as_json)


@app.command
def verify(
    *numbers: Annotated[str, Parameter(required=True)],
    valid: Annotated[
        bool | None, Parameter(name=["--valid"], negative=["--invalid"], help="What the check gave.")
    ] = None,
    reason: Annotated[str, Parameter(help="Why; an invalid lead needs one.")] = "",
    by: Actor,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Say what checking a lead with the customer gave: it is graded and owned at once, or archived with the reason.

    Example: leads verify XL202403001 --invalid --reason 联系人非决策者 --by wujiaqi

    Parameters
    ----------
    numbers
        Lead numbers.
    """
    if valid is None:
        from flows.console import UsageError

        raise UsageError("say --valid or --invalid")
    return _by_hand(numbers, {"verdict": "valid" if valid else "invalid"}, reason, by, as_of, dry_run, as_json, True)


@app.command(name="set")
def set_(
    *numbers: Annotated[str, Parameter(required=True)],
    verdict: Annotated[str | None, Parameter(help="valid, invalid or to_verify.")] = None,
    grade: Annotated[str | None, Parameter(help="A, B or C.")] = None,
    owner: Annotated[str | None, Parameter(help="A person of the roster; the company goes along.")] = None,
    tier: Annotated[str | None, Parameter(help="潜在, 意向 or 高意向; it stands until there is a new fact.")] = None,
    stage: Annotated[str | None, Parameter(help="A stage of stages.yaml, such as 商务谈判.")] = None,
    company: Typed = None,
    contact: Typed = None,
    title: Typed = None,
    phone: Typed = None,
    email: Typed = None,
    need: Typed = None,
    budget: Typed = None,
    chain: Typed = None,
    urgency: Typed = None,
    industry: Typed = None,
    region: Typed = None,
    size: Typed = None,
    source: Typed = None,
    reason: Annotated[str, Parameter(help="Why; it stands in the lead's story.")],
    by: Actor,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Decide about leads, or mend what they say; no machine changes it afterwards.

    Example: leads set XL202403001 --phone 13800001111 --reason 少写一位 --by wujiaqi

    Parameters
    ----------
    numbers
        Lead numbers.
    """
    typed = {
        "verdict": verdict, "grade": grade and grade.upper(), "owner": owner, "tier": tier, "stage": stage,
        "company": company, "contact": contact, "title": title, "phone": phone, "email": email, "need": need,
        "budget": budget, "chain": chain, "urgency": urgency, "industry": industry, "region": region, "size": size,
        "source": source,
    }  # fmt: skip
    values = {name: value for name, value in typed.items() if value is not None}
    return _by_hand(numbers, values, reason, by, as_of, dry_run, as_json, False)


@app.command
def quality(
    *,
    month: Annotated[str | None, Parameter(help="Only what was received in this month, such as 2026-10.")] = None,
    by: Annotated[tuple[str, ...], Parameter(help="channel, source, team, entrant, month (default: all).")] = (),
    channel: Annotated[str | None, Parameter(help="Only what came through this channel.")] = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="Write all of it: .csv, .xlsx, .parquet.")] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Tell what each channel, source, team, entrant and month brought, and what owners left untried.

    Rows, omissions, verdicts, grades, late entries; by owner the leads that went to the pool as 无人跟进.

    Example: leads quality --month 2026-10 --by channel --by team
    """
    from flows import quality as measuring

    settings = opened(as_json)
    asked = measuring.Asked(month, by, channel, out, as_of)
    return told(measuring.quality(settings, asked), settings, as_json)


@app.command
def replay(
    *,
    config: Annotated[Path, Parameter(help="A folder of own rules, as LEADS_CONFIG names one.")],
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="Write every lead that would change: .csv.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Decide all stored rows again under other rules and tell what would change; nothing is stored.

    Example: leads replay --config ./proposed --out changes.csv
    """
    from flows import replay as replaying

    settings = opened(as_json)
    return told(replaying.run(settings, replaying.Asked(config, out, as_of, not as_json)), settings, as_json)


def _by_hand(
    numbers: tuple[str, ...],
    values: dict[str, str],
    reason: str,
    by: str,
    as_of: str | None,
    dry_run: bool,
    as_json: bool,
    verified: bool,
) -> int:
    from flows import by_hand

    settings = opened(as_json)
    asked = by_hand.Asked(numbers, values, reason, by, verified, as_of, dry_run)
    return told(by_hand.decide(settings, asked), settings, as_json)
