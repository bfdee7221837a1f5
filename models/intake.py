"""What arrived: batches, and each row as it was received."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base


class Batch(Base):
    """One file; the same content in the same channel is the same batch."""

    __tablename__ = "batch"
    __table_args__ = (UniqueConstraint("channel", "content_hash"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(Text)
    file: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(Text)
    layout: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]
    as_of: Mapped[datetime]
    # open -> settled -> done: what is not done is finished by the next run
    state: Mapped[str] = mapped_column(Text, index=True)
    # chunks settled so far, and the rows a chunk was given: a later run cuts the file alike
    chunks: Mapped[int] = mapped_column(default=0)
    chunk_rows: Mapped[int]
    # rows of the next chunk that are settled already: it was cut up so that others need not wait for it
    part: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    counts: Mapped[str] = mapped_column(Text, default="{}")
    rules_version: Mapped[str] = mapped_column(Text)


class Submission(Base):
    """One row as received with its cleaned values; never changed but for `same_as`.

    `accepted`: a lead can be made of it alone; what it was made part of stands in its membership.
    """

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("batch_id", "line", "sheet"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(BIG)
    sheet: Mapped[str] = mapped_column(Text)
    line: Mapped[int]
    # cells as received, joined by U+001F; the batch's layout names the columns
    raw: Mapped[str] = mapped_column(Text)
    accepted: Mapped[bool]
    issues: Mapped[str] = mapped_column(Text)
    # the earlier delivery that this one repeats without a change
    same_as: Mapped[int | None] = mapped_column(BIG)
    external_id: Mapped[str | None] = mapped_column(Text)
    lead_ref: Mapped[str | None] = mapped_column(Text)
    company: Mapped[str | None] = mapped_column(Text)
    company_key: Mapped[str | None] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)
    contact_key: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    title_state: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    phone_kind: Mapped[str | None] = mapped_column(Text)
    phone2: Mapped[str | None] = mapped_column(Text)
    phone2_kind: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    email_kind: Mapped[str | None] = mapped_column(Text)
    need: Mapped[str | None] = mapped_column(Text)
    need_state: Mapped[str] = mapped_column(Text)
    budget_min: Mapped[float | None]
    budget_max: Mapped[float | None]
    budget_state: Mapped[str] = mapped_column(Text)
    chain: Mapped[str | None] = mapped_column(Text)
    chain_state: Mapped[str] = mapped_column(Text)
    first_contact: Mapped[str | None] = mapped_column(Text)
    created: Mapped[str | None] = mapped_column(Text)
    contact_at: Mapped[datetime | None]
    source: Mapped[str | None] = mapped_column(Text)
    source_detail: Mapped[str | None] = mapped_column(Text)
    industry: Mapped[str | None] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    size: Mapped[str | None] = mapped_column(Text)
    urgency: Mapped[str | None] = mapped_column(Text)
    urgency_state: Mapped[str] = mapped_column(Text)
    junk: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    mark: Mapped[str | None] = mapped_column(Text)
    owner_hint: Mapped[str | None] = mapped_column(Text)
    status_text: Mapped[str | None] = mapped_column(Text)
    entrant: Mapped[str | None] = mapped_column(Text)
    entry_team: Mapped[str | None] = mapped_column(Text)
    content_key: Mapped[int] = mapped_column(BIG)


class Record(Base):
    """The live delivery of a channel's own record: key is a hash of channel and external id."""

    __tablename__ = "record"

    key: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    submission_id: Mapped[int] = mapped_column(BIG)


class Counter(Base):
    """A transactional counter: ids on SQLite, lead numbers, assignments in commit order."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(BIG)


class Message(Base):
    """The outbox: nothing is sent that is not here, and what is here is sent once."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_pending", "state", "id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # natural key of what it says to whom: makes telling repeatable
    key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    # by which way it goes: mail, wecom
    channel: Mapped[str] = mapped_column(Text, default="mail", server_default="mail")
    # pending -> sending -> sent | refused | unknown | dead (put off too often); gathered: another one says it
    state: Mapped[str] = mapped_column(Text)
    # not tried again before; empty: at once
    next_at: Mapped[datetime | None]
    # tells of an A lead: goes out at once in working hours
    urgent: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class MessageFile(Base):
    """An attachment of a message."""

    __tablename__ = "message_file"

    message_id: Mapped[int] = mapped_column(BIG, ForeignKey("message.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
