"""The way to the database: engines, one write transaction, ids, and bulk rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.exc import OperationalError


BUSY_MILLISECONDS = 30_000
_BLOCK = 50_000


class DatabaseError(Exception):
    """The database cannot be reached or used; the message names it without its password."""


def make_engine(url: str) -> Engine:
    """Make the engine of a SQLite or PostgreSQL address, set up as leadflow needs it."""
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": BUSY_MILLISECONDS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    engine = create_engine(url, pool_pre_ping=True)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


@contextmanager
def begin(engine: Engine) -> Iterator[Connection]:
    """Open one write transaction; on SQLite it holds the write lock from its start."""
    with engine.connect().execution_options(leadflow_write=True) as conn, conn.begin():
        yield conn


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema; harmless when it is."""
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
    except OperationalError as error:
        address = engine.url.render_as_string(hide_password=True)
        raise DatabaseError(f"database {address}: {error.orig}") from error


def take_ids(conn: Connection, name: str, count: int) -> np.ndarray:
    """Take `count` consecutive ids of a counter; PostgreSQL's sequences never wait for each other."""
    if count == 0:
        return np.empty(0, dtype=np.int64)
    if conn.dialect.name == "postgresql":
        rows = conn.execute(
            text("SELECT nextval(CAST(:name AS regclass)) FROM generate_series(1, :count)"),
            {"name": f"{name}_seq", "count": count},
        )
        return np.sort(np.fromiter((row[0] for row in rows), dtype=np.int64, count=count))
    return take_numbers(conn, f"{name}_id", count)


def take_numbers(conn: Connection, name: str, count: int) -> np.ndarray:
    """Take the next `count` numbers of a transactional counter: no gap, in the order of commits."""
    statement = text(
        "INSERT INTO counter (name, value) VALUES (:name, :count) "
        "ON CONFLICT (name) DO UPDATE SET value = counter.value + :count RETURNING value"
    )
    last = conn.execute(statement, {"name": name, "count": count}).scalar_one()
    return np.arange(last - count + 1, last + 1, dtype=np.int64)


def insert_frame(conn: Connection, table: Table, frame: pd.DataFrame | pa.Table) -> None:
    """Insert a frame's rows in bulk; its columns are columns of the table, null means NULL.

    Times are naive UTC. COPY on PostgreSQL, one executemany on SQLite; within the open transaction.
    """
    rows = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
    if rows.num_rows == 0:
        return
    if conn.dialect.name == "postgresql":
        _copy(conn, table.name, rows)
    else:
        _execute_many(conn, table.name, rows)


def update_frame(conn: Connection, table: Table, frame: pd.DataFrame, key: str = "id") -> None:
    """Set the frame's columns on the rows named by its `key`, in one statement."""
    if frame.empty:
        return
    names = [column for column in frame.columns if column != key]
    columns = ", ".join(f'"{column}"' for column in frame.columns)
    conn.execute(text("DROP TABLE IF EXISTS changed"))
    conn.execute(text(f'CREATE TEMPORARY TABLE changed AS SELECT {columns} FROM "{table.name}" WHERE 1 = 0'))
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    if conn.dialect.name == "postgresql":
        _copy(conn, "changed", rows)
        conn.execute(text("ANALYZE changed"))
    else:
        _execute_many(conn, "changed", rows)
    sets = ", ".join(f'"{name}" = changed."{name}"' for name in names)
    conn.execute(text(f'UPDATE "{table.name}" SET {sets} FROM changed WHERE "{table.name}"."{key}" = changed."{key}"'))


def look_up(
    conn: Connection, keys: pd.Series, column_type: str, statement: str, **values: Any
) -> pd.DataFrame:
    """Run a query against many keys at once: it reads them as table `wanted` with column `key`."""
    drop = "DROP TABLE IF EXISTS wanted"
    conn.execute(text(drop))
    conn.execute(text(f"CREATE TEMPORARY TABLE wanted (key {column_type})"))
    found = pa.table({"key": pa.Array.from_pandas(keys)})
    if conn.dialect.name == "postgresql":
        _copy(conn, "wanted", found)
        conn.execute(text("ANALYZE wanted"))
    else:
        cursor = _driver(conn).cursor()
        cursor.executemany("INSERT INTO wanted VALUES (?)", zip(found["key"].to_pylist(), strict=True))
    return read_frame(conn, statement, **values)


def read_frame(conn: Connection, statement: str, **values: Any) -> pd.DataFrame:
    """Read a query into a frame: text `str`, whole numbers int64 or Int64, times naive UTC."""
    result = conn.execute(text(statement), values)
    names = list(result.keys())
    columns = list(zip(*result.fetchall(), strict=True)) or [()] * len(names)
    return pd.DataFrame({name: _series(name, column) for name, column in zip(names, columns, strict=True)})


def as_times(values: pd.Series) -> pd.Series:
    """Read a stored time column as naive UTC, whatever the driver gave."""
    return pd.to_datetime(values, utc=True, format="ISO8601").dt.tz_localize(None).astype("datetime64[us]")


def _series(name: str, values: tuple[Any, ...]) -> pd.Series:
    if name in _TIMES:
        return as_times(pd.Series(list(values), dtype="object"))
    found = pa.array(values)
    if name in _NUMBERS or pa.types.is_decimal(found.type):
        return pd.Series(found.cast(pa.float64()).to_pandas(), dtype="float64")
    if _is_whole(name) or pa.types.is_integer(found.type):
        found = found.cast(pa.int64())
        return pd.Series(found.to_pandas(types_mapper=_INTEGERS.get) if found.null_count else found.to_pandas())
    if pa.types.is_null(found.type):
        return pd.Series([None] * len(values), dtype="str")
    return pd.Series(found.to_pandas())


def _is_whole(name: str) -> bool:
    """Tell ids by their names, so that a column without a value has its type too."""
    return (name.endswith("_id") and name != "external_id") or name in ("id", "same_as", "record", "content_key", "value")


_TIMES = ("at", "since", "until", "recorded_at", "opened_at", "closed_at", "contact_at", "touched_at")
_NUMBERS = ("budget_min", "budget_max")
_INTEGERS = {pa.int64(): pd.Int64Dtype()}


def _copy(conn: Connection, name: str, rows: pa.Table) -> None:
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    cursor = _driver(conn).cursor()
    with cursor.copy(f'COPY "{name}" ({columns}) FROM STDIN (FORMAT csv)') as copy:
        for start in range(0, rows.num_rows, _BLOCK):
            sink = pa.BufferOutputStream()
            pacsv.write_csv(_plain(rows.slice(start, _BLOCK)), sink, options)
            copy.write(sink.getvalue().to_pybytes())


def _execute_many(conn: Connection, name: str, rows: pa.Table) -> None:
    rows = _plain(rows, sqlite=True)
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    marks = ", ".join("?" * rows.num_columns)
    cursor = _driver(conn).cursor()
    cursor.executemany(
        f'INSERT INTO "{name}" ({columns}) VALUES ({marks})',
        zip(*(column.to_pylist() for column in rows.columns), strict=True),
    )


def _plain(rows: pa.Table, *, sqlite: bool = False) -> pa.Table:
    """Write times as the text that the database keeps: SQLite like SQLAlchemy, PostgreSQL with zone."""
    form = "%Y-%m-%d %H:%M:%S" if sqlite else "%Y-%m-%d %H:%M:%S+00"
    for number, column in enumerate(rows.schema):
        if not pa.types.is_timestamp(column.type):
            continue
        stamp = rows.column(number).cast(pa.timestamp("us"))
        edges = pc.min_max(stamp)
        if stamp.null_count == 0 and edges["min"].equals(edges["max"]):
            written: Any = pa.repeat(pc.strftime(edges["min"], format=form), len(stamp))
        else:
            written = pc.strftime(stamp, format=form)
        rows = rows.set_column(number, column.name, written)
    return rows


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
    "as_times",
    "begin",
    "insert_frame",
    "look_up",
    "make_engine",
    "read_frame",
    "take_ids",
    "take_numbers",
    "update_frame",
    "upgrade",
]
