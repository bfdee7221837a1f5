"""what a follow-up says of objections stands with it, so that it can be held against what is told again"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_COLUMNS = ("category", "answer", "settled")
_OF = "o.lead_id = follow_up.lead_id AND o"
_RAISED = f"(SELECT max(o.category) FROM objection o WHERE {_OF}.follow_up_id = follow_up.id)"
_PLANNED = f"(SELECT max(o.answer) FROM objection o WHERE {_OF}.planned_in = follow_up.id)"
_LATER = "EXISTS (SELECT 1 FROM follow_up l WHERE l.lead_id = follow_up.lead_id AND l.at > follow_up.at)"
_SETTLED = "EXISTS (SELECT 1 FROM objection o WHERE {of}.answered_in = follow_up.id AND {worked})"


def upgrade() -> None:
    """Apply this step."""
    for name in _COLUMNS:
        op.add_column("follow_up", sa.Column(name, sa.Text(), nullable=True))
    # the next action stands for an answer where none was said, and a later follow-up may have said another one
    answer = f"CASE WHEN {_PLANNED} = next_action OR {_LATER} THEN NULL ELSE {_PLANNED} END"
    yes, no = (_SETTLED.format(of=_OF, worked=worked) for worked in ("o.worked", "NOT o.worked"))
    settled = f"CASE WHEN {yes} THEN 'yes' WHEN {no} THEN 'no' END"
    op.execute(
        f"UPDATE follow_up SET category = {_RAISED}, answer = {answer}, settled = {settled} WHERE lead_id IN"
        " (SELECT lead_id FROM objection)"
    )


def downgrade() -> None:
    """Take this step back."""
    for name in _COLUMNS:
        op.drop_column("follow_up", name)
