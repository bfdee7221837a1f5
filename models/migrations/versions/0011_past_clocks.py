"""clocks as they stood before; decisions of reviews; what was learnt"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _id(name: str = "id") -> "sa.Column[int]":
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, big, autoincrement=False, nullable=False)


def _time(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    """Apply this step."""
    op.add_column("clock", _time("known_at", nullable=True))
    op.create_table(
        "clock_past",
        _id(),
        _id("clock_id"),
        _time("until"),
        _id("lead_id"),
        _time("started_at"),
        *(_time(name, nullable=True) for name in ("due_at", "ended_at")),
        _text("ending", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_past")),
    )
    op.create_index("ix_clock_past_until", "clock_past", ["until"])
    op.create_table(
        "review_decision",
        _id(),
        sa.Column("number", sa.Integer(), nullable=False),
        *map(_text, ("kind", "period", "scope", "decision", "who")),
        sa.Column("due_on", sa.Date(), nullable=True),
        _text("state"),
        _text("outcome", nullable=True),
        _text("actor"),
        _time("at"),
        _time("until", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decision")),
    )
    op.create_index("ix_review_decision_period", "review_decision", ["kind", "period"])
    op.create_table(
        "knowledge",
        _id(),
        *map(_text, ("kind", "title", "body", "tags")),
        _text("lead_number", nullable=True),
        _text("actor"),
        _time("at"),
        _time("until", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in ("clock_past", "review_decision", "knowledge"):
            op.execute(f"CREATE SEQUENCE {name}_seq CACHE 1")


def downgrade() -> None:
    """Take this step back."""
    if op.get_bind().dialect.name == "postgresql":
        for name in ("clock_past", "review_decision", "knowledge"):
            op.execute(f"DROP SEQUENCE {name}_seq")
    for name in ("knowledge", "review_decision", "clock_past"):
        op.drop_table(name)
    op.drop_column("clock", "known_at")
