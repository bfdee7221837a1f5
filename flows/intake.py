"""The main job, as H1 3.1 to 3.3 tells it: what arrives is read, checked, cleaned, matched, screened,
graded, numbered and owned; its sender gets a receipt, its owners a mail.

Every step may be run again: what was settled is found settled, what was begun is finished first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine

from config.schema import Channel, Config, Rules
from config.settings import Settings
from flows.answers import answers
from flows.look import look
from flows.progress import report
from flows.request import FileResult, Request, Result, channel_named, files_named
from flows.retry import plainly
from models.db import make_engine, upgrade
from tasks.arrival import Arrival
from tasks.batches import DONE, SETTLED, Opened, content_hash, load_batch, mark, open_batch
from tasks.expectations import check_file
from tasks.folders import LeadFile, claim, file_away, in_place, make_folders, refuse
from tasks.layout import Layout, detect_layout
from tasks.outbox import send_pending
from tasks.prepare import prepared_chunks
from tasks.receipt import Receipt, write_receipt
from tasks.receipt_page import About
from tasks.settle import settle_chunk
from tasks.tell import tell
from tasks.unreadable import UnreadableFile

# (label, work) -> what the work gives; Prefect makes a task run of it
Call = Callable[[str, Callable[[], Any]], Any]


@dataclass(frozen=True)
class Tools:
    """What every step is given."""

    settings: Settings
    config: Config
    engine: Engine
    as_of: datetime
    call: Call

    def config_of(self, as_of: datetime) -> Config:
        """The configuration with the rules that are in force on that day."""
        on = as_of.astimezone(self.settings.zone).date()
        return self.config.model_copy(update={"rules": self.config.rules.at(on)})


def take_in(request: Request, settings: Settings, config: Config, call: Call = plainly) -> Result:
    """Take in what waits, or what is named; finish first what an earlier run left half done."""
    if request.channel is not None:
        channel_named(config, request.channel)
    if request.dry_run:
        return look(request, settings, config)
    engine = make_engine(settings.database_url)
    upgrade(engine)
    make_folders(settings, config.channels)
    tools = Tools(settings, config, engine, request.as_of, call)
    result = Result(request.as_of)
    for file in arrivals(request, settings, config):
        result.files.append(take_file(file, tools))
    tell(engine, config, settings, request.as_of)
    result.messages = send_pending(engine, settings, request.as_of, backfill_mail=request.backfill_mail)
    return result


def arrivals(request: Request, settings: Settings, config: Config) -> Iterator[LeadFile]:
    """The files of this run: named ones where they lie, else the complete ones of the intake folders."""
    if not request.paths:
        yield from claim(settings, config.channels, request.as_of)
        return
    channel = channel_named(config, request.channel or "default")
    for path in files_named(request.paths):
        yield in_place(path, channel)


def take_file(file: LeadFile, tools: Tools) -> FileResult:
    """Take one file from its first byte to its receipt, one transaction a chunk."""
    engine, settings = tools.engine, tools.settings
    channel = file.channel
    try:
        layout = detect_layout(file.path, channel)
    except UnreadableFile as why:
        refuse(file, settings, why)
        return FileResult(file.name, channel.name, "refused", why=why.wrong(settings.lang))
    digest = content_hash(file.path)
    version = tools.config.rules.version
    batch = open_batch(engine, channel.name, file.name, digest, layout.to_json(), tools.as_of, version)
    if batch.state == DONE:
        file_away(file, settings)
        return FileResult(file.name, channel.name, "known", batch.id, sum(batch.counts.get("outcomes", {}).values()))
    settle_rows(file, batch, tools)
    mark(engine, batch.id, SETTLED)
    batch = load_batch(engine, batch.id)
    rules = tools.config_of(batch.as_of).rules
    counts = batch.counts.get("outcomes", {})
    rows = sum(counts.values())
    checked = check_file(batch.counts.get("issues", {}), rows, rules, channel)
    receipt = answer(file, batch, rules, tools)
    mark(engine, batch.id, DONE)
    file_away(file, settings)
    failed = tuple(rule.rule_id for rule in checked.failed)
    return FileResult(file.name, channel.name, "taken", batch.id, rows, counts, receipt.rows, failed=failed)


def settle_rows(file: LeadFile, batch: Opened, tools: Tools) -> None:
    """Settle the chunks of a file that are not settled yet, in order, under the rules of the batch's day."""
    channel = _stating_team(file)
    config = tools.config_of(batch.as_of)
    layout = Layout.from_json(batch.layout)
    rows = tools.settings.chunk_rows
    chunks = prepared_chunks(file.path, layout, channel, config.rules, batch.received_at, rows, batch.chunks)
    done = batch.chunks * rows
    for number, frame in chunks:
        place = Arrival(batch.id, channel, batch.as_of, datetime.now(UTC), tools.settings.tz)
        tools.call(
            f"batch {batch.id} chunk {number}", partial(settle_chunk, tools.engine, place, number, frame, config)
        )
        done += len(frame)
        report(file.name, done)


def answer(file: LeadFile, batch: Opened, rules: Rules, tools: Tools) -> Receipt:
    """Write the receipt of a file whose rows are all settled."""
    settings = tools.settings
    received = f"{batch.received_at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
    layout = Layout.from_json(batch.layout)
    about = About(batch.file, batch.channel, batch.id, received, settings.lang)
    folder = settings.receipts / batch.channel
    return write_receipt(file.path, layout, answers(tools.engine, batch.id), rules, folder, about)


def _stating_team(file: LeadFile) -> Channel:
    """The channel, with the sub-folder that the file was dropped into as the team that entered it."""
    team = file.team_hint
    return file.channel.model_copy(update={"entry_team": team}) if team else file.channel
