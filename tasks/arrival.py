"""The batch that a chunk belongs to, and the times that its decisions bear."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd

from config.schema import Channel


@dataclass(frozen=True)
class Arrival:
    """Where a chunk comes from and who acts; `as_of` (aware) is the time that its decisions bear.

    A person's mending of stored rows has no batch.
    """

    batch_id: int | None
    channel: Channel
    as_of: datetime
    recorded_at: datetime
    zone: str
    actor: str = "leadflow"
    # what its events are called where nothing has arrived
    kind: str = "changed"

    @property
    def local(self) -> datetime:
        """The time of the decisions in the business zone."""
        return self.as_of.astimezone(ZoneInfo(self.zone))

    @property
    def at(self) -> pd.Timestamp:
        """The time of the decisions as tables keep it: naive UTC."""
        return _naive(self.as_of)

    @property
    def recorded(self) -> pd.Timestamp:
        """The time of writing as tables keep it: naive UTC."""
        return _naive(self.recorded_at)


def _naive(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment.astimezone(UTC).replace(tzinfo=None)).as_unit("us")
