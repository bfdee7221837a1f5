"""The procedure of the flow `day-plan` and the commands about plans: proposed, mailed, confirmed, looked at."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config.schema import Config
from config.settings import Settings
from flows.commands import company, lead_number, parse_day, parse_moment
from flows.console import Answer, UsageError
from flows.lists import Word, order_of
from flows.request import ruled
from models.db import begin, make_engine, take_turn
from tasks.outbox import send_pending
from tasks.plan_letters import standings, write_digests, write_plans
from tasks.plan_missed import missed_digest, note_told
from tasks.plans import Edited, confirm, current, foreseen, is_time, propose
from tasks.points import reached
from tasks.ready import make_ready

#: How many working minutes before the end of the day plans are proposed, and supervisors hear of them.
PLAN, DIGEST = "N-PLAN", "N-PLAN-DIGEST"


@dataclass
class Planning:
    """How many plans were proposed, how many mails were written, by kind, and what became of the outbox."""

    plans: int = 0
    letters: Counter[str] = field(default_factory=Counter)
    messages: dict[str, int] = field(default_factory=dict)


def plan_day(
    settings: Settings, config: Config, as_of: datetime, *, always: bool = False, dry_run: bool = False,
    backfill_mail: bool = False,
) -> Planning:  # fmt: skip
    """Propose the plans of the next working day, and tell supervisors of them, each when its rule says; once a day.

    What supervisors were not told at the end of a day, because nothing ran, they hear on the next working day.
    always: both, whatever the time. Harmless when repeated; nothing on a day off. dry_run: what it would do.
    """
    engine = make_engine(settings.database_url)
    try:
        config = make_ready(engine, config, as_of)
        config = ruled(config, as_of, settings)
        found = Planning()
        with engine.connect() as conn:
            due = {rule: always or is_time(conn, config, as_of, settings.tz, rule) for rule in (PLAN, DIGEST)}
            late = None if due[DIGEST] else missed_digest(conn, config, as_of, settings.tz)
        if not any(due.values()) and late is None:
            return found
        with begin(engine, keep=not dry_run) as conn:
            take_turn(conn)
            day = foreseen(conn, config, as_of, settings.tz)
            if due[PLAN]:
                fresh = propose(conn, day, config, as_of)
                found.plans = len(fresh)
                found.letters.update(one.kind for one in write_plans(conn, day, fresh, config, settings, as_of))
            if due[DIGEST]:
                found.letters.update(one.kind for one in write_digests(conn, day, config, settings, as_of))
                note_told(conn, day.on)
            if late is not None:
                today = as_of.astimezone(settings.zone).date()
                day = foreseen(conn, config, as_of, settings.tz, today)
                found.letters.update(one.kind for one in write_digests(conn, day, config, settings, as_of, late))
                note_told(conn, today)
            reached("day-planned")
        if not dry_run:
            found.messages = send_pending(engine, settings, as_of, config.rules, backfill_mail=backfill_mail)
        return found
    finally:
        engine.dispose()


def send_plans(settings: Settings, as_of: str | None, *, dry_run: bool, backfill_mail: bool) -> Answer:
    """Do what the flow does at the end of a day, whatever the time."""
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    config, _ = company(settings, moment)
    done = plan_day(settings, config, moment, always=True, dry_run=dry_run, backfill_mail=backfill_mail)
    would = "would be " if dry_run else ""
    said = f"plans {would}proposed: {done.plans}; mails {would}written: {sum(done.letters.values())}"
    data = {"dry_run": dry_run, "plans": done.plans, "letters": dict(done.letters), "messages": done.messages}
    return Answer(said, data)


def list_plans(settings: Settings, who: str | None, day: str | None, as_of: str | None) -> Answer:
    """Show how everybody stands with his plan, or one person's plan lead by lead."""
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    config, engine = company(settings, moment)
    config = ruled(config, moment, settings)
    if who is not None and config.roster.person(who) is None:
        raise UsageError(f"--person {who}: nobody of that id is in the roster")
    on = parse_day(day, "--day") if day else None
    with engine.connect() as conn:
        found = foreseen(conn, config, moment, settings.tz, on, who)
        if who is None:
            stand = standings(conn, found, config, moment, settings.zone)
            lines = [f"{one.person.id}: {one.state}, planned {one.planned}, left out {len(one.left)}, "
                     f"done today {one.done} of {one.of}" for one in stand]  # fmt: skip
            return Answer("\n".join(lines), {"day": found.on.isoformat(), "people": [one.as_dict() for one in stand]})
        items, state = current(conn, found, who, config, moment)
    leads = _leads(items)
    lines = [f"{who}, {found.on}: {state or 'no plan yet'}"]
    lines += [f"  {'x' if one['kept'] else '-'} {one['number']}  {one['section']}  {one['note'] or ''}".rstrip()
              for one in leads]  # fmt: skip
    return Answer("\n".join(lines), {"day": found.on.isoformat(), "person": who, "state": state, "leads": leads})


def confirm_plan(
    settings: Settings, who: str, said: Word, *, day: str | None, left: Sequence[str], add: Sequence[str],
    notes: Sequence[str], dry_run: bool,
) -> Answer:  # fmt: skip
    """Confirm a person's plan, as it is proposed or edited."""
    config, engine = company(settings, parse_moment(said.as_of, settings))
    if config.roster.person(who) is None:
        raise UsageError(f"--person {who}: nobody of that id is in the roster")
    order = order_of(settings, config, said)
    config = ruled(config, order.as_of, settings)
    on = parse_day(day, "--day") if day else None
    with engine.connect() as conn:
        items, _ = current(conn, foreseen(conn, config, order.as_of, settings.tz, on, who), who, config, order.as_of)
    gone = [lead_number(one) for one in left]
    kept = [one for one in items.loc[items["kept"].to_numpy(dtype=bool), "number"] if one not in gone]
    kept += [lead_number(one) for one in add]
    known = {one: note for one, note in zip(items["number"], items["note"], strict=True) if isinstance(note, str)}
    out = [*items.loc[~items["kept"].to_numpy(dtype=bool), "number"], *gone]
    edited = Edited(kept, [one for one in dict.fromkeys(out) if one not in kept], known | _noted(notes))
    on, stored, new = confirm(engine, who, edited, config, order, on=on, dry_run=dry_run)
    count = int(stored["kept"].sum())
    what = "would be confirmed" if dry_run else "confirmed" if new else "confirmed before"
    data = {"day": on.isoformat(), "person": who, "dry_run": dry_run, "new": new, "leads": _leads(stored)}
    return Answer(f"{who}, {on}: {what}, {count} leads", data)


def _noted(notes: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in notes]
    if wrong := [number for number, sign, _ in pairs if not sign]:
        raise UsageError(f"--note {wrong[0]}: say NUMBER=TEXT")
    return {lead_number(number): text for number, _, text in pairs}


def _leads(items: Any) -> list[dict[str, Any]]:
    plain = items[["number", "section", "instead_of", "kept", "note"]].astype("object")
    rows: list[dict[str, Any]] = plain.where(plain.notna(), None).to_dict("records")
    return rows
