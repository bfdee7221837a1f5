"""a follow-up can be corrected by one of another lead: found by that one"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NAME = "ix_follow_up_superseded"
_REPLACED = sa.text("superseded_by IS NOT NULL")


def upgrade() -> None:
    """Apply this step."""
    op.create_index(_NAME, "follow_up", ["superseded_by"], sqlite_where=_REPLACED, postgresql_where=_REPLACED)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index(_NAME, "follow_up")
