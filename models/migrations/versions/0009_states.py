"""what leads are while they are followed, and when that changes next"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHANGING = sa.text("state_at IS NOT NULL")
_TEXTS = ("tier_rule", "stage_rule", "state_rule", "pause_kind", "probability_rule", "phase", "missing", "hints")


def upgrade() -> None:
    """Apply this step."""
    for name in _TEXTS:
        op.add_column("lead", sa.Column(name, sa.Text(), nullable=True))
    for name in ("paused_until", "state_at"):
        op.add_column("lead", sa.Column(name, UtcDateTime(timezone=True), nullable=True))
    op.add_column("lead", sa.Column("probability", sa.Float(), nullable=True))
    op.create_index("ix_lead_state_at", "lead", ["state_at"], sqlite_where=_CHANGING, postgresql_where=_CHANGING)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_lead_state_at", "lead")
    for name in (*_TEXTS, "paused_until", "state_at", "probability"):
        op.drop_column("lead", name)
