"""leave that people add beside the roster; leads that nobody could take are found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_HELD = sa.text("status = 'new' AND owner IS NULL AND closed_at IS NULL")


def upgrade() -> None:
    """Apply this step."""
    op.add_column("leave", sa.Column("deputy", sa.Text(), nullable=True))
    op.add_column("leave", sa.Column("origin", sa.Text(), nullable=False, server_default="roster"))
    op.add_column("leave", sa.Column("said_by", sa.Text(), nullable=True))
    op.create_index("ix_lead_held", "lead", ["id"], sqlite_where=_HELD, postgresql_where=_HELD)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_lead_held", "lead")
    for name in ("deputy", "origin", "said_by"):
        op.drop_column("leave", name)
