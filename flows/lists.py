"""The commands about many rows at once: batches and taking one back, the do-not-contact list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from flows.commands import database, parse_moment, refuse_stranger, usable_home
from flows.console import Answer, UsageError
from flows.request import channel_named
from models.db import make_engine, upgrade
from tasks.batch_list import BatchLine, list_batches
from tasks.blocks import Blocked, Effect, block, entries_of, listed, unblock
from tasks.orders import Order
from tasks.revert import Reverted, revert_batch


@dataclass(frozen=True)
class Word:
    """A person's word as it is typed: why, by whom, as of when."""

    reason: str | None
    by: str | None
    as_of: str | None = None


def batches(settings: Settings, *, last: int, channel: str | None) -> Answer:
    """List batches with what became of their leads."""
    config = load_config(settings.config)
    if channel is not None:
        channel_named(config, channel)
    lines = list_batches(database(settings), last=last, channel=channel)
    text = "\n".join(_batch(line, settings) for line in lines) or "no batch has arrived yet"
    return Answer(text, {"batches": [line.as_dict() for line in lines]})


def _batch(line: BatchLine, settings: Settings) -> str:
    received = f"{line.received_at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
    rows = ", ".join(f"{count} {outcome}" for outcome, count in sorted(line.outcomes.items()) if count)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(line.verdicts.items()))
    grades = ", ".join(f"{count} {grade}" for grade, count in sorted(line.grades.items()))
    said = [f"{line.batch}  {received}  {line.channel}  {line.file}  {line.state}", f"   rows   {line.rows} ({rows})"]
    if line.leads:
        said.append(f"   leads  {line.leads} now: {verdicts}; grades {grades}; {line.won} won")
    if line.reverted:
        said.append(f"   taken back by {line.reverted['by']}: {line.reverted['reason']}")
    return "\n".join(said)


def revert(settings: Settings, number: int, word: Word, *, dry_run: bool) -> Answer:
    """Take a whole batch back, or say what that would do."""
    config = load_config(settings.config)
    found = revert_batch(database(settings), number, config, order_of(settings, config, word), dry_run=dry_run)
    data = {"batch": number, "file": found.file, "channel": found.channel, "dry_run": dry_run}
    return Answer(_taken_back(found, dry_run), data | {"before": found.before, **found.counts()})


def _taken_back(found: Reverted, dry_run: bool) -> str:
    kept = f"; kept, because somebody worked on them: {', '.join(found.kept)}" if found.kept else ""
    what = f"batch {found.batch} ({found.file}): {found.rows} rows, {found.ended} leads end as reverted, "
    what += f"{found.decided_again} are decided anew{kept}"
    if found.before:
        return f"taken back before; nothing was done now. {what}"
    return f"nothing is changed; it would be: {what}" if dry_run else f"taken back: {what}"


def do_block(settings: Settings, given: Sequence[tuple[str, str]], word: Word) -> Answer:
    """Put phones, addresses and companies on the do-not-contact list."""
    config, entries, order = _asked(settings, given, word)
    return _effect("on the list", block(_made(settings), entries, config, order))


def do_unblock(settings: Settings, given: Sequence[tuple[str, str]], word: Word) -> Answer:
    """Take phones, addresses and companies off the do-not-contact list."""
    config, entries, order = _asked(settings, given, word)
    return _effect("off the list", unblock(_made(settings), entries, config, order))


def blocked(settings: Settings) -> Answer:
    """Show the do-not-contact list."""
    found = listed(_made(settings))
    lines = [
        f"{one['kind']:<8} {one['value']}  since {one['since'].astimezone(settings.zone):%Y-%m-%d}, "
        f"by {one['by']}: {one['reason']}"
        for one in found
    ]
    return Answer("\n".join(lines) or "nobody is on the list", {"blocked": found})


def _effect(where: str, effect: Effect) -> Answer:
    lines = [f"{where}: {entry.kind} {entry.key}" for entry in effect.entries]
    if effect.decided_again:
        lines.append(f"decided anew: {', '.join(effect.decided_again)}")
    if effect.kept:
        lines.append(f"left as they are, because somebody works on them: {', '.join(effect.kept)}")
    data = {
        "entries": [
            {"kind": entry.kind, "value": entry.key, "new": entry in effect.changed} for entry in effect.entries
        ],
        "decided_again": effect.decided_again,
        "kept": effect.kept,
    }
    return Answer("\n".join(lines), data)


def _asked(settings: Settings, given: Sequence[tuple[str, str]], word: Word) -> tuple[Config, list[Blocked], Order]:
    if not given:
        raise UsageError("say whom: --phone, --email or --company")
    config = load_config(settings.config)
    entries = entries_of(given, config.rules, datetime.now(UTC), settings.tz)
    return config, entries, order_of(settings, config, word)


def order_of(settings: Settings, config: Config, word: Word) -> Order:
    """A person's word as the tasks take it; UsageError where it names nobody or no reason."""
    if not word.reason or not word.by:
        raise UsageError("--reason and --by are needed: who says so, and why")
    refuse_stranger(config, word.by)
    now = datetime.now(UTC)
    return Order(word.by, word.reason, parse_moment(word.as_of, settings) or now, now, settings.tz)


def _made(settings: Settings) -> Engine:
    """The database, made where there is none: a list may be filled before the first file arrives."""
    usable_home(settings)
    engine = make_engine(settings.database_url)
    upgrade(engine)
    return engine
