"""partner feeds: rounds, pages, records, and rows that were withdrawn"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "feed",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("complete_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_feed")),
    )
    op.create_table(
        "feed_page",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("number", _big(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "number", name=op.f("pk_feed_page")),
    )
    op.create_index(op.f("ix_feed_page_at"), "feed_page", ["at"])
    op.create_table(
        "feed_record",
        sa.Column("key", _big(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.Float(), nullable=True),
        sa.Column("digest", _big(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_feed_record")),
    )
    op.create_table(
        "withdrawal",
        sa.Column("submission_id", _big(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_withdrawal")),
    )
