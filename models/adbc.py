"""SQLite fed from Arrow memory: its driver binds columns as they lie, without a Python object for each value.

The driver brings its own copy of SQLite, and two copies in one process would undo each other's file locks: a process
that opens a database here opens none by `sqlite3`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    """A connection to a SQLite file; each statement stands for itself until BEGIN.

    The driver's plain interface: its DB-API would bring pandas into a process that needs none.
    """

    def __init__(self, database: str) -> None:
        # only the writing process needs it
        import adbc_driver_manager
        import adbc_driver_sqlite

        self._statement = adbc_driver_manager.AdbcStatement
        self._by_name = {adbc_driver_manager.StatementOptions.BIND_BY_NAME.value: "true"}
        self._database = adbc_driver_sqlite.connect(database)
        self._held = adbc_driver_manager.AdbcConnection(self._database)

    def execute(self, statement: str, values: Mapping[str, Any] | None = None) -> None:
        """Run one statement that gives no rows."""
        with self._prepared(statement, values) as prepared:
            # read to its end: a PRAGMA answers, and works only when it is asked for its answer
            self._answer(prepared).read_all()

    def execute_many(self, statement: str, rows: pa.Table) -> None:
        """Run one statement for each row, its columns bound in order."""
        with self._prepared(statement, None) as prepared:
            prepared.bind_stream(rows)
            prepared.execute_update()

    def read(self, statement: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        """Run a query; a column without any value is of type null."""
        with self._prepared(statement, values) as prepared:
            # a column's type is that of its values in the first batch: there must be no second one
            prepared.set_options(**{"adbc.sqlite.query.batch_rows": _ONE_BATCH})
            found = self._answer(prepared).read_all()
        columns = [pa.nulls(len(column)) if column.null_count == len(column) else column for column in found.columns]
        return pa.table(columns, names=found.column_names)

    def changed(self) -> int:
        """Tell how many rows the last statement changed."""
        return int(self.read("SELECT changes()").column(0)[0].as_py())

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
        self._database.close()

    @contextmanager
    def _prepared(self, statement: str, values: Mapping[str, Any] | None) -> Iterator[Any]:
        prepared = self._statement(self._held)
        try:
            prepared.set_sql_query(statement)
            if values:
                prepared.set_options(**self._by_name)
                prepared.bind(pa.RecordBatch.from_pylist([{f":{name}": value for name, value in values.items()}]))
            yield prepared
        finally:
            prepared.close()

    def _answer(self, prepared: Any) -> pa.RecordBatchReader:
        stream, _ = prepared.execute_query()
        return pa.RecordBatchReader._import_from_c(stream.address)


def code_of(message: str) -> str:
    """Name SQLite's own code for what the driver reports."""
    return next((code for words, code in _CODES.items() if words in message), "")
