"""What people said of leads: verdicts, grades, owners and corrected values."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base


class Judgement(Base):
    """One word of a person about one field of a lead; superseded by the next about it, never edited.

    `field`: verdict, grade, owner, or a field of the row. `value` as it was typed, `columns` as it was read (JSON),
    `was`: what the lead said of the field before.
    """

    __tablename__ = "judgement"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    lead_id: Mapped[int] = mapped_column(BIG, index=True)
    field: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    columns: Mapped[str] = mapped_column(Text)
    was: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
