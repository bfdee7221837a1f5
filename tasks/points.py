"""Named points of a run, for crash tests: places where a run that dies must be able to go on."""

import os
import signal
import sys
from collections import Counter

_times: Counter[str] = Counter()


def reached(name: str) -> None:
    """Do nothing, unless LEADS_STOP_AT is set.

    For crash tests: LEADS_STOP_AT="in-transaction:3" ends the process with SIGKILL when that point is reached for
    the third time; with any value, each point reached is told on standard error as `reached NAME:TIMES`.
    """
    wanted = os.environ.get("LEADS_STOP_AT")
    if not wanted:
        return
    _times[name] += 1
    place = f"{name}:{_times[name]}"
    # one write: other threads reach their points at the same moment
    os.write(sys.stderr.fileno(), f"reached {place}\n".encode())
    if place == wanted:
        os.kill(os.getpid(), signal.SIGKILL)
