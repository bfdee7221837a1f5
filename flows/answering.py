"""What the sender of a file gets once all its rows are settled: the receipt, and a judgement of the file as a whole.

A large file is answered by a process of its own, which reads the database while this one tells people and sends.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from config.schema import Channel, Rules
from config.settings import Settings
from flows.answers import answers
from flows.steps import Steps
from models.db import make_engine
from tasks.batches import Opened
from tasks.beside import Beside
from tasks.content import Content
from tasks.expectations import check_file, load_suites
from tasks.points import reached
from tasks.receipt import write_receipt
from tasks.receipt_book import write_book_receipt
from tasks.receipt_page import About
from tasks.source import Source
from tasks.tables import Tables


@dataclass(frozen=True)
class Settled:
    """A file whose rows are all settled, under the rules of its batch's day."""

    source: Source
    content: Content
    batch: Opened
    channel: Channel
    rules: Rules
    settings: Settings


@dataclass(frozen=True)
class Answered:
    """The receipt and the rows by outcome that it tells, the check rules that more rows fail than may, and what of the
    caller's time went into which step.
    """

    receipt: Path
    outcomes: dict[str, int]
    failed: tuple[str, ...]
    seconds: dict[str, float]
    #: All files of the receipt that its sender opens: the answer, and the rows to mend.
    files: tuple[Path, ...] = ()


def answer(settled: Settled, engine: Engine) -> Answered:
    """Write the receipt of a file, and judge the file as a whole."""
    settings, batch, steps = settled.settings, settled.batch, Steps()
    received = f"{batch.received_at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
    about = About(batch.file, batch.channel, batch.id, received, settings.lang)
    source, tables, rules = settled.source, Tables.from_json(batch.layout), settled.rules
    folder, intact = settings.receipts / batch.channel, settled.content.check
    told = partial(answers, engine, batch.id)
    if tables.is_book:
        receipt = write_book_receipt(source, tables, told, rules, folder, about, intact)
    else:
        receipt = write_receipt(source.path, tables.layouts[0], told(""), rules, folder, about, intact=intact)
    reached("answered")
    outcomes = {outcome: count for outcome, count in receipt.tally.outcomes.items() if count}
    with steps.timed("check"):
        rows = sum(outcomes.values())
        checked = check_file(batch.counts.get("issues", {}), rows, settled.rules, settled.channel)
    files = tuple(path for path in (receipt.rows, receipt.to_mend) if path)
    return Answered(receipt.rows, outcomes, tuple(rule.rule_id for rule in checked.failed), steps.seconds, files)


def helper() -> Beside:
    """A process that makes itself ready to answer a file: what it needs takes seconds to import."""
    return Beside(load_suites)


def answer_beside(settled: Settled) -> Answered:
    """Answer a file in a process that has no connection to the database yet."""
    engine = make_engine(settled.settings.database_url)
    try:
        # none of it is the time of the one that asked
        return replace(answer(settled, engine), seconds={})
    finally:
        engine.dispose()
