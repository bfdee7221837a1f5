"""One piece of work done by a process of its own, while the one that asked for it goes on with another."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from models.garbage import collect_seldom


class Beside:
    """A process that makes itself ready at once and does one piece of work when it is told which.

    It ends with the process that made it, so that a run which is killed leaves nobody behind who still writes.
    """

    def __init__(self, make_ready: Callable[[], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._child = context.Process(target=_serve, args=(there, make_ready), daemon=True, name="leadflow-beside")
        self._child.start()
        there.close()
        self._busy = False

    def start(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Let it begin with `work(*arguments)`; what is given and what comes back is pickled."""
        self._busy = True
        with suppress(BrokenPipeError):  # result() tells of a process that is gone
            self._pipe.send((work, arguments))

    def result(self) -> Any:
        """Wait for what the work gives; its failure is raised here, RuntimeError where the process died."""
        try:
            given, failure, place = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._child.join(timeout=5)
            raise RuntimeError(f"the process beside ended early (exit code {self._child.exitcode})") from None
        self._busy = False
        if failure is not None:
            failure.add_note(f"in the process beside:\n{place}")
            raise failure
        return given

    def close(self) -> None:
        """End the process, whatever it is at; harmless when repeated."""
        self._pipe.close()
        if not self._busy:
            # it ends by itself, and tidies up what its libraries made
            self._child.join(timeout=5)
        self._child.kill()
        self._child.join()


def _serve(pipe: Connection, make_ready: Callable[[], None]) -> None:
    # an interrupt from the keyboard reaches every process of the run: the one that asked ends this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_seldom()
    Thread(target=_end_with_parent, daemon=True).start()
    answer: tuple[Any, Exception | None, str]
    try:
        make_ready()
        work, arguments = pipe.recv()
        answer = (work(*arguments), None, "")
    except Exception as error:
        # where it happened, without its message, which may hold values
        answer = (None, error, "".join(traceback.format_tb(error.__traceback__)))
    with suppress(BrokenPipeError):  # closed without having been asked for anything
        pipe.send(answer)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
