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
from models.handover import hand_over, take_over

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
            if wanted is not None:
                hand_over(self._pipe, wanted)
            failure = self._pipe.recv()
            if failure is None:
                return take_over(self._pipe)
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
            wanted = take_over(pipe) if kind else None
            try:
                found = _found(driver, statement, values, kind, wanted)
            except WriteFailed as failure:
                pipe.send(failure)
                continue
            pipe.send(None)
            hand_over(pipe, found)


@refusals_told()
def _found(
    driver: ArrowSqlite, statement: str, values: Mapping[str, Any], kind: str, wanted: pa.Table | None
) -> pa.Table:
    if wanted is not None:
        driver.execute("DROP TABLE IF EXISTS wanted")
        driver.execute(f"CREATE TEMPORARY TABLE wanted (key {kind})")
        insert_rows(driver, "wanted", wanted)
    return driver.read(statement, values)
