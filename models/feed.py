"""Partner feeds: where each round is, the pages as received, and what is known of every record."""

from datetime import datetime

from sqlalchemy import LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base


class Feed(Base):
    """How far a feed has been read; written in the transaction of the rows that it speaks of."""

    __tablename__ = "feed"

    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    # the place in the round and the newest stamp seen (JSON)
    state: Mapped[str] = mapped_column(Text)
    # pages received so far, of all rounds
    pages: Mapped[int] = mapped_column(default=0)
    # when a pull last began, and when a round was last complete
    begun_at: Mapped[datetime | None]
    complete_at: Mapped[datetime | None]
    # why the last pull ended early; never a value of a record
    fault: Mapped[str | None] = mapped_column(Text)


class FeedPage(Base):
    """A page as received, compressed; kept for some days so that it can be read again."""

    __tablename__ = "feed_page"

    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class FeedRecord(Base):
    """What is known of a partner's record: key is a hash of channel and id."""

    __tablename__ = "feed_record"

    key: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # when it was last changed, by the partner's clock (seconds since 1970); null: it does not say
    stamp: Mapped[float | None]
    # a hash of what it says
    digest: Mapped[int] = mapped_column(BIG)


class Withdrawal(Base):
    """A row that its partner has deleted."""

    __tablename__ = "withdrawal"

    submission_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
