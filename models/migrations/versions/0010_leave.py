"""leave that people add beside the roster"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("leave", sa.Column("deputy", sa.Text(), nullable=True))
    op.add_column("leave", sa.Column("origin", sa.Text(), nullable=False, server_default="roster"))
    op.add_column("leave", sa.Column("said_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    for name in ("deputy", "origin", "said_by"):
        op.drop_column("leave", name)
