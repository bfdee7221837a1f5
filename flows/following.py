"""`leads log`: a follow-up recorded as an event that stops and starts promises (H1-3.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from config.schema import Config
from config.settings import Settings
from flows.commands import company, database, lead_number, parse_day, parse_moment, refuse_stranger
from flows.console import Answer, UsageError
from flows.request import ruled
from tasks.clocks import reckoner_of
from tasks.follow_up_words import ANSWERED
from tasks.follow_ups import METHODS, Said, method_of, record_follow_ups, said_by_now
from tasks.i18n import local_time
from tasks.orders import Order, OrderError
from tasks.promises_shown import Shown, clocks_shown
from tasks.rules.due import moment_of
from tasks.snooze import snooze

# beyond any number that a follow-up can have
_MOST_RECORDS = 10**15


@dataclass(frozen=True)
class Asked:
    """What `leads log` was asked, as typed; `texts`: the further texts by field."""

    number: str
    by: str
    at: str
    method: str
    summary: str
    answered: str
    texts: dict[str, Any]
    next_at: str | None = None
    support_at: str | None = None
    pause_until: str | None = None
    as_of: str | None = None
    dry_run: bool = False
    days: Mapping[str, str | None] = field(default_factory=dict)


def log(settings: Settings, asked: Asked) -> Answer:
    """Record one follow-up and tell which promises run now."""
    config, engine = company(settings)
    refuse_stranger(config, asked.by)
    now = datetime.now(UTC)
    as_of = parse_moment(asked.as_of, settings) or now
    config = ruled(config, as_of, settings)
    order = Order(asked.by, "", as_of, now, settings.tz)
    said = _said(settings, config, asked)
    if _is_day(asked.at):
        said = said_by_now(said, parse_day(asked.at.strip(), "at"), order)
    [recorded] = record_follow_ups(engine, [said], config, order, dry_run=asked.dry_run)
    running = [one for one in clocks_shown(engine, config, settings, as_of, lead=said.number) if one.ended_at is None]
    told = "recorded before" if recorded.before else "would be recorded" if asked.dry_run else "recorded"
    hints = [f"  hint: {one.field}: {one.said('en')}" for one in recorded.hints]
    lines = [
        f"{said.number}: follow-up {recorded.follow_up_id} {told}",
        *hints,
        *(_line(one, settings) for one in running),
    ]
    data: dict[str, Any] = {
        "number": said.number, "follow_up": recorded.follow_up_id, "before": recorded.before,
        "hints": [{"field": one.field, "code": one.code, "detail": one.said("en")} for one in recorded.hints],
        "dry_run": asked.dry_run, "clocks": [one.as_dict() for one in running],
    }  # fmt: skip
    return Answer("\n".join(lines), data)


def _line(one: Shown, settings: Settings) -> str:
    due = local_time(one.due_at, settings.zone) if one.due_at else "paused"
    return f"  {one.policy:<14} due {due}"


def _said(settings: Settings, config: Config, asked: Asked) -> Said:
    method = method_of(asked.method, config)
    if method is None:
        known = ", ".join(config.rules.value(METHODS))
        raise UsageError(f"--method {asked.method}: unknown; known: {known}")
    if asked.answered not in ANSWERED:
        raise UsageError(f"--answered {asked.answered}: say one of {', '.join(ANSWERED)}")
    if not 0 < (asked.texts.get("corrects") or 1) < _MOST_RECORDS:
        raise UsageError(f"--corrects {asked.texts['corrects']} is no number of a follow-up (leads explain shows them)")
    ahead: dict[str, Any] = {
        name: _moment(text, f"--{name.replace('_', '-')}", settings, config)
        for name, text in (
            ("next_at", asked.next_at), ("support_at", asked.support_at), ("pause_until", asked.pause_until),
        )
        if text is not None
    }  # fmt: skip
    days: dict[str, Any] = {name: parse_day(text, name) for name, text in asked.days.items() if text is not None}
    texts = dict(asked.texts)
    if texts.get("corrects_lead") is not None:
        texts["corrects_lead"] = lead_number(texts["corrects_lead"])
    return Said(
        lead_number(asked.number), asked.by, _moment(asked.at, "--at", settings, config), method,
        asked.summary, ANSWERED[asked.answered], **texts, **ahead, **days,
    )  # fmt: skip


def _is_day(text: str) -> bool:
    return len(text.strip()) == 10


def _moment(text: str, option: str, settings: Settings, config: Config) -> datetime:
    """A moment as typed; a date without a time is that day's end: of its last working hour, where it has one."""
    text = text.strip()
    if not _is_day(text):
        try:
            found = parse_moment(text, settings)
        except UsageError:
            found = None
        if found is None:
            raise UsageError(f"{option} {text!r} is no moment such as 2024-03-18T10:30 or 2024-03-20")
        return found
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        raise UsageError(f"{option} {text!r} is no moment such as 2024-03-18T10:30 or 2024-03-20") from None
    with database(settings).connect() as conn:
        reckoner = reckoner_of(conn, config.rules, config, settings.tz)
    return moment_of(reckoner.day_end(np.array([day], "datetime64[D]"))[0])


@dataclass(frozen=True)
class PutOff:
    """What `leads snooze` was asked, as typed."""

    numbers: Sequence[str]
    until: str
    reason: str
    by: str
    method: str
    as_of: str | None = None
    dry_run: bool = False


def put_off(settings: Settings, asked: PutOff) -> Answer:
    """Put leads off until a day; all of them, or none."""
    config, engine = company(settings)
    refuse_stranger(config, asked.by)
    now = datetime.now(UTC)
    as_of = parse_moment(asked.as_of, settings) or now
    method = method_of(asked.method, config)
    if method is None:
        raise UsageError(f"--method {asked.method}: unknown; known: {', '.join(config.rules.value(METHODS))}")
    until = parse_day(asked.until, "--until")
    if until <= as_of.astimezone(settings.zone).date():
        raise UsageError(f"--until {until} is not after today")
    order = Order(asked.by, asked.reason, as_of, now, settings.tz)
    numbers = list(dict.fromkeys(map(lead_number, asked.numbers)))
    try:
        found = snooze(engine, numbers, until, method, order, config, dry_run=asked.dry_run)
    except OrderError as error:
        raise UsageError(str(error)) from None
    what = "would be put off" if asked.dry_run else "put off"
    lines = [f"{one.number}: {'known already' if one.before else what} until {until}" for one in found]
    leads = [{"number": one.number, "follow_up": one.follow_up_id, "before": one.before} for one in found]
    return Answer("\n".join(lines), {"until": until.isoformat(), "dry_run": asked.dry_run, "leads": leads})
