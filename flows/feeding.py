"""The procedure of partner feeds: which are due, each pulled to the end of its round, and everybody told."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy import Engine

from config.schema import Channel, Config
from config.settings import Settings
from flows.console import UsageError
from flows.progress import report
from flows.request import channel_named, rules_on
from models.db import make_engine
from tasks.feeds.client import Client
from tasks.feeds.errors import FeedError
from tasks.feeds.pull import Pulled, Puller
from tasks.feeds.reread import reread
from tasks.feeds.store import Moved, Standing, drop_pages, note_fault, standings
from tasks.outbox import send_pending
from tasks.ready import make_ready
from tasks.tell import tell

#: A feed is late when its last complete round is so many of its intervals, and so long, ago.
_INTERVALS, _GRACE = 3, timedelta(minutes=30)


@dataclass
class Fed:
    """What came of all feeds, and of the outbox."""

    feeds: list[Pulled] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """What ended early, a line each."""
        return [one.fault for one in self.feeds if one.fault]


def pull_feeds(
    settings: Settings,
    config: Config,
    as_of: datetime,
    names: Sequence[str] = (),
    *,
    scheduled: bool = False,
    backfill_mail: bool = False,
) -> Fed:
    """Pull the feeds named, else all that are not paused; `scheduled`: only those that are due. Harmless when repeated.

    The fault of one feed keeps none of the others back.
    """
    chosen = [feed_named(config, name) for name in names] or list(feeds_of(config))
    fed = Fed()
    with _opened(settings, config, as_of) as (engine, dated):
        if scheduled:
            chosen = [one for one in chosen if _is_due(engine, one, as_of, settings)]
        for channel in chosen:
            result = Pulled(channel.name)
            fed.feeds.append(result)
            puller = _puller(engine, channel, dated, as_of, settings)
            _guarded(engine, result, partial(_pull, puller, result))
        drop_pages(engine, as_of - timedelta(days=int(dated.rules.value("F-KEEP-PAGES"))))
        _tell(engine, fed, settings, dated, as_of, backfill_mail)
    return fed


def reread_feed(settings: Settings, config: Config, name: str, as_of: datetime, *, backfill_mail: bool = False) -> Fed:
    """Read the kept pages of a feed again under its mapping of today. Harmless when repeated."""
    channel, result = feed_named(config, name), Pulled(name)
    with _opened(settings, config, as_of) as (engine, dated):
        reread(_puller(engine, channel, dated, as_of, settings), result)
        fed = Fed([result])
        _tell(engine, fed, settings, dated, as_of, backfill_mail)
    return fed


def feed_named(config: Config, name: str) -> Channel:
    """A channel that is a feed; UsageError where it is none."""
    channel = channel_named(config, name)
    if channel.feed is None:
        known = ", ".join(one.name for one in config.channels.values() if one.feed) or "none"
        raise UsageError(f"the channel {name} is no feed; feeds: {known}")
    return channel


def feeds_of(config: Config) -> Iterator[Channel]:
    """The feeds that are not paused."""
    return (one for one in config.channels.values() if one.feed and not one.feed.paused)


def late_feeds(engine: Engine, config: Config, now: datetime, settings: Settings) -> tuple[list[str], list[str]]:
    """The feeds that are late, and those whose last pull ended early; a line each."""
    known = {one.channel: one for one in standings(engine)}
    late, failed = [], []
    for channel in feeds_of(config):
        standing = known.get(channel.name)
        if standing is not None and standing.fault:
            failed.append(f"{standing.fault}; leads feed check {channel.name} asks once")
        elif standing is not None and _is_late(channel, standing, now, settings):
            since = standing.complete_at.astimezone(settings.zone) if standing.complete_at else None
            when = f"since {since:%Y-%m-%d %H:%M}" if since else "yet"
            late.append(f"feed {channel.name}: no complete round {when}")
    return late, failed


def _is_late(channel: Channel, standing: Standing, now: datetime, settings: Settings) -> bool:
    start = standing.complete_at or standing.begun_at or now
    due = _fires(channel, start, settings)
    for _ in range(_INTERVALS):
        expected = next(due)
    return now > expected + _GRACE


def _is_due(engine: Engine, channel: Channel, as_of: datetime, settings: Settings) -> bool:
    """Whether its schedule has come round since its last pull began."""
    begun = next((one.begun_at for one in standings(engine) if one.channel == channel.name), None)
    return begun is None or next(_fires(channel, begun, settings)) <= as_of


def _fires(channel: Channel, since: datetime, settings: Settings) -> Iterator[datetime]:
    assert channel.feed is not None
    return CronSim(channel.feed.schedule, since.astimezone(ZoneInfo(settings.tz)))


@contextmanager
def _opened(settings: Settings, config: Config, as_of: datetime) -> Iterator[tuple[Engine, Config]]:
    rules = rules_on(config.rules, as_of, settings)
    engine = make_engine(settings.database_url)
    try:
        yield engine, make_ready(engine, config, as_of).model_copy(update={"rules": rules})
    finally:
        engine.dispose()


def _puller(engine: Engine, channel: Channel, config: Config, as_of: datetime, settings: Settings) -> Puller:
    return Puller(engine, channel, config, as_of, settings.tz, lambda records: report(channel.name, records))


def _pull(puller: Puller, result: Pulled) -> None:
    client = Client(puller.channel.name, puller.feed)
    with client.session:
        puller.pull(client, result)


def _guarded(engine: Engine, result: Pulled, work: Callable[[], None]) -> None:
    try:
        _flat(result.channel, work)
    except FeedError as why:
        result.fault, result.code = str(why), why.code
        note_fault(engine, result.channel, result.fault)
    except Moved:
        result.fault, result.code = f"feed {result.channel}: another pull of it is at work", "moved"


def _flat(name: str, work: Callable[[], None]) -> None:
    try:
        work()
    except RecursionError:
        raise FeedError(name, "bad_json", "nested too deeply") from None


def _tell(engine: Engine, fed: Fed, settings: Settings, config: Config, as_of: datetime, backfill_mail: bool) -> None:
    tell(engine, config, settings, as_of)
    fed.messages = send_pending(engine, settings, as_of, config.rules, backfill_mail=backfill_mail)
