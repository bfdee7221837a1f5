"""Reviews: what was computed for a period as of a moment, and of which bytes it was made."""

from datetime import datetime

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base


class Review(Base):
    """One build of a period's datasets; building it again gives the same files."""

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("kind", "period", "scope", "as_of"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # weekly, monthly, quarterly
    kind: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    # whose leads: a team, or '' for all
    scope: Mapped[str] = mapped_column(Text)
    as_of: Mapped[datetime]
    built_at: Mapped[datetime]
    rules_version: Mapped[str] = mapped_column(Text)
    # versions of what the files were made with (JSON)
    made_with: Mapped[str] = mapped_column(Text)
    # name → SHA-256 (JSON)
    files: Mapped[str] = mapped_column(Text)


class ReviewRow(Base):
    """One line of a dataset of a review, as JSON."""

    __tablename__ = "review_row"

    review_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    dataset: Mapped[str] = mapped_column(Text, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[str] = mapped_column(Text)
