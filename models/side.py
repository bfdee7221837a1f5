"""Writes carried out beside the process that decides on them: in order, in one transaction, none waited for.

The deciding side reads through a connection of its own, which sees what was committed before: nothing that a
transaction writes is read again in it. PostgreSQL's server works for itself while a thread feeds it; SQLite's work is
the caller's own, so there a process does it. Whoever dies, what was not committed is rolled back.
"""

import multiprocessing
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as Pipe
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, text

from models.adbc import ArrowSqlite
from models.bulk import WriteFailed, insert_rows, refusals_told, update_rows
from models.memory import give_back, keep_little
from models.reader import Reader, packed, start_answering, unpacked

KEY = "leadflow_side"
# rows handed over at one time: what waits is held twice
_BLOCK = 10_000
# transactions between two checkpoints
_CHECKPOINT_EVERY = 4
_COUNT = (
    "INSERT INTO counter (name, value) VALUES ({mark}, {mark}) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class SideWriter:
    """Carries out the writes of one transaction after another; close it when the last is done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._local = engine.dialect.name == "sqlite"
        self._hands: _Process | _Server = _Process(engine) if self._local else _Server(engine)
        self._asked: SimpleQueue[tuple[str, bool, tuple[Any, ...]] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Any, Exception | None]] = SimpleQueue()
        # counters as they stand, and those that were changed
        self._known: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._thread = Thread(target=self._work, daemon=True, name="leadflow-side")
        self._thread.start()

    @property
    def reader(self) -> Reader | None:
        """Who answers queries in columns, where somebody does."""
        return self._hands.reader

    @contextmanager
    def transaction(self, meanwhile: Callable[[], None] = lambda: None) -> Iterator[Connection]:
        """Open a transaction and give the connection that reads for it; its writes are committed at the end.

        `meanwhile` is called once all writes are on their way; it must not raise, nor touch the database.
        On SQLite it holds the write lock from its start. WriteFailed when a write was refused.
        """
        self._ask("begin")
        self._known, self._numbers = {}, {}
        try:
            with self._engine.connect() as conn, conn.begin():
                conn.info[KEY] = self
                try:
                    yield conn
                finally:
                    del conn.info[KEY]
                self._tell("count", self._numbers)
                # what the reading side has locked stays locked until the writes are there
                if not self._local:
                    self._commit(meanwhile)
            # here no reader may stand in the way of the checkpoint that follows
            if self._local:
                self._commit(meanwhile)
        except BaseException:
            self._ask("rollback")
            raise

    def insert(self, name: str, rows: pa.Table) -> None:
        """Insert rows into a table, some time before the commit."""
        for start in range(0, rows.num_rows, _BLOCK):
            self._tell("insert", name, rows.slice(start, _BLOCK))

    def update(self, name: str, rows: pa.Table, key: str) -> None:
        """Set columns on the rows named by `key`, some time before the commit."""
        self._tell("update", name, rows, key)

    def write(self, statement: str, values: Mapping[str, Any]) -> int:
        """Run a statement after all that was asked for before; gives how many rows it touched."""
        return int(self._ask("write", statement, dict(values)))

    def add(self, conn: Connection, name: str, count: int) -> int:
        """Add to a counter and give its value; nobody else may change counters from the first call to the commit."""
        if not self._known:
            found = conn.execute(text("SELECT name, value FROM counter"))
            self._known = {row.name: row.value for row in found}
        self._known[name] = self._numbers[name] = self._known.get(name, 0) + count
        return self._numbers[name]

    def close(self) -> None:
        """Let go of the connection; what was not committed is rolled back."""
        self._asked.put(None)
        self._thread.join()
        self._hands.close()

    def _tell(self, what: str, *about: Any) -> None:
        self._asked.put((what, False, about))

    def _commit(self, meanwhile: Callable[[], None]) -> None:
        self._asked.put(("commit", True, ()))
        meanwhile()
        self._answered()

    def _ask(self, what: str, *about: Any) -> Any:
        self._asked.put((what, True, about))
        return self._answered()

    def _answered(self) -> Any:
        answer, failure = self._answers.get()
        if failure is not None:
            raise failure
        return answer

    def _work(self) -> None:
        failure: Exception | None = None
        while (asked := self._asked.get()) is not None:
            what, waits, about = asked
            answer = None
            try:
                if failure is None or what == "rollback":
                    answer = self._hands.do(what, waits, about)
            except Exception as error:
                failure = failure or error
            if waits:
                self._answers.put((answer, None if what == "rollback" else failure))
                failure = None


class _Server:
    """A connection whose work another machine or process does anyway."""

    reader = None

    def __init__(self, engine: Engine) -> None:
        self._held = engine.raw_connection()

    def do(self, what: str, _waits: bool, about: tuple[Any, ...]) -> Any:
        return _perform(self._held.driver_connection, what, about)

    def close(self) -> None:
        with suppress(Exception):
            self._held.rollback()
        self._held.close()


class _Process:
    """A process that holds the connection; it ends when whoever started it does."""

    def __init__(self, engine: Engine) -> None:
        with engine.connect() as conn:
            settings = {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in _PRAGMAS}
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._queries, answering = context.Pipe()
        self.reader = Reader(self._queries)
        arguments = (there, answering, str(engine.url.database), settings)
        self._child = context.Process(target=_serve, args=arguments, daemon=True, name="leadflow-write")
        self._child.start()
        there.close()
        answering.close()

    def do(self, what: str, waits: bool, about: tuple[Any, ...]) -> Any:
        plain = tuple(None if isinstance(one, pa.Table) else one for one in about)
        try:
            self._pipe.send((what, waits, plain))
            for one in about:
                if isinstance(one, pa.Table):
                    # in its place; pickled it would be copied twice more
                    self._pipe.send_bytes(packed(one))
            if not waits:
                return None
            answer, failure = self._pipe.recv()
        except (EOFError, BrokenPipeError):
            raise WriteFailed(f"the writing process ended early (exit code {self._child.exitcode})") from None
        if failure is not None:
            raise failure
        return answer

    def close(self) -> None:
        self._pipe.close()
        self._queries.close()
        self._child.join(timeout=30)
        if self._child.is_alive():
            self._child.kill()


_PRAGMAS = ("synchronous", "foreign_keys", "busy_timeout", "cache_size", "temp_store")


def _serve(pipe: Pipe, queries: Pipe, database: str, settings: Mapping[str, Any]) -> None:
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
            about = tuple(unpacked(pipe.recv_bytes()) if one is None else one for one in plain)
            answer = None
            try:
                if failure is None or what == "rollback":
                    answer = _perform(driver, what, about)
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
def _perform(driver: Any, what: str, about: tuple[Any, ...]) -> Any:
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
