"""Commands about promises: follow-ups that keep them, clocks, escalations, and the calendar behind them."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from flows.cli_app import Actor, AsOf, DryRun, Json, app, opened, told

calendar = App(
    name="calendar",
    help="Show the business calendar: how sure each year is.\n\nExample: leads calendar",
    help_format="plaintext",
)
app.command(calendar)
Line = Annotated[str | None, Parameter(help="In a few words.")]
Lead = Annotated[str | None, Parameter(help="Only this lead.")]
Person = Annotated[str | None, Parameter(help="Only of this person of the roster.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Deal:
    """What a follow-up says of how the lead stands: pause, facts, stage, expected deal, contract, or loss; and which
    earlier one it corrects."""

    result: Annotated[str | None, Parameter(help="What came of it, in a few words.")] = None
    risk: Annotated[str | None, Parameter(help="What may go wrong, in a few words.")] = None
    pause_kind: Annotated[str | None, Parameter(help="hold (暂缓, default) or reactivate (待激活).")] = None
    pause_event: Annotated[str | None, Parameter(help="The event until which it waits.")] = None
    confirmed: Annotated[
        tuple[str, ...], Parameter(help="What the customer confirmed: need, budget, chain, decider, date, offer.")
    ] = ()
    stage: Annotated[str | None, Parameter(help="The stage that was reached, such as 方案设计.")] = None
    close_on: Annotated[str | None, Parameter(help="When it is expected to close: 2024-05-31.")] = None
    probability: Annotated[float | None, Parameter(help="How probable that is, in percent.")] = None
    amount: Annotated[float | None, Parameter(help="The expected amount in yuan.")] = None
    obstacle: Annotated[str | None, Parameter(help="What stands in the way most.")] = None
    contract_number: Annotated[str | None, Parameter(help="The contract's number.")] = None
    contract_date: Annotated[str | None, Parameter(help="When it was signed: 2024-04-10.")] = None
    contract_amount: Annotated[float | None, Parameter(help="The contract's amount in yuan.")] = None
    first_payment: Annotated[float | None, Parameter(help="The first payment in yuan.")] = None
    first_payment_date: Annotated[str | None, Parameter(help="When it came: 2024-04-12.")] = None
    lost_reason: Annotated[str | None, Parameter(help="Why it was lost.")] = None
    competitor: Annotated[str | None, Parameter(help="To whom it was lost.")] = None
    would_have_helped: Annotated[str | None, Parameter(help="What would have helped.")] = None
    corrects: Annotated[
        int | None, Parameter(help="The number of the follow-up whose place this one takes (leads explain).")
    ] = None
    corrects_lead: Annotated[
        str | None, Parameter(help="The lead on which that one was recorded, where it was the wrong one.")
    ] = None

    def texts(self) -> dict[str, Any]:
        """All but the days, by field of a record."""
        said = asdict(self) | {"confirmed": "|".join(self.confirmed)}
        return {name: value for name, value in said.items() if name not in _DAYS}

    def days(self) -> dict[str, str | None]:
        """The days as typed, by field of a record."""
        return {field: getattr(self, name) for name, field in _DAYS.items()}


_DAYS = {"close_on": "close_on", "contract_date": "contract_on", "first_payment_date": "first_payment_on"}


@app.command
def log(
    number: str,
    /,
    *,
    by: Actor,
    at: Annotated[str, Parameter(help="When, to the minute: 2024-03-18T10:30; a date alone is that day's end.")],
    method: Annotated[str, Parameter(help="电话, 面谈, 拜访, 邮件, 线上演示, 线上会议, 微信 (or phone, mail …).")],
    summary: Annotated[str, Parameter(help="What was said.")],
    answered: Annotated[str, Parameter(help="yes, no (not reached) or later (replied later); default: yes.")] = "yes",
    feedback: Line = None,
    objection: Annotated[str | None, Parameter(help="What the customer objected.")] = None,
    category: Annotated[str | None, Parameter(help="Its kind, such as 价格 (leads objections lists them).")] = None,
    answer: Annotated[str | None, Parameter(help="How it will be answered: a standard answer's id, or words.")] = None,
    settled: Annotated[str | None, Parameter(help="Whether the open objections are settled: yes, no.")] = None,
    next: Annotated[str | None, Parameter(help="The next action promised to the customer.")] = None,
    next_at: Annotated[str | None, Parameter(help="Until when; a date alone is that day's end.")] = None,
    next_by: Annotated[str | None, Parameter(help="Who does it (default: the owner).")] = None,
    milestone: Annotated[str | None, Parameter(help="What has been reached; it counts as progress.")] = None,
    plan: Annotated[str | None, Parameter(help="The plan: goals by week, method, dates, support.")] = None,
    support: Annotated[str | None, Parameter(help="Support asked of the technical department.")] = None,
    support_at: Annotated[str | None, Parameter(help="When it is needed.")] = None,
    pause_until: Annotated[str | None, Parameter(help="No follow-up is asked before this time.")] = None,
    deal: Deal | None = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Record a follow-up: it keeps the promises that waited for it, and begins those that it makes.

    With --corrects it takes the place of an earlier one, which is kept and no longer counts; with --corrects-lead of
    one that was recorded on the wrong lead.

    Example: leads log XL202403001 --by wujiaqi --at 2024-03-18T10:30 --method 电话 --summary 介绍方案

    Parameters
    ----------
    number
        The lead's number.
    """
    from flows import following

    settings, said = opened(as_json), deal or Deal()
    texts = {
        "feedback": feedback, "objection": objection, "category": category, "answer": answer, "settled": settled,
        "next_action": next, "next_person": next_by, "milestone": milestone, "plan": plan,
        "support": support,
    } | said.texts()  # fmt: skip
    times = (next_at, support_at, pause_until)
    asked = following.Asked(number, by, at, method, summary, answered, texts, *times, as_of, dry_run, said.days())
    return told(following.log(settings, asked), settings, as_json)


@app.command
def snooze(
    *numbers: Annotated[str, Parameter(required=True)],
    until: Annotated[str, Parameter(help="The last day on which nobody need follow up: 2024-12-12.")],
    reason: Annotated[str, Parameter(help="Why, as the customer or the owner said; it stands in the lead's story.")],
    by: Actor,
    method: Annotated[str, Parameter(help="How that was agreed (default: 电话).")] = "电话",
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Put leads off until a day: their cadence, stall and silence stand still until then, and begin anew.

    Example: leads snooze XL202403001 --until 2024-12-12 --reason 年底再联系 --by wujiaqi

    Parameters
    ----------
    numbers
        Lead numbers.
    """
    from flows import following

    settings = opened(as_json)
    asked = following.PutOff(numbers, until, reason, by, method, as_of, dry_run)
    return told(following.put_off(settings, asked), settings, as_json)


@app.command
def objections(
    *,
    since: Annotated[str | None, Parameter(help="Only what was raised from this moment or day on.")] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Count what customers object, by category, and what came of each standard answer; too few show no rate.

    Example: leads objections --since 2024-03-01
    """
    from flows import objections as counting

    settings = opened(as_json)
    return told(counting.objections(settings, since, as_of), settings, as_json)


@app.command
def clocks(
    *numbers: str,
    person: Person = None,
    policy: Annotated[str | None, Parameter(help="Only of this rule, such as K-FIRST.")] = None,
    every: Annotated[bool, Parameter(name="--all", help="Also those that have ended.")] = False,
    limit: Annotated[int, Parameter(help="At most so many (default: 200).")] = 200,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Show promises: what is running, what is due when, how much time was used; of a lead, also what has ended.

    Example: leads clocks XL202403001

    Parameters
    ----------
    numbers
        Lead numbers; none means those that run.
    """
    from flows import promises

    settings = opened(as_json)
    asked = promises.Asked(numbers, person, policy, every, limit, as_of)
    return told(promises.clocks(settings, asked), settings, as_json)


@app.command
def escalations(
    *,
    lead: Lead = None,
    person: Person = None,
    since: Annotated[str | None, Parameter(help="Only from this moment on.")] = None,
    limit: Annotated[int, Parameter(help="At most so many, the latest first (default: 100).")] = 100,
    as_json: Json = False,
) -> int:
    """Show which reminders and escalations were fired, to whom, why, and what became of them.

    Example: leads escalations --lead XL202403001
    """
    from flows import promises

    settings = opened(as_json)
    return told(promises.escalations(settings, lead, person, since, limit), settings, as_json)


@app.command
def due(*, as_of: AsOf = None, as_json: Json = False) -> int:
    """Tell what the sweep of a moment would do: who would hear of what, and why. Nothing is stored or sent.

    Example: leads due --as-of 2024-03-18T10:00
    """
    from flows import promises

    settings = opened(as_json)
    return told(promises.due(settings, as_of), settings, as_json)


@app.command
def escalate(
    *,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    backfill_mail: Annotated[bool, Parameter(help="Mail real people even about a run dated in the past.")] = False,
    as_json: Json = False,
) -> int:
    """Look at what is due once, as the flow `escalate` does every few minutes, and send what is to be said.

    Example: leads escalate --as-of 2024-03-18T10:00
    """
    from flows import promises

    settings = opened(as_json)
    return told(promises.escalate(settings, as_of, dry_run, backfill_mail), settings, as_json)


@calendar.default
def show(*, as_of: AsOf = None, as_json: Json = False) -> int:
    """Show the business calendar: each year's basis (official, estimated, overridden), days off, make-up workdays.

    Example: leads calendar
    """
    from flows import promises

    settings = opened(as_json)
    return told(promises.calendar(settings, as_of), settings, as_json)


@calendar.command(name="import")
def import_(file: Path, /, *, as_of: AsOf = None, dry_run: DryRun = False, as_json: Json = False) -> int:
    """Override a year by a file: {year, days: [{name, date, isOffDay}]}; what falls due in it is reckoned anew.

    Example: leads calendar import 2027.json

    Parameters
    ----------
    file
        The file.
    """
    from flows import promises

    settings = opened(as_json)
    return told(promises.import_calendar(settings, file, as_of, dry_run), settings, as_json)
