"""A person's word about leads or about many rows at once: whose it is, why, and when."""

from dataclasses import dataclass
from datetime import UTC, datetime

from config.schema import Channel
from tasks.arrival import Arrival
from tasks.coded import Coded


class OrderError(Exception):
    """The word cannot be taken; the message says why."""


class CodedError(Coded, OrderError):
    """The same, told by a code, too."""


class NotHisError(CodedError):
    """What is another's work is not this person's to decide."""

    def __init__(self, actor: str, what: str, owner: str) -> None:
        text = "{what} is {owner}'s: {actor} may not say so; {owner}, those above and managers may"
        super().__init__("not_his", text, what=what, owner=owner, actor=actor)


MACHINE = "leadflow"


@dataclass(frozen=True)
class Order:
    """Whose word it is, why, and the times it bears."""

    actor: str
    reason: str
    as_of: datetime
    recorded_at: datetime
    zone: str

    def arrival(self, kind: str = "changed") -> Arrival:
        """What is decided by it, as something that came by hand; `kind`: what its events are called."""
        return Arrival(None, Channel(name="by-hand"), self.as_of, self.recorded_at, self.zone, self.actor, kind)

    def check(self) -> None:
        """OrderError where no reason is given."""
        if not self.reason.strip():
            raise OrderError("the reason is blank: whoever reads a lead's story must learn why")


def own_order(as_of: datetime, zone: str, recorded_at: datetime | None = None) -> Order:
    """What leadflow does of itself at a moment; recorded_at: when it becomes known (default: now)."""
    return Order(MACHINE, "", as_of, recorded_at or datetime.now(UTC), zone)
