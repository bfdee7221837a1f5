"""A notice acknowledged by whoever got it: the steps that follow wait, the promise itself does not."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text

from config.schema import Config
from models import Clock
from models.db import begin, read_frame, stored_moment, take_turn, update_frame
from tasks.clocks import CLOCK_COLUMNS, reckoner_of
from tasks.rules.ladder import next_look

WAIT = "K-ACK"
_CLOCKS = f"""
SELECT DISTINCT {CLOCK_COLUMNS}, l.owner FROM escalation e JOIN clock c ON c.id = e.clock_id
JOIN lead l ON l.id = c.lead_id WHERE l.number = :number AND e.recipient = :person AND e.state = 'fired'
AND e.acknowledged_at IS NULL
"""
_NOTE = text("""
UPDATE escalation SET acknowledged_at = :at, acknowledged_by = :person WHERE recipient = :person AND state = 'fired'
AND acknowledged_at IS NULL AND clock_id IN (SELECT c.id FROM clock c JOIN lead l ON l.id = c.lead_id
WHERE l.number = :number)
""")


@dataclass(frozen=True)
class Acknowledged:
    """How many notices were acknowledged, and how many promises wait with their next step."""

    notices: int
    waiting: int


def acknowledge(engine: Engine, number: str, person: str, config: Config, as_of: datetime, zone: str) -> Acknowledged:
    """Note that a person has seen what he was told of a lead; later steps wait by K-ACK. Harmless when repeated."""
    rules = config.rules.at(as_of.astimezone(ZoneInfo(zone)).date())
    with begin(engine) as conn:
        take_turn(conn)
        clocks = read_frame(conn, _CLOCKS, number=number, person=person)
        at = stored_moment(conn, as_of)
        noted = conn.execute(_NOTE, {"at": at, "person": person, "number": number}).rowcount
        running = clocks[clocks["ended_at"].isna() & clocks["next_at"].notna() & clocks["paused_at"].isna()]
        reckoner = reckoner_of(conn, rules, config, zone)
        now = np.datetime64(pd.Timestamp(as_of).tz_convert("UTC").tz_localize(None), "s")
        waiting = 0
        for rule in rules.sla:
            mine = running[running["policy"] == rule.id].reset_index(drop=True)
            if mine.empty:
                continue
            key = reckoner.calendars.keys(mine["person"].fillna(mine["owner"]), np.full(len(mine), rule.hours))
            start = np.full(len(mine), now)
            hours = np.full(len(mine), f"{int(rules.value(WAIT))} hours", dtype=object)
            held = reckoner.due(start, hours, key, np.full(len(mine), "", dtype=object))
            mine = mine.assign(key=key, held_until=held)
            mine["next_at"] = next_look(mine, rule, reckoner)
            times = {name: mine[name].astype("datetime64[us]") for name in ("held_until", "next_at")}
            update_frame(conn, Clock, pd.DataFrame({"id": mine["id"], **times}))
            waiting += len(mine)
        return Acknowledged(noted, waiting)
