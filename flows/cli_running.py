"""Commands about batches, about who is not to be contacted, and about what runs."""

from collections.abc import Iterable
from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import AsOf, By, Companies, Emails, Json, Phones, Quiet, Reason, app, batch, opened, told


@app.command
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

    settings = opened(as_json)
    return told(lists.batches(settings, last=last, channel=channel), settings, as_json)


@batch.command
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

    settings = opened(as_json)
    word = lists.Word(reason, by, as_of)
    return told(lists.revert(settings, number, word, dry_run=dry_run), settings, as_json)


@app.command
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

    settings = opened(as_json)
    if list:
        return told(lists.blocked(settings), settings, as_json)
    return told(lists.do_block(settings, _given(phone, email, company), lists.Word(reason, by)), settings, as_json)


@app.command
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

    settings = opened(as_json)
    return told(lists.do_unblock(settings, _given(phone, email, company), lists.Word(reason, by)), settings, as_json)


@app.command
def up(
    *,
    port: Annotated[int | None, Parameter(help="Where Prefect answers (default: 4200, or a free one).")] = None,
    as_json: Json = False,
) -> int:
    """Run all that one machine needs until it is stopped: scheduler, flows, folder scan.

    Example: leads up
    """
    from flows import running

    settings = opened(as_json)
    answer = running.up(settings, port, as_json=as_json)
    return answer.code


@app.command
def status(*, as_json: Json = False, quiet: Quiet = False) -> int:
    """Say what runs, what is late and what failed; exit code 6 when something is not well.

    Example: leads status
    """
    from flows import running

    settings = opened(as_json or quiet)
    return told(running.status(settings), settings, as_json, quiet)


@app.command
def web(
    *,
    host: Annotated[str, Parameter(help="The address of the public pages.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Their port.")] = 8600,
    internal_host: Annotated[str, Parameter(help="The address of the internal pages.")] = "127.0.0.1",
    internal_port: Annotated[int, Parameter(help="Their port.")] = 8601,
    as_json: Json = False,
) -> int:
    """Serve forms, webhooks and signed links for everybody, and the internal pages for the company.

    LEADS_BASE_URL says where people reach the public ones. The internal ones answer on another address than this
    machine's own only with LEADS_PASSWORD or LEADS_TOKEN.

    Example: leads web --port 8600
    """
    from flows.web import Places, serve

    return serve(opened(as_json), Places(host, port, internal_host, internal_port), with_loop=True)


def _given(phone: Iterable[str], email: Iterable[str], company: Iterable[str]) -> list[tuple[str, str]]:
    kinds = (("phone", phone), ("email", email), ("company", company))
    return [(kind, value) for kind, values in kinds for value in values]
