"""Checked follow-ups written down within an open transaction, with all that follows from each (H1-3.4)."""

import pandas as pd
from sqlalchemy import Connection, text

from config.schema import Config
from models import FollowUp, Lead
from models.db import insert_frame, look_up, take_ids, update_frame
from tasks.arrival import Arrival
from tasks.clocks import reckoner_of
from tasks.history import DECISION, append_events, without_traits
from tasks.moved_leads import end_promises, left, plan_anew, touched_first
from tasks.moved_times import move_times
from tasks.objections import answers_nothing, follow_objections, raise_objections
from tasks.put_right import earlier_of, last_of, next_actions, supersede
from tasks.records_due import follow_subjects
from tasks.state import keep_current
from tasks.told_again import KNOWN

_LEADS = f"""
SELECT l.id AS lead_id, l.number, l.status, l.closed_at, i.number AS into_number, l.account_id, l.contact_id, l.owner,
l.owner_rule, l.touched_at, l.next_action_id, l.tier, l.source, {", ".join(f"l.{name}" for name in DECISION)}
FROM wanted w JOIN lead l ON l.number = w.key LEFT JOIN lead i ON i.id = l.joined_into
"""
_ACKNOWLEDGE = text("""
UPDATE escalation SET acknowledged_at = :at, acknowledged_by = :person WHERE recipient = :person AND state = 'fired'
AND acknowledged_at IS NULL AND clock_id IN (SELECT id FROM clock WHERE lead_id = :lead)
""")


def found_of(conn: Connection, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The stored records of the same keys, by key, the leads, by number, and the records to be corrected, by id."""
    known = look_up(conn, rows["key"].drop_duplicates(), "TEXT", KNOWN).set_index("key")
    earlier = earlier_of(conn, rows)
    numbers = pd.concat([rows["number"], rows["corrects_lead"], earlier["number"]]).astype("str")
    leads = look_up(conn, numbers.dropna().drop_duplicates(), "TEXT", _LEADS).set_index("number")
    return known, leads, earlier


def write_records(
    conn: Connection, rows: pd.DataFrame, known: pd.DataFrame, leads: pd.DataFrame, earlier: pd.DataFrame,
    config: Config, arrival: Arrival,
) -> pd.DataFrame:  # fmt: skip
    """Record checked follow-ups within an open transaction, in whose turn nobody else's is.

    Gives of each its id, whether it was known before, and whether what it says of an answer is about no objection.
    """
    fresh = ~rows["key"].isin(known.index) & ~rows["key"].duplicated()
    rows["id"] = known["id"].reindex(rows["key"]).array
    rows.loc[fresh, "id"] = take_ids(conn, "follow_up", int(fresh.sum()))
    rows["id"] = rows.groupby("key")["id"].transform("first").astype("int64")
    about = leads.reindex(rows["number"]).reset_index(drop=True)
    rows = rows.join(about[["lead_id", "owner", "grade", "tier", "source"]])
    rows["from_id"] = earlier["lead_id"].astype("Int64").reindex(rows["corrects"].astype("float64")).array
    rows["was"] = earlier["at"].reindex(rows["corrects"].astype("float64")).array
    unheard = fresh & answers_nothing(conn, rows)
    # one round for the first follow-up of each lead, one for the second …: each finds what the one before left
    order = rows[fresh].sort_values(["at", "id"])
    turn = order.groupby("lead_id").cumcount()
    by_id = leads.reset_index().drop_duplicates("lead_id").set_index("lead_id", drop=False)
    for number in range(int(turn.max() + 1) if len(turn) else 0):
        _write_round(conn, order[turn == number].reset_index(drop=True), by_id, arrival, config)
    return pd.DataFrame({"id": rows["id"], "before": ~fresh, "unheard": unheard})


def _write_round(conn: Connection, rows: pd.DataFrame, by_id: pd.DataFrame, arrival: Arrival, config: Config) -> None:
    """Record at most one follow-up a lead."""
    # the tier that stands beside them is the lead's, not a word of the follow-up
    known = set(FollowUp.__table__.columns.keys()) - {"tier"}
    table = [column for column in rows if column in known]
    insert_frame(conn, FollowUp, rows[table])
    supersede(conn, rows)
    objections = raise_objections(conn, rows)
    leads = by_id.reindex(rows["lead_id"]).reset_index(drop=True)
    moved = left(rows, by_id)
    update_frame(conn, Lead, touched_first(conn, rows, leads, moved))
    rows = rows.assign(last_at=last_of(conn, rows))
    update_frame(conn, Lead, next_actions(conn, rows))
    facts = "follow_up=" + rows["id"].astype("str") + "|outcome=" + rows["outcome"]
    facts += ("|corrects=" + rows["corrects"].astype("str")).fillna("")
    events = without_traits(leads).assign(kind="follow_up", facts=facts, at=rows["at"].array)
    rules = config.rules.at(arrival.local.date())
    reckoner = reckoner_of(conn, rules, config, arrival.zone)
    move_times(conn, rows, rules, reckoner)
    append_events(conn, [events, *([without_traits(moved)] if len(moved) else [])], arrival, config)
    follow_objections(conn, rows, rules)
    plan_anew(conn, rows, rules)
    technical = {person.id for person in config.roster.people if person.role == "tech"}
    rows = rows.assign(technical=rows["person"].isin(technical), closed=leads["closed_at"].notna())
    follow_subjects(conn, rows, objections, rules, reckoner)
    end_promises(conn, rows, technical, rules, reckoner)
    given = zip(rows["at"], rows["person"], rows["lead_id"], strict=True)
    asked = [{"at": at.to_pydatetime(), "person": person, "lead": int(lead)} for at, person, lead in given]
    conn.execute(_ACKNOWLEDGE, asked)
    keep_current(conn, [*rows["lead_id"], *rows["from_id"].dropna()], arrival, config)
