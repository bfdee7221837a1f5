"""The commands about what reviews decided and what was learnt: `leads review note` …, `leads knowledge` …"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from flows.commands import database, parse_moment, refuse_stranger
from flows.console import Answer, UsageError
from tasks.decisions import STATES, Decided, DecisionError, decisions_at, note, settle
from tasks.knowledge import KINDS, Entry, KnowledgeError, add, find
from tasks.rules.reviews.spans import UNIT_OF, Kind, read_span


@dataclass(frozen=True)
class Noted:
    """What `leads review note` was asked."""

    kind: str
    period: str
    decision: str
    who: str
    due: str | None
    team: str | None
    by: str
    as_of: str | None


def note_decision(settings: Settings, asked: Noted) -> Answer:
    """Note what a review decided."""
    config = load_config(settings.config)
    if asked.kind not in UNIT_OF:
        raise UsageError(f"{asked.kind} is no kind of review; there are {', '.join(UNIT_OF)}")
    try:
        span = read_span(cast(Kind, asked.kind), asked.period)
    except ValueError as why:
        raise UsageError(f"--period {why}") from None
    if asked.team and asked.team not in {person.team for person in config.roster.people}:
        raise UsageError(f"--team {asked.team}: nobody of the roster is in it")
    person = _person(config, "--who", asked.who)
    said = Decided(span.kind, span.label, asked.decision, person, _day(asked.due), asked.team or "")
    refuse_stranger(config, asked.by)
    engine, moment = database(settings), parse_moment(asked.as_of, settings) or datetime.now(UTC)
    try:
        number = note(engine, said, asked.by, moment)
    except DecisionError as why:
        raise UsageError(str(why)) from None
    return Answer(f"decision {number} of {span.label} noted; it stands in the packs that follow", {"number": number})


def say_outcome(settings: Settings, number: int, state: str, text: str, by: str, as_of: str | None) -> Answer:
    """Say what became of a decision."""
    config = load_config(settings.config)
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    if state not in STATES:
        raise UsageError(f"--state {state}: it is one of {', '.join(STATES)}")
    refuse_stranger(config, by)
    try:
        settle(database(settings), number, state, text, by, moment)
    except DecisionError as why:
        raise UsageError(str(why)) from None
    return Answer(f"decision {number} is {state}", {"number": number, "state": state})


def list_decisions(settings: Settings, *, every: bool) -> Answer:
    """List what was decided: what is open, or everything."""
    with database(settings).connect() as conn:
        found = decisions_at(conn, datetime.now(UTC))
    found = found if every else found[found["state"] == "open"]
    plain = found.astype("object").where(found.notna(), None).to_dict("records")
    rows: list[dict[str, Any]] = [
        {str(name): _text(value) for name, value in row.items() if name != "at"} for row in plain
    ]
    lines = [
        f"{row['number']:>4}  {row['period']}  {row['state']:<7}  {row['due_on'] or '-':<10}  {row['who']}  "
        + str(row["decision"])
        + (f" → {row['outcome']}" if row["outcome"] else "")
        for row in rows
    ]
    return Answer("\n".join(lines) or "no decisions", {"decisions": rows})


def add_knowledge(settings: Settings, entry: Entry, by: str, as_of: str | None) -> Answer:
    """Keep something that was learnt."""
    config = load_config(settings.config)
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    if entry.kind not in KINDS:
        raise UsageError(f"--kind {entry.kind}: it is one of {', '.join(KINDS)}")
    refuse_stranger(config, by)
    try:
        number = add(database(settings), entry, by, moment)
    except KnowledgeError as why:
        raise UsageError(str(why)) from None
    return Answer(f"kept as entry {number}: {entry.title.strip()}", {"id": number})


def find_knowledge(settings: Settings, text: str, kind: str, tag: str) -> Answer:
    """Show what is known, the newest first."""
    if kind and kind not in KINDS:
        raise UsageError(f"--kind {kind}: it is one of {', '.join(KINDS)}")
    with database(settings).connect() as conn:
        found = find(conn, text, kind, tag)
    lines = []
    for one in found:
        tags = f"  [{', '.join(one.tags)}]" if one.tags else ""
        lines += [
            f"{one.id:>4}  {one.kind}  {one.title}{tags}{f'  {one.lead}' if one.lead else ''}",
            f"      {one.body}",
        ]
    rows = [
        {"id": one.id, "kind": one.kind, "title": one.title, "body": one.body, "tags": list(one.tags), "lead": one.lead}
        for one in found
    ]
    return Answer("\n".join(lines) or "nothing is kept about that", {"entries": rows})


def _person(config: Config, option: str, code: str) -> str:
    if config.roster.person(code) is None:
        raise UsageError(f"{option} {code}: nobody of that id is in the roster")
    return code


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--due {text}: it is no day such as 2026-10-31") from None


def _text(value: Any) -> Any:
    return f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else value
