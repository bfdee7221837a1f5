"""One run of the `leads` command as a whole process: its time, its memory with all children, its answer."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

REPOSITORY = Path(__file__).resolve().parents[1]
_SAMPLE_SECONDS = 0.05
MIB = 1 << 20


class RunFailed(RuntimeError):
    """The command ended with an error; the message holds what it said."""


@dataclass(frozen=True)
class Run:
    """What a command took and answered; memory in MiB, CPU seconds of it and its children."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    answer: dict[str, Any]


def run_leads(arguments: Sequence[str], settings: Mapping[str, str], folder: Path) -> Run:
    """Run `leads … --json` with these LEADS_ settings and no others, in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEADS_")}
    environment = {**kept, **settings, "PYTHONPATH": str(REPOSITORY)}
    before = _cpu_seconds()
    start = time.perf_counter()
    # in its own folder: a .env of the repository must not have a say
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", *arguments, "--json"],
        cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    memory = _PeakMemory(process.pid)
    memory.start()
    try:
        out, err = process.communicate()
    except BaseException:
        process.kill()
        raise
    finally:
        memory.stop()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RunFailed(f"leads {' '.join(arguments)} ended with {process.returncode}:\n{err[-4000:]}{out[-2000:]}")
    return Run(seconds, _cpu_seconds() - before, memory.peak / MIB, json.loads(out[out.index("{") :]))


class _PeakMemory(threading.Thread):
    """Looks every few milliseconds at what a process and all its children hold together."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.peak = 0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.peak = max(self.peak, self._held())

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def _held(self) -> int:
        held = 0
        try:
            family = [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        for member in family:
            try:
                held += member.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return held


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
