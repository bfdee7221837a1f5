"""What was known of leads at a moment in the past, and what the log says that they were then."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models.db import look_up, read_frame, stored_moment
from tasks.arrival import Arrival
from tasks.clocks import reckoner_of
from tasks.record_rows import RECORD_COLUMNS, typed_records
from tasks.rules.lifecycle.begin import begin_states
from tasks.rules.lifecycle.state import CONFIRMED_BY, STALLED, Facts
from tasks.state_facts import LEAD_COLUMNS, read_words, with_evidence

#: What the log says of a lead, and is held against state().
AS_TOLD = ("status", "tier", "stage", "state_rule", "pause_kind", "grade")
_LEADS = f"""
SELECT l.id AS lead_id, {", ".join(f"l.{name}" for name in LEAD_COLUMNS)} FROM wanted w JOIN lead l ON l.id = w.key
"""
_EVENTS = """
SELECT e.lead_id, e.id, e.kind, e.at, e.status, e.verdict, e.grade, e.grade_rule, e.owner, e.owner_rule, e.account_id,
e.facts, e.tier, e.stage FROM wanted w JOIN lead_event e ON e.lead_id = w.key AND e.kind <> 'follow_up'
ORDER BY e.lead_id, e.id
"""
_JOINED = """
SELECT l.id AS lead_id, l.joined_into AS into_id, l.closed_at FROM lead l WHERE l.joined_into IS NOT NULL
"""
_RECORDED = """
SELECT e.lead_id AS first_id, e.facts FROM wanted w JOIN lead_event e ON e.lead_id = w.key AND e.kind = 'follow_up'
"""
_RECORDS = f"""
SELECT {", ".join(f"f.{name}" for name in RECORD_COLUMNS)} FROM wanted w JOIN follow_up f ON f.id = w.key
AND f.recorded_at <= :cut AND (f.superseded_at IS NULL OR f.superseded_at > :cut)
"""
_WORDS = """
SELECT j.lead_id, j.field, j.value AS said, j.columns, j.since, j.actor FROM wanted w
JOIN judgement j ON j.lead_id = w.key AND j.since <= :cut AND (j.until IS NULL OR j.until > :cut)
AND j.field IN ('tier', 'stage', 'grade', 'closing') ORDER BY j.id
"""
_OWNED = """
SELECT a.lead_id, max(a.since) AS since FROM wanted w
JOIN assignment a ON a.lead_id = w.key AND a.since <= :cut AND (a.until IS NULL OR a.until > :cut) GROUP BY a.lead_id
"""
_SILENT = """
SELECT o.lead_id, o.at FROM wanted w JOIN outcome o ON o.lead_id = w.key AND o.actor = 'leadflow'
AND o.result = 'lost' AND o.until IS NULL
"""


def facts_at(
    conn: Connection, ids: Iterable[int], arrival: Arrival, config: Config
) -> tuple[Facts, pd.DataFrame]:  # fmt: skip
    """The facts of leads as they were known at the moment of an arrival, and the leads as the log tells them then.

    Leads that were not there yet are left out. What rows said is taken from the evidence of their last decision.
    """
    wanted = pd.Series(sorted(ids), dtype="int64")
    cut, now = stored_moment(conn, arrival.as_of), arrival.at
    leads = look_up(conn, wanted, "BIGINT", _LEADS).set_index("lead_id", drop=False)
    events = look_up(conn, wanted, "BIGINT", _EVENTS)
    known = events[(events["at"] <= now).to_numpy(dtype=bool)]
    last = known.drop_duplicates("lead_id", keep="last").set_index("lead_id")
    leads = leads[leads["lead_id"].isin(last.index)].sort_index()
    last = last.reindex(leads.index)
    for name in ("status", "verdict", "owner", "owner_rule"):
        leads[name] = last[name]
    decided = known[~known["grade_rule"].isin((STALLED, CONFIRMED_BY)).to_numpy(dtype=bool)]
    decided = decided.drop_duplicates("lead_id", keep="last").set_index("lead_id").reindex(leads.index)
    leads = leads.assign(grade=decided["grade"], grade_rule=decided["grade_rule"])
    owned = look_up(conn, wanted, "BIGINT", _OWNED, cut=cut).set_index("lead_id")["since"]
    silent = look_up(conn, wanted, "BIGINT", _SILENT).set_index("lead_id")["at"].reindex(leads.index)
    leads["owner_since"] = owned.reindex(leads.index).astype("datetime64[us]")
    leads["silent_at"] = silent.astype("datetime64[us]").where(silent <= now)
    leads = _evidence(leads, known)
    told = _as_told(conn, leads, known, last, arrival, config)
    words = read_words(look_up(conn, wanted, "BIGINT", _WORDS, cut=cut))
    facts = Facts(leads.reset_index(drop=True), _records(conn, wanted, now, cut), words)
    return facts, told


def _evidence(leads: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Leads with the facts of their last decision of that time."""
    told = events[events["facts"].fillna("").str.contains("need=").to_numpy(dtype=bool)]
    told = told[~told["kind"].isin(("joined", "state")).to_numpy(dtype=bool)]
    return with_evidence(leads, told.drop_duplicates("lead_id", keep="last").set_index("lead_id")["facts"])


def _records(conn: Connection, wanted: pd.Series, now: pd.Timestamp, cut: Any) -> pd.DataFrame:
    """The follow-ups that were known then, with the lead that had them then."""
    joined = read_frame(conn, _JOINED)
    joined = joined[(joined["closed_at"] <= now).to_numpy(dtype=bool)]
    into = dict(zip(joined["lead_id"].astype("int64"), joined["into_id"].astype("int64"), strict=True))
    mine = set(wanted)
    also = {lead for lead in into if _last(into, lead) in mine}
    asked = pd.Series(sorted(mine | also), dtype="int64")
    events = look_up(conn, asked, "BIGINT", _RECORDED)
    ids = events["facts"].astype("str").str.extract(r"^follow_up=(\d+)", expand=False)
    first = pd.Series(events["first_id"].to_numpy(np.int64), index=ids.astype("int64").to_numpy())
    first = first[~first.index.duplicated()]
    records = typed_records(
        look_up(conn, pd.Series(first.index, dtype="int64").sort_values(), "BIGINT", _RECORDS, cut=cut)
    )
    lead = [_last(into, int(one)) for one in first.reindex(records["id"]).to_numpy(np.int64)]
    records = records.assign(lead_id=np.array(lead, dtype=np.int64))
    return records[records["lead_id"].isin(mine)].reset_index(drop=True)


def _last(into: dict[int, int], lead: int) -> int:
    while lead in into:
        lead = into[lead]
    return lead


def _as_told(
    conn: Connection, leads: pd.DataFrame, known: pd.DataFrame, last: pd.DataFrame, arrival: Arrival, config: Config
) -> pd.DataFrame:
    """The columns AS_TOLD as the log says them; of a lead that nobody had followed, what it begins with."""
    states = known[(known["kind"] == "state").to_numpy(dtype=bool)].drop_duplicates("lead_id", keep="last")
    states = states.set_index("lead_id").reindex(leads.index)
    reckoner = reckoner_of(conn, config.rules, config, arrival.zone)
    begun, _ = begin_states(leads.reset_index(drop=True), config.rules, arrival.at, reckoner)
    begun = begun.set_axis(leads.index)
    told = pd.DataFrame({"lead_id": leads["lead_id"], "number": leads["number"], "status": last["status"]})
    told["grade"] = last["grade"]
    for name in ("tier", "stage"):
        told[name] = states[name].where(states["facts"].notna(), begun[name])
    for name, part in (("state_rule", "rule"), ("pause_kind", "pause")):
        said = states["facts"].astype("str").str.extract(rf"(?:^|\|){part}=([^|]*)", expand=False)
        told[name] = said.where(states["facts"].notna(), begun[name])
    return told.reset_index(drop=True)
