"""calendar, clocks and escalations, follow-ups and objections; ways and waits of messages"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SEQUENCES = ("calendar_year", "clock", "escalation", "follow_up", "objection")


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply this step."""
    _calendar_year()
    _calendar_day()
    _clock()
    _escalation()
    _follow_up()
    _objection()
    op.add_column("message", sa.Column("channel", sa.Text(), nullable=False, server_default="mail"))
    op.add_column("message", sa.Column("next_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("leave", sa.Column("hours", sa.Text(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        for name in _SEQUENCES:
            op.execute(f"CREATE SEQUENCE {name}_seq CACHE 1")


def _calendar_year() -> None:
    op.create_table(
        "calendar_year",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_year")),
    )
    op.create_index(
        "uq_calendar_year_live",
        "calendar_year",
        ["year"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )


def _calendar_day() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("year_id", _big(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("year_id", "day", name=op.f("pk_calendar_day")),
    )


def _clock() -> None:
    op.create_table(
        "clock",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("lead_id", _big(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("subject_id", _big(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("paused_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("pauses", sa.Text(), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("held_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("breached_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("used_minutes", sa.Integer(), nullable=True),
        sa.Column("over_minutes", sa.Integer(), nullable=True),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_index("ix_clock_lead", "clock", ["lead_id"])
    op.create_index(
        "ix_clock_next",
        "clock",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "uq_clock_live",
        "clock",
        ["lead_id", "policy", "subject_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _escalation() -> None:
    op.create_table(
        "escalation",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("clock_id", _big(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scheduled_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("instead_of", sa.Text(), nullable=True),
        sa.Column("message_id", _big(), nullable=True),
        sa.Column("used_minutes", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint("clock_id", "step", "recipient", name=op.f("uq_escalation_clock_id_step_recipient")),
    )
    op.create_index("ix_escalation_at", "escalation", ["at"])
    op.create_index("ix_escalation_message", "escalation", ["message_id"])


def _follow_up() -> None:
    op.create_table(
        "follow_up",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("lead_id", _big(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("batch_id", _big(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("confirmed", sa.Text(), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=True),
        sa.Column("next_person", sa.Text(), nullable=True),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("risk", sa.Text(), nullable=True),
        sa.Column("milestone", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("support", sa.Text(), nullable=True),
        sa.Column("support_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("pause_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("pause_kind", sa.Text(), nullable=True),
        sa.Column("pause_event", sa.Text(), nullable=True),
        sa.Column("close_on", sa.Date(), nullable=True),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("amount", sa.Float(), nullable=True),
        sa.Column("obstacle", sa.Text(), nullable=True),
        sa.Column("contract_number", sa.Text(), nullable=True),
        sa.Column("contract_on", sa.Date(), nullable=True),
        sa.Column("contract_amount", sa.Float(), nullable=True),
        sa.Column("first_payment", sa.Float(), nullable=True),
        sa.Column("first_payment_on", sa.Date(), nullable=True),
        sa.Column("lost_reason", sa.Text(), nullable=True),
        sa.Column("competitor", sa.Text(), nullable=True),
        sa.Column("would_have_helped", sa.Text(), nullable=True),
        sa.Column("superseded_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("superseded_by", _big(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        sa.UniqueConstraint("key", name=op.f("uq_follow_up_key")),
    )
    op.create_index("ix_follow_up_lead", "follow_up", ["lead_id", "at"])


def _objection() -> None:
    op.create_table(
        "objection",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("lead_id", _big(), nullable=False),
        sa.Column("follow_up_id", _big(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_person", sa.Text(), nullable=True),
        sa.Column("answer_due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("planned_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("planned_in", _big(), nullable=True),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_in", _big(), nullable=True),
        sa.Column("worked", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    op.create_index("ix_objection_lead", "objection", ["lead_id"])
