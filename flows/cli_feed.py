"""Commands about partner feeds."""

from typing import Annotated

from cyclopts import App, Parameter

from flows.cli_app import AsOf, Json, app, opened, told

feed = App(name="feed", help="Read partner feeds.\n\nExample: leads feed pull acme", help_format="plaintext")
app.command(feed)

Backfill = Annotated[bool, Parameter(help="Mail real people even about a run dated in the past.")]


@feed.command
def pull(*names: str, as_of: AsOf = None, backfill_mail: Backfill = False, as_json: Json = False) -> int:
    """Pull feeds now: those named, or all that are not paused; each goes on where its last pull ended.

    Example: leads feed pull acme

    Parameters
    ----------
    names
        Channels of kind feed.
    """
    from flows import feed_commands as commands

    settings = opened(as_json)
    return told(commands.pull(settings, commands.Asked(names, as_of, backfill_mail, not as_json)), settings, as_json)


@feed.command
def check(name: str, /, *, as_of: AsOf = None, as_json: Json = False) -> int:
    """Ask the partner once and tell what one page would become; nothing is stored.

    Example: leads feed check acme

    Parameters
    ----------
    name
        A channel of kind feed.
    """
    from flows import feed_commands as commands

    settings = opened(as_json)
    return told(commands.check(settings, commands.Asked((name,), as_of)), settings, as_json)


@feed.command
def reread(name: str, /, *, as_of: AsOf = None, backfill_mail: Backfill = False, as_json: Json = False) -> int:
    """Read the kept pages of a feed again, after its mapping was mended; the partner is not asked.

    Example: leads feed reread acme

    Parameters
    ----------
    name
        A channel of kind feed.
    """
    from flows import feed_commands as commands

    settings = opened(as_json)
    asked = commands.Asked((name,), as_of, backfill_mail, not as_json)
    return told(commands.reread(settings, asked), settings, as_json)
