"""running clocks of one rule by their due times, and a person's leads, are found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

_RUNNING = sa.text("ended_at IS NULL")
_OWNED = sa.text("owner IS NOT NULL")


def upgrade() -> None:
    """Apply this step."""
    op.create_index("ix_clock_running", "clock", ["policy", "due_at"], sqlite_where=_RUNNING, postgresql_where=_RUNNING)
    op.create_index("ix_lead_owner", "lead", ["owner"], sqlite_where=_OWNED, postgresql_where=_OWNED)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_lead_owner", "lead")
    op.drop_index("ix_clock_running", "clock")
