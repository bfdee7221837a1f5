"""SQLite fed from Arrow memory: its driver binds columns as they lie, without a Python object for each value.

The driver brings its own copy of SQLite, and two copies in one process would undo each other's file locks: a process
that opens a database here opens none by `sqlite3`.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import pyarrow as pa

# what the driver says in words only
_CODES = {
    "database is locked": "SQLITE_BUSY",
    "UNIQUE constraint failed": "SQLITE_CONSTRAINT_UNIQUE",
    "FOREIGN KEY constraint failed": "SQLITE_CONSTRAINT_FOREIGNKEY",
    "NOT NULL constraint failed": "SQLITE_CONSTRAINT_NOTNULL",
}
_ONE_BATCH = str(1 << 30)


class ArrowSqlite:
    """A connection to a SQLite file; each statement stands for itself until BEGIN."""

    def __init__(self, database: str) -> None:
        # two tenths of a second, and only the writing process needs it
        from adbc_driver_sqlite import dbapi

        self._held = dbapi.connect(database, autocommit=True)

    def execute(self, statement: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> None:
        """Run one statement; `values` by name or in order."""
        bound = {f":{name}": value for name, value in values.items()} if isinstance(values, Mapping) else values
        with closing(self._held.cursor()) as cursor:
            cursor.execute(statement, bound or None)

    def execute_many(self, statement: str, rows: pa.Table) -> None:
        """Run one statement for each row, its columns bound in order."""
        with closing(self._held.cursor()) as cursor:
            cursor.executemany(statement, rows)

    def read(self, statement: str, values: Mapping[str, Any]) -> pa.Table:
        """Run a query; a column without any value is of type null."""
        bound = {f":{name}": value for name, value in values.items()}
        with closing(self._held.cursor()) as cursor:
            # a column's type is that of its values in the first batch: there must be no second one
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _ONE_BATCH})
            cursor.execute(statement, bound or None)
            found = cursor.fetch_arrow_table()
        columns = [pa.nulls(len(column)) if column.null_count == len(column) else column for column in found.columns]
        return pa.table(columns, names=found.column_names)

    def changed(self) -> int:
        """Tell how many rows the last statement changed."""
        with closing(self._held.cursor()) as cursor:
            cursor.execute("SELECT changes()")
            [[count]] = cursor.fetchall()
            return int(count)

    def rollback(self) -> None:
        """Undo what was not committed; harmless where nothing is open, as after a full disk."""
        from adbc_driver_manager import Error

        try:
            self.execute("ROLLBACK")
        except Error as error:
            if "no transaction is active" not in str(error):
                raise

    def close(self) -> None:
        """Let go of the file; what was not committed is rolled back."""
        self._held.close()


def code_of(message: str) -> str:
    """Name SQLite's own code for what the driver reports."""
    return next((code for words, code in _CODES.items() if words in message), "")
