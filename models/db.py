"""The way to the database: engines, one write transaction, ids, and bulk rows."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from models.base import Base
from models.bulk import WriteFailed, insert_rows, update_rows
from models.copied import read_copied
from models.reader import Reader
from models.side import KEY, SideWriter

BUSY_MILLISECONDS = 30_000
#: The last of the migrations.
NEWEST = "0017"


class DatabaseError(Exception):
    """The database cannot be reached or used; the message names it without its password."""


def make_engine(url: str) -> Engine:
    """Make the engine of a SQLite or PostgreSQL address, set up as leadflow needs it."""
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": BUSY_MILLISECONDS / 1000}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


@contextmanager
def begin(engine: Engine, *, keep: bool = True) -> Iterator[Connection]:
    """Open one write transaction; on SQLite it holds the write lock from its start.

    Without `keep` all of it is undone at its end: a dry run.
    """
    with engine.connect().execution_options(leadflow_write=True) as conn, conn.begin() as transaction:
        yield conn
        if not keep:
            transaction.rollback()


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema; harmless when it is."""
    # none is there, or none that has tables: what is wrong with it is told below
    with suppress(DBAPIError, OSError):
        if is_newest(engine):
            return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        if engine.dialect.name == "sqlite" and engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        with begin(engine) as conn:
            if conn.dialect.name == "postgresql":
                # two starts at once: the second waits and finds nothing to do
                conn.execute(text("SELECT pg_advisory_xact_lock(726311)"))
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
    except (OperationalError, OSError) as error:
        address = engine.url.render_as_string(hide_password=True)
        raise DatabaseError(f"database {address}: {getattr(error, 'orig', error)}") from error


def is_newest(engine: Engine) -> bool:
    """Whether the tables are those of this version; asked without alembic, which takes a while to come."""
    with engine.connect() as conn:
        return conn.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [NEWEST]


# another worker may take ids in between: only then each id is sent
_NEXT_IDS = text("""
WITH taken AS MATERIALIZED (SELECT nextval(CAST(:name AS regclass)) AS id FROM generate_series(1, :count))
SELECT min(id), max(id), CASE WHEN max(id) - min(id) + 1 <> count(*) THEN array_agg(id) END FROM taken
""")


def take_ids(conn: Connection, name: str, count: int) -> np.ndarray:
    """Take `count` consecutive ids of a counter; PostgreSQL's sequences never wait for each other."""
    if count == 0:
        return np.empty(0, dtype=np.int64)
    if conn.dialect.name == "postgresql":
        first, last, scattered = conn.execute(_NEXT_IDS, {"name": f"{name}_seq", "count": count}).one()
        return np.arange(first, last + 1) if scattered is None else np.sort(np.array(scattered, dtype=np.int64))
    return take_numbers(conn, f"{name}_id", count)


def add_to_counters(conn: Connection, changes: Mapping[str, int]) -> None:
    """Add to each named counter."""
    if side := _side(conn):
        for name, count in changes.items():
            side.add(conn, name, count)
    elif changes:
        conn.execute(text(_ADD), [{"name": name, "count": count} for name, count in sorted(changes.items())])


_ADD = (
    "INSERT INTO counter (name, value) VALUES (:name, :count) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + :count"
)


def take_numbers(conn: Connection, name: str, count: int) -> np.ndarray:
    """Take the next `count` numbers of a transactional counter: no gap, in the order of commits."""
    if side := _side(conn):
        last = side.add(conn, name, count)
    else:
        statement = text(f"{_ADD} RETURNING value")
        last = conn.execute(statement, {"name": name, "count": count}).scalar_one()
    return np.arange(last - count + 1, last + 1, dtype=np.int64)


def insert_frame(conn: Connection, table: type[Base], frame: pd.DataFrame | pa.Table) -> None:
    """Insert a frame's rows in bulk; its columns are columns of the table, null means NULL.

    Times are naive UTC. COPY on PostgreSQL, executemany on SQLite; within the open transaction.
    """
    rows = frame if isinstance(frame, pa.Table) else _rows(frame)
    if side := _side(conn):
        side.insert(table.__tablename__, rows)
    else:
        insert_rows(_driver(conn), table.__tablename__, rows)


def update_frame(conn: Connection, table: type[Base], frame: pd.DataFrame, key: str = "id") -> None:
    """Set the frame's columns on the rows named by its `key`, in one statement."""
    if frame.empty:
        return
    rows = _rows(frame)
    if side := _side(conn):
        side.update(table.__tablename__, rows, key)
    else:
        update_rows(_driver(conn), table.__tablename__, rows, key)


def _rows(frame: pd.DataFrame) -> pa.Table:
    """A frame in columns, without what pandas would note of its own types: that takes as long as the rest."""
    return pa.table({str(name): pa.Array.from_pandas(column) for name, column in frame.items()})


def stored_moment(conn: Connection, moment: datetime) -> Any:
    """A moment (aware) in the form in which the database compares it with the times that it holds."""
    moment = moment.astimezone(UTC)
    return moment if conn.dialect.name == "postgresql" else moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def write(conn: Connection, statement: str, **values: Any) -> int:
    """Run one statement that changes rows; gives how many it changed."""
    if side := _side(conn):
        return side.write(statement, values)
    return conn.execute(text(statement), values).rowcount


def take_turn(conn: Connection) -> None:
    """Wait for the turn that every worker takes until its commit; SQLite's write lock is that turn already."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(726312)"))


def refresh_statistics(engine: Engine) -> None:
    """Let PostgreSQL count anew what it plans look-ups by; while tables grow fast, nothing else does in time."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            # look-ups by key need the size of a table more than what stands in it: a tenth of the sample tells that
            conn.execute(text("SET default_statistics_target = 10"))
            conn.execute(text(f"ANALYZE {', '.join(_LOOKED_UP)}"))
            conn.execute(text("RESET default_statistics_target"))


_LOOKED_UP = ("account", "account_owner", "identity", "lead", "membership", "profile", "record", "submission")


def _side(conn: Connection) -> SideWriter | None:
    found: SideWriter | None = conn.info.get(KEY)
    return found


def _reader(conn: Connection) -> Reader | None:
    side = _side(conn)
    return side.reader if side else None


def look_up(conn: Connection, keys: pd.Series, column_type: str, statement: str, **values: Any) -> pd.DataFrame:
    """Run a query against many keys at once: it reads them as table `wanted` with column `key`."""
    wanted = pa.Array.from_pandas(keys)
    if conn.dialect.name == "sqlite":
        statement = keys_first(statement)
    if reader := _reader(conn):
        return _frame(reader.read(statement, values, pa.table({"key": wanted}), column_type))
    # SQLite reads a text of JSON to its first NUL
    if len(wanted) <= _FEW and "\0" not in "".join(map(str, few := wanted.to_pylist())):
        return _look_up_few(conn, few, column_type, statement, values)
    conn.execute(text("DROP TABLE IF EXISTS wanted"))
    conn.execute(text(f"CREATE TEMPORARY TABLE wanted (key {column_type})"))
    insert_rows(_driver(conn), "wanted", pa.table({"key": wanted}))
    if conn.dialect.name == "postgresql":
        conn.execute(text("ANALYZE wanted"))
    return read_frame(conn, statement, **values)


def _look_up_few(
    conn: Connection, keys: list[Any], column_type: str, statement: str, values: Mapping[str, Any]
) -> pd.DataFrame:
    """The same for keys that go with the query itself: a table of their own takes longer than looking them up."""
    local = conn.dialect.name == "sqlite"
    wanted = KEYS_OF_JSON if local else f"SELECT unnest(CAST(:wanted AS {column_type}[]))"
    given: Any = json.dumps(keys) if local else keys
    return read_frame(conn, f"WITH wanted (key) AS ({wanted}) {statement}", wanted=given, **values)


#: How SQLite reads the keys that are sent with a query.
KEYS_OF_JSON = "SELECT value FROM json_each(:wanted)"
# as many at most
_FEW = 100
_KEYS_FIRST = re.compile(r"\b(FROM wanted w)\s+JOIN\b")


def keys_first(statement: str) -> str:
    """A look-up as SQLite is asked: it keeps to a CROSS JOIN, else it may read a whole table for a few keys."""
    return _KEYS_FIRST.sub(r"\1 CROSS JOIN", statement)


def read_frame(conn: Connection, statement: str, **values: Any) -> pd.DataFrame:
    """Read a query into a frame: text `str`, whole numbers int64 or Int64, times naive UTC."""
    if reader := _reader(conn):
        return _frame(reader.read(statement, values))
    if _side(conn) and (copied := read_copied(_driver(conn), statement, values)) is not None:
        return _frame(copied)
    result = conn.execute(text(statement), values)
    names = list(result.keys())
    # in blocks: as Python objects a row takes many times its size
    parts = [_table(names, block) for block in iter(partial(result.fetchmany, _BLOCK), [])] or [_table(names, [])]
    return _frame(pa.concat_tables(parts, promote_options="permissive"))


def _frame(rows: pa.Table) -> pd.DataFrame:
    return pd.DataFrame({name: _values(name, rows[name].combine_chunks()) for name in rows.column_names})


def _table(names: list[str], rows: Sequence[Any]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table([pa.array(column) for column in columns], names)


def as_times(values: pd.Series) -> pd.Series:
    """Read a stored time column as naive UTC, whatever the driver gave."""
    return pd.to_datetime(values, utc=True, format="ISO8601").dt.tz_localize(None).astype("datetime64[us]")


def _values(name: str, found: pa.Array) -> Any:
    """A column of an answer as pandas keeps it."""
    if name in _TIMES:
        return _times(found)
    if name in _NUMBERS or pa.types.is_decimal(found.type):
        return found.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if _is_whole(name) or pa.types.is_integer(found.type):
        found = found.cast(pa.int64())
        return (found.to_pandas(types_mapper=_INTEGERS.get) if found.null_count else found.to_pandas()).array
    if pa.types.is_null(found.type):
        return pd.array([None] * len(found), dtype="str")
    return found.to_pandas().array


def _times(found: pa.Array) -> Any:
    """A column of times, whatever the driver gave."""
    try:
        # SQLite's text too, but for the rare form that is not the usual one
        stamps = found.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return as_times(pd.Series(found.to_pandas(), dtype="object")).array
    return stamps.to_numpy(zero_copy_only=False).astype("datetime64[us]")


def _is_whole(name: str) -> bool:
    """Tell ids by their names, so that a column without a value has its type too."""
    return (name.endswith("_id") and name != "external_id") or name in (
        "id",
        "same_as",
        "record",
        "content_key",
        "value",
        "corrects",
        "superseded_by",
    )


_TIMES = (
    "at", "since", "until", "recorded_at", "opened_at", "closed_at", "contact_at", "touched_at", "created_at",
    "paid_at", "checked_at", "started_at", "due_at", "paused_at", "next_at", "held_until", "breached_at", "ended_at",
    "pause_until", "scheduled_at", "acknowledged_at", "paused_until", "state_at", "owner_since", "silent_at",
    "superseded_at", "planned_at", "answered_at", "answer_due_at",
)  # fmt: skip
_NUMBERS = ("budget_min", "budget_max", "amount", "contract_amount", "first_payment", "probability")
_INTEGERS = {pa.int64(): pd.Int64Dtype()}
# rows of an answer that are Python objects at one time
_BLOCK = 5_000


def _driver(conn: Connection) -> Any:
    return conn.connection.driver_connection


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # SQLAlchemy's own BEGIN is issued by _begin_immediate: the driver must not begin by itself
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(conn: Connection) -> None:
    write = conn.get_execution_options().get("leadflow_write", False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    # with the default the planner reads the whole base for a small chunk of keys
    with connection.cursor() as cursor:
        cursor.execute("SET random_page_cost = 1.1")
        cursor.execute("SET jit = off")
        cursor.execute("SET timezone = 'UTC'")
    connection.commit()


__all__ = [
    "DatabaseError",
    "WriteFailed",
    "add_to_counters",
    "as_times",
    "begin",
    "insert_frame",
    "is_newest",
    "keys_first",
    "look_up",
    "make_engine",
    "read_frame",
    "refresh_statistics",
    "stored_moment",
    "take_ids",
    "take_numbers",
    "take_turn",
    "update_frame",
    "upgrade",
    "write",
]
