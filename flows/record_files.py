"""A file of follow-ups, as H1 3.4 asks for each: read, checked, recorded; its sender gets a receipt."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from sqlalchemy import Engine

from config.schema import Config
from config.settings import Settings
from flows.request import FileResult
from tasks.clocks import reckoner_of
from tasks.content import Content, reading
from tasks.folders import LeadFile, file_away
from tasks.follow_ups import check_rows, hint_rows, take_follow_ups
from tasks.orders import own_order
from tasks.points import reached
from tasks.record_file import RecordFile, read_record_file, read_records
from tasks.record_receipt import write_record_receipt
from tasks.rules.follow_up_check import fault_frame

#: What the files of a channel of follow-ups hold.
FOLLOW_UPS = "follow_ups"


def take_record_file(file: LeadFile, engine: Engine, settings: Settings, config: Config, as_of: datetime) -> FileResult:
    """Record the follow-ups of a file and answer each row; taken again, it is answered the same. UnreadableFile."""
    with TemporaryDirectory(prefix="leadflow-") as scratch:
        with reading(file.path):
            content = Content.of(file.path)
            found = read_record_file(file.path, file.scratch or Path(scratch))
        rows, faults = _records(found, engine, config, settings)
        content.check()
        order = own_order(as_of, settings.tz)
        wrong = take_follow_ups(engine, rows, faults, config, order)
        hints = hint_rows(rows, config, order)
    stem = f"{Path(file.name).stem[:80]}_{content.digest[:8]}"
    receipt = write_record_receipt(found, wrong, hints, settings.receipts / file.channel.name, stem, settings.lang)
    reached("answered")
    file_away(file, settings)
    rejected = len({one.row for one in wrong})
    counts = {"recorded": len(rows) - rejected, "rejected": rejected}
    counts = {name: count for name, count in counts.items() if count}
    return FileResult(file.name, file.channel.name, "taken", None, len(rows), counts, receipt)


def look_at_records(
    path: Path, file: FileResult, config: Config, engine: Engine | None, settings: Settings, as_of: datetime
) -> None:
    """Count what would be recorded and what is wrong by itself; nothing is stored, no database is needed."""
    with TemporaryDirectory(prefix="leadflow-") as scratch, reading(path):
        found = read_record_file(path, Path(scratch))
    rows, faults = _records(found, engine, config, settings)
    checked = check_rows(rows, config, own_order(as_of, settings.tz))
    wrong = fault_frame([faults, checked])["row"].nunique()
    file.rows, file.counts = len(rows), {"readable": len(rows) - wrong, "rejected": wrong}


def _records(
    found: RecordFile, engine: Engine | None, config: Config, settings: Settings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a file as records, and what cannot be read of them."""
    if engine is None:
        return read_records(found.texts, config, settings.tz, reckoner_of(None, config.rules, config, settings.tz))
    with engine.connect() as conn:
        reckoner = reckoner_of(conn, config.rules, config, settings.tz)
    engine.dispose()
    return read_records(found.texts, config, settings.tz, reckoner)
