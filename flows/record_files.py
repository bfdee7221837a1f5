"""A file of follow-ups, as H1 3.4 asks for each: read, checked, recorded; its sender gets a receipt."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from config.schema import Channel, Config
from config.settings import Settings
from flows.request import FileResult
from tasks.clocks import reckoner_of
from tasks.content import Content, reading
from tasks.folders import LeadFile, file_away
from tasks.follow_ups import Taken, check_rows, take_follow_ups
from tasks.orders import MACHINE, Order
from tasks.points import reached
from tasks.record_file import RecordFile, read_record_file, read_records
from tasks.record_receipt import write_record_receipt
from tasks.rules.follow_up_check import fault_frame


def take_record_file(
    file: LeadFile, engine: Engine, settings: Settings, config: Config, as_of: datetime
) -> FileResult:  # fmt: skip
    """Record the follow-ups of a file and answer each row; taken again, it is answered the same. UnreadableFile."""
    with TemporaryDirectory(prefix="leadflow-") as scratch:
        with reading(file.path):
            content = Content.of(file.path)
            found = read_record_file(file.path, file.scratch or Path(scratch))
        order = Order(MACHINE, "", as_of, datetime.now(UTC), settings.tz)
        with engine.connect() as conn:
            reckoner = reckoner_of(conn, config.rules, config, settings.tz)
        rows, faults = read_records(found.texts, config, settings.tz, reckoner)
        content.check()
        taken = take_follow_ups(engine, rows, faults, config, order)
    receipt = _answered(file, found, taken, settings, content.digest)
    reached("answered")
    file_away(file, settings)
    counts = counted(len(rows), len({one.row for one in taken.faults}))
    return FileResult(file.name, file.channel.name, "taken", None, len(rows), counts, receipt)


def look_at_records(
    path: Path, file: FileResult, config: Config, engine: Engine, settings: Settings, as_of: datetime
) -> None:  # fmt: skip
    """Count what would be recorded and what is wrong by itself; nothing is stored."""
    with TemporaryDirectory(prefix="leadflow-") as scratch, reading(path):
        found = read_record_file(path, Path(scratch))
    with engine.connect() as conn:
        reckoner = reckoner_of(conn, config.rules, config, settings.tz)
    rows, faults = read_records(found.texts, config, settings.tz, reckoner)
    order = Order(MACHINE, "", as_of, as_of, settings.tz)
    wrong = fault_frame([faults, check_rows(rows, config, order)])["row"].nunique()
    file.rows, file.counts = len(rows), {"readable": len(rows) - wrong, "rejected": wrong}


def holds_records(channel: Channel) -> bool:
    """Whether the files of a channel hold follow-ups."""
    return channel.holds == "follow_ups"


def counted(rows: int, rejected: int) -> dict[str, int]:
    """Rows by outcome, those that are none left out."""
    return {name: count for name, count in (("recorded", rows - rejected), ("rejected", rejected)) if count}


def _answered(file: LeadFile, found: RecordFile, taken: Taken, settings: Settings, digest: str) -> Path:
    folder = settings.receipts / file.channel.name
    stem = f"{Path(file.name).stem[:80]}_{digest[:8]}"
    return write_record_receipt(found, taken.faults, folder, stem, settings.lang)[0]
