"""plans of a working day; leads that nobody has are found by an index"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

_LIVE = sa.text("until IS NULL")
_UNOWNED = sa.text("owner IS NULL AND closed_at IS NULL AND verdict <> 'invalid'")


def _id(name: str) -> "sa.Column[int]":
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, big, autoincrement=False, nullable=False)


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "plan",
        _id("id"),
        _text("person"),
        sa.Column("day_on", sa.Date(), nullable=False),
        _text("state"),
        _text("actor"),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_index(
        "uq_plan_live", "plan", ["person", "day_on"], unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    )
    op.create_table(
        "plan_item",
        _id("plan_id"),
        _id("lead_id"),
        _text("section"),
        _text("instead_of", nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=False),
        _text("note", nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "lead_id", name=op.f("pk_plan_item")),
    )
    op.create_index("ix_lead_unowned", "lead", ["region"], sqlite_where=_UNOWNED, postgresql_where=_UNOWNED)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_lead_unowned", "lead")
    op.drop_table("plan_item")
    op.drop_table("plan")
