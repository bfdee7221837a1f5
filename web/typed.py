"""Times and days as forms and programs write them; what cannot be read is None."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def read_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A moment in UTC; without an offset it is one of the zone."""
    try:
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """A day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
