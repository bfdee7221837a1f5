"""Leads given to another owner, or back to the pool, because a promise was broken for too long: set-based."""

import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from tasks.arrival import Arrival
from tasks.choose import choose_others
from tasks.hand_over import BY_HAND
from tasks.ownership import POOL, companies_leads, unit_of
from tasks.release import give_leads, to_pool


def take_away(conn: Connection, steps: pd.DataFrame, arrival: Arrival, config: Config, kind: str) -> int:
    """Take leads from their owners for others, or for the pool; gives how many leads moved, companies included.

    steps: lead_id, account_id, policy, owner, owner_rule. What a person decided stays; where nobody else may have a
    lead, its owner keeps it. The other leads that he has of the same company go along.
    """
    steps = steps[(steps["owner_rule"] != BY_HAND).to_numpy()].drop_duplicates("lead_id")
    if steps.empty:
        return 0
    leads = _concerned(conn, steps)
    policy = steps.assign(unit=unit_of(steps).array).drop_duplicates("unit").set_index("unit")["policy"]
    rule = policy.reindex(unit_of(leads)).array
    if kind == POOL:
        along = ~leads["lead_id"].isin(steps["lead_id"])
        pooled = leads.assign(rule=rule, along=along)[leads["old_owner"].notna()].reset_index(drop=True)
        to_pool(conn, pooled, pooled["rule"], arrival, config)
        return len(pooled)
    chosen, choices = choose_others(conn, leads, arrival, config)
    moved = chosen.assign(owner_rule=rule, status="owned", lifted_from=chosen["old_owner"])
    moved = moved[moved["owner"].notna()].reset_index(drop=True)
    if len(moved):
        give_leads(conn, moved, choices, arrival, config)
    return len(moved)


def _concerned(conn: Connection, steps: pd.DataFrame) -> pd.DataFrame:
    """The leads of the steps and those that the same owner has of their companies."""
    found = companies_leads(conn, steps)
    had = steps.dropna(subset="account_id").drop_duplicates("account_id").set_index("account_id")["owner"]
    same = found["account_id"].map(had).fillna("") == found["old_owner"].fillna("")
    return found[(found["lead_id"].isin(steps["lead_id"]) | same).to_numpy(dtype=bool)].reset_index(drop=True)
