"""The inbox of posts: what arrives is kept before it is answered, once per message, whatever else is at work.

On PostgreSQL it is a table of the base. On SQLite it is a file of its own, so that a large file being settled, which
holds the base's write lock, keeps nobody waiting.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from config.settings import Settings
from models import Post
from models.db import begin, make_engine
from tasks.points import reached

WAITING, LOOKING, DONE, FAILED, TRAP, TEST, VOID = "waiting", "looking", "done", "failed", "trap", "test", "void"
# without letters and figures that are taken for each other
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
FILE = "posts.sqlite"


@dataclass(frozen=True)
class NewPost:
    """What is to be kept: the channel, what makes the message one, what was sent, and in which state it begins."""

    channel: str
    message_id: str
    body: Any
    state: str = WAITING
    #: The reference of an earlier post that this one corrects; without it a new one is made.
    reference: str = ""


@dataclass(frozen=True)
class Kept:
    """The reference of a post, and whether the same message was there before."""

    reference: str
    known: bool


@dataclass(frozen=True)
class Stored:
    """A post as it lies in the inbox."""

    seq: int
    id: str
    channel: str
    reference: str
    received_at: datetime
    body: Any
    attempts: int


class Inbox:
    """Where posts lie; made with `open_inbox`."""

    def __init__(self, engine: Engine, *, own: bool) -> None:
        self.engine, self._own = engine, own

    def put(self, post: NewPost, at: datetime) -> Kept:
        """Keep a post; one whose message is there already is not kept twice, and has the reference of the first."""
        made = post.reference or new_reference(at)
        values = {
            "id": secrets.token_hex(16), "channel": post.channel, "message_id": post.message_id, "reference": made,
            "received_at": at, "state": post.state, "attempts": 0,
            "body": json.dumps(post.body, ensure_ascii=False, separators=(",", ":")),
        }  # fmt: skip
        insert = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        with begin(self.engine) as conn:
            written = insert(Post).values(values).on_conflict_do_nothing().returning(Post.seq)
            if conn.execute(written).first() is not None:
                reached("post-kept")
                return Kept(made, known=False)
            same = select(Post.reference).where(Post.channel == post.channel, Post.message_id == post.message_id)
            return Kept(conn.execute(same).scalar_one(), known=True)

    def find(self, channel: str, message_id: str) -> str | None:
        """The reference of a message that is there."""
        with self.engine.connect() as conn:
            same = select(Post.reference).where(Post.channel == channel, Post.message_id == message_id)
            return conn.execute(same).scalar_one_or_none()

    def has_reference(self, channel: str, reference: str) -> bool:
        """Whether a post of this reference is there."""
        with self.engine.connect() as conn:
            same = select(Post.seq).where(Post.channel == channel, Post.reference == reference).limit(1)
            return conn.execute(same).first() is not None

    def waiting(self, upto: datetime, limit: int, state: str = WAITING) -> list[Stored]:
        """The oldest posts that wait, of those received by then and due."""
        due = or_(Post.next_at.is_(None), Post.next_at <= upto)
        wanted = select(Post.__table__).where(Post.state == state, Post.received_at <= upto, due)
        with self.engine.connect() as conn:
            rows = conn.execute(wanted.order_by(Post.seq).limit(limit)).all()
        return [
            Stored(row.seq, row.id, row.channel, row.reference, row.received_at, json.loads(row.body), row.attempts)
            for row in rows
        ]

    def move(self, posts: Iterable[Stored], state: str, fault: str | None = None) -> None:
        """Move posts on; harmless when repeated."""
        numbers = [post.seq for post in posts]
        if numbers:
            with begin(self.engine) as conn:
                conn.execute(update(Post).where(Post.seq.in_(numbers)).values(state=state, fault=fault))

    def looked_up(self, post: Stored, body: Any) -> None:
        """Keep what a look-up gave; its rows can be made now."""
        values = {"state": WAITING, "body": json.dumps(body, ensure_ascii=False), "next_at": None, "fault": None}
        with begin(self.engine) as conn:
            conn.execute(update(Post).where(Post.seq == post.seq, Post.state == LOOKING).values(values))

    def put_off(self, post: Stored, until: datetime, fault: str) -> None:
        """Try a look-up again later."""
        values = {"attempts": post.attempts + 1, "next_at": until, "fault": fault}
        with begin(self.engine) as conn:
            conn.execute(update(Post).where(Post.seq == post.seq).values(values))

    def counts(self) -> dict[str, dict[str, int]]:
        """Posts by channel and state."""
        counted: dict[str, dict[str, int]] = {}
        wanted = select(Post.channel, Post.state, func.count()).group_by(Post.channel, Post.state)
        with self.engine.connect() as conn:
            for channel, state, count in conn.execute(wanted):
                counted.setdefault(channel, {})[state] = count
        return counted

    def oldest(self) -> datetime | None:
        """Since when the oldest post waits."""
        with self.engine.connect() as conn:
            return conn.execute(select(func.min(Post.received_at)).where(Post.state == WAITING)).scalar_one()

    def drop(self, before: datetime) -> int:
        """Let posts go that are over and older; gives how many."""
        over = text("DELETE FROM post WHERE state NOT IN ('waiting', 'looking') AND received_at < :before")
        stamp = before.replace(tzinfo=None) if self.engine.dialect.name == "sqlite" else before
        with begin(self.engine) as conn:
            return conn.execute(over, {"before": stamp}).rowcount

    def close(self) -> None:
        """Let go of a file of its own."""
        if self._own:
            self.engine.dispose()


def open_inbox(settings: Settings, engine: Engine) -> Inbox:
    """Open the inbox of a base that has the newest tables; its file is made where there is none."""
    if engine.dialect.name != "sqlite":
        return Inbox(engine, own=False)
    settings.home.mkdir(parents=True, exist_ok=True)
    posts = make_engine(f"sqlite:///{settings.home / FILE}")
    event.listen(posts, "connect", _keep_through_power_loss)
    with begin(posts) as conn:
        Post.__table__.create(conn, checkfirst=True)  # type: ignore[attr-defined]
    return Inbox(posts, own=True)


def new_reference(at: datetime) -> str:
    """Make a reference that people can read out: the day, and ten signs that nobody guesses."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(10))
    return f"{at:%y%m%d}-{signs[:5]}-{signs[5:]}"


def _keep_through_power_loss(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=FULL")
