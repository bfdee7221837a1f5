"""What the pool offers: the leads that nobody has, all of them, or those of one person's territory and role."""

from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.people import Person
from config.schema import Config
from models.db import read_frame
from tasks.pool import cooling
from tasks.rules.eligible import covers
from tasks.rules.owner_rules import may_have

_OFFERED = """
SELECT l.id AS lead_id, l.number, l.status, l.region, l.industry, l.grade, l.verdict, l.opened_at, l.account_id,
a.name AS company, c.name AS contact, o.person AS holder,
(SELECT max(x.until) FROM assignment x WHERE x.lead_id = l.id) AS since,
(SELECT x.person FROM assignment x WHERE x.lead_id = l.id ORDER BY x.id DESC LIMIT 1) AS former
FROM lead l LEFT JOIN account a ON a.id = l.account_id LEFT JOIN contact c ON c.id = l.contact_id
LEFT JOIN account_owner o ON o.account_id = l.account_id AND o.until IS NULL
WHERE l.owner IS NULL AND l.closed_at IS NULL AND l.verdict <> 'invalid' ORDER BY l.grade, l.opened_at, l.id
"""


def offered(conn: Connection) -> pd.DataFrame:
    """The leads that nobody has, the best first: lead_id, number, region, industry, grade, company, contact, since
    (given back, else opened), former, holder (whose company it is)."""
    found = read_frame(conn, _OFFERED)
    return found.assign(since=found["since"].fillna(found["opened_at"]))


def offered_to(conn: Connection, person: Person, config: Config, as_of: datetime) -> pd.DataFrame:
    """What of it is of a person's regions, industries and role, and no other's company; `free`: from when he may
    claim what he had himself (naive UTC)."""
    found = offered(conn)
    # each territory once, however many leads it has
    places = found["region"].fillna("") + "|" + found["industry"].fillna("")
    near = {place: covers(person, *(part or None for part in place.split("|", 1))) for place in places.unique()}
    mine = places.map(near).to_numpy(dtype=bool) & (found["holder"].fillna(person.id) == person.id).to_numpy(dtype=bool)
    mine &= may_have(found, pd.Series(np.full(len(found), person.id)), (person,), config.rules)
    free = cooling(conn, person.id, config, as_of)
    times = pd.to_datetime(found["lead_id"].map(free), utc=True).dt.tz_localize(None)
    return found.assign(free=times)[mine].reset_index(drop=True)
