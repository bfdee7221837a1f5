"""Promises and what became of them: clocks, and the steps of their ladders that have fired."""

from datetime import datetime

from sqlalchemy import Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base

RUNNING = text("ended_at IS NULL")
WAITING = text("next_at IS NOT NULL")


class Clock(Base):
    """One promise to or about a lead: running until it is kept, or until there is nothing left to promise."""

    __tablename__ = "clock"
    __table_args__ = (
        Index("ix_clock_next", "next_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index(
            "uq_clock_live", "lead_id", "policy", "subject_id",
            unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING,
        ),
        Index("ix_clock_lead", "lead_id"),
        # what runs of one rule, the first due first
        Index("ix_clock_running", "policy", "due_at", sqlite_where=RUNNING, postgresql_where=RUNNING),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG)
    # the rule of sla.yaml
    policy: Mapped[str] = mapped_column(Text)
    # the follow-up or objection that it is about; 0 where it is about the lead
    subject_id: Mapped[int] = mapped_column(BIG, default=0)
    # who must keep it where that is not the lead's owner
    person: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime]
    # as the rule said it: 1 clock_days
    target: Mapped[str] = mapped_column(Text)
    # empty while it is paused
    due_at: Mapped[datetime | None]
    # how sure the calendar is of the year in which it falls due: official, estimated, overridden
    basis: Mapped[str] = mapped_column(Text)
    paused_at: Mapped[datetime | None]
    # the spans in which it stood still, as JSON: [["2024-03-15T02:00:00","…"], …], UTC
    pauses: Mapped[str] = mapped_column(Text, default="")
    # when the sweep must look at it next; empty where nothing is left to do
    next_at: Mapped[datetime | None]
    # how many steps of the ladder are behind it
    step: Mapped[int] = mapped_column(SmallInteger, default=0)
    # no step before this time: somebody acknowledged one
    held_until: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # met, late, void
    ending: Mapped[str | None] = mapped_column(Text)
    # business minutes when it ended, and how many more than were allowed (negative: to spare)
    used_minutes: Mapped[int | None]
    over_minutes: Mapped[int | None]
    rules_version: Mapped[str] = mapped_column(Text)
    # when it became known that it runs: a contact of yesterday may be told today
    known_at: Mapped[datetime | None]


class ClockPast(Base):
    """A clock as it stood before something changed it; `until`: when that became known."""

    __tablename__ = "clock_past"
    __table_args__ = (Index("ix_clock_past_until", "until"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    clock_id: Mapped[int] = mapped_column(BIG)
    until: Mapped[datetime]
    lead_id: Mapped[int] = mapped_column(BIG)
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ending: Mapped[str | None] = mapped_column(Text)


class Escalation(Base):
    """One step of a clock's ladder towards one person, once; a step that came too late is there as skipped."""

    __tablename__ = "escalation"
    __table_args__ = (
        UniqueConstraint("clock_id", "step", "recipient"),
        Index("ix_escalation_message", "message_id"),
        Index("ix_escalation_at", "at"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    clock_id: Mapped[int] = mapped_column(BIG)
    # its place in the ladder, from 1
    step: Mapped[int] = mapped_column(SmallInteger)
    # reminder, breach, escalation, reassign, pool
    kind: Mapped[str] = mapped_column(Text)
    scheduled_at: Mapped[datetime]
    at: Mapped[datetime]
    # fired, or skipped: a later step applied already when the sweep came
    state: Mapped[str] = mapped_column(Text)
    # who got it, and for whom he stands in; empty where it was skipped
    recipient: Mapped[str] = mapped_column(Text)
    instead_of: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(BIG)
    # business minutes used when it fired
    used_minutes: Mapped[int]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
