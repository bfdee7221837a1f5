"""What arrives by itself on the web: posts as received, which of them are settled, and findings of spot checks."""

from datetime import datetime

from sqlalchemy import Index, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base


class Post(Base):
    """One post as received, kept before it is answered; on SQLite in a file of its own, posts.sqlite.

    waiting -> done; looking -> waiting where the record itself must be fetched first; failed: nobody could make
    rows of it; trap, test, void: kept, and no lead (a machine's, a vendor's test, of which no record counts).
    """

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("channel", "message_id"),
        Index("ix_post_state", "state", "seq"),
        Index("ix_post_received_at", "received_at"),
    )

    seq: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    # by which the base knows that it is settled
    id: Mapped[str] = mapped_column(Text, unique=True)
    channel: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(Text)
    # what its sender is told; a form that is sent again with other words keeps its first one
    reference: Mapped[str] = mapped_column(Text, index=True)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text)
    # what was sent (JSON)
    body: Mapped[str] = mapped_column(Text)
    # look-ups so far, when the next is due, and why the last one failed
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_at: Mapped[datetime | None]
    fault: Mapped[str | None] = mapped_column(Text)


class PostTaken(Base):
    """A post whose rows are settled; written in the transaction that settles them, so that it happens once."""

    __tablename__ = "post_taken"

    post_id: Mapped[str] = mapped_column(Text, primary_key=True)
    batch_id: Mapped[int] = mapped_column(BIG)
    # of its rows in the batch the first one, and how many there are
    line: Mapped[int]
    rows: Mapped[int]


class SpotCheck(Base):
    """What a supervisor found when he checked a lead of the week's sample."""

    __tablename__ = "spot_check"
    __table_args__ = (UniqueConstraint("week", "lead_id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # 2024-W12
    week: Mapped[str] = mapped_column(Text)
    lead_id: Mapped[int] = mapped_column(BIG)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
    # right, wrong
    result: Mapped[str] = mapped_column(Text)
    finding: Mapped[str] = mapped_column(Text)
