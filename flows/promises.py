"""What `leads clocks`, `leads escalations`, `leads due`, `leads escalate` and `leads calendar` answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from config.loader import load_config
from config.settings import Settings
from flows.commands import company, database, lead_number, parse_moment
from flows.console import Answer, Refused
from flows.sweeping import escalate_promises
from tasks.calendar import import_year, shown_years, sync_calendar
from tasks.i18n import local_time
from tasks.promises_shown import Fired, Shown, clocks_shown, fired_shown


@dataclass(frozen=True)
class Asked:
    """What `leads clocks` was asked."""

    numbers: Sequence[str] = ()
    person: str | None = None
    policy: str | None = None
    every: bool = False
    limit: int = 200
    as_of: str | None = None


def clocks(settings: Settings, asked: Asked) -> Answer:
    """The promises of leads, or those that run."""
    as_of = parse_moment(asked.as_of, settings) or datetime.now(UTC)
    config, engine = company(settings, as_of)
    found: list[Shown] = []
    numbers: list[str | None] = [lead_number(one) for one in asked.numbers]
    for number in numbers or [None]:
        found += clocks_shown(
            engine, config, settings, as_of, lead=number, person=asked.person, policy=asked.policy,
            every=asked.every, limit=max(1, asked.limit),
        )  # fmt: skip
    lines = [_clock(one, settings) for one in found]
    return Answer("\n".join(lines) or "no promise runs", {"clocks": [one.as_dict() for one in found]})


def _clock(one: Shown, settings: Settings) -> str:
    due = local_time(one.due_at, settings.zone) if one.due_at else "–"
    used = f"{one.used_minutes} of {one.allowed_minutes} min" if one.allowed_minutes is not None else ""
    basis = "" if one.basis in ("official", "") else f" ({one.basis})"
    return (
        f"{one.number}  {one.policy:<14} {one.state:<8} due {due}{basis}  used {used}  {one.person or one.owner or ''}"
    )


def escalations(settings: Settings, lead: str | None, person: str | None, since: str | None, limit: int) -> Answer:
    """The steps that fired, the latest first."""
    engine = database(settings)
    number = lead_number(lead) if lead else None
    found = fired_shown(
        engine, lead=number, person=person, since=parse_moment(since, settings, "--since"), limit=max(1, limit)
    )
    lines = [_fired(one, settings) for one in found]
    return Answer("\n".join(lines) or "nothing was escalated", {"escalations": [one.as_dict() for one in found]})


def _fired(one: Fired, settings: Settings) -> str:
    due = local_time(one.due_at, settings.zone) if one.due_at else "–"
    whom = one.recipient + (f" (for {one.instead_of})" if one.instead_of else "")
    seen = f", acknowledged by {one.acknowledged_by}" if one.acknowledged_by else ""
    return (
        f"{local_time(one.at, settings.zone)}  {one.number}  {one.policy} {one.kind} → {whom or one.state}"
        f"  due {due}, {one.used_minutes} min used{f', mail {one.mail}' if one.mail else ''}{seen}"
    )


def due(settings: Settings, as_of: str | None) -> Answer:
    """What the sweep of a moment would do; nothing stays of it."""
    database(settings)
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    found = escalate_promises(settings, load_config(settings.config), moment, dry_run=True)
    steps = [_step(one) for one in found.steps]
    lines = [_due(one, settings) for one in found.steps]
    counts = {name: count for name, count in found.counts.items() if count}
    told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing is due"
    return Answer("\n".join([*lines, told]), {"as_of": moment.isoformat(), "counts": counts, "steps": steps})


def escalate(settings: Settings, as_of: str | None, dry_run: bool, backfill_mail: bool) -> Answer:
    """Look at what is due once."""
    if dry_run:
        return due(settings, as_of)
    database(settings)
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    found = escalate_promises(settings, load_config(settings.config), moment, backfill_mail=backfill_mail)
    counts = {name: count for name, count in found.counts.items() if count}
    told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing was due"
    mails = ", ".join(f"{count} {state}" for state, count in sorted(found.messages.items()))
    lines = [told, *([f"messages: {mails}"] if mails else [])]
    steps = [_step(one) for one in found.steps]
    data = {"as_of": moment.isoformat(), "counts": counts, "steps": steps, "messages": found.messages}
    return Answer("\n".join(lines), data)


def _step(one: dict[str, Any]) -> dict[str, Any]:
    """A step of a frame as plain data."""
    return {name: _plain(value) for name, value in one.items()}


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.tz_localize("UTC").isoformat()
    return value.item() if isinstance(value, np.generic) else value


def _due(one: dict[str, Any], settings: Settings) -> str:
    at = pd.Timestamp(one["due_at"])
    shown = "–" if pd.isna(at) else local_time(at.tz_localize("UTC").to_pydatetime(), settings.zone)
    return f"{one['number']}  {one['policy']} {one['kind']} → {one['recipient'] or 'nobody'}  due {shown}"


def calendar(settings: Settings, as_of: str | None) -> Answer:
    """How each year of the calendar stands."""
    engine = database(settings)
    sync_calendar(engine, parse_moment(as_of, settings) or datetime.now(UTC))
    with engine.connect() as conn:
        years = shown_years(conn)
    lines = [
        f"{one.year}  {one.basis:<10} {one.off:>2} weekdays off, {one.made_up} make-up workdays  ({one.source})"
        for one in years
    ]
    return Answer("\n".join(lines), {"years": [one.as_dict() for one in years]})


def import_calendar(settings: Settings, file: Path, as_of: str | None, dry_run: bool) -> Answer:
    """Override a year by a file and reckon anew what falls due in it."""
    if not file.is_file():
        raise Refused(f"{file}: is no file")
    engine, config = database(settings), load_config(settings.config)
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    sync_calendar(engine, moment)
    year = import_year(engine, file, moment, dry_run=dry_run)
    again = 0 if dry_run else _aim_anew(settings, config, moment)
    told = "would be overridden" if dry_run else f"is overridden; {again} running promises were reckoned anew"
    return Answer(f"{year} {told}", {"year": year, "dry_run": dry_run, "reckoned_anew": again})


def _aim_anew(settings: Settings, config: Any, moment: datetime) -> int:
    from flows.request import ruled
    from tasks.clocks import reckoner_of
    from tasks.sweep import aim_all_anew

    engine = database(settings)
    config = ruled(config, moment, settings)
    with engine.connect() as conn:
        reckoner = reckoner_of(conn, config.rules, config, settings.tz)
    return aim_all_anew(engine, config, reckoner, moment)
