"""What ends a lead and how far it came: outcomes, stages, and what a foreign system said of its own leads."""

from datetime import date, datetime

from sqlalchemy import Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base

LIVE = text("until IS NULL")


class Outcome(Base):
    """A lead won or lost; corrected by a new row that supersedes it, never edited.

    `at`: when it happened, null where a foreign history does not say; `recorded_at`, `until`: from when to when it was
    known as it stands.
    """

    __tablename__ = "outcome"
    __table_args__ = (
        Index("uq_outcome_live", "lead_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_outcome_lead_id", "lead_id"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG)
    # won, lost
    result: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    until: Mapped[datetime | None]
    actor: Mapped[str] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[float | None]
    currency: Mapped[str | None] = mapped_column(Text)
    # why it was lost, to whom, and what would have helped; null: nobody said
    reason: Mapped[str | None] = mapped_column(Text)
    competitor: Mapped[str | None] = mapped_column(Text)
    would_have_helped: Mapped[str | None] = mapped_column(Text)
    contract_number: Mapped[str | None] = mapped_column(Text)
    contract_on: Mapped[date | None]
    paid_at: Mapped[datetime | None]


class StageEntry(Base):
    """A stage that a lead entered; `place` orders the stages of one process, from 0. Superseded, never edited."""

    __tablename__ = "stage_entry"
    __table_args__ = (Index("ix_stage_entry_lead_id", "lead_id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG)
    stage: Mapped[str] = mapped_column(Text)
    place: Mapped[int] = mapped_column(SmallInteger)
    # null where a foreign history does not say
    at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    until: Mapped[datetime | None]
    actor: Mapped[str] = mapped_column(Text)


class HistoryRecord(Base):
    """A lead of a foreign system as its files said at a time; superseded by what they say later, never edited.

    Its result stands in `outcome`, its stage in `stage_entry`. Times are null where the files do not say.
    """

    __tablename__ = "history_record"
    __table_args__ = (
        Index("uq_history_record_live", "system", "external_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_history_record_lead_id", "lead_id"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG)
    system: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    # a hash of all that was said of it, outcome and stage included
    digest: Mapped[int] = mapped_column(BIG)
    recorded_at: Mapped[datetime]
    until: Mapped[datetime | None]
    file: Mapped[str] = mapped_column(Text)
    line: Mapped[int]
    created_at: Mapped[datetime | None]
    contact_at: Mapped[datetime | None]
    company: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    industry: Mapped[str | None] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    size: Mapped[str | None] = mapped_column(Text)
    need_type: Mapped[str | None] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    grade: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(Text)
    team: Mapped[str | None] = mapped_column(Text)
