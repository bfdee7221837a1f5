"""Leads given to another owner, or back to the pool, because a promise was broken for too long: set-based."""

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models import AccountOwner
from models.db import insert_frame, look_up, read_frame, take_ids, update_frame
from tasks import history
from tasks.arrival import Arrival
from tasks.hand_over import BY_HAND
from tasks.history import Changes
from tasks.ownership import OTHERS, no_leads
from tasks.rules.assign import assign, strength

POOL = "pool"
_ALONE = OTHERS.replace("l.account_id = w.key", "l.id = w.key")
_HELD = "SELECT o.id, o.account_id FROM wanted w JOIN account_owner o ON o.account_id = w.key AND o.until IS NULL"
_LOADS = "SELECT name, value FROM counter WHERE name LIKE 'load:%'"


def reassign(conn: Connection, steps: pd.DataFrame, arrival: Arrival, config: Config, kind: str) -> int:
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
        nobody = pd.Series(pd.NA, index=leads.index, dtype="str")
        moved = leads[leads["old_owner"].notna()].assign(owner=nobody, owner_rule=nobody, choice=-1, status=POOL)
        choices: list[dict[str, object]] = []
    else:
        moved, choices = _given(conn, leads, arrival, config)
    if moved.empty:
        return 0
    moved = moved.assign(lifted_from=moved["old_owner"]).reset_index(drop=True)
    _own_accounts(conn, moved, arrival)
    history.write_handed(conn, Changes(no_leads(), moved, no_leads(), np.empty(0, np.int64), choices), arrival, config)
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
) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Choose another owner for each company among all but the present one, owner by owner."""
    counted = read_frame(conn, _LOADS)
    loads = dict(zip(counted["name"].str.slice(5), counted["value"].astype("int64"), strict=True))
    ranked = leads.assign(strength=strength(leads, config.rules)).sort_values(
        ["strength", "lead_id"], ascending=[False, True]
    )
    units = ranked.drop_duplicates("unit").sort_values("lead_id")
    units = units.assign(leads=units["unit"].map(leads.groupby("unit").size()), held=0)
    nobody = pd.Series(pd.NA, index=units.index, dtype="str")
    units = units.assign(owner=nobody, hint=nobody)
    parts: list[pd.DataFrame] = []
    choices: list[dict[str, object]] = []
    for owner in sorted(units["old_owner"].fillna("").unique()):
        mine = units[(units["old_owner"].fillna("") == owner).to_numpy()].reset_index(drop=True)
        others = [person for person in config.roster.people if person.id != owner]
        result = assign(mine, others, config.rules, arrival.local.date(), loads=loads)
        loads = {**loads, **result.loads}
        chosen = result.frame.assign(unit=mine["unit"])
        chosen["choice"] += np.where(chosen["choice"] < 0, 0, len(choices))
        choices += result.choices
        parts.append(chosen[["unit", "owner", "choice"]])
    new = pd.concat(parts).set_index("unit").reindex(leads["unit"]).reset_index(drop=True)
    moved = leads.assign(owner=new["owner"], choice=new["choice"].fillna(-1).astype("int64"), owner_rule=leads["rule"])
    moved = moved[moved["owner"].notna()].assign(status="owned")
    return moved.astype({"owner": "str", "owner_rule": "str"}), choices


def _own_accounts(conn: Connection, moved: pd.DataFrame, arrival: Arrival) -> None:
    owned = moved.dropna(subset="account_id").drop_duplicates("account_id").sort_values("account_id")
    accounts = owned["account_id"].astype("int64").reset_index(drop=True)
    if accounts.empty:
        return
    held = look_up(conn, accounts, "BIGINT", _HELD)
    update_frame(conn, AccountOwner, held[["id"]].assign(until=arrival.at))
    owned = owned[owned["owner"].notna()]
    begun = {
        "id": take_ids(conn, "account_owner", len(owned)),
        "account_id": owned["account_id"].astype("int64").array,
        "person": owned["owner"].array,
        "since": arrival.at,
        "why": owned["owner_rule"].array,
    }
    insert_frame(conn, AccountOwner, pd.DataFrame(begun))
