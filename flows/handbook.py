"""The handbooks' sheets of one lead, one person or one team as a workbook, and what the archives lack."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from config.loader import load_config
from config.people import Roster
from config.schema import Config
from config.settings import Settings
from flows.commands import database, lead_number
from flows.console import OK, UNWELL, Answer, UsageError, refuse_no_folder
from flows.request import ruled
from tasks.archive import check_archive
from tasks.handbook import make_handbook
from tasks.handbook_facts import Scope, owners, unknown_numbers
from tasks.handbook_words import SHEETS
from tasks.i18n import local_time, word
from tasks.story_words import words
from tasks.whole_file import whole_file


@dataclass(frozen=True)
class Whose:
    """Whose leads are asked for, as it was typed."""

    leads: tuple[str, ...] = ()
    owner: str | None = None
    team: str | None = None


def sheets(settings: Settings, whose: Whose, out: Path) -> Answer:
    """Write the sheets of some leads to a workbook."""
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"--out {out}: the name must end in .xlsx")
    refuse_no_folder(out)
    now = datetime.now(UTC)
    config = ruled(load_config(settings.config), now, settings)
    with whole_file(out) as part, database(settings).connect() as conn:
        counts = make_handbook(conn, scope_of(conn, config, whose), config, settings, part, now)
    told = ", ".join(f"{SHEETS[name][1]} {count}" for name, count in counts.items())
    data: dict[str, Any] = {"file": str(out.absolute()), "leads": counts["leads"], "sheets": counts}
    return Answer(f"{counts['leads']} leads written to {out.absolute()} ({told})", data)


def scope_of(conn: Connection, config: Config, whose: Whose) -> Scope:
    """The leads that are asked for; UsageError where none, an unknown one or nobody is named."""
    if (bool(whose.leads) + (whose.owner is not None) + (whose.team is not None)) != 1:
        raise UsageError("say whose leads: --lead XL…, --owner WHO or --team NAME")
    if whose.leads:
        numbers = tuple(dict.fromkeys(lead_number(one) for one in whose.leads))
        strangers = unknown_numbers(conn, numbers)
        if strangers:
            raise UsageError(f"there is no lead {', '.join(strangers)}")
        return Scope(numbers=numbers)
    return Scope(people=_people(conn, config.roster, whose))


def _people(conn: Connection, roster: Roster, whose: Whose) -> tuple[str, ...]:
    if whose.team is not None:
        members = tuple(person.id for person in roster.people if person.team == whose.team)
        if not members:
            teams = sorted({person.team for person in roster.people})
            raise UsageError(f"--team {whose.team}: nobody is in it; the teams are {', '.join(teams)}")
        return members
    found = [person.id for person in roster.people if whose.owner in (person.id, person.name)]
    if len(found) > 1:
        raise UsageError(f"--owner {whose.owner}: the name of {', '.join(found)}; say the id")
    if not found and whose.owner not in owners(conn):
        raise UsageError(f"--owner {whose.owner}: nobody of the roster, and nobody who owns a lead")
    return tuple(found or [str(whose.owner)])


def archive_check(settings: Settings, whose: Whose) -> Answer:
    """Say what the archive of ended leads lacks; exit code 6 where it lacks anything."""
    now = datetime.now(UTC)
    config = ruled(load_config(settings.config), now, settings)
    with database(settings).connect() as conn:
        people = scope_of(conn, config, whose).people if whose.owner or whose.team else None
        found = check_archive(conn, config.rules, people)
    t, lang = words(settings.lang), settings.lang
    lines, rows = [], []
    for gap in found.gaps.to_dict("records"):
        missing = gap["missing"].split("|")
        due = None if pd.isna(gap["due_at"]) else gap["due_at"].tz_localize("UTC").to_pydatetime()
        owner = None if pd.isna(gap["owner"]) else config.roster.name_of(gap["owner"])
        late = due is not None and due < now
        names = ", ".join(t.get(f"missing.{one}", one) for one in missing)
        until = "" if due is None else f"  due {local_time(due, settings.zone)}{' LATE' if late else ''}"
        lines.append(f"{gap['number']}  {word(lang, 'status', gap['status'])}  {owner or '-'}  {names}{until}")
        rows.append({"lead": gap["number"], "status": gap["status"], "owner": gap["owner"] if owner else None,
                     "missing": missing, "due_at": due, "late": late})  # fmt: skip
    whole = found.ended - len(rows)
    lines.append(f"{found.ended} won or lost leads: the archive of {whole} is whole, of {len(rows)} it lacks something")
    data = {"ended": found.ended, "whole": whole, "gaps": rows}
    return Answer("\n".join(lines), data, UNWELL if rows else OK)
