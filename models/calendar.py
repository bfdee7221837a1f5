"""The business calendar as it was known at any time: days that differ from the week, and how sure each year is."""

from datetime import date, datetime

from sqlalchemy import Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base
from models.lead import LIVE


class CalendarYear(Base):
    """One year as a source stated it; superseded by the next statement, never edited.

    basis: official, estimated (nobody has announced it yet) or overridden (a file that somebody imported).
    """

    __tablename__ = "calendar_year"
    __table_args__ = (Index("uq_calendar_year_live", "year", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(SmallInteger)
    basis: Mapped[str] = mapped_column(Text)
    # what stated it: packages with their versions, or a file's name and content hash
    source: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class CalendarDay(Base):
    """A day of a stated year that is off, or a make-up workday on a weekend."""

    __tablename__ = "calendar_day"

    year_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    off: Mapped[bool]
    name: Mapped[str] = mapped_column(Text)
