"""How far a run is: the procedure reports, whoever listens shows it; nobody listening is fine."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# called with the file's name, the rows done, and the rows expected (None: not known)
Listener = Callable[[str, int, int | None], None]

_listener: ContextVar[Listener | None] = ContextVar("leadflow_progress", default=None)


def report(file: str, done: int, expected: int | None = None) -> None:
    """Say that `done` rows of a file are settled."""
    listener = _listener.get()
    if listener:
        listener(file, done, expected)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let `listener` hear the reports made within the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def bar(*, show: bool) -> Iterator[None]:
    """Show the reports as one bar a file on standard error, where that is a terminal."""
    if not (show and sys.stderr.isatty()):
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bars: dict[str, Any] = {}

        def show_rows(file: str, done: int, expected: int | None) -> None:
            if file not in bars:
                bars[file] = progress.add_task(file, total=expected)
            progress.update(bars[file], completed=done, total=expected)

        with listening(show_rows):
            yield
