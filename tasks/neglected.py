"""Leads that nobody tried and that went to the pool as 无人跟进: they count against who had them (H2-2-tiers)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from config.schema import Rules
from models.db import read_frame, stored_moment
from tasks.rules.quality import neglect_rules
from tasks.rules.zones import local_times

COLUMNS = ("person", "name", "team", "leads", "A", "B", "C", "numbers")
_NEGLECTED = """
SELECT e.at, e.grade, l.number, a.person, COALESCE(p.name, a.person) AS name, COALESCE(p.team, '') AS team
FROM lead_event e JOIN lead l ON l.id = e.lead_id JOIN assignment a ON a.lead_id = e.lead_id AND a.until = e.at
JOIN submission s ON s.id = l.origin_id JOIN batch b ON b.id = s.batch_id
LEFT JOIN person p ON p.code = a.person AND p.until IS NULL
WHERE e.kind = 'pooled' AND e.facts = '' AND e.owner_rule IN ({rules}) AND e.recorded_at <= :cut {channel} ORDER BY e.id
"""


def neglected(
    conn: Connection, rules: Rules, zone: ZoneInfo, as_of: datetime, month: str | None, channel: str | None
) -> pd.DataFrame:
    """Count by owner the leads that went to the pool because he had not tried them: COLUMNS, the most first.

    As known at `as_of` (aware), of one month (2026-10) in which they went or of one channel where they are named. What
    only went along with another lead of its company does not count.
    """
    named = {f"r{at}": rule for at, rule in enumerate(sorted(neglect_rules(rules)))}
    query = _NEGLECTED.format(
        rules=", ".join(f":{name}" for name in named) or "NULL", channel="AND b.channel = :channel" if channel else ""
    )
    asked = {"channel": channel} if channel else {}
    found = read_frame(conn, query, cut=stored_moment(conn, as_of), **named, **asked)
    went = local_times(found["at"], zone).dt.strftime("%Y-%m")
    found = found[(went == month).to_numpy(dtype=bool)] if month else found
    groups = found.groupby(["person", "name", "team"])
    counted = pd.DataFrame({"leads": groups.size(), "numbers": groups["number"].agg("|".join)})
    for grade in ("A", "B", "C"):
        counted[grade] = found[found["grade"] == grade].groupby(["person", "name", "team"]).size()
    counted = counted.fillna(dict.fromkeys("ABC", 0)).astype(dict.fromkeys((*"ABC", "leads"), "int64")).reset_index()
    return counted.sort_values(["leads", "person"], ascending=[False, True], ignore_index=True)[list(COLUMNS)]
