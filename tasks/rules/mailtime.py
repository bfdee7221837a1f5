"""Whether it is a time at which somebody is at work, as far as the outbox asks. Pure."""

from collections.abc import Sequence
from datetime import datetime

from tasks.rules.worktime import read_frames

_SATURDAY = 5


def in_hours(local: datetime, frames: Sequence[str]) -> bool:
    """Whether a time of the business zone lies within the frames of a weekday."""
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return local.weekday() < _SATURDAY and any(start <= seconds < end for start, end in read_frames(frames))
