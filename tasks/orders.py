"""A person's word about many rows at once: whose it is, why, and when."""

from dataclasses import dataclass
from datetime import datetime


class OrderError(Exception):
    """The word cannot be taken; the message says why."""


@dataclass(frozen=True)
class Order:
    """Whose word it is, why, and the times it bears."""

    actor: str
    reason: str
    as_of: datetime
    recorded_at: datetime
    zone: str

    def check(self) -> None:
        """OrderError where no reason is given."""
        if not self.reason.strip():
            raise OrderError("the reason is blank: whoever reads a lead's story must learn why")
