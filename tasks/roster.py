"""The roster as roster.yaml says it, kept as dated rows: who was in which role and team, and away, at any time."""

import json
from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import Connection, Engine, text

from config.people import Person as Stated
from config.schema import Roster
from models import Leave, Person
from models.db import begin, insert_frame, read_frame, take_ids, update_frame

_PERSON = ("code", "name", "role", "team", "email", "reports_to", "deputy", "detail")
_LEAVE = ("code", "first_on", "last_on", "hours", "deputy")
_DETAIL = ("regions", "industries", "capacity", "open_cap", "day_cap", "starts", "active", "hours")


def sync_roster(engine: Engine, roster: Roster, as_of: datetime) -> int:
    """End the rows that roster.yaml no longer says and begin those that it says now; gives how many were written.

    Nothing is written, and nobody waits, where the two agree. A row never begins before what it follows, so that a
    run dated in the past rewrites nothing.
    """
    people, leave = _people(roster), _leave(roster)
    with engine.connect() as conn:
        if not any(
            len(part) for table, stated in ((Person, people), (Leave, leave)) for part in _news(conn, table, stated)
        ):
            return 0
    with begin(engine) as conn:
        if conn.dialect.name == "postgresql":
            # of two runs that start at once the second finds nothing to do
            conn.execute(text("SELECT pg_advisory_xact_lock(726312)"))
        return _write(conn, Person, people, as_of) + _write(conn, Leave, leave, as_of)


def _people(roster: Roster) -> pd.DataFrame:
    rows = [(p.id, p.name, p.role, p.team, p.email, p.reports_to, p.deputy, _detail(p)) for p in roster.people]
    return pd.DataFrame(rows, columns=list(_PERSON), dtype="str")


def _detail(person: Stated) -> str:
    stated = person.model_dump(mode="json", include=set(_DETAIL))
    return json.dumps(stated, ensure_ascii=False, sort_keys=True)


def _leave(roster: Roster) -> pd.DataFrame:
    rows = [
        (p.id, span.start.isoformat(), span.end.isoformat(), " ".join(span.hours), span.deputy)
        for p in roster.people
        for span in p.leave
    ]
    return pd.DataFrame(rows, columns=list(_LEAVE), dtype="str").drop_duplicates()


def _news(conn: Connection, table: type[Person | Leave], stated: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The live rows that are said no longer (id, since), and what is said and not stored."""
    columns = list(stated.columns)
    read = ", ".join(f"CAST({column} AS TEXT) AS {column}" for column in columns)
    # what people added beside the roster is theirs to end
    of_roster = " AND origin = 'roster'" if table is Leave else ""
    stored = read_frame(conn, f'SELECT id, since, {read} FROM "{table.__tablename__}" WHERE until IS NULL{of_roster}')
    # NULL is '' on both sides: nothing equals a NULL
    both = stated.fillna("").merge(
        stored.assign(**{column: stored[column].astype("str").fillna("") for column in columns}),
        on=columns,
        how="outer",
        indicator=True,
    )
    ended = both.loc[both["_merge"] == "right_only", ["id", "since"]].astype({"id": "int64"})
    begun = stated.fillna("").merge(both.loc[both["_merge"] == "left_only", columns], on=columns)
    return ended, begun


def _write(conn: Connection, table: type[Person | Leave], stated: pd.DataFrame, as_of: datetime) -> int:
    ended, begun = _news(conn, table, stated)
    at = pd.Timestamp(as_of.astimezone(UTC).replace(tzinfo=None)).as_unit("us")
    if len(ended):
        at = max(at, ended["since"].max())
    update_frame(conn, table, ended[["id"]].assign(until=at))
    rows = begun.mask(begun == "").assign(id=take_ids(conn, table.__tablename__, len(begun)), since=at)
    if table is Leave:
        rows = rows.assign(origin="roster")
    insert_frame(conn, table, rows)
    return len(ended) + len(begun)
