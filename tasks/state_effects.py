"""What follows from another state: assignments end, outcomes and stages are written, leads go to others or the pool."""

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models import Outcome, StageEntry
from models.db import insert_frame, look_up, take_ids, update_frame
from tasks.arrival import Arrival
from tasks.choose import choose_others
from tasks.hand_over import BY_HAND
from tasks.history import Changes, write_assignments
from tasks.orders import MACHINE
from tasks.ownership import ALONE, POOL, companies_leads, no_leads, unit_of
from tasks.release import give_leads
from tasks.rules.owner_rules import place_of_rule, strength
from tasks.take_away import take_away

NEGLECTED = "L-NEGLECT"
_OUTCOMES = """
SELECT o.id, o.lead_id, o.result, o.at, o.amount, o.reason, o.competitor, o.would_have_helped, o.contract_number
FROM wanted w JOIN outcome o ON o.lead_id = w.key AND o.until IS NULL
"""
_STAGES = "SELECT s.id, s.lead_id, s.place FROM wanted w JOIN stage_entry s ON s.lead_id = w.key AND s.until IS NULL"
_SAID = ("result", "amount", "reason", "competitor", "would_have_helped", "contract_number")


def end_leads(conn: Connection, leads: pd.DataFrame, arrival: Arrival) -> None:
    """End the assignments of leads that were won or lost: they no longer count among what their owners have."""
    held = leads[leads["owner"].notna()].reset_index(drop=True)
    if held.empty:
        return
    nobody = pd.array([pd.NA] * len(held), dtype="str")
    ended = held[["lead_id", "account_id"]].assign(
        owner=nobody, old_owner=held["owner"], owner_rule=nobody, lifted_from=nobody, choice=-1
    )
    write_assignments(conn, Changes(no_leads(), ended, no_leads(), np.empty(0, dtype=np.int64), []), arrival)


def write_outcomes(conn: Connection, ended: pd.DataFrame, arrival: Arrival, config: Config) -> None:
    """Keep how leads ended, as reviews count it; what is said otherwise later supersedes."""
    if ended.empty:
        return
    lost = (ended["status"] == "lost").to_numpy(dtype=bool)
    reason = ended["lost_reason"].astype("object")
    # what nobody said stays unsaid: reviews count it under its own name
    reason = reason.where(reason.notna() & (reason != "") & lost, None)
    now = pd.DataFrame(
        {
            "lead_id": ended["lead_id"].array,
            "result": ended["status"].array,
            "at": pd.to_datetime(ended["ended_at"]).astype("datetime64[us]").array,
            "amount": ended["contract_amount"].astype("float64").where(~lost).array,
            "currency": pd.Series("CNY", index=ended.index).where(~lost).astype("str").array,
            "reason": reason.astype("str").array,
            "competitor": ended["competitor"].astype("str").array,
            "would_have_helped": ended["would_have_helped"].astype("str").array,
            "contract_number": ended["contract_number"].astype("str").array,
            "contract_on": ended["contract_on"].map(_date).array,
            "paid_at": pd.to_datetime(ended["first_payment_on"], errors="coerce").astype("datetime64[us]").array,
            "actor": ended["actor"].where(ended["state_rule"] != "L-LOST-SILENT", MACHINE).fillna(MACHINE).array,
        }
    )
    live = look_up(conn, now["lead_id"].sort_values(), "BIGINT", _OUTCOMES).set_index("lead_id")
    before = live.reindex(now["lead_id"]).reset_index(drop=True)
    same = before["id"].notna().to_numpy(dtype=bool).copy()
    for name in _SAID:
        one, two = (side.astype("object").where(side.notna(), None) for side in (now[name], before[name]))
        same &= np.array([a == b for a, b in zip(one, two, strict=True)], dtype=bool)
    old = before.loc[~same & before["id"].notna().to_numpy(), "id"].astype("int64")
    update_frame(conn, Outcome, pd.DataFrame({"id": old.array, "until": arrival.recorded}))
    fresh = now[~same]
    insert_frame(conn, Outcome, fresh.assign(id=take_ids(conn, "outcome", len(fresh)), recorded_at=arrival.recorded))


def write_stages(conn: Connection, now: pd.DataFrame, before: pd.DataFrame, arrival: Arrival, config: Config) -> None:
    """Keep which stages leads have entered; those beyond the one that a person went back to are superseded."""
    names = {rule.stage: number for number, rule in enumerate(config.rules.stages)}
    was = before["stage"].map(names).fillna(0).astype("int64")
    other = (now["place"] != was).to_numpy(dtype=bool) & now["stage"].notna().to_numpy(dtype=bool)
    if not other.any():
        return
    rows, stored = now[other].reset_index(drop=True), before[other].reset_index(drop=True)
    live = look_up(conn, rows["lead_id"].sort_values(), "BIGINT", _STAGES).astype({"place": "int64"})
    place = rows.set_index("lead_id")["place"]
    beyond = live.loc[(live["place"] > place.reindex(live["lead_id"]).array), "id"].astype("int64")
    update_frame(conn, StageEntry, pd.DataFrame({"id": beyond.array, "until": arrival.recorded}))
    first = ~rows["lead_id"].isin(live["lead_id"]).to_numpy() & (rows["place"] > 0).to_numpy()
    begun = stored.loc[first, ["lead_id", "opened_at"]].rename(columns={"opened_at": "at"})
    begun = begun.assign(stage=config.rules.stages[0].stage, place=0)
    known = set(zip(live["lead_id"], live["place"], strict=True))
    is_new = [pair not in known for pair in zip(rows["lead_id"], rows["place"], strict=True)]
    entered = rows.loc[is_new, ["lead_id", "stage", "place", "moved_at"]].rename(columns={"moved_at": "at"})
    entered["at"] = pd.to_datetime(entered["at"]).astype("datetime64[us]").fillna(arrival.at)
    every = pd.concat([begun, entered], ignore_index=True)
    every = every.assign(
        id=take_ids(conn, "stage_entry", len(every)), recorded_at=arrival.recorded, actor=arrival.actor,
        at=pd.to_datetime(every["at"]).astype("datetime64[us]"), place=every["place"].astype("int16"),
    )  # fmt: skip
    insert_frame(conn, StageEntry, every)


def neglect(conn: Connection, leads: pd.DataFrame, arrival: Arrival, config: Config) -> list[int]:
    """Put leads that nobody tried into the pool, and what their owners have of the same companies; gives which."""
    if leads.empty:
        return []
    steps = leads[["lead_id", "account_id", "owner", "owner_rule"]].assign(policy=NEGLECTED)
    company = companies_leads(conn, leads)
    take_away(conn, steps, arrival, config, POOL)
    return [int(one) for one in company["lead_id"]]


def follow_grades(conn: Connection, lead_ids: pd.Series, arrival: Arrival, config: Config) -> list[int]:
    """Give companies to others whose strongest lead now asks for another role than their owner's; gives the leads.

    What a person gave stays, and where nobody else can take a company its owner keeps it.
    """
    if lead_ids.empty:
        return []
    alone = look_up(conn, lead_ids.astype("int64").sort_values(), "BIGINT", ALONE)
    company = companies_leads(conn, alone)
    company = company[company["old_owner"].notna()].reset_index(drop=True)
    if company.empty:
        return []
    unit = unit_of(company)
    kept = company.assign(unit=unit.array, strength=strength(company, config.rules))
    strongest = kept.sort_values("strength", ascending=False).drop_duplicates(["unit", "old_owner"])
    place = place_of_rule(strongest, config.rules.assignment)
    roles = {person.id: person.role for person in config.roster.people if person.active}
    asked = [config.rules.assignment[one].then if one >= 0 else () for one in place]
    fits = [roles.get(owner) in then or not then for owner, then in zip(strongest["old_owner"], asked, strict=True)]
    wrong = strongest.loc[~np.array(fits, dtype=bool), ["unit", "old_owner"]]
    moving = kept.merge(wrong, on=["unit", "old_owner"]).drop(columns=["unit", "strength"])
    held = look_up(conn, moving["lead_id"].sort_values(), "BIGINT", _BY_HAND, rule=BY_HAND)
    moving = moving[~unit_of(moving).isin(unit_of(held)).to_numpy()] if len(held) else moving
    if moving.empty:
        return []
    chosen, choices = choose_others(conn, moving.reset_index(drop=True), arrival, config)
    given = chosen.assign(status="owned", lifted_from=chosen["old_owner"])
    given = given[given["owner"].notna()].reset_index(drop=True)
    if len(given):
        give_leads(conn, given, choices, arrival, config)
    return [int(one) for one in given["lead_id"]]


_BY_HAND = """
SELECT l.id AS lead_id, l.account_id FROM wanted w JOIN lead l ON l.id = w.key AND l.owner_rule = :rule
"""


def _date(value: Any) -> Any:
    return None if value is None or pd.isna(value) else pd.Timestamp(str(value)).date()
