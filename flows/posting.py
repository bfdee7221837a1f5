"""The procedure of posts: what lies in the inbox is settled, its owners are told, what is over is let go."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from config.schema import Config
from config.settings import Settings
from flows.request import rules_on
from models.db import make_engine
from tasks.outbox import send_pending
from tasks.posts.inbox import Inbox, open_inbox
from tasks.posts.lookup import look_up_due
from tasks.posts.take import TOGETHER, Taken, Taker
from tasks.ready import make_ready
from tasks.tell import tell

KEEP_POSTS = "F-KEEP-POSTS"


@dataclass
class Posted:
    """What came of a sweep: posts and rows settled, letters written, posts let go, what became of the outbox."""

    posts: int = 0
    rows: int = 0
    failed: int = 0
    batches: list[int] = field(default_factory=list)
    letters: int = 0
    dropped: int = 0
    messages: dict[str, int] = field(default_factory=dict)


@dataclass
class Desk:
    """What posts are taken with, made once for many rounds."""

    settings: Settings
    config: Config
    engine: Engine
    inbox: Inbox
    _dated: dict[date, Config] = field(default_factory=dict)

    def dated(self, as_of: datetime) -> Config:
        """The configuration with the rules that are in force on that day."""
        on = as_of.astimezone(self.settings.zone).date()
        if on not in self._dated:
            rules = rules_on(self.config.rules, as_of, self.settings)
            self._dated = {on: self.config.model_copy(update={"rules": rules})}
        return self._dated[on]

    def round(self, as_of: datetime) -> Taken:
        """Settle what waits, once, and write its owners' messages."""
        taker = Taker(self.engine, self.inbox, self.config, self.settings.tz, self.dated)
        taken = taker.take(as_of)
        if taken.batches:
            tell(self.engine, self.config, self.settings, as_of)
        return taken


@contextmanager
def opened_desk(settings: Settings, config: Config, as_of: datetime) -> Iterator[Desk]:
    """Open base and inbox, with the newest tables and the roster of now."""
    engine = make_engine(settings.database_url)
    try:
        config = make_ready(engine, config, as_of)
        inbox = open_inbox(settings, engine)
        try:
            yield Desk(settings, config, engine, inbox)
        finally:
            inbox.close()
    finally:
        engine.dispose()


def sweep_posts(settings: Settings, config: Config, as_of: datetime, *, backfill_mail: bool = False) -> Posted:
    """Settle all that waits and tell its owners; what nobody needs any more is let go. Harmless when repeated."""
    found = Posted()
    with opened_desk(settings, config, as_of) as desk:
        look_up_due(desk.inbox, config, as_of)
        while True:
            taken = desk.round(as_of)
            found.posts += taken.posts
            found.rows += taken.rows
            found.failed += taken.failed
            found.batches += taken.batches
            if taken.posts < TOGETHER:
                break
        dated = desk.dated(as_of)
        found.letters = tell(desk.engine, dated, settings, as_of)
        found.dropped = desk.inbox.drop(as_of - timedelta(days=int(dated.rules.value(KEEP_POSTS))))
        found.messages = send_pending(desk.engine, settings, as_of, dated.rules, backfill_mail=backfill_mail)
    return found
