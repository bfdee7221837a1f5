"""Queries answered in columns by the process that writes to SQLite, on a connection of their own.

A row of forty columns is forty Python objects to `sqlite3`, and thirty microseconds; in Arrow's memory it is eight.
Whoever asks holds the write lock meanwhile, so each query of a transaction sees the same committed state.
"""

from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from threading import Thread
from typing import Any

import pyarrow as pa

from models.adbc import ArrowSqlite
from models.bulk import WriteFailed, insert_rows, refusals_told

# kibibytes of pages kept between two queries
_CACHE = -32_768


class Reader:
    """Asks the writing process; one question at a time."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def read(
        self, statement: str, values: Mapping[str, Any], wanted: pa.Table | None = None, kind: str = ""
    ) -> pa.Table:
        """Run a query; `wanted`: keys that it finds as table `wanted` with a column `key` of SQL type `kind`."""
        try:
            self._pipe.send((statement, dict(values), kind))
            self._pipe.send_bytes(b"" if wanted is None else packed(wanted))
            answer = self._pipe.recv_bytes()
            if answer:
                return unpacked(answer)
            failure = self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise WriteFailed("the process that reads beside ended early") from None
        raise failure


def start_answering(pipe: Pipe, database: str, settings: Mapping[str, Any]) -> None:
    """Answer what comes through the pipe in a thread of its own, until the other end is closed."""
    Thread(target=_answer, args=(pipe, database, settings), daemon=True, name="leadflow-read").start()


def _answer(pipe: Pipe, database: str, settings: Mapping[str, Any]) -> None:
    driver = ArrowSqlite(database)
    for name, value in {**settings, "cache_size": _CACHE}.items():
        driver.execute(f"PRAGMA {name} = {value}")
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            statement, values, kind = pipe.recv()
            wanted = pipe.recv_bytes()
            try:
                pipe.send_bytes(packed(_found(driver, statement, values, kind, wanted)))
            except WriteFailed as failure:
                pipe.send_bytes(b"")
                pipe.send(failure)


@refusals_told()
def _found(driver: ArrowSqlite, statement: str, values: Mapping[str, Any], kind: str, wanted: bytes | None) -> pa.Table:
    if wanted:
        driver.execute("DROP TABLE IF EXISTS wanted")
        driver.execute(f"CREATE TEMPORARY TABLE wanted (key {kind})")
        insert_rows(driver, "wanted", unpacked(wanted))
    return driver.read(statement, values)


def packed(rows: pa.Table) -> pa.Buffer:
    """Give a table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue()


def unpacked(content: bytes) -> pa.Table:
    """Read what `packed` gave."""
    return pa.ipc.open_stream(content).read_all()
