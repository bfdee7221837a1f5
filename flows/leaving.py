"""The commands about leave: added, listed, taken back."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from pydantic import ValidationError

from config.people import Leave, Roster
from config.settings import Settings
from flows.commands import company, parse_moment
from flows.console import Answer, UsageError
from flows.lists import Word, order_of
from tasks.leave import add_leave, end_leave, leaves
from tasks.orders import OrderError


def added(
    settings: Settings, who: str, first: str, last: str, hours: Sequence[str], deputy: str | None, said: Word,
    *, dry_run: bool,
) -> Answer:  # fmt: skip
    """Note a person's leave."""
    config, engine = company(settings, parse_moment(said.as_of, settings))
    person, standing_in = _who(config.roster, who), _who(config.roster, deputy) if deputy else None
    away = _away(first, last, hours, standing_in)
    try:
        is_new = add_leave(engine, config, person, away, order_of(settings, config, said), dry_run=dry_run)
    except OrderError as error:
        raise UsageError(str(error)) from None
    what = "would be noted" if dry_run and is_new else "noted" if is_new else "known already"
    data = {"person": person, "from": first, "to": last, "hours": list(hours), "deputy": standing_in}
    return Answer(f"leave of {person}, {away.start} to {away.end}: {what}", data | {"new": is_new, "dry_run": dry_run})


def listed(settings: Settings, who: str | None, as_of: str | None, *, every: bool) -> Answer:
    """The leave of a moment: what lasts or is to come, of the roster and added."""
    moment = parse_moment(as_of, settings) or datetime.now(UTC)
    config, engine = company(settings, moment)
    with engine.connect() as conn:
        found = leaves(conn, moment)
    if who is not None:
        found = found[found["person"] == _who(config.roster, who)]
    if not every:
        found = found[found["last_on"] >= moment.astimezone(settings.zone).date()] if len(found) else found
    plain = found.astype("object").where(found.notna(), None)
    rows = [_told({str(name): value for name, value in row.items()}) for row in plain.to_dict("records")]
    lines = [
        f"{row['id']:>4}  {row['person']}  {row['from']} to {row['to']}  {' '.join(row['hours']) or 'whole days'}  "
        f"{'deputy ' + row['deputy'] + '  ' if row['deputy'] else ''}{row['origin']}"
        for row in rows
    ]
    return Answer("\n".join(lines) or "nobody is on leave, or will be", {"leave": rows})


def removed(settings: Settings, number: int, said: Word, *, dry_run: bool) -> Answer:
    """Take an added leave back."""
    config, engine = company(settings, parse_moment(said.as_of, settings))
    try:
        person, first, last = end_leave(engine, number, order_of(settings, config, said), dry_run=dry_run)
    except OrderError as error:
        raise UsageError(str(error)) from None
    what = "would be taken back" if dry_run else "taken back"
    data = {"id": number, "person": person, "from": first.isoformat(), "to": last.isoformat(), "dry_run": dry_run}
    return Answer(f"leave of {person}, {first} to {last}: {what}", data)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": int(row["id"]), "person": row["person"], "from": row["first_on"].isoformat(),
        "to": row["last_on"].isoformat(), "hours": (row["hours"] or "").split(), "deputy": row["deputy"],
        "origin": row["origin"], "by": row["said_by"], "since": pd.Timestamp(row["since"]).isoformat() + "Z",
    }  # fmt: skip


def _who(roster: Roster, typed: str) -> str:
    """The id of a person named by id, or by a name that nobody else has."""
    if roster.person(typed) is not None:
        return typed
    named = [person.id for person in roster.people if person.name == typed.strip()]
    if len(named) != 1:
        raise UsageError(f"{typed!r} is {'several people' if named else 'nobody'} of the roster: give an id")
    return named[0]


def _away(first: str, last: str, hours: Sequence[str], deputy: str | None) -> Leave:
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise UsageError(f"{first!r} to {last!r}: days are written as 2026-12-01") from None
    try:
        return Leave.model_validate({"from": start, "to": end, "hours": tuple(hours), "deputy": deputy})
    except ValidationError as error:
        raise UsageError(str(error.errors()[0]["msg"])) from None
