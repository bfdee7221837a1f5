"""What lies in the inbox becomes leads: posts of a channel together, through the very same steps as a file's rows.

Which posts are settled is written in the transaction that settles them, so whoever dies, each becomes a row once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, insert, select

from config.schema import Channel, Config
from models import Batch, PostTaken
from models.db import take_numbers
from tasks.arrival import Arrival
from tasks.batches import DONE
from tasks.points import reached
from tasks.posts.inbox import DONE as POST_DONE
from tasks.posts.inbox import FAILED, VOID, Inbox, Stored
from tasks.posts.rows import Row, frame_of, layout_of, rows_of
from tasks.prepare import prepare
from tasks.settle import settle_batch

log = logging.getLogger(__name__)
#: Posts that are settled together at most.
TOGETHER = 500


@dataclass
class Taken:
    """What came of the posts that lay there: posts, rows, and the batches that they became."""

    posts: int = 0
    rows: int = 0
    batches: list[int] = field(default_factory=list)
    failed: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True)
class Taker:
    """What posts are settled with; `dated` gives the configuration with the rules of a day."""

    engine: Engine
    inbox: Inbox
    config: Config
    zone: str
    dated: Callable[[datetime], Config]

    def take(self, as_of: datetime, limit: int = TOGETHER) -> Taken:
        """Settle what waits, at most `limit` posts; harmless when repeated."""
        taken = Taken()
        waiting = self.inbox.waiting(as_of, limit)
        taken.oldest = min((post.received_at for post in waiting), default=None)
        waiting.sort(key=lambda post: (post.channel, post.seq))
        for name, posts in groupby(waiting, key=lambda post: post.channel):
            self._take_channel(name, list(posts), as_of, taken)
        return taken

    def _take_channel(self, name: str, posts: list[Stored], as_of: datetime, taken: Taken) -> None:
        channel = self.config.channels.get(name)
        if channel is None or channel.kind not in ("form", "webhook", "hand"):
            # its YAML is gone, or being written: the posts stay where they are
            log.warning("posts of the channel %s wait, and no such channel is configured", name)
            return
        good, bad = _apart(posts, channel, ZoneInfo(self.zone))
        self.inbox.move(bad, FAILED, "no rows could be made of it")
        taken.failed += len(bad)
        self.inbox.move([post for post, rows in good if not rows], VOID)
        good = [(post, rows) for post, rows in good if rows]
        taken.posts += len(good)
        for one in _in_parts(good):
            if (batch := self._settle(channel, one, as_of)) is not None:
                taken.batches.append(batch)
                taken.rows += sum(len(rows) for _, rows in one)
            reached("post-settled")
            self.inbox.move([post for post, _ in one], POST_DONE)

    def _settle(self, channel: Channel, posts: Sequence[tuple[Stored, list[Row]]], as_of: datetime) -> int | None:
        """Settle the rows of posts that are not settled yet, as one batch; gives its number."""
        dated = self.dated(as_of)
        numbers: list[int] = []

        def fresh(conn: Connection) -> list[Row]:
            ids = [post.id for post, _ in posts]
            known = set(conn.execute(select(PostTaken.post_id).where(PostTaken.post_id.in_(ids))).scalars())
            return [row for post, of_post in posts if post.id not in known for row in of_post]

        with self.engine.connect() as conn:
            rows = fresh(conn)
        # ahead of the transaction, which must be short
        prepared = self._prepared(rows, channel, dated, as_of) if rows else None

        def claim(conn: Connection) -> tuple[Arrival, pd.DataFrame] | None:
            """Take the posts that nobody else has taken, within the transaction."""
            left = fresh(conn)
            if not left:
                return None
            frame = prepared if left == rows else None
            number = int(take_numbers(conn, "batch_id", 1)[0])
            numbers.append(number)
            conn.execute(insert(Batch).values(_batch(number, channel, left, as_of, dated)))
            conn.execute(insert(PostTaken), _taken(number, left))
            arrival = Arrival(number, channel, as_of, datetime.now(UTC), self.zone)
            return arrival, self._prepared(left, channel, dated, as_of) if frame is None else frame

        return numbers[-1] if settle_batch(self.engine, claim, dated) else None

    def _prepared(self, rows: Sequence[Row], channel: Channel, dated: Config, as_of: datetime) -> pd.DataFrame:
        frame = frame_of(rows, channel)
        prepared = prepare(frame, dated.rules, channel, as_of, self.zone)
        if channel.source is not None:
            # what a campaign calls itself is no source of ours
            own = frame["source"].str.startswith(f"{channel.source}（").to_numpy()
            prepared["source"] = prepared["source"].mask(own, channel.source)
        return prepared


def _apart(
    posts: Sequence[Stored], channel: Channel, zone: ZoneInfo
) -> tuple[list[tuple[Stored, list[Row]]], list[Stored]]:
    """The posts with their rows, and those of which nobody can make any: one bad one keeps no other back."""
    good, bad = [], []
    for post in posts:
        try:
            good.append((post, rows_of(channel, post, zone)))
        except Exception as error:
            log.error("a post of the channel %s cannot be read: %s", channel.name, type(error).__name__)
            bad.append(post)
    return good, bad


def _in_parts(posts: list[tuple[Stored, list[Row]]]) -> list[list[tuple[Stored, list[Row]]]]:
    """Posts in groups of a few thousand rows at most."""
    parts: list[list[tuple[Stored, list[Row]]]] = [[]]
    size = 0
    for post, rows in posts:
        if size and size + len(rows) > 5_000:
            parts.append([])
            size = 0
        parts[-1].append((post, rows))
        size += len(rows)
    return [part for part in parts if part]


def _batch(number: int, channel: Channel, rows: Sequence[Row], as_of: datetime, config: Config) -> dict[str, object]:
    return {
        "id": number, "channel": channel.name, "file": f"{channel.kind} {as_of:%Y-%m-%d %H:%M:%S}Z",
        "content_hash": f"post:{number}", "layout": layout_of(rows).to_json(), "received_at": as_of, "as_of": as_of,
        "state": DONE, "chunks": 1, "chunk_rows": len(rows), "part": 0, "rows": len(rows), "counts": "{}",
        "rules_version": config.rules.version,
    }  # fmt: skip


def _taken(batch: int, rows: Sequence[Row]) -> list[dict[str, object]]:
    """Where in the batch each post's rows are."""
    counted = Counter(row.post for row in rows)
    first: dict[str, int] = {}
    for line, row in enumerate(rows, 1):
        first.setdefault(row.post, line)
    return [{"post_id": post, "batch_id": batch, "line": first[post], "rows": count} for post, count in counted.items()]
