"""Writes carried out beside the process that decides on them: in order, in one transaction, none waited for.

The deciding side reads through a connection of its own, which sees what was committed before: nothing that a
transaction writes is read again in it. PostgreSQL's server works for itself while a thread feeds it; SQLite's work is
the caller's own, so there a process does it. Whoever dies, what was not committed is rolled back.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, text

from models.bulk import WriteFailed
from models.handover import hand_over
from models.reader import Reader
from models.side_process import perform, serve

KEY = "leadflow_side"
# rows handed over at one time: what waits is held twice
_BLOCK = 10_000
# how the writing connection is set up: as this one is
_PRAGMAS = ("synchronous", "foreign_keys", "busy_timeout", "cache_size", "temp_store")


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
        return perform(self._held.driver_connection, what, about)

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
        self._child = context.Process(target=serve, args=arguments, daemon=True, name="leadflow-write")
        self._child.start()
        there.close()
        answering.close()

    def do(self, what: str, waits: bool, about: tuple[Any, ...]) -> Any:
        plain = tuple(None if isinstance(one, pa.Table) else one for one in about)
        try:
            self._pipe.send((what, waits, plain))
            for one in about:
                if isinstance(one, pa.Table):
                    hand_over(self._pipe, one)
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
