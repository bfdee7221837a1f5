"""posts of forms and webhooks, parts of chunks, findings of spot checks, messages that do not wait"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "post",
        sa.Column("seq", _big(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_post")),
        sa.UniqueConstraint("id", name=op.f("uq_post_id")),
        sa.UniqueConstraint("channel", "message_id", name=op.f("uq_post_channel_message_id")),
    )
    op.create_index("ix_post_state", "post", ["state", "seq"])
    op.create_index(op.f("ix_post_received_at"), "post", ["received_at"])
    op.create_index(op.f("ix_post_reference"), "post", ["reference"])
    op.create_table(
        "post_taken",
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("batch_id", _big(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_post_taken")),
    )
    op.create_table(
        "spot_check",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("lead_id", _big(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check")),
        sa.UniqueConstraint("week", "lead_id", name=op.f("uq_spot_check_week_lead_id")),
    )
    op.add_column("batch", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("message", sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
