"""The commands of who runs it: up and status, batches, the do-not-contact list; the work is imported when asked for."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from flows.console import Answer, open_settings, say

if TYPE_CHECKING:
    from config.settings import Settings

Json = Annotated[bool, Parameter(name="--json", help="Answer in JSON on standard output.")]
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], help="Say nothing when all is well.")]
AsOf = Annotated[str | None, Parameter(help="The moment the run stands for, as 2024-03-15T09:00 (default: now).")]
Reason = Annotated[str | None, Parameter(help="Why.")]
By = Annotated[str | None, Parameter(help="Who says so: a person of the roster.")]
Phones = Annotated[tuple[str, ...], Parameter(help="A phone number, in any written form.")]
Emails = Annotated[tuple[str, ...], Parameter(help="An e-mail address.")]
Companies = Annotated[tuple[str, ...], Parameter(help="A company, in any written form of its name.")]


def add_to(app: App) -> None:
    """Give the command line these commands."""
    batch = App(name="batch", help="Take a whole batch back.\n\nExample: leads batch revert 7", help_format="plaintext")
    batch.command(revert)
    app.command(batch)
    for command in (batches, block, unblock, up, status):
        app.command(command)


def batches(
    *,
    last: Annotated[int, Parameter(help="How many, the newest first (default: 50).")] = 50,
    channel: Annotated[str | None, Parameter(help="Only those of one channel.")] = None,
    as_json: Json = False,
) -> int:
    """List the batches with what has become of their leads up to now: verdicts, grades, won.

    Example: leads batches
    """
    from flows import lists

    settings = open_settings(aside=as_json)
    return _said(lists.batches(settings, last=last, channel=channel), settings, as_json)


def revert(
    number: int,
    /,
    *,
    reason: Reason = None,
    by: By = None,
    dry_run: Annotated[bool, Parameter(help="Say what it would do; nothing is changed.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Take a whole batch back; leads that somebody worked on are kept and named.

    Example: leads batch revert 7 --reason "the wrong list" --by wang.min

    Parameters
    ----------
    number
        The batch's number, as leads batches shows it.
    """
    from flows import lists

    settings = open_settings(aside=as_json)
    word = lists.Word(reason, by, as_of)
    return _said(lists.revert(settings, number, word, dry_run=dry_run), settings, as_json)


def block(
    *,
    phone: Phones = (),
    email: Emails = (),
    company: Companies = (),
    reason: Reason = None,
    by: By = None,
    list: Annotated[bool, Parameter(help="Show who is on the list.")] = False,
    as_json: Json = False,
) -> int:
    """Put somebody on the do-not-contact list: no row of his becomes an owned lead any more.

    Example: leads block --phone 13812340001 --reason "asked us to stop" --by wang.min
    """
    from flows import lists

    settings = open_settings(aside=as_json)
    if list:
        return _said(lists.blocked(settings), settings, as_json)
    return _said(lists.do_block(settings, _given(phone, email, company), lists.Word(reason, by)), settings, as_json)


def unblock(
    *,
    phone: Phones = (),
    email: Emails = (),
    company: Companies = (),
    reason: Reason = None,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Take somebody off the do-not-contact list; his open leads are decided anew.

    Example: leads unblock --phone 13812340001 --reason "asked for a call" --by wang.min
    """
    from flows import lists

    settings = open_settings(aside=as_json)
    return _said(lists.do_unblock(settings, _given(phone, email, company), lists.Word(reason, by)), settings, as_json)


def up(
    *,
    port: Annotated[int | None, Parameter(help="Where Prefect answers (default: 4200, or a free one).")] = None,
    as_json: Json = False,
) -> int:
    """Run all that one machine needs until it is stopped: scheduler, flows, folder scan.

    Example: leads up
    """
    from flows import running

    settings = open_settings(aside=as_json)
    answer = running.up(settings, port, as_json=as_json)
    return answer.code


def status(*, as_json: Json = False, quiet: Quiet = False) -> int:
    """Say what runs, what is late and what failed; exit code 6 when something is not well.

    Example: leads status
    """
    from flows import running

    settings = open_settings(aside=as_json or quiet)
    return _said(running.status(settings), settings, as_json, quiet)


def _said(answer: Answer, settings: "Settings", as_json: bool, quiet: bool = False) -> int:
    return say(answer, settings.home, as_json=as_json, quiet=quiet)


def _given(phone: Iterable[str], email: Iterable[str], company: Iterable[str]) -> list[tuple[str, str]]:
    kinds = (("phone", phone), ("email", email), ("company", company))
    return [(kind, value) for kind, values in kinds for value in values]
