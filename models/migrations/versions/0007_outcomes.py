"""outcomes, stages, foreign histories, and what figures are told apart by in events"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LIVE = sa.text("until IS NULL")


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _times() -> list[sa.Column[object]]:
    return [
        sa.Column("recorded_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
    ]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=True) for name in names]


def upgrade() -> None:
    """Apply this step."""
    _events()
    _outcomes()
    _history()
    _reviews()
    if op.get_bind().dialect.name == "postgresql":
        for name in ("outcome", "stage_entry", "history_record", "review"):
            op.execute(f"CREATE SEQUENCE {name}_seq CACHE 1")


def _events() -> None:
    for column in _texts("stage", "tier", "source", "industry", "region", "size"):
        op.add_column("lead_event", column)
    op.add_column("lead_event", sa.Column("contact_at", UtcDateTime(timezone=True), nullable=True))


def _outcomes() -> None:
    op.create_table(
        "outcome",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("lead_id", _big(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=True),
        *_times(),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("amount", sa.Float(), nullable=True),
        *_texts("currency", "reason", "competitor", "would_have_helped", "contract_number"),
        sa.Column("contract_on", sa.Date(), nullable=True),
        sa.Column("paid_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome")),
    )
    op.create_index("uq_outcome_live", "outcome", ["lead_id"], unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)
    op.create_index("ix_outcome_lead_id", "outcome", ["lead_id"])
    op.create_table(
        "stage_entry",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("lead_id", _big(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=True),
        *_times(),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_entry")),
    )
    op.create_index("ix_stage_entry_lead_id", "stage_entry", ["lead_id"])


def _reviews() -> None:
    op.create_table(
        "review",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("as_of", UtcDateTime(timezone=True), nullable=False),
        sa.Column("built_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("made_with", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("kind", "period", "scope", "as_of", name=op.f("uq_review_kind_period_scope_as_of")),
    )
    op.create_table(
        "review_row",
        sa.Column("review_id", _big(), autoincrement=False, nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("review_id", "dataset", "line", name=op.f("pk_review_row")),
    )


def _history() -> None:
    op.create_table(
        "history_record",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("lead_id", _big(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", _big(), nullable=False),
        *_times(),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("contact_at", UtcDateTime(timezone=True), nullable=True),
        *_texts("company", "source", "industry", "region", "size", "need_type", "product", "grade", "owner", "team"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_record")),
    )
    op.create_index(
        "uq_history_record_live",
        "history_record",
        ["system", "external_id"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_index("ix_history_record_lead_id", "history_record", ["lead_id"])
