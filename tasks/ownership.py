"""Numbers and owners of the affected leads: what is taken last in a transaction, and held shortest."""

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models import AccountOwner
from models.db import insert_frame, look_up, read_frame, take_ids, take_numbers, update_frame
from tasks import history
from tasks.arrival import Arrival
from tasks.history import DECISION, Changes, joined_leads
from tasks.neighbours import Neighbours
from tasks.rules.assign import AssignResult, assign
from tasks.rules.cluster import Cluster

_OWNED = ("valid", "to_verify")
# the strongest need among a company's leads decides who must own it
_STRENGTH = {"valid|A": 4, "valid|B": 3, "valid|C": 1}
_TO_VERIFY = 2
_ACCOUNT_OWNERS = """
SELECT o.id, o.account_id, o.person FROM wanted w
JOIN account_owner o ON o.account_id = w.key AND o.until IS NULL
"""
_ACCOUNT_LEADS = """
SELECT l.id AS lead_id, l.account_id, l.contact_id, l.status, l.owner, l.verdict, l.verdict_rule, l.reasons, l.grade,
l.grade_rule FROM wanted w JOIN lead l ON l.account_id = w.key AND l.closed_at IS NULL AND l.owner IS NOT NULL
"""


def own_leads(
    conn: Connection, leads: pd.DataFrame, found: Cluster, near: Neighbours, arrival: Arrival, config: Config
) -> None:
    """Number, own and record the affected leads (index label), and what the chunk did to others."""
    if leads.empty:
        return
    # one row that every worker updates from here on: numbers, loads and assignments follow commits
    take_numbers(conn, "turn", 1)
    leads = _number(conn, _with_stored(leads, near), arrival)
    leads, chosen, handed = _own(conn, leads, arrival, config)
    changes = Changes(leads, handed, joined_leads(found, leads, near), chosen.choices if chosen else [])
    history.write_leads(conn, changes, arrival)
    history.write_members(conn, changes, found, near, arrival)
    history.write_assignments(conn, changes, arrival)
    history.write_events(conn, changes, found, arrival, config)


def _with_stored(leads: pd.DataFrame, near: Neighbours) -> pd.DataFrame:
    """Add what the stored leads had: number, owner; what a person has touched stays as decided."""
    leads = leads.reset_index(names="label")
    leads["new"] = leads["lead_id"] == 0
    stored = near.leads.drop_duplicates("lead_id").set_index("lead_id")
    had = stored.reindex(leads["lead_id"]).reset_index(drop=True)
    leads = leads.assign(
        number=had["number"], old_owner=had["owner"], old_rule=had["owner_rule"], touched=had["touched_at"].notna()
    )
    for column in (*DECISION, "account_id"):
        leads[column] = leads[column].where(~leads["touched"], had[column])
    return leads


def _number(conn: Connection, leads: pd.DataFrame, arrival: Arrival) -> pd.DataFrame:
    """Give new leads ids and numbers in the order of their first rows: XL202403001, growing past 999."""
    new = leads["new"].to_numpy()
    ids = leads["lead_id"].to_numpy(dtype=np.int64).copy()
    ids[new] = take_ids(conn, "lead", int(new.sum()))
    month = f"XL{arrival.local:%Y%m}"
    serial = pd.Series(take_numbers(conn, month, int(new.sum()))).astype("str").str.zfill(3)
    number = leads["number"].astype("object").to_numpy(copy=True)
    number[new] = (month + serial).to_numpy(dtype=object)
    return leads.assign(lead_id=ids, number=pd.array(number, dtype="str"))


def _own(
    conn: Connection, leads: pd.DataFrame, arrival: Arrival, config: Config
) -> tuple[pd.DataFrame, AssignResult | None, pd.DataFrame]:
    """Choose owners by company: leads with owner and why, the choices, the leads handed over."""
    wants = (leads["verdict"].isin(_OWNED) & ~leads["touched"]).to_numpy()
    unit = leads["account_id"].astype("Int64").fillna(-leads["lead_id"].astype("Int64")).astype("int64")
    nothing = pd.Series(pd.NA, index=leads.index, dtype="str")
    columns = {"owner": nothing, "owner_rule": nothing, "lifted_from": nothing, "choice": -1}
    chosen, handed = None, _no_leads()
    if wants.any():
        units = _units(conn, leads[wants], unit[wants])
        people = config.roster.people
        chosen = assign(units, people, config.rules, arrival.local.date(), loads=_loads(conn))
        by_unit = chosen.frame.assign(owner_rule=chosen.frame["rule"].fillna(chosen.frame["reason"]))
        said = by_unit.set_axis(units["unit"]).reindex(unit).reset_index(drop=True)
        columns = {
            "owner": said["owner"].where(wants),
            "owner_rule": said["owner_rule"].where(wants),
            "lifted_from": said["lifted_from"].where(wants & leads["old_owner"].notna().to_numpy()),
            "choice": said["choice"].where(wants).fillna(-1).astype("int64"),
        }
        handed = _move_companies(conn, units, by_unit, leads, arrival)
    leads = leads.assign(**columns)
    leads["owner"] = leads["owner"].where(~leads["touched"], leads["old_owner"])
    leads["owner_rule"] = leads["owner_rule"].where(~leads["touched"], leads["old_rule"])
    status = np.where(leads["owner"].notna(), "owned", np.where(leads["verdict"] == "invalid", "archived", "new"))
    return leads.assign(status=pd.array(status, dtype="str")), chosen, handed


def _units(conn: Connection, wanting: pd.DataFrame, unit: pd.Series) -> pd.DataFrame:
    """Make one row a company (or a lead without one), in the order of arrival."""
    strength = (wanting["verdict"] + "|" + wanting["grade"].fillna("")).map(_STRENGTH).fillna(_TO_VERIFY)
    rows = wanting.assign(unit=unit, strength=strength, at=np.arange(len(wanting)))
    rows["unowned"] = rows["old_owner"].isna().astype("int64")
    rows = rows.sort_values(["unit", "strength", "at"], ascending=[True, False, True])
    units = rows.drop_duplicates("unit").set_index("unit")
    groups = rows.groupby("unit")
    units = units.assign(leads=groups["unowned"].sum(), first=groups["at"].min()).sort_values("first").reset_index()
    known = look_up(conn, units.loc[units["unit"] > 0, "unit"].sort_values(), "BIGINT", _ACCOUNT_OWNERS)
    held = known.set_index("account_id").reindex(units["unit"]).reset_index(drop=True)
    owner = held["person"].astype("str").where(units["unit"] > 0, units["old_owner"])
    columns = ["unit", "leads", "verdict", "grade", "region", "industry"]
    return units[columns].assign(owner=owner, held_id=held["id"].astype("Int64"), hint=units["owner_hint"])


def _loads(conn: Connection) -> dict[str, int]:
    found = read_frame(conn, "SELECT name, value FROM counter WHERE name LIKE 'load:%'")
    return dict(zip(found["name"].str.slice(5), found["value"].astype("int64"), strict=True))


def _move_companies(
    conn: Connection, units: pd.DataFrame, chosen: pd.DataFrame, leads: pd.DataFrame, arrival: Arrival
) -> pd.DataFrame:
    """Record new owners of companies; give the other open leads that go with a company that moved."""
    moved = (chosen["owner"] != units["owner"]).fillna(True).to_numpy(dtype=bool)
    changed = (units["unit"] > 0).to_numpy() & chosen["owner"].notna().to_numpy() & moved
    units, chosen = units[changed], chosen[changed]
    ended = units["held_id"].dropna().astype("int64")
    update_frame(conn, AccountOwner.__table__, pd.DataFrame({"id": ended, "until": arrival.at}))
    begun = {
        "id": take_ids(conn, "account_owner", len(units)),
        "account_id": units["unit"].array,
        "person": chosen["owner"].array,
        "since": arrival.at,
        "why": chosen["owner_rule"].array,
    }
    insert_frame(conn, AccountOwner.__table__, pd.DataFrame(begun))
    lifted = units["held_id"].notna().to_numpy()
    others = look_up(conn, units.loc[lifted, "unit"].sort_values(), "BIGINT", _ACCOUNT_LEADS)
    if others.empty:
        return _no_leads()
    new = chosen.set_axis(units["unit"])[lifted].reindex(others["account_id"]).reset_index(drop=True)
    others = others.assign(old_owner=others["owner"], lifted_from=others["owner"])
    others = others.assign(owner=new["owner"], owner_rule=new["owner_rule"], choice=new["choice"])
    elsewhere = ~others["lead_id"].isin(leads["lead_id"]) & (others["owner"] != others["old_owner"])
    return others[elsewhere]


def _no_leads() -> pd.DataFrame:
    columns = ("lead_id", "account_id", "contact_id", "status", "owner", "old_owner", "owner_rule", "choice")
    return pd.DataFrame(columns=[*columns, "lifted_from", *DECISION])
