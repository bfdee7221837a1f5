"""Whether it is a time at which the company is at work, as far as the outbox asks. Pure."""

from collections.abc import Sequence
from datetime import datetime

from config.frames import read_frames
from tasks.rules.calendars import Days


def in_hours(local: datetime, frames: Sequence[str], days: Days) -> bool:
    """Whether a time of the business zone lies within the frames of a working day; make-up workdays are some."""
    place = (local.date() - days.first).days
    if not (0 <= place < len(days.working) and days.working[place]):
        return False
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return any(start <= seconds < end for start, end in read_frames(frames))
