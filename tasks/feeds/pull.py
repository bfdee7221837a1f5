"""A round of a feed: pages asked for in turn, and committed some at a time with the rows that they hold.

What a transaction holds: the pages as received, the place behind them, what is known of their records, the rows that
say something new, and the withdrawals. So a kill repeats nothing and skips nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, insert, select

from config.feed import Feed, OffsetPaging, PagePaging
from config.schema import Channel, Config
from models import Batch
from models.db import take_numbers
from tasks.arrival import Arrival
from tasks.batches import DONE
from tasks.feeds.client import Client
from tasks.feeds.errors import FeedError
from tasks.feeds.paging import Page, Place, read_pages
from tasks.feeds.rows import as_rows, header, newest, read_records, write_stamp
from tasks.feeds.store import State, begin_anew, keep, load_state, news_of, remember
from tasks.layout import Layout
from tasks.points import reached
from tasks.prepare import prepare
from tasks.settle import in_turn, settle_rows
from tasks.withdraw import Withdrawn, withdraw

# records that are committed together, and how often a round of numbered pages is read until it brings nothing new
_TOGETHER, _TURNS = 2_000, 3


@dataclass
class Pulled:
    """What came of a pull: pages, records, rows by outcome, withdrawals; whether the round is complete."""

    channel: str
    pages: int = 0
    records: int = 0
    unchanged: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0
    kept: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    complete: bool = False
    fault: str = ""
    code: str = ""
    requests: int = 0
    retries: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The figures as an answer's data."""
        return {**vars(self), "outcomes": dict(self.outcomes), "issues": dict(self.issues)}


@dataclass(frozen=True)
class Puller:
    """What a pull is done with; `seen` is called with the records so far."""

    engine: Engine
    channel: Channel
    config: Config
    as_of: datetime
    zone: str
    seen: Callable[[int], None] = lambda records: None

    @property
    def feed(self) -> Feed:
        """How the channel is asked."""
        assert self.channel.feed is not None
        return self.channel.feed

    def pull(self, client: Client, result: Pulled) -> None:
        """Read on to the end of the round and note what came of it; FeedError where that is not reached."""
        state = load_state(self.engine, self.channel.name, self.as_of)
        try:
            while not result.complete:
                try:
                    for pages in self._groups(client, state):
                        state = self._commit(pages, state, result)
                        reached("page-committed")
                except FeedError as why:
                    if why.code != "refused" or result.pages or not state.place.pages:
                        raise
                    # a cursor does not live for ever: the round begins anew, and what is known already changes nothing
                    state = begin_anew(self.engine, self.channel.name, state)
        finally:
            result.requests, result.retries = client.requests, client.retries

    def _groups(self, client: Client, state: State) -> Iterator[list[Page]]:
        """The pages from a place to the end of the reading, as many at a time as are committed together."""
        since = None
        if self.feed.since and state.mark is not None:
            since = write_stamp(state.mark - self.feed.since.overlap_minutes * 60, state.form)
        pages: list[Page] = []
        for page in read_pages(client, state.place, since):
            pages.append(page)
            if sum(len(one.records) for one in pages) >= _TOGETHER or page.behind.is_over:
                yield pages
                pages = []

    def _commit(self, pages: list[Page], state: State, result: Pulled) -> State:
        """Commit some pages and what they hold; gives where the feed is then."""
        records = _records(self.feed, self.channel.name, pages)
        with self.engine.connect() as conn:
            news = news_of(conn, newest(records))
        prepared = self.prepare(news[~news["deleted"]])
        after = _behind(self.feed, state, pages, records, bool(len(news)))
        over = after.place == Place() and after.turn == 1
        bodies = [page.answer.body for page in pages]

        def work(conn: Connection) -> tuple[int | None, Withdrawn]:
            keep(conn, self.channel.name, state, after, bodies, self.as_of, over)
            remember(conn, news)
            batch = self.write(conn, prepared, f"{pages[0].behind.pages}-{pages[-1].behind.pages}")
            gone = news.loc[news["deleted"] & (news["id"] != ""), "id"]
            return batch, withdraw(conn, self.channel.name, gone, self.config, self._arrival(None))

        batch, gone = in_turn(self.engine, work)
        self.note(result, batch)
        result.withdrawn += gone.rows
        result.kept += gone.kept
        result.pages += len(pages)
        result.records += len(records)
        result.unchanged += len(records) - len(news)
        result.complete = over
        self.seen(result.records)
        return after

    def prepare(self, records: pd.DataFrame) -> pd.DataFrame:
        """The rows of records as prepared ones."""
        rows = as_rows(self.feed, records)
        return prepare(rows, self.config.rules, self.channel, self.as_of, self.zone)

    def write(self, conn: Connection, prepared: pd.DataFrame, name: str) -> int | None:
        """Settle prepared rows as a batch of their own, which is done with the transaction; gives its number."""
        if prepared.empty:
            return None
        number = int(take_numbers(conn, "batch_id", 1)[0])
        values = {
            "id": number, "channel": self.channel.name, "file": name, "content_hash": f"feed:{number}",
            "layout": _layout(self.feed).to_json(), "received_at": self.as_of, "as_of": self.as_of, "state": DONE,
            "chunks": 1, "chunk_rows": len(prepared), "rows": len(prepared), "counts": "{}",
            "rules_version": self.config.rules.version,
        }  # fmt: skip
        conn.execute(insert(Batch).values(values))
        settle_rows(conn, self._arrival(number), prepared, self.config)
        return number

    def _arrival(self, batch: int | None) -> Arrival:
        return Arrival(batch, self.channel, self.as_of, datetime.now(UTC), self.zone)

    def note(self, result: Pulled, batch: int | None) -> None:
        """Add what became of a batch's rows, where there is one."""
        if batch is None:
            return
        result.batches.append(batch)
        with self.engine.connect() as conn:
            counts = json.loads(conn.execute(select(Batch.counts).where(Batch.id == batch)).scalar_one())
        result.outcomes.update(counts.get("outcomes", {}))
        result.issues.update(counts.get("issues", {}))


def _records(feed: Feed, channel: str, pages: list[Page]) -> pd.DataFrame:
    """The records of some pages, numbered through."""
    frames, line = [], 1
    for page in pages:
        frames.append(read_records(feed, channel, page.records, line))
        line += len(page.records)
    return pd.concat(frames, ignore_index=True)


def _behind(feed: Feed, state: State, pages: list[Page], records: pd.DataFrame, is_news: bool) -> State:
    """Where the feed is behind some pages.

    Numbered pages shift when records come or go while they are read: such a round is read again until nothing is new.
    """
    seen = records["stamp"].max()
    high = state.high if pd.isna(seen) else max(seen, state.high or seen)
    forms = records.loc[records["form"] != "", "form"]
    after = replace(
        state,
        place=pages[-1].behind,
        high=high,
        form=str(forms.iloc[-1]) if len(forms) else state.form,
        news=state.news or is_news,
    )
    if not after.place.is_over:
        return after
    shifts = isinstance(feed.paging, PagePaging | OffsetPaging) and after.place.pages > 2
    if shifts and after.news and after.turn < _TURNS:
        return replace(after, place=Place(), turn=after.turn + 1, news=False)
    mark = after.mark
    if high is not None:
        # a stamp that is ahead of the partner's own clock must not make the next round skip what comes until then
        clock = pages[-1].answer.at
        capped = min(high, clock.timestamp()) if clock else high
        mark = max(capped, mark or capped)
    return State(mark=mark, form=after.form)


def _layout(feed: Feed) -> Layout:
    names = header(feed)
    mapping: dict[str, tuple[int, ...]] = {name: (index,) for index, name in enumerate(names)}
    return Layout("utf-8", ",", names, 0, mapping, (), "\n")
