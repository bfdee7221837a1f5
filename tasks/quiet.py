"""Channels that used to bring leads and have stopped, each measured by its own usual interval."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from config.schema import Config, Rules
from models import Batch
from tasks.batches import REVERTED
from tasks.i18n import words
from tasks.letters import Letter
from tasks.post import letter_of

FACTOR, ARRIVALS, DAYS = "N-QUIET-FACTOR", "N-QUIET-ARRIVALS", "N-QUIET-DAYS"
#: How many of the last days with arrivals tell what is usual; older ones tell of former times.
_TELLING = 20


@dataclass(frozen=True)
class Quiet:
    """A channel that is silent: its last day with leads, days since then, its usual interval in days."""

    channel: str
    last_on: date
    days: int
    usual: float
    batch: int

    def line(self) -> str:
        """The finding in one line."""
        return (
            f"the channel {self.channel} has brought nothing for {self.days} days; "
            f"it usually brings leads every {self.usual:g} days"
        )


class _Limits(NamedTuple):
    """What the rules say: days with arrivals, times the usual interval, days of silence."""

    arrivals: float
    factor: float
    days: float


def quiet_channels(engine: Engine, config: Config, rules: Rules, as_of: datetime, zone: ZoneInfo) -> list[Quiet]:
    """List the channels that are configured, had a usual interval, and have been silent for much longer, by name.

    Days are those of the business zone.
    """
    wanted = (
        select(Batch.channel, Batch.received_at, Batch.id)
        .where(Batch.rows > 0, Batch.state != REVERTED, Batch.received_at <= as_of)
        .order_by(Batch.id)
    )
    days: dict[str, set[date]] = {}
    last: dict[str, int] = {}
    with engine.connect() as conn:
        for channel, received_at, number in conn.execute(wanted):
            days.setdefault(channel, set()).add(received_at.astimezone(zone).date())
            last[channel] = number
    today = as_of.astimezone(zone).date()
    limits = _Limits(*(float(rules.value(rule)) for rule in (ARRIVALS, FACTOR, DAYS)))
    found = [_quiet(channel, sorted(days[channel]), last[channel], limits, today) for channel in sorted(days)]
    return [one for one in found if one is not None and one.channel in config.channels]


def _quiet(channel: str, days: list[date], batch: int, limits: _Limits, today: date) -> Quiet | None:
    if len(days) < limits.arrivals:
        return None
    telling = days[-_TELLING:]
    usual = float(median((later - earlier).days for earlier, later in pairwise(telling)))
    silent = (today - days[-1]).days
    if silent < limits.days or silent <= usual * limits.factor:
        return None
    return Quiet(channel, days[-1], silent, usual, batch)


def quiet_letters(found: list[Quiet], config: Config, lang: str) -> Iterator[tuple[Letter, str]]:
    """One letter a silence to the channel's contact and to each supervisor; its key is that of its last batch."""
    t = words(lang)
    for one in found:
        said = {"channel": one.channel, "days": one.days, "usual": f"{one.usual:g}", "last": f"{one.last_on:%Y-%m-%d}"}
        contact = config.channels[one.channel].contact
        people = [(one.channel, contact)] if contact else []
        for name, address in [*people, *_supervisors(config)]:
            key = f"quiet:{one.channel}:{one.batch}:{name}"
            subject = t["post.quiet_subject"].format(**said)
            yield letter_of(key, "quiet", name, subject, [t["post.quiet"].format(**said)]), address


def _supervisors(config: Config) -> list[tuple[str, str]]:
    """Those who lead teams; where nobody does, the managers."""
    active = [person for person in config.roster.people if person.active]
    for role in ("supervisor", "manager"):
        if found := [(person.id, person.email) for person in active if person.role == role]:
            return found
    return []
