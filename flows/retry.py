"""Which faults pass by themselves, and how long to wait for that."""

import time
from collections.abc import Callable
from typing import Any

from models.bulk import WriteFailed

# seconds: a database that is busy or lost a race is free again within these
DELAYS = (1, 5, 15)
# PostgreSQL: serialization failure, deadlock, lock not available, too many connections, starting up
_PASSING_CODES = {"40001", "40P01", "55P03", "53300", "57P03"}


def is_passing(error: BaseException) -> bool:
    """Whether the same step may well succeed a moment later."""
    if isinstance(error, WriteFailed):
        return error.code in _PASSING_CODES or error.code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    cause = getattr(error, "orig", None)
    if cause is None:
        return False
    if getattr(cause, "sqlstate", None) in _PASSING_CODES:
        return True
    return type(cause).__module__.startswith("sqlite3") and "locked" in str(cause)


def plainly(label: str, work: Callable[[], Any]) -> Any:
    """Do one step here and now; a passing fault is tried again as Prefect would."""
    for delay in DELAYS:
        try:
            return work()
        except Exception as error:
            if not is_passing(error):
                raise
            time.sleep(delay)
    return work()
