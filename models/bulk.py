"""Many rows at once into a table, on a driver's own connection: COPY on PostgreSQL, bound rows on SQLite."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from models.adbc import ArrowSqlite, code_of

# rows that are text or Python values at one time
_BLOCK = 5_000
# rows that tell whether a column says the same again and again
_SAMPLE = 1_000


class WriteFailed(Exception):
    """The database refused what was asked of it; the message holds no value of a row, `code` is the driver's."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message, code)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


@contextmanager
def refusals_told() -> Iterator[None]:
    """Tell what a driver refuses as WriteFailed: PostgreSQL's detail would show the values of a row."""
    try:
        yield
    except Exception as error:
        code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
        adbc = type(error).__module__.startswith("adbc_driver_manager")
        if code is None and not adbc and not isinstance(error, sqlite3.Error):
            raise
        message = getattr(getattr(error, "diag", None), "message_primary", None) or str(error).partition("\n")[0]
        if adbc:
            code = code_of(message)
        raise WriteFailed(f"{type(error).__name__}: {message}", code or "") from None


@refusals_told()
def insert_rows(driver: Any, name: str, rows: pa.Table) -> None:
    """Insert rows into a table; times are naive UTC, null means NULL."""
    if rows.num_rows == 0:
        return
    if isinstance(driver, sqlite3.Connection):
        _execute_many(driver, name, rows)
    elif isinstance(driver, ArrowSqlite):
        driver.execute_many(_insert(name, rows), _plain(rows))
    else:
        _copy(driver, name, rows)


@refusals_told()
def update_rows(driver: Any, name: str, rows: pa.Table, key: str) -> None:
    """Set the columns on the rows named by their `key`, in one statement."""
    if rows.num_rows == 0:
        return
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    driver.execute("DROP TABLE IF EXISTS changed")
    driver.execute(f'CREATE TEMPORARY TABLE changed AS SELECT {columns} FROM "{name}" WHERE 1 = 0')
    insert_rows(driver, "changed", rows)
    if not isinstance(driver, (sqlite3.Connection, ArrowSqlite)):
        driver.execute("ANALYZE changed")
    sets = ", ".join(f'"{column}" = changed."{column}"' for column in rows.column_names if column != key)
    driver.execute(f'UPDATE "{name}" SET {sets} FROM changed WHERE "{name}"."{key}" = changed."{key}"')


def _copy(driver: Any, name: str, rows: pa.Table) -> None:
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    with driver.cursor() as cursor, cursor.copy(f'COPY "{name}" ({columns}) FROM STDIN (FORMAT csv)') as copy:
        for start in range(0, rows.num_rows, _BLOCK):
            sink = pa.BufferOutputStream()
            pacsv.write_csv(_plain(rows.slice(start, _BLOCK), "+00"), sink, options)
            copy.write(sink.getvalue().to_pybytes())


def _execute_many(driver: sqlite3.Connection, name: str, rows: pa.Table) -> None:
    statement = _insert(name, rows)
    for start in range(0, rows.num_rows, _BLOCK):
        block = _plain(rows.slice(start, _BLOCK))
        driver.executemany(statement, zip(*(_values(column) for column in block.columns), strict=True))


def _insert(name: str, rows: pa.Table) -> str:
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    return f'INSERT INTO "{name}" ({columns}) VALUES ({", ".join("?" * rows.num_columns)})'


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Give a column as Python values; text that occurs often is made once, not once a row."""
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)) or len(column) < _SAMPLE:
        return list(column.to_pylist())
    if column.null_count == len(column):
        return [None] * len(column)
    if pc.count_distinct(column.slice(0, _SAMPLE)).as_py() > _SAMPLE // 4:
        return list(column.to_pylist())
    coded = column.combine_chunks().dictionary_encode()
    texts = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    return list(texts[coded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)])


def _plain(rows: pa.Table, zone: str = "") -> pa.Table:
    """Write times as the text that the database keeps; `zone` follows each."""
    for number, column in enumerate(rows.schema):
        if not pa.types.is_timestamp(column.type):
            continue
        stamp = rows.column(number).cast(pa.timestamp("us"))
        edges = pc.min_max(stamp)
        if stamp.null_count == 0 and edges["min"].equals(edges["max"]):
            written: Any = pa.repeat(_written(edges["min"], zone), len(stamp))
        else:
            written = _written(stamp, zone)
        rows = rows.set_column(number, column.name, written)
    return rows


def _written(stamp: Any, zone: str) -> Any:
    # a tenth of what strftime takes
    text = pc.cast(stamp, pa.string())
    return pc.binary_join_element_wise(text, zone, "") if zone else text
