"""The process that writes to SQLite for another: it holds the connection, and ends when whoever started it does.

It imports no tables and no pandas: it lives as long as the run, and only moves rows.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from typing import Any

import pyarrow as pa

from models.adbc import ArrowSqlite
from models.bulk import WriteFailed, insert_rows, refusals_told, update_rows
from models.garbage import collect_seldom
from models.handover import take_over
from models.memory import give_back, keep_little
from models.reader import start_answering

# transactions between two checkpoints
_CHECKPOINT_EVERY = 4
_COUNT = (
    "INSERT INTO counter (name, value) VALUES ({mark}, {mark}) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def serve(pipe: Pipe, queries: Pipe, database: str, settings: Mapping[str, Any]) -> None:
    """Carry out what comes through `pipe`, and answer `queries`, until the other end of them is closed."""
    collect_seldom()
    keep_little()
    start_answering(queries, database, settings)
    driver = ArrowSqlite(database)
    for name, value in {**settings, "wal_autocheckpoint": 0}.items():
        driver.execute(f"PRAGMA {name} = {value}")
    failure: WriteFailed | None = None
    commits = 0
    # whoever asked is gone: the connection goes with this process, and what is open with it
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            what, waits, plain = pipe.recv()
            about = tuple(take_over(pipe) if one is None else one for one in plain)
            answer = None
            try:
                if failure is None or what == "rollback":
                    answer = perform(driver, what, about)
            except WriteFailed as error:
                failure = failure or error
            if waits:
                pipe.send((answer, None if what == "rollback" else failure))
                failure = None
            if what == "commit":
                commits += 1
                if commits % _CHECKPOINT_EVERY == 0:
                    # a page that several transactions changed is written back once
                    driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
                give_back()


@refusals_told()
def perform(driver: Any, what: str, about: tuple[Any, ...]) -> Any:
    """Carry out one step of a transaction: begin, insert, update, write, count, commit or rollback."""
    if what == "insert":
        insert_rows(driver, *about)
    elif what == "update":
        update_rows(driver, *about)
    elif what == "write":
        return _write(driver, *about)
    elif what == "count":
        _count(driver, about[0])
    elif what == "rollback":
        driver.rollback()
    elif isinstance(driver, ArrowSqlite):
        driver.execute({"begin": "BEGIN IMMEDIATE", "commit": "COMMIT"}[what])
    elif what == "commit":
        driver.commit()
    return None


def _count(driver: Any, values: Mapping[str, int]) -> None:
    if not values:
        return
    if isinstance(driver, ArrowSqlite):
        names = sorted(values)
        driver.execute_many(_COUNT.format(mark="?"), pa.table({"n": names, "v": [values[name] for name in names]}))
    else:
        driver.cursor().executemany(_COUNT.format(mark="%s"), sorted(values.items()))


def _write(driver: Any, statement: str, values: dict[str, Any]) -> int:
    if isinstance(driver, ArrowSqlite):
        driver.execute(statement, values)
        return driver.changed()
    statement = re.sub(r":(\w+)", r"%(\1)s", statement)
    return int(driver.execute(statement, values).rowcount)
