"""The handbooks' records: contacts with a customer, and the objections that he raised."""

from datetime import date, datetime

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base

_REPLACED = text("superseded_by IS NOT NULL")


class FollowUp(Base):
    """One contact with a customer, or one attempt; superseded by a corrected one, never edited."""

    __tablename__ = "follow_up"
    __table_args__ = (
        Index("ix_follow_up_lead", "lead_id", "at"),
        # what a correction took the place of, on whichever lead that was
        Index("ix_follow_up_superseded", "superseded_by", sqlite_where=_REPLACED, postgresql_where=_REPLACED),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG)
    # what makes the same record the same: a page's own number, a file's row, or the content
    key: Mapped[str] = mapped_column(Text, unique=True)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    person: Mapped[str] = mapped_column(Text)
    # cli, page, api, file
    channel: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[int | None] = mapped_column(BIG)
    # 电话, 面谈, 拜访, 邮件, 线上演示, 线上会议, 微信
    method: Mapped[str] = mapped_column(Text)
    # answered, not_reached, replied_later
    outcome: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    feedback: Mapped[str | None] = mapped_column(Text)
    # facts that the customer confirmed, by field: budget|chain
    confirmed: Mapped[str] = mapped_column(Text, default="")
    next_action: Mapped[str | None] = mapped_column(Text)
    next_person: Mapped[str | None] = mapped_column(Text)
    next_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(Text)
    risk: Mapped[str | None] = mapped_column(Text)
    milestone: Mapped[str | None] = mapped_column(Text)
    stage: Mapped[str | None] = mapped_column(Text)
    tier: Mapped[str | None] = mapped_column(Text)
    plan: Mapped[str | None] = mapped_column(Text)
    support: Mapped[str | None] = mapped_column(Text)
    support_at: Mapped[datetime | None]
    pause_until: Mapped[datetime | None]
    # reactivate (待激活), hold (暂缓)
    pause_kind: Mapped[str | None] = mapped_column(Text)
    pause_event: Mapped[str | None] = mapped_column(Text)
    close_on: Mapped[date | None]
    probability: Mapped[float | None]
    amount: Mapped[float | None]
    obstacle: Mapped[str | None] = mapped_column(Text)
    contract_number: Mapped[str | None] = mapped_column(Text)
    contract_on: Mapped[date | None]
    contract_amount: Mapped[float | None]
    first_payment: Mapped[float | None]
    first_payment_on: Mapped[date | None]
    lost_reason: Mapped[str | None] = mapped_column(Text)
    competitor: Mapped[str | None] = mapped_column(Text)
    would_have_helped: Mapped[str | None] = mapped_column(Text)
    # when which later record took its place
    superseded_at: Mapped[datetime | None]
    superseded_by: Mapped[int | None] = mapped_column(BIG)
    # what it says of objections, as it was said: the kind, the answer, whether they are settled (yes, no)
    category: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    settled: Mapped[str | None] = mapped_column(Text)


class Objection(Base):
    """What a customer objected, when its answer was planned, and what came of it."""

    __tablename__ = "objection"
    __table_args__ = (Index("ix_objection_lead", "lead_id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG)
    follow_up_id: Mapped[int] = mapped_column(BIG)
    at: Mapped[datetime]
    category: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    # the answer that is planned: what, by whom, until when, and in which follow-up it was said
    answer: Mapped[str | None] = mapped_column(Text)
    answer_person: Mapped[str | None] = mapped_column(Text)
    answer_due_at: Mapped[datetime | None]
    planned_at: Mapped[datetime | None]
    planned_in: Mapped[int | None] = mapped_column(BIG)
    # when it was given, and whether it convinced
    answered_at: Mapped[datetime | None]
    answered_in: Mapped[int | None] = mapped_column(BIG)
    worked: Mapped[bool | None]
