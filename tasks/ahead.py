"""Frames made ahead by a process of its own, while the one that asked for them is busy with earlier ones."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import Queue
from threading import Thread
from typing import Any, Generic, TypeVar, cast

import pandas as pd
import pyarrow as pa

from models.garbage import collect_seldom
from models.handover import hand_over, take_over
from models.memory import keep_little

# how many frames may wait for the one that asked
_AHEAD = 1

Item = TypeVar("Item")
Numbered = Iterator[tuple[int, pd.DataFrame]]


class Coming(Generic[Item]):
    """Gives items one by one; the next of them can be fetched before it is asked for."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._fetched: list[tuple[Item | None, Exception | None]] = []

    def fetch(self) -> None:
        """Fetch the next item, unless it is there; a failure is raised when it is asked for."""
        if self._fetched:
            return
        try:
            self._fetched.append((next(self._items), None))
        except Exception as error:
            self._fetched.append((None, error))

    def __iter__(self) -> "Coming[Item]":
        return self

    def __next__(self) -> Item:
        self.fetch()
        item, failure = self._fetched.pop()
        if failure is not None:
            raise failure
        return cast(Item, item)


def run_ahead(make: Callable[..., Numbered], arguments: tuple[Any, ...]) -> Numbered:
    """Give what `make(*arguments)` gives, made by a child; its failure is raised here."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_serve, args=(there, make, arguments), daemon=True, name="leadflow-ahead")
    child.start()
    there.close()
    try:
        while True:
            try:
                here.send(None)  # it may hand the next one over
                number = here.recv()
                if isinstance(number, int):
                    yield number, take_over(here).to_pandas()
                    continue
            except (EOFError, BrokenPipeError, ConnectionResetError):
                child.join(timeout=5)
                raise RuntimeError(f"the preparing process ended early (exit code {child.exitcode})") from None
            if number is None:
                return
            raise number
    finally:
        here.close()
        child.join(timeout=5)
        if child.is_alive():
            child.kill()


def _serve(pipe: Connection, make: Callable[..., Numbered], arguments: tuple[Any, ...]) -> None:
    """Send each frame; a parent that is gone breaks the pipe and so ends this process."""
    collect_seldom()
    keep_little()
    waiting: Queue[tuple[int, pa.Table] | Exception | None] = Queue(_AHEAD)
    Thread(target=_fill, args=(waiting, make, arguments), daemon=True).start()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError), pipe:
        while True:
            pipe.recv()
            if not isinstance(message := waiting.get(), tuple):
                pipe.send(message)
                return
            number, rows = message
            pipe.send(number)
            hand_over(pipe, rows)


def _fill(waiting: Queue[Any], make: Callable[..., Numbered], arguments: tuple[Any, ...]) -> None:
    try:
        for number, frame in make(*arguments):
            waiting.put((number, pa.Table.from_pandas(frame, preserve_index=False)))
    except Exception as error:
        waiting.put(error)
    else:
        waiting.put(None)
