"""The command line, or a function, in processes of their own forked from one which has imported everything.

They are started and killed as any process is; only the seconds of the imports are spared.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.warm_imports"])


class Warm:
    """A run of `leads` with these words, with no LEADS_ settings but those given; or of another `work` with them."""

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        settings: Mapping[str, str],
        work: Callable[[Sequence[str]], None] | None = None,
    ) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEADS_")}
        reading, writing = _FORKING.Pipe(duplex=False)
        about = (work or _leads, list(words), str(folder), kept | dict(settings), writing)
        self._process: ForkServerProcess = _FORKING.Process(target=_carry_out, args=about)
        self._process.start()
        writing.close()
        self.out: IO[str] = os.fdopen(os.dup(reading.fileno()), encoding="utf-8")
        reading.close()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()

    def ended(self, seconds: float) -> tuple[int, str]:
        """Its exit code and what it said since somebody read last; it fails where it does not end in time."""
        said = self.out.read()
        self.out.close()
        assert self.wait(seconds), "it does not end"
        return int(self._process.exitcode or 0), said


def _carry_out(
    work: Callable[[Sequence[str]], None],
    words: Sequence[str],
    folder: str,
    settings: Mapping[str, str],
    out: Connection,
) -> None:
    for number in (1, 2):
        os.dup2(out.fileno(), number)
    out.close()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(settings)
    work(words)


def _leads(words: Sequence[str]) -> None:
    sys.argv = ["leads", *words]
    from flows.cli import main

    main()
