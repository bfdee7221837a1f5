"""Runs that Prefect believes to be going on: which of them are, and which have lost their process."""

import os
from collections.abc import Iterable
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
    if pid is None:
        since = time_of(run["state"]["timestamp"])
        return since is not None and now - since > NO_PROCESS
    return not _is_flow(pid)


def process_of(run: dict[str, Any]) -> int | None:
    """The process of a run, as the process worker notes it."""
    noted = str(run.get("infrastructure_pid") or "").rpartition(":")[2]
    return int(noted) if noted.isdecimal() else None


def is_alive(pid: int | None) -> bool:
    """Whether there is a process of that number."""
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def _is_flow(pid: int) -> bool:
    """Whether a process lives, and is one of Prefect's: numbers are used again."""
    if not is_alive(pid):
        return False
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # a system that does not tell
        return True
    # one that has ended and was not waited for has no command line
    return b"prefect" in line
