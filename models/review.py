"""Reviews: what was computed for a period as of a moment, what was decided on it, and what was learnt."""

from datetime import date, datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base


class Review(Base):
    """One build of a period's datasets; building it again gives the same files."""

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("kind", "period", "scope", "as_of"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # weekly, monthly, quarterly
    kind: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    # whose leads: a team, or '' for all
    scope: Mapped[str] = mapped_column(Text)
    as_of: Mapped[datetime]
    built_at: Mapped[datetime]
    rules_version: Mapped[str] = mapped_column(Text)
    # versions of what the files were made with (JSON)
    made_with: Mapped[str] = mapped_column(Text)
    # name → SHA-256 (JSON)
    files: Mapped[str] = mapped_column(Text)


class ReviewRow(Base):
    """One line of a dataset of a review, as JSON."""

    __tablename__ = "review_row"

    review_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    dataset: Mapped[str] = mapped_column(Text, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[str] = mapped_column(Text)


class ReviewDecision(Base):
    """What a review decided: what, who does it, by when; what became of it is a later row in its place."""

    __tablename__ = "review_decision"
    __table_args__ = (Index("ix_review_decision_period", "kind", "period"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # the same decision through all its rows
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    # whose leads it was about: a team, or '' for all
    scope: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date | None]
    # open, done, dropped
    state: Mapped[str] = mapped_column(Text)
    # what became of it
    outcome: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    until: Mapped[datetime | None]


class Knowledge(Base):
    """Something that worked, or did not: words, a solution, a profile, a case; superseded, never edited."""

    __tablename__ = "knowledge"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # words, solution, profile, won, lost
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    # joined by |, in their order
    tags: Mapped[str] = mapped_column(Text)
    # the lead that shows it
    lead_number: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    until: Mapped[datetime | None]
