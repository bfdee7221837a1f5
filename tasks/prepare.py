"""Prepared chunks of a file: read, cleaned, checked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count, groupby, islice
from operator import itemgetter

import pandas as pd

from config.schema import Channel, Rules
from tasks.ahead import Numbered, run_ahead
from tasks.content import each_read
from tasks.other_lists import without_other_lists
from tasks.rules.check import check
from tasks.rules.clean import clean
from tasks.rules.clean.lexicon import lexicon
from tasks.rules.clean.texts import column, stated, without_blanks
from tasks.rules.facts import row_facts
from tasks.source import Source, read_source
from tasks.tables import Tables

# a process of its own costs seconds to start: only what is larger than this is worth it, in bytes
AHEAD_FROM = 8_000_000
# rows prepared at once: a chunk is put together from pieces, because cleaning needs many times a row's memory
_PIECE = 10_000


def prepare(rows: pd.DataFrame, rules: Rules, channel: Channel, received_at: datetime, zone: str) -> pd.DataFrame:
    """Turn raw rows into prepared ones: sheet, line, raw, values, facts, rejected and issues.

    zone: the business time zone, in which times are written and days begin.
    """
    cleaned = clean(rows, rules, received_at, zone)
    _fill_from_channel(cleaned, channel, rules)
    known = pd.concat([cleaned, row_facts(cleaned, rules, received_at, zone)], axis=1)
    checked = check(rows, known, rules, channel)
    return pd.concat([rows[["sheet", "line", "raw"]], known, checked], axis=1)


@dataclass(frozen=True)
class Reading:
    """How a file is read and prepared: `rows` a chunk; zone: the business time zone."""

    source: Source
    tables: Tables
    channel: Channel
    rules: Rules
    received_at: datetime
    zone: str
    rows: int


def is_large(source: Source) -> bool:
    """Whether a file is worth the start of processes of its own."""
    return source.size >= AHEAD_FROM


def prepared_chunks(
    reading: Reading, skip: int = 0, ended: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Give (chunk number, prepared frame) from chunk `skip` on; large files are prepared ahead.

    `ended` is called when all is prepared, before the last chunk is given.
    """
    ahead = is_large(reading.source)
    pieces = run_ahead(prepared_pieces, (reading, skip)) if ahead else prepared_pieces(reading, skip)
    for number, group in groupby(_until(ended, pieces), itemgetter(0)):
        yield number, pd.concat([frame for _, frame in group], ignore_index=True)


def _until(ended: Callable[[], None], pieces: Numbered) -> Numbered:
    yield from pieces
    ended()


def prepared_pieces(reading: Reading, skip: int) -> Iterator[tuple[int, pd.DataFrame]]:
    """Give (chunk number, prepared frame) piece by piece; a chunk is the same pieces whenever it is read."""
    pieces = -(-reading.rows // _PIECE)
    rows = read_source(reading.source, reading.tables, -(-reading.rows // pieces))
    lists = without_other_lists(each_read(reading.source.path, rows), reading.tables, reading.channel)
    raw = islice(lists, skip * pieces, None)
    rules, channel, received_at, zone = reading.rules, reading.channel, reading.received_at, reading.zone
    frames = map(partial(prepare, rules=rules, channel=channel, received_at=received_at, zone=zone), raw)
    return zip((at // pieces for at in count(skip * pieces)), frames, strict=False)


def _fill_from_channel(cleaned: pd.DataFrame, channel: Channel, rules: Rules) -> None:
    """Put what the channel itself says where the row says nothing; trust owners only where told to."""
    for name, value in (("entrant", channel.entrant), ("entry_team", channel.entry_team)):
        if value is not None:
            cleaned[name] = cleaned[name].fillna(value)
    if channel.source is not None:
        # A source that nobody knows is stated all the same: it is kept and reported, never replaced.
        said = column(cleaned, "source_detail")
        silent = cleaned["source"].isna() & ~stated(without_blanks(said, said, lexicon(rules).blanks))
        cleaned["source"] = cleaned["source"].mask(silent, channel.source)
    if not channel.trusts_owner:
        cleaned["owner_hint"] = pd.Series(pd.NA, index=cleaned.index, dtype="str")
