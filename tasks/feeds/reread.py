"""A feed read again from its kept pages, after its mapping was mended: only what comes out otherwise is written."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pandas as pd
from sqlalchemy import Connection

from config.json_path import items_at
from models.db import look_up
from tasks.feeds.pull import Pulled, Puller
from tasks.feeds.rows import newest, read_records
from tasks.feeds.store import kept_pages
from tasks.rules.keys import record_keys
from tasks.settle import in_turn

_TOGETHER = 2_000
_LIVE = """
SELECT r.key, s.content_key FROM wanted w JOIN record r ON r.key = w.key JOIN submission s ON s.id = r.submission_id
"""


def reread(puller: Puller, result: Pulled) -> None:
    """Read the kept pages of a feed again and note what came of it."""
    name = puller.channel.name
    last = _last_words(puller)
    for records in _together(_chosen(puller, last)):
        prepared = puller.prepare(records[~records["deleted"]])

        def work(conn: Connection, prepared: pd.DataFrame = prepared) -> int | None:
            return puller.write(conn, _otherwise(conn, name, prepared), "reread")

        batch = in_turn(puller.engine, work)
        puller.note(result, batch)
        result.records += len(records)
        puller.seen(result.records)
    result.pages = sum(1 for _ in kept_pages(puller.engine, name))
    result.unchanged = result.records - sum(result.outcomes.values())
    result.complete = True


def _last_words(puller: Puller) -> pd.DataFrame:
    """Of each record its key and where its last word stands: page and line."""
    seen = [
        records[["key", "stamp", "line"]].assign(page=page)
        for page, records in _pages(puller)
    ]  # fmt: skip
    if not seen:
        return pd.DataFrame({"key": pd.Series(dtype="int64"), "page": pd.Series(dtype="int64")})
    return newest(pd.concat(seen, ignore_index=True))


def _chosen(puller: Puller, last: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for page, records in _pages(puller):
        wanted = last[last["page"] == page]
        yield records[records["line"].isin(wanted["line"])]


def _pages(puller: Puller) -> Iterator[tuple[int, pd.DataFrame]]:
    """Each kept page with its records; a page of another shape has none."""
    for number, body in kept_pages(puller.engine, puller.channel.name):
        found = items_at(json.loads(body), puller.feed.items)
        if isinstance(found, list):
            yield number, read_records(puller.feed, puller.channel.name, found)


def _together(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    waiting: list[pd.DataFrame] = []
    for frame in frames:
        waiting.append(frame)
        if sum(map(len, waiting)) >= _TOGETHER:
            yield _numbered(waiting)
            waiting = []
    if waiting:
        yield _numbered(waiting)


def _numbered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    records = pd.concat(frames, ignore_index=True)
    return records.assign(line=range(1, len(records) + 1))


def _otherwise(conn: Connection, channel: str, prepared: pd.DataFrame) -> pd.DataFrame:
    """The rows that say something else than their live delivery, and those of which a lead can be made only now."""
    if prepared.empty:
        return prepared
    keys = record_keys(prepared.assign(channel=channel, accepted=~prepared["rejected"]))
    wanted = keys.dropna().drop_duplicates().astype("int64").sort_values()
    live = look_up(conn, wanted, "BIGINT", _LIVE).astype({"key": "int64", "content_key": "Int64"})
    before = live.set_index("key")["content_key"].reindex(keys.to_numpy())
    same = (before.array == prepared["content_key"].astype("Int64").array).fillna(False).to_numpy(dtype=bool)
    found: pd.DataFrame = prepared[~same & keys.notna().to_numpy()]
    return found
