"""Leads given to another owner, or back to the pool, because a promise was broken for too long: set-based."""

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models.db import look_up
from tasks.arrival import Arrival
from tasks.hand_over import BY_HAND
from tasks.ownership import OTHERS, POOL, loads_of
from tasks.release import give_leads, to_pool
from tasks.rules.assign import assign
from tasks.rules.owner_rules import strength
from tasks.standings import read_turns, write_turns

_ALONE = OTHERS.replace("l.account_id = w.key", "l.id = w.key")


def take_away(conn: Connection, steps: pd.DataFrame, arrival: Arrival, config: Config, kind: str) -> int:
    """Take leads from their owners for others, or for the pool; gives how many leads moved, companies included.

    steps: lead_id, account_id, policy, owner, owner_rule. What a person decided stays; where nobody else may have a
    lead, its owner keeps it. The other leads that he has of the same company go along.
    """
    steps = steps[(steps["owner_rule"] != BY_HAND).to_numpy()].drop_duplicates("lead_id")
    if steps.empty:
        return 0
    leads = _concerned(conn, steps)
    unit = leads["account_id"].astype("Int64").fillna(-leads["lead_id"].astype("Int64")).astype("int64")
    asked = steps.assign(unit=steps["account_id"].astype("Int64").fillna(-steps["lead_id"].astype("Int64")))
    policy = asked.drop_duplicates("unit").set_index("unit")["policy"]
    leads = leads.assign(unit=unit.array, rule=policy.reindex(unit).array)
    if kind == POOL:
        moved = leads[leads["old_owner"].notna()].reset_index(drop=True)
        to_pool(conn, moved, moved["rule"], arrival, config)
        return len(moved)
    moved, choices = _given(conn, leads, arrival, config)
    if len(moved):
        moved = moved.assign(lifted_from=moved["old_owner"]).reset_index(drop=True)
        give_leads(conn, moved, choices, arrival, config)
    return len(moved)


def _concerned(conn: Connection, steps: pd.DataFrame) -> pd.DataFrame:
    """The leads of the steps and those that the same owner has of their companies."""
    accounts = steps["account_id"].dropna().drop_duplicates().astype("int64").sort_values()
    alone = steps.loc[steps["account_id"].isna(), "lead_id"].astype("int64").sort_values()
    parts = [look_up(conn, accounts, "BIGINT", OTHERS)] if len(accounts) else []
    parts += [look_up(conn, alone, "BIGINT", _ALONE)] if len(alone) else []
    found = pd.concat(parts, ignore_index=True)
    had = steps.dropna(subset="account_id").drop_duplicates("account_id").set_index("account_id")["owner"]
    same = found["account_id"].map(had).fillna("") == found["old_owner"].fillna("")
    return found[(found["lead_id"].isin(steps["lead_id"]) | same).to_numpy(dtype=bool)].reset_index(drop=True)


def _given(
    conn: Connection, leads: pd.DataFrame, arrival: Arrival, config: Config
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Choose another owner for each company among all but the present one, owner by owner."""
    loads, turns = loads_of(conn), read_turns(conn, arrival.local.date())
    today, standings = dict(turns.today), dict(turns.standings)
    ranked = leads.assign(strength=strength(leads, config.rules)).sort_values(
        ["strength", "lead_id"], ascending=[False, True]
    )
    units = ranked.drop_duplicates("unit").sort_values("lead_id")
    units = units.assign(leads=units["unit"].map(leads.groupby("unit").size()), held=0)
    nobody = pd.Series(pd.NA, index=units.index, dtype="str")
    units = units.assign(owner=nobody, hint=nobody)
    parts: list[pd.DataFrame] = []
    choices: list[dict[str, Any]] = []
    for owner in sorted(units["old_owner"].fillna("").unique()):
        mine = units[(units["old_owner"].fillna("") == owner).to_numpy()].reset_index(drop=True)
        others = [person for person in config.roster.people if person.id != owner]
        day = arrival.local.date()
        result = assign(mine, others, config.rules, day, loads=loads, today=today, standings=standings)
        loads, today, standings = loads | result.loads, today | result.today, standings | result.standings
        chosen = result.frame.assign(unit=mine["unit"])
        chosen["choice"] += np.where(chosen["choice"] < 0, 0, len(choices))
        choices += result.choices
        parts.append(chosen[["unit", "owner", "choice"]])
    write_turns(conn, turns, standings, today, arrival)
    new = pd.concat(parts).set_index("unit").reindex(leads["unit"]).reset_index(drop=True)
    moved = leads.assign(owner=new["owner"], choice=new["choice"].fillna(-1).astype("int64"), owner_rule=leads["rule"])
    moved = moved[moved["owner"].notna()].assign(status="owned")
    return moved.astype({"owner": "str", "owner_rule": "str"}), choices
