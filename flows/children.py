"""The processes that one parent keeps alive: each is started, watched, started again when it dies, and ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
_LOG_BYTES = 10_000_000
#: A child that lives so long (seconds) counts as well again; until then each start waits longer than the last.
_WELL_AFTER = 30.0
_LONGEST_WAIT = 30.0
_BETWEEN_QUESTIONS = 5.0
_KILL_SECONDS = 5.0


@dataclass(frozen=True)
class Service:
    """What a child is: its module and arguments, and how to tell that it works.

    answers: whether it does what it is for; patience: seconds that it may not answer before it is started anew.
    ends_with_input: it ends in order as soon as its standard input ends, else SIGTERM asks it to.
    """

    name: str
    arguments: tuple[str, ...]
    answers: Callable[[], bool]
    patience: float = 60.0
    ends_with_input: bool = True


@dataclass
class Child:
    """One service's process, and how often it had to be started."""

    service: Service
    log: Path
    environment: Mapping[str, str]
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _answered: float = 0.0
    _not_before: float = 0.0
    _failures: int = 0
    _ask_at: float = 0.0
    said: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int | None:
        """The process id, None while there is none."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self) -> None:
        """Start the process; its output is added to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.service.arguments],
                # closed by the system when this parent dies, however it dies: the child ends then
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=dict(self.environment),
                # Ctrl-C goes to the parent alone, which ends its children in order
                start_new_session=True,
            )
        self.starts += 1
        self._started = self._answered = time.monotonic()

    def heal(self) -> str | None:
        """Start the process again when it is gone or does not answer; gives what was found, None when all is well."""
        now = time.monotonic()
        if self.pid is None:
            return self._again(now)
        if now < self._ask_at:
            return None
        if self.service.answers():
            self._answered = now
            if now - self._started > _WELL_AFTER:
                self._failures = 0
        elif now - self._answered > self.service.patience:
            self.kill()
            self._answered = now
            return f"{self.service.name} does not answer; it is started anew"
        self._ask_at = now + _BETWEEN_QUESTIONS
        return None

    def _again(self, now: float) -> str | None:
        """Start it at once the first time, later ever more slowly: what cannot run must not take the machine."""
        if self.process is not None:
            code, self.process = self.process.wait(), None
            wait = min(_LONGEST_WAIT, 2.0**self._failures - 1)
            self._failures, self._not_before = self._failures + 1, now + wait
            self.said.append(f"{self.service.name} ended ({_how(code)}); it is started again")
        if now < self._not_before:
            return None
        self.start()
        return self.said.pop() if self.said else None

    def ask_to_end(self) -> None:
        """Ask the process to end; harmless when it has."""
        if self.process is None:
            return
        if not self.service.ends_with_input:
            self.process.send_signal(signal.SIGTERM)
        elif self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()

    def ended(self, seconds: float) -> bool:
        """Whether it has ended, waiting so long for it."""
        if self.process is None:
            return True
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it at once; one that hangs in the system, as on a share that is gone, is waited for only so long."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=_KILL_SECONDS)


def environment(**added: str) -> dict[str, str]:
    """This process's environment with the project's own folder first to import from."""
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, **added}


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"
