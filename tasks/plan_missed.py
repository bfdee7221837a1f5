"""The supervisors' digest of plans after downtime: the one that now applies, within working hours, once."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, text

from config.schema import Config
from tasks.clocks import reckoner_of

_TOLD = "day-plan:told"
_KEEP = text("INSERT INTO counter (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value")
_KNOWN = text("SELECT value FROM counter WHERE name = :name")
# how far back a working day is looked for
_MOST_DAYS = 60


def missed_digest(conn: Connection, config: Config, as_of: datetime, zone: str) -> date | None:
    """The working day before, where supervisors should have heard at its end of today's plans, have not, and are at
    work now; nothing where no digest was ever due before: who begins to use plans has missed none."""
    told = conn.execute(_KNOWN, {"name": _TOLD}).scalar()
    today = as_of.astimezone(ZoneInfo(zone)).date()
    if told is None or int(told) >= today.toordinal():
        return None
    reckoner = reckoner_of(conn, config.rules, config, zone)
    now = np.datetime64(as_of.astimezone(UTC).replace(tzinfo=None), "s")
    if not reckoner.is_open(now, np.array([""], dtype=object))[0]:
        return None
    back = np.datetime64(today) - np.arange(1, _MOST_DAYS)
    worked = back[reckoner.works_on(back)]
    return worked[0].astype(object) if len(worked) else None


def note_told(conn: Connection, on: date) -> None:
    """Note that supervisors have heard of the plans of a day, if there was anything to hear."""
    conn.execute(_KEEP, {"name": _TOLD, "value": on.toordinal()})
