"""The main job, as H1 3.1 to 3.3 tells it: what arrives is read, checked, cleaned, matched, screened,
graded, numbered and owned; its sender gets a receipt, its owners a mail.

Every step may be run again: what was settled is found settled, what was begun is finished first.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.errors import ConfigError
from config.schema import Channel, Config
from config.settings import Settings
from flows.answering import Answered, Settled, answer, answer_beside, helper
from flows.console import aside
from flows.figures import figures
from flows.giving_way import Way
from flows.look import look
from flows.progress import report
from flows.record_files import FOLLOW_UPS, FollowUpsFound, found_tables, take_record_file
from flows.request import FileResult, Request, Result, Unfinished, channel_named, files_named, ruled
from flows.retry import plainly
from flows.steps import Steps
from models.bulk import WriteFailed
from models.db import DatabaseError, make_engine, refresh_statistics
from models.memory import give_back, keep_little
from models.side import SideWriter
from tasks.ahead import Coming
from tasks.arrival import Arrival
from tasks.batches import CUT_SHORT, DONE, SETTLED, Opened, finish, load_batch, mark, open_batch, unfinished
from tasks.beside import Beside
from tasks.content import Content, reading
from tasks.folders import LeadFile, claim, file_away, in_place, make_folders, refuse, unread
from tasks.outbox import send_pending
from tasks.points import reached
from tasks.post import post, receipt_letter, refused_letter
from tasks.prepare import Reading, is_large, prepared_chunks
from tasks.ready import make_ready
from tasks.settle import settle_chunk
from tasks.source import Source, open_source
from tasks.tables import Tables
from tasks.tell import tell
from tasks.unreadable import UnreadableFile

# (label, work) -> what the work gives; Prefect makes a task run of it
Call = Callable[[str, Callable[[], Any]], Any]


EVERY_FILES = (ConfigError, DatabaseError, SQLAlchemyError, WriteFailed, MemoryError)


@dataclass(frozen=True)
class Ending:
    """A file whose rows are settled: `wait` sees to what is still to be done about it, and gives what came of it."""

    batch: int | None
    wait: Callable[[], FileResult]


@dataclass
class Tools:
    """What every step is given."""

    settings: Settings
    config: Config
    engine: Engine
    as_of: datetime
    call: Call
    steps: Steps = field(default_factory=Steps)
    helpers: ExitStack = field(default_factory=ExitStack)  # processes that must not outlive the run
    dated: dict[date, Config] = field(default_factory=dict)  # by day: what is made of rules is made once

    def staff(self, config: Config) -> Config:
        """From here on work with this configuration; gives it back."""
        self.config = config
        self.dated.clear()
        return config

    def config_of(self, as_of: datetime) -> Config:
        """The configuration with the rules that are in force on that day; UsageError where there are none."""
        on = as_of.astimezone(self.settings.zone).date()
        if on not in self.dated:
            self.dated[on] = ruled(self.config, as_of, self.settings)
        return self.dated[on]


def take_in(request: Request, settings: Settings, config: Config, call: Call = plainly) -> Result:
    """Take in what waits, or what is named; finish first what an earlier run left half done."""
    if request.channel is not None:
        channel_named(config, request.channel)
    if request.dry_run:
        return look(request, settings, config)
    keep_little()
    reached("started")
    engine = make_engine(settings.database_url)
    tools = Tools(settings, config, engine, request.as_of, call)
    tools.config_of(request.as_of)  # a day without rules is refused before anything is stored under it
    steps = tools.steps
    with steps.timed("database"):
        config = tools.staff(make_ready(engine, config, request.as_of))
    make_folders(settings, config.channels)
    result = Result(request.as_of)
    endings: list[tuple[LeadFile, Ending]] = []
    faults: list[Exception] = []

    def end() -> None:
        while endings:
            file, ending = endings.pop()
            with apart(file, faults):
                result.files.append(ending.wait())

    with tools.helpers:
        for file in arrivals(request, settings, config, end):
            end()  # an answer says how things stand before the next file is settled
            with apart(file, faults):
                endings.append((file, take_file(file, tools)))
        with steps.timed("tell"):
            tell(engine, config, settings, request.as_of)
        reached("told")
        with steps.timed("send"):
            backfill = request.backfill_mail
            result.messages = send_pending(engine, settings, request.as_of, config.rules, backfill_mail=backfill)
        with steps.timed("figures"):
            batches = [*(file.batch for file in result.files), *(ending.batch for _, ending in endings)]
            result.figures = figures(engine, [batch for batch in batches if batch is not None])
        late = bool(endings)
        end()
        if late:
            _send_the_last_receipt(result, request, tools)
    if faults:
        raise faults[0]
    result.unfinished = [Unfinished(batch.id, batch.file, batch.channel) for batch in unfinished(engine)]
    result.unread = unread(settings, config.channels)
    result.seconds = steps.seconds
    return result


def _send_the_last_receipt(result: Result, request: Request, tools: Tools) -> None:
    """Send what the last answer put into the outbox; not where the mail server has just failed."""
    contacts = [channel.contact for channel in tools.config.channels.values() if channel.contact]
    if contacts and not result.messages.get("pending"):
        rules, backfill = tools.config.rules, request.backfill_mail
        more = send_pending(tools.engine, tools.settings, request.as_of, rules, backfill_mail=backfill)
        more.pop("held_back", None)  # the same ones again
        result.messages = dict(Counter(result.messages) + Counter(more))


@contextmanager
def apart(file: LeadFile, faults: list[Exception]) -> Iterator[None]:
    """Keep the fault of one file for the end of the run, so that it never keeps others back; the next run tries again.

    A fault of the configuration or the database is every file's, and ends the run at once.
    """
    try:
        yield
    except Exception as error:
        if isinstance(getattr(error, "fault", None) or error, EVERY_FILES):
            raise
        # its kind alone: its words may hold a row's values
        aside(f"leads: {file.name} could not be taken ({type(error).__name__}); the others are")
        if file.claim is not None:
            file.claim.release()
        faults.append(error)


def arrivals(request: Request, settings: Settings, config: Config, before: Callable[[], None]) -> Iterator[LeadFile]:
    """The files of this run: named ones where they lie, else the complete ones of the intake folders.

    `before` is called before a further file is claimed.
    """
    if not request.paths:
        yield from claim(settings, config.channels, request.as_of, before=before)
        return
    channel = channel_named(config, request.channel or "default")
    for path in files_named(request.paths):
        yield in_place(path, channel, guessed=request.channel is None)


def take_file(file: LeadFile, tools: Tools) -> Ending:
    """Take one file, one transaction a chunk; the answer to a large one may still be written when this returns."""
    engine, settings, channel = tools.engine, tools.settings, file.channel
    if channel.holds == FOLLOW_UPS:
        return _over(take_records(file, tools))
    try:
        with tools.steps.timed("layout"), reading(file.path):
            content = Content.of(file.path)
            source = open_source(file.path, file.scratch or _scratch(tools))
            tables = found_tables(source, channel, tools.config, guess=file.guessed)
            large = is_large(source)
    except FollowUpsFound as found:
        return _over(take_records(replace(file, channel=found.channel), tools))
    except UnreadableFile as why:
        return _over(refused(file, why, tools))
    batch = open_batch(
        engine,
        channel.name,
        file.name,
        content.digest,
        tables.to_json(),
        tools.as_of,
        tools.config.rules.version,
        settings.chunk_rows,
    )
    if batch.state == DONE:
        file_away(file, settings)
        rows = sum(batch.counts.get("outcomes", {}).values())
        return _over(FileResult(file.name, channel.name, "known", batch.id, rows))
    beside: list[Beside] = []

    def prepared() -> None:
        if large:
            beside.append(tools.helpers.enter_context(closing(helper())))

    try:
        with closing(SideWriter(engine)) if large else nullcontext() as side:
            settle_rows(file, source, content, batch, tools, side, prepared)
    except UnreadableFile as why:
        return _over(cut_short(file, why, batch, tools))
    settled = Settled(
        source, content, load_batch(engine, batch.id), channel, tools.config_of(batch.as_of).rules, settings
    )
    if not beside:
        return _over(end_file(file, settled, partial(answer, settled, engine), tools))
    beside[0].start(answer_beside, settled)
    return Ending(batch.id, partial(end_file, file, settled, beside[0].result, tools))


def take_records(file: LeadFile, tools: Tools) -> FileResult:
    """Take a file of follow-ups; one that cannot be read is given back."""
    try:
        with tools.steps.timed("records"):
            return take_record_file(file, tools.engine, tools.settings, tools.config_of(tools.as_of), tools.as_of)
    except UnreadableFile as why:
        return refused(file, why, tools)


def _scratch(tools: Tools) -> Path:
    return Path(tools.helpers.enter_context(TemporaryDirectory(prefix="leadflow-")))


def end_file(file: LeadFile, settled: Settled, answered: Callable[[], Answered], tools: Tools) -> FileResult:
    """Wait for the answer to a file whose rows are all settled, and only then mark its batch and move it on."""
    batch = settled.batch
    inner: dict[str, float] = {}
    try:
        with tools.steps.timed("receipts", inner):
            given = answered()
            inner.update(given.seconds)
    except UnreadableFile as why:
        return cut_short(file, why, batch, tools)
    post_receipt(settled, given, tools)
    finish(tools.engine, batch, given.outcomes)
    reached("done")
    file_away(file, tools.settings)
    counts, rows = given.outcomes, sum(given.outcomes.values())
    return FileResult(file.name, batch.channel, "taken", batch.id, rows, counts, given.receipt, failed=given.failed)


def post_receipt(settled: Settled, given: Answered, tools: Tools) -> None:
    """Mail the receipt to the channel's contact, where there is one; once, however often the end is run."""
    batch, contact = settled.batch, settled.channel.contact
    if contact is not None:
        rules, lang = tools.config_of(tools.as_of).rules, tools.settings.lang
        letter = receipt_letter(batch.id, batch.file, batch.channel, given.outcomes, given.files, rules, lang)
        post(tools.engine, [(letter, contact)], tools.as_of)


def cut_short(file: LeadFile, why: UnreadableFile, batch: Opened, tools: Tools) -> FileResult:
    """Give a file back that could not be read to its end."""
    mark(tools.engine, batch.id, CUT_SHORT)
    return refused(file, why, tools, load_batch(tools.engine, batch.id))


def refused(file: LeadFile, why: UnreadableFile, tools: Tools, batch: Opened | None = None) -> FileResult:
    """Give a file back that cannot be read; the rows that were settled before stay, and its sender is told."""
    settings = tools.settings
    if file.claim is not None and file.channel.contact is not None:
        # by its claim: a run that dies before the file is moved finds it under the same
        letter = refused_letter(file.claim.folder.name, file.name, file.channel.name, why, settings.lang)
        post(tools.engine, [(letter, file.channel.contact)], tools.as_of)
    counts = batch.counts.get("outcomes", {}) if batch else {}
    rows = sum(counts.values())
    refuse(file, settings, why, rows)
    number = batch.id if batch else None
    return FileResult(file.name, file.channel.name, "refused", number, rows, counts, why=why.wrong(settings.lang))


def settle_rows(
    file: LeadFile,
    source: Source,
    content: Content,
    batch: Opened,
    tools: Tools,
    side: SideWriter | None,
    prepared: Callable[[], None],
) -> None:
    """Settle the chunks of a file that are not settled yet, in order, under the rules of the batch's day.

    `prepared` is called before the last chunk is settled, when there is nothing more to prepare.
    """
    channel = _stating_team(file)
    config = tools.config_of(batch.as_of)
    tables = Tables.from_json(batch.layout)
    rows, zone = batch.chunk_rows, tools.settings.tz
    chunks = prepared_chunks(
        Reading(source, tables, channel, config.rules, batch.received_at, zone, rows), batch.chunks, prepared
    )
    done = batch.chunks * rows
    way = Way(tools.settings, tools.engine)
    coming = Coming(chunks)
    for number, frame in tools.steps.waiting("prepare", coming):
        content.check()
        place = Arrival(batch.id, channel, batch.as_of, datetime.now(UTC), tools.settings.tz)
        before = batch.part if number == batch.chunks else 0
        for part in way.parts(frame, before):
            settle = partial(settle_chunk, tools.engine, place, number, part.rows, config, side, coming.fetch)
            label = f"batch {batch.id} chunk {number}"
            if part.before or not part.last:
                label, settle = f"{label} from {part.before}", partial(settle, part=(part.before, part.last))
            spent: dict[str, float] = {}
            with tools.steps.timed("commit", spent):
                spent.update(tools.call(label, settle) or {})
            reached("chunk-settled")
        give_back()
        if side is not None and not number & (number + 1):
            # after 1, 2, 4, 8, … chunks
            refresh_statistics(tools.engine)
        done += len(frame)
        report(file.name, done)
    content.check()  # one that was cut off has no further chunk
    mark(tools.engine, batch.id, SETTLED)
    reached("settled")


def _over(result: FileResult) -> Ending:
    return Ending(result.batch, lambda: result)


def _stating_team(file: LeadFile) -> Channel:
    """The channel, with the sub-folder that the file was dropped into as the team that entered it."""
    team = file.team_hint
    return file.channel.model_copy(update={"entry_team": team}) if team else file.channel
