"""The supervisors' digest of plans after downtime: the one that now applies, within working hours, once."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, text

from config.schema import Config
from tasks.clocks import reckoner_of
from tasks.rules.due import Reckoner

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
    back = (today - timedelta(days=days) for days in range(1, _MOST_DAYS))
    return next((day for day in back if _works(reckoner, day)), None)


def note_told(conn: Connection, on: date) -> None:
    """Note that supervisors have heard of the plans of a day, if there was anything to hear."""
    conn.execute(_KEEP, {"name": _TOLD, "value": on.toordinal()})


def _works(reckoner: Reckoner, on: date) -> bool:
    day = np.array([on], dtype="datetime64[D]")
    company = np.array([""], dtype=object)
    midnight = reckoner.utc(day.astype("datetime64[s]"))
    return bool(reckoner.used(midnight, reckoner.day_end(day), company, company)[0] > 0)
