"""A file of follow-ups, as H1 3.4 asks for each: read, checked, recorded; its sender gets a receipt."""

from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from sqlalchemy import Engine

from config.schema import Channel, Config
from config.settings import Settings
from flows.request import MOST_TOLD, FileResult, RejectedRow
from tasks.clocks import reckoner_of
from tasks.content import Content, reading
from tasks.folders import LeadFile, file_away
from tasks.follow_ups import all_faults, by_now, take_follow_ups, told_faults
from tasks.orders import Order, own_order
from tasks.points import reached
from tasks.record_file import RecordFile, is_record_list, read_record_file, read_records, whole_days
from tasks.record_receipt import write_record_receipt
from tasks.source import Source, find_tables
from tasks.tables import Tables
from tasks.unreadable import UnreadableFile

#: What the files of a channel of follow-ups hold.
FOLLOW_UPS = "follow_ups"


class FollowUpsFound(Exception):  # noqa: N818 - it is a finding, not a fault
    """A file that was named without a channel holds follow-ups."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel.name)
        self.channel = channel


def found_tables(source: Source, channel: Channel, config: Config, *, guess: bool) -> Tables:
    """The lead lists of a file; UnreadableFile, or FollowUpsFound where the channel is only a guess."""
    tables, refusal = None, None
    try:
        tables = find_tables(source, channel)
    except UnreadableFile as why:
        refusal = why
    if guess and (refusal is None or refusal.code == "no_header"):
        named = sorted(one.name for one in config.channels.values() if one.holds == FOLLOW_UPS)
        if named and is_record_list(source, tables, channel):
            raise FollowUpsFound(config.channels[named[0]])
    if tables is None:
        raise refusal or UnreadableFile("no_header")
    return tables


def take_record_file(file: LeadFile, engine: Engine, settings: Settings, config: Config, as_of: datetime) -> FileResult:
    """Record the follow-ups of a file and answer each row; taken again, it is answered the same. UnreadableFile."""
    with TemporaryDirectory(prefix="leadflow-") as scratch:
        with reading(file.path):
            content = Content.of(file.path)
            found = read_record_file(file.path, file.scratch or Path(scratch))
        order = own_order(as_of, settings.tz)
        rows, faults = _records(found, engine, config, settings, order)
        content.check()
        taken = take_follow_ups(engine, rows, faults, config, order)
    stem = f"{Path(file.name).stem[:80]}_{content.digest[:8]}"
    folder = settings.receipts / file.channel.name
    receipt = write_record_receipt(found, taken, folder, stem, settings.lang, as_of)
    reached("answered")
    file_away(file, settings)
    rejected = len({one.row for one in taken.wrong})
    counts = {"recorded": len(rows) - rejected, "rejected": rejected}
    counts = {name: count for name, count in counts.items() if count}
    return FileResult(file.name, file.channel.name, "taken", None, len(rows), counts, receipt)


def look_at_records(
    path: Path, file: FileResult, config: Config, engine: Engine | None, settings: Settings, as_of: datetime
) -> None:
    """Count what would be recorded and what is wrong by itself; nothing is stored, no database is needed."""
    with TemporaryDirectory(prefix="leadflow-") as scratch, reading(path):
        found = read_record_file(path, Path(scratch))
    order = own_order(as_of, settings.tz)
    rows, faults = _records(found, engine, config, settings, order)
    wrong: dict[int, list[str]] = {}
    for one in told_faults(rows, all_faults(rows, faults, config, order), config):
        wrong.setdefault(one.row, []).append(one.named(settings.lang))
    file.rows, file.counts = len(rows), {"readable": len(rows) - len(wrong), "rejected": len(wrong)}
    places = [(sheet.name, line) for sheet in found.sheets for line in sheet.lines]
    file.rejected += (RejectedRow(*places[row], (), tuple(said)) for row, said in islice(wrong.items(), MOST_TOLD))


def _records(
    found: RecordFile, engine: Engine | None, config: Config, settings: Settings, order: Order
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a file as records, and what cannot be read of them."""
    if engine is None:
        reckoner = reckoner_of(None, config.rules, config, settings.tz)
    else:
        with engine.connect() as conn:
            reckoner = reckoner_of(conn, config.rules, config, settings.tz)
        engine.dispose()
    rows, faults = read_records(found.texts, config, settings.tz, reckoner)
    return by_now(rows, whole_days(found.texts["at"], settings.tz), order), faults
