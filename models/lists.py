"""What people decided about many rows at once: who is not to be contacted, and which batches were taken back."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base
from models.lead import LIVE


class Block(Base):
    """A phone, an e-mail address or a company that is not to be contacted; ended, never edited or removed."""

    __tablename__ = "block"
    __table_args__ = (Index("uq_block_live", "kind", "key", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # phone, email, company
    kind: Mapped[str] = mapped_column(Text)
    # as the cleaner writes it, so that every written form of it is the same
    key: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_why: Mapped[str | None] = mapped_column(Text)


class Reversal(Base):
    """A batch that was taken back, by whom and why, and how many rows and leads it was."""

    __tablename__ = "reversal"

    batch_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    counts: Mapped[str] = mapped_column(Text)
