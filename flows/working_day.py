"""The procedure of the flow `morning`: what the day asks of each person, mailed to him and to his supervisor."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from config.schema import Config
from config.settings import Settings
from flows.commands import company, parse_moment
from flows.console import Answer, UsageError
from flows.request import ruled
from models.db import begin, make_engine, take_turn
from tasks.day import SECTIONS, Day, day_of
from tasks.day_letters import write_day
from tasks.day_words import words
from tasks.i18n import local_time
from tasks.outbox import send_pending
from tasks.points import reached
from tasks.ready import make_ready


@dataclass
class Morning:
    """How many mails were written, by kind, and what became of the messages in the outbox."""

    letters: Counter[str] = field(default_factory=Counter)
    messages: dict[str, int] = field(default_factory=dict)


def begin_day(
    settings: Settings, config: Config, as_of: datetime, *, backfill_mail: bool = False, dry_run: bool = False
) -> Morning:
    """Mail everybody who works on this day what it asks of him; harmless when repeated, nothing on a day off.

    dry_run: which mails it would write.
    """
    engine = make_engine(settings.database_url)
    try:
        config = make_ready(engine, config, as_of)
        config = ruled(config, as_of, settings)
        found = Morning()
        with begin(engine, keep=not dry_run) as conn:
            take_turn(conn)
            day = day_of(conn, config, as_of, settings.tz)
            found.letters.update(one.kind for one in write_day(conn, day, config, settings, as_of))
            reached("day-told")
        if not dry_run:
            found.messages = send_pending(engine, settings, as_of, config.rules, backfill_mail=backfill_mail)
        return found
    finally:
        engine.dispose()


def day_shown(
    settings: Settings, who: str | None, as_of: str | None, *, send: bool, dry_run: bool, backfill_mail: bool
) -> Answer:
    """What a day asks of one person or of everybody; `send`: mail it as the flow does; `dry_run`: only count mails."""
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    config, engine = company(settings, moment)
    if who is not None and config.roster.person(who) is None:
        raise UsageError(f"--person {who}: nobody of that id is in the roster")
    config = ruled(config, moment, settings)
    with engine.connect() as conn:
        day = day_of(conn, config, moment, settings.tz, who)
    sent: dict[str, Any] = {}
    if send or dry_run:
        done = begin_day(settings, config, moment, backfill_mail=backfill_mail, dry_run=dry_run)
        sent = {"dry_run": dry_run, "letters": dict(done.letters), "messages": done.messages}
    people = [who] if who else [person.id for person in config.roster.people if len(day.of(person.id))]
    lines = [line for person in people for line in _lines(day, person, settings, listed=who is not None)]
    lines = lines if day.works or not lines else [f"{day.on} is a day off", *lines]
    told = {
        person: {"here": person in day.here, **day.counts(person), "leads": _leads(day, person)} for person in people
    }
    would = "mails that would be written" if dry_run else "mails written"
    lines += [f"{would}: {sum(sent['letters'].values())}"] if sent else []
    data = {"day": day.on.isoformat(), "works": day.works, "people": told} | sent
    return Answer("\n".join(lines) or "nothing is asked of anybody", data)


def _lines(day: Day, person: str, settings: Settings, *, listed: bool) -> list[str]:
    w = words(settings.lang)
    counts = ", ".join(f"{w[f'section.{name}']} {n}" for name, n in day.counts(person).items() if n)
    # on a day off who is there is worth a word, not who is not
    state = (" (at work)" if not day.works else "") if person in day.here else " (away)" if day.works else ""
    lines = [f"{person}{state}: {counts or '-'}"]
    if listed:
        lines += [
            f"  {one['number']}  {w['section.' + one['section']]}  {_local(one['due'], settings)}".rstrip()
            for one in _leads(day, person)
        ]
    return lines


def _local(due: str | None, settings: Settings) -> str:
    return local_time(datetime.fromisoformat(due), settings.zone) if due else ""


def _leads(day: Day, person: str) -> list[dict[str, Any]]:
    rows = day.of(person)
    rows = rows.assign(place=rows["section"].map({name: place for place, name in enumerate(SECTIONS)}))
    rows = rows.sort_values("place", kind="stable").astype("object")
    return [
        {"number": row["number"], "section": row["section"], "grade": row["grade"], "policy": row["policy"],
         "due": pd.Timestamp(row["due_at"]).isoformat() + "Z" if row["due_at"] else None}
        for row in rows.where(rows.notna(), None).to_dict("records")
    ]  # fmt: skip
