"""What is kept of a feed: its place, its pages, and what is known of its records."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, delete, insert, select, update

from models import Feed, FeedPage, FeedRecord
from models.db import begin, insert_frame, look_up, update_frame
from tasks.feeds.paging import Place

_KNOWN = "SELECT r.key, r.stamp, r.digest FROM wanted w JOIN feed_record r ON r.key = w.key"


@dataclass(frozen=True)
class State:
    """How far a feed has been read.

    place: in the round that is under way; high: the newest stamp (seconds) of this round, mark: that of the last
    complete one, from which the next asks on; form: how the partner writes stamps; turn: which reading of the round
    this is, where it is read until nothing is new; news: whether this reading brought any.
    """

    place: Place = field(default_factory=Place)
    high: float | None = None
    mark: float | None = None
    form: str = ""
    turn: int = 1
    news: bool = False

    def to_json(self) -> str:
        """The state as it is stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> State:
        """The state that was stored."""
        stated: dict[str, Any] = json.loads(text)
        return replace(cls(**stated), place=Place(**stated["place"]))


def load_state(engine: Engine, channel: str, at: datetime) -> State:
    """Where a feed is, noting that a pull begins."""
    with begin(engine) as conn:
        found = conn.execute(select(Feed.state).where(Feed.channel == channel)).scalar_one_or_none()
        if found is None:
            conn.execute(insert(Feed).values(channel=channel, state=State().to_json(), pages=0, begun_at=at))
            return State()
        conn.execute(update(Feed).where(Feed.channel == channel).values(begun_at=at))
        return State.from_json(found)


class Moved(Exception):  # noqa: N818 - another pull of the same feed was faster
    """The feed is not where this pull left it: another one reads it."""


def keep(
    conn: Connection, channel: str, before: State, after: State, bodies: Sequence[bytes], at: datetime, over: bool
) -> None:
    """Write pages and the place behind them; Moved where somebody else has moved the feed meanwhile."""
    first = conn.execute(select(Feed.pages).where(Feed.channel == channel)).scalar_one()
    values: dict[str, Any] = {"state": after.to_json(), "pages": first + len(bodies), "fault": None}
    if over:
        values["complete_at"] = at
    changed = conn.execute(
        update(Feed).where(Feed.channel == channel, Feed.state == before.to_json(), Feed.pages == first).values(values)
    )
    if changed.rowcount != 1:
        raise Moved(channel)
    pages = [
        {"channel": channel, "number": first + number, "at": at, "body": zlib.compress(body)}
        for number, body in enumerate(bodies, 1)
    ]
    if pages:
        conn.execute(insert(FeedPage), pages)


def begin_anew(engine: Engine, channel: str, before: State) -> State:
    """Go back to the start of the round; Moved where somebody else has moved the feed meanwhile."""
    after = replace(before, place=Place())
    with begin(engine) as conn:
        wanted = update(Feed).where(Feed.channel == channel, Feed.state == before.to_json())
        if conn.execute(wanted.values(state=after.to_json())).rowcount != 1:
            raise Moved(channel)
    return after


def note_fault(engine: Engine, channel: str, fault: str) -> None:
    """Remember why a pull ended early."""
    with begin(engine) as conn:
        conn.execute(update(Feed).where(Feed.channel == channel).values(fault=fault))


def drop_pages(engine: Engine, before: datetime) -> int:
    """Let pages go that are older; gives how many."""
    with begin(engine) as conn:
        return conn.execute(delete(FeedPage).where(FeedPage.at < before)).rowcount


def kept_pages(engine: Engine, channel: str) -> Iterator[tuple[int, bytes]]:
    """The pages that are kept of a feed, in the order of their arrival: number, body."""
    number = 0
    while True:
        with engine.connect() as conn:
            wanted = select(FeedPage.number, FeedPage.body).where(FeedPage.channel == channel, FeedPage.number > number)
            found = conn.execute(wanted.order_by(FeedPage.number).limit(20)).all()
        if not found:
            return
        for row in found:
            number = row.number
            yield number, zlib.decompress(row.body)


def news_of(conn: Connection, records: pd.DataFrame) -> pd.DataFrame:
    """The records that say something new: unknown, or changed and not older than what is known."""
    if records.empty:
        return records
    known = look_up(conn, records["key"].sort_values(), "BIGINT", _KNOWN)
    known = known.astype({"key": "int64", "digest": "Int64", "stamp": "float64"}).set_index("key")
    before = known.reindex(records["key"].to_numpy())
    same = before["digest"].array == records["digest"].astype("Int64").array
    older = records["stamp"].to_numpy() < before["stamp"].to_numpy()
    found: pd.DataFrame = records[~same.fillna(False).to_numpy(dtype=bool) & ~older]
    return found


def remember(conn: Connection, records: pd.DataFrame) -> None:
    """Note what records say now."""
    if records.empty:
        return
    known = look_up(conn, records["key"].sort_values(), "BIGINT", _KNOWN)["key"].astype("int64")
    rows = records[["key", "stamp", "digest"]]
    is_known = rows["key"].isin(known)
    update_frame(conn, FeedRecord, rows[is_known], "key")
    if not is_known.all():
        insert_frame(conn, FeedRecord, rows[~is_known])


@dataclass(frozen=True)
class Standing:
    """A feed as `leads status` sees it."""

    channel: str
    begun_at: datetime | None
    complete_at: datetime | None
    fault: str | None
    pages: int


def standings(engine: Engine) -> list[Standing]:
    """How each feed stands that was ever pulled."""
    with engine.connect() as conn:
        columns = (Feed.channel, Feed.begun_at, Feed.complete_at, Feed.fault, Feed.pages)
        return [Standing(*row) for row in conn.execute(select(*columns).order_by(Feed.channel)).all()]
