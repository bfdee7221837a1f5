"""Runs that Prefect believes to be going on: which of them are, and which have lost their process."""

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flows.api import ACTIVE, Api, time_of

#: A run that got no process in this time never will: whoever was to start it has died.
NO_PROCESS = timedelta(seconds=120)


def active(api: Api, deployments: Iterable[str]) -> list[dict[str, Any]]:
    """Runs of these deployments (ids) that have a process or are about to get one."""
    return [run for deployment in deployments for run in api.runs(deployment, states=ACTIVE)]


def reap(api: Api, runs: Iterable[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Mark those runs crashed whose process is gone, so that their place is free; gives the ones that live.

    All runs are of this machine. Prefect notices by itself what dies under a living worker only.
    """
    living = []
    for run in runs:
        if is_dead(run, now):
            api.crash(run["id"], "its process is gone")
        else:
            living.append(run)
    return living


def is_dead(run: dict[str, Any], now: datetime) -> bool:
    """Whether a run has lost its process, or never got one."""
    pid = process_of(run)
    since = time_of(run["state"]["timestamp"])
    settled = since is not None and now - since > NO_PROCESS
    if pid is None:
        return settled
    # a process that has only just begun may not show yet what it is
    return not is_alive(pid) or (settled and not _is_flow(pid))


def process_of(run: dict[str, Any]) -> int | None:
    """The process of a run, as the process worker notes it."""
    noted = str(run.get("infrastructure_pid") or "").rpartition(":")[2]
    return int(noted) if noted.isdecimal() else None


def is_alive(pid: int | None) -> bool:
    """Whether a process of that number is at work; one that has ended and was not waited for is not."""
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return not _told(pid, "stat").rpartition(b")")[2].strip().startswith(b"Z")


def _is_flow(pid: int) -> bool:
    """Whether a process is one of Prefect's, as far as can be told: numbers are used again."""
    line = _told(pid, "cmdline")
    return not line or b"prefect" in line


def _told(pid: int, what: str) -> bytes:
    """What the system tells of a process; nothing where it does not tell."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/{what}").read_bytes()
    return b""
