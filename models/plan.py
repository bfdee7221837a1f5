"""Plans of a working day (当日跟进计划): proposed by leadflow, confirmed by whoever carries them out."""

from datetime import date, datetime

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base

LIVE = text("until IS NULL")


class Plan(Base):
    """What a person means to do on a day; superseded by what he says later, never edited."""

    __tablename__ = "plan"
    __table_args__ = (Index("uq_plan_live", "person", "day_on", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    person: Mapped[str] = mapped_column(Text)
    day_on: Mapped[date]
    # proposed, confirmed
    state: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    until: Mapped[datetime | None]


class PlanItem(Base):
    """One lead of a plan: why it is there, for whom he stands in, whether it is kept, and what he noted."""

    __tablename__ = "plan_item"

    plan_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # overdue, due, new, to_verify, objections, support, or added by the person
    section: Mapped[str] = mapped_column(Text)
    instead_of: Mapped[str | None] = mapped_column(Text)
    kept: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text)
