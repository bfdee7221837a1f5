"""How far the turns of those who share leads have come."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BIG, Base


class Share(Base):
    """The standing of one group of people, or what everybody was given today; id is a hash of the name."""

    __tablename__ = "share"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    # the rule, the role asked and a digest of the people; the rule and the role; or «today»
    name: Mapped[str] = mapped_column(Text)
    # JSON: rows [person, weight, leads given] in the order in which ties go, and of which roster they are; or the
    # people of the role and what each is owed; or the day and a count a person
    detail: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
