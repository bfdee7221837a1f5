"""Numbers and owners of the affected leads: what is taken last in a transaction, and held shortest."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models import AccountOwner
from models.db import as_times, insert_frame, look_up, read_frame, take_ids, take_numbers, update_frame
from tasks import history
from tasks.arrival import Arrival
from tasks.clocks import reckoner_of
from tasks.history import DECISION, Changes, joined_leads
from tasks.neighbours import Neighbours
from tasks.rules.assign import STICKY, STICKY_DAYS, AssignResult, assign
from tasks.rules.cluster import Cluster
from tasks.rules.owner_rules import may_have, strength
from tasks.standings import read_turns, write_turns
from tasks.touches import keep_touched

POOL = "pool"
_OWNED = ("valid", "to_verify")
# what of its strongest lead a company's owner is chosen by
_CHOOSE_BY = ("verdict", "grade", "region", "industry", "old_owner", "owner_hint")
# held: open leads with an owner; waiting: those that should have one
_COMPANIES = """
SELECT w.key AS account_id, o.id AS held_id, o.person, count(l.owner) AS held, count(l.id) - count(l.owner) AS waiting
FROM wanted w LEFT JOIN account_owner o ON o.account_id = w.key AND o.until IS NULL
LEFT JOIN lead l ON l.account_id = w.key AND l.closed_at IS NULL
AND (l.owner IS NOT NULL OR (l.touched_at IS NULL AND l.verdict <> 'invalid' AND l.status <> 'pool'))
GROUP BY w.key, o.id, o.person
"""
_ENDED = """
SELECT w.key AS account_id, max(l.closed_at) AS ended_at FROM wanted w JOIN lead l ON l.account_id = w.key
GROUP BY w.key
"""
OTHERS = """
SELECT l.id AS lead_id, l.number, l.account_id, l.contact_id, l.status, l.owner AS old_owner, l.touched_at, l.verdict,
l.verdict_rule, l.reasons, l.grade, l.grade_rule, l.region, l.industry
FROM wanted w JOIN lead l ON l.account_id = w.key AND l.closed_at IS NULL
"""
ALONE = OTHERS.replace("l.account_id = w.key", "l.id = w.key")
_HAD = f"{OTHERS} AND l.owner IS NOT NULL ORDER BY l.id"
_WAITING = (
    f"{OTHERS} AND l.owner IS NULL AND l.touched_at IS NULL AND l.verdict <> 'invalid' AND l.status <> '{POOL}'"
    " ORDER BY l.id"
)


@dataclass(frozen=True)
class _Companies:
    """The companies of a chunk's leads as they stand: `known` by account id, leads that wait there, loads of people."""

    known: pd.DataFrame
    waiting: pd.DataFrame
    loads: dict[str, int]

    def of(self, unit: pd.Series | pd.Index, column: str) -> pd.Series:
        """A column for each unit, RangeIndex."""
        return self.known[column].reindex(unit).reset_index(drop=True)


def own_leads(
    conn: Connection,
    leads: pd.DataFrame,
    found: Cluster,
    near: Neighbours,
    outcome: pd.Series,
    arrival: Arrival,
    config: Config,
) -> list[int]:
    """Number, own and record the affected leads (index label), and what the chunk did to others; gives the leads
    (ids) that somebody has followed before, of which tasks.state must say anew what they are.

    outcome: of the chunk's rows, by submission id. The transaction has its turn among the workers.
    """
    if leads.empty:
        # rows that only repeat what was delivered are rows of their leads all the same
        nothing = leads.reset_index(names="label").assign(new=pd.Series(dtype=bool))
        changes = Changes(nothing, no_leads(), no_leads(), found.lineage.revived, [])
        history.write_members(conn, changes, found, near, outcome, arrival)
        return []
    leads = _number(conn, _with_stored(conn, leads, found, near), arrival)
    joined = joined_leads(found, leads, near)
    leads, choices, handed = _own(conn, leads, joined, arrival, config)
    changes = Changes(leads, handed, joined, found.lineage.revived, choices)
    reckoner = reckoner_of(conn, config.rules, config, arrival.zone)
    history.write_leads(conn, changes, near, arrival, reckoner, config.rules)
    history.write_members(conn, changes, found, near, outcome, arrival)
    history.write_assignments(conn, changes, arrival)
    history.write_events(conn, changes, found, near, arrival, config)
    return _followed(leads, handed, joined)


def _followed(leads: pd.DataFrame, handed: pd.DataFrame, joined: pd.DataFrame) -> list[int]:
    """The leads that somebody has followed, or that have taken over one: what they are is to be said anew."""
    touched = leads.loc[leads["touched"] & ~leads["new"], "lead_id"]
    given = handed.loc[handed["touched_at"].notna(), "lead_id"] if len(handed) else pd.Series(dtype="int64")
    into = joined["into"] if len(joined) else pd.Series(dtype="int64")
    return sorted({int(one) for part in (touched, given, into) for one in part})


def _with_stored(conn: Connection, leads: pd.DataFrame, found: Cluster, near: Neighbours) -> pd.DataFrame:
    """Add what the stored leads had: number, owner, company; what a person has touched stays as decided."""
    leads = leads.reset_index(names="label")
    leads["new"] = leads["lead_id"] == 0
    stored = near.leads.drop_duplicates("lead_id").set_index("lead_id")
    had = stored.reindex(leads["lead_id"]).reset_index(drop=True)
    leads = leads.assign(
        number=had["number"],
        old_owner=had["owner"],
        old_rule=had["owner_rule"],
        old_status=had["status"],
        old_account=had["account_id"].astype("Int64"),
    )
    return keep_touched(conn, leads, found, near)


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
    conn: Connection, leads: pd.DataFrame, joined: pd.DataFrame, arrival: Arrival, config: Config
) -> tuple[pd.DataFrame, list[dict[str, Any]], pd.DataFrame]:
    """Choose owners by company: leads with owner and why, the choices, the other leads that are given with theirs."""
    # what lies in the pool is claimed, not given
    pooled = (leads["old_status"] == POOL).fillna(False).to_numpy(dtype=bool)
    wants = (leads["verdict"].isin(_OWNED) & ~leads["touched"]).to_numpy(dtype=bool) & ~pooled
    unit = unit_of(leads)
    nothing = pd.Series(pd.NA, index=leads.index, dtype="str")
    columns: dict[str, Any] = {"owner": nothing, "owner_rule": nothing, "choice": -1}
    choices: list[dict[str, Any]] = []
    handed = no_leads()
    # who comes to another company is to be owned there, by whoever had him if it has nobody
    other = (leads["account_id"].astype("Int64") != leads["old_account"]).fillna(True).to_numpy(dtype=bool)
    moved = leads["old_owner"].notna().to_numpy() & ~leads["touched"].to_numpy(dtype=bool) & other
    if wants.any():
        companies = _companies(conn, leads, unit, wants, moved, joined, arrival, config)
        units, chosen = _choose(conn, leads[wants], unit[wants], moved[wants], companies, config, arrival)
        given, choices = chosen.frame, chosen.choices
        columns = _given(leads, unit, wants, units, given, companies, config)
        handed = _move_companies(conn, units, given, companies, (leads, joined), config, arrival)
    leads = leads.assign(**columns)
    leads["owner"] = leads["owner"].where(~leads["touched"], leads["keep_owner"])
    leads["owner_rule"] = leads["owner_rule"].where(~leads["touched"], leads["keep_rule"])
    # whoever had it hears of it, also where the person has moved to a company of another owner
    passed = leads["owner"].notna() & (leads["owner"] != leads["old_owner"])
    leads["lifted_from"] = leads["old_owner"].where(passed)
    nobody = np.where(pooled, POOL, "new")
    followed = np.where((leads["old_status"] == "in_progress").fillna(False), "in_progress", "owned")
    status = np.where(leads["owner"].notna(), followed, np.where(leads["verdict"] == "invalid", "archived", nobody))
    return leads.assign(status=pd.array(status, dtype="str")), choices, handed


def _companies(
    conn: Connection,
    leads: pd.DataFrame,
    unit: pd.Series,
    wants: np.ndarray,
    moved: np.ndarray,
    joined: pd.DataFrame,
    arrival: Arrival,
    config: Config,
) -> _Companies:
    """Read how the companies stand, less what leaves them in this chunk."""
    asked = unit[wants & (unit > 0) & ~leads["account_new"]].drop_duplicates().sort_values()
    known = look_up(conn, asked, "BIGINT", _COMPANIES).set_index("account_id")
    known = known.astype({"held": "int64", "waiting": "int64", "held_id": "Int64", "person": "str"})
    known["person"] = known["person"].mask(_loosened(conn, known, arrival, config))
    there = pd.Series(known.index[known["waiting"] > 0])
    waiting = look_up(conn, there, "BIGINT", _WAITING) if len(there) else no_leads()
    waiting = waiting[~waiting["lead_id"].isin([*leads["lead_id"], *joined["lead_id"]])]
    gone = leads["old_owner"].notna() & ~leads["touched"] & (moved | ~wants)
    ended = joined[joined["old_owner"].notna()].rename(columns={"account_id": "old_account"})
    left = pd.concat([leads.loc[gone, ["old_account", "old_owner"]], ended[["old_account", "old_owner"]]])
    known["held"] -= left["old_account"].value_counts().reindex(known.index, fill_value=0).astype("int64")
    loads = loads_of(conn)
    for person, count in left["old_owner"].value_counts().items():
        loads[str(person)] = loads.get(str(person), 0) - int(count)
    return _Companies(known, waiting, loads)


def _loosened(conn: Connection, known: pd.DataFrame, arrival: Arrival, config: Config) -> np.ndarray:
    """Which companies are no longer their owner's: he has no open lead there, and the last ended long ago."""
    loosened = np.zeros(len(known), dtype=bool)
    bound = arrival.at - pd.Timedelta(days=config.rules.value(STICKY_DAYS))
    idle = (known["held"] == 0).to_numpy() & known["person"].notna().to_numpy()
    if idle.any():
        found = look_up(conn, pd.Series(known.index[idle]), "BIGINT", _ENDED).set_index("account_id")
        loosened[idle] = as_times(found["ended_at"].reindex(known.index[idle])) < bound
    return loosened


def _choose(
    conn: Connection,
    wanting: pd.DataFrame,
    unit: pd.Series,
    moved: np.ndarray,
    companies: _Companies,
    config: Config,
    arrival: Arrival,
) -> tuple[pd.DataFrame, AssignResult]:
    """Choose an owner for each company: units, and what `assign` gave each (owner_rule: rule, or why nobody)."""
    turns = read_turns(conn, arrival.local.date())
    ask = partial(assign, people=config.roster.people, rules=config.rules, on=arrival.local.date())
    units = _units(wanting, unit, moved, companies, companies.waiting, config)
    first = ask(units, loads=companies.loads, today=turns.today, standings=turns.standings)
    given = first.frame.assign(owner_rule=first.frame["rule"].fillna(first.frame["reason"]))
    # a lead that waits for somebody higher leaves the others of its company to whoever may have them
    again = (given["owner"].isna() & units["unit"].isin(companies.waiting["account_id"])).to_numpy()
    if not again.any():
        write_turns(conn, turns, first.standings, first.today, arrival)
        return units, replace(first, frame=given)
    fewer = _units(wanting, unit, moved, companies, companies.waiting.iloc[:0], config)[again].reset_index(drop=True)
    standings = {**turns.standings, **first.standings}
    second = ask(fewer, loads=first.loads, today=first.today, standings=standings)
    write_turns(conn, turns, {**first.standings, **second.standings}, second.today, arrival)
    return units, replace(second, frame=_both(given, again, first, second), choices=[*first.choices, *second.choices])


def _both(given: pd.DataFrame, again: np.ndarray, first: AssignResult, second: AssignResult) -> pd.DataFrame:
    """Put what units were given when they were asked for again in the place of what they were given first."""
    frame = second.frame.assign(owner_rule=second.frame["rule"].fillna(second.frame["reason"]))
    frame["choice"] += np.where(frame["choice"] < 0, 0, len(first.choices))
    given = given.astype({"owner": "object", "owner_rule": "object"})
    given.loc[again, ["owner", "owner_rule", "choice"]] = frame[["owner", "owner_rule", "choice"]].to_numpy(object)
    return given.astype({"owner": "str", "owner_rule": "str", "choice": "int64"})


def _units(
    wanting: pd.DataFrame,
    unit: pd.Series,
    moved: np.ndarray,
    companies: _Companies,
    waiting: pd.DataFrame,
    config: Config,
) -> pd.DataFrame:
    """Make one row a company (or a lead without one), in the order of arrival: its strongest lead, and its owner."""
    said = wanting[list(_CHOOSE_BY)]
    to_own = wanting["old_owner"].isna().to_numpy() | moved
    if len(waiting):
        said = pd.concat([said, waiting.reindex(columns=list(_CHOOSE_BY)).astype("str")])
        unit = pd.concat([unit, waiting["account_id"].astype("int64")])
        to_own = np.concatenate([to_own, np.ones(len(waiting), dtype=bool)])
    rows = pd.DataFrame({"unit": unit.to_numpy(), "strength": strength(said, config.rules), "to_own": to_own})
    rows["at"] = np.arange(len(rows))
    # units come in the order of their first lead: that of the group
    leads = rows.groupby("unit", sort=False)["to_own"].sum()
    ranked = rows.sort_values(["strength", "at"], ascending=[False, True])
    strongest = ranked.drop_duplicates("unit").set_index("unit")["at"].reindex(leads.index)
    units = said.drop(columns="old_owner").take(strongest.to_numpy())
    units = units.assign(unit=leads.index, leads=leads.to_numpy()).reset_index(drop=True)
    # a company without an owner takes the one whom its strongest lead brings along
    brings = ranked[said["old_owner"].notna().to_numpy()[ranked["at"]]].drop_duplicates("unit").set_index("unit")["at"]
    brought = pd.Series(said["old_owner"].take(brings.to_numpy()).array, index=brings.index)
    person = companies.of(units["unit"], "person")
    owner = person.fillna(brought.reindex(units["unit"]).reset_index(drop=True)).astype("str")
    alone = rows.loc[~rows["to_own"] & (rows["unit"] < 0), "unit"]
    held = companies.of(units["unit"], "held").fillna(0).astype("int64") + units["unit"].isin(alone)
    units = units.rename(columns={"owner_hint": "hint"})
    held_id = companies.of(units["unit"], "held_id").astype("Int64")
    return units.assign(owner=owner, person=person, held_id=held_id, held=held.astype("int64"))


def _given(
    leads: pd.DataFrame,
    unit: pd.Series,
    wants: np.ndarray,
    units: pd.DataFrame,
    given: pd.DataFrame,
    companies: _Companies,
    config: Config,
) -> dict[str, pd.Series]:
    """Give each wanting lead what its company was given; where that is nobody, its owner keeps what he may have."""
    said = given.set_axis(units["unit"]).reindex(unit).reset_index(drop=True)
    columns = {
        "owner": said["owner"].where(wants),
        "owner_rule": said["owner_rule"].where(wants),
        "choice": said["choice"].where(wants).fillna(-1).astype("int64"),
    }
    person = companies.of(unit, "person")
    unplaced = wants & columns["owner"].isna().to_numpy() & person.notna().to_numpy()
    if unplaced.any():
        keeps = np.zeros(len(leads), dtype=bool)
        keeps[unplaced] = may_have(leads[unplaced], person[unplaced], config.roster.people, config.rules)
        columns = {
            "owner": columns["owner"].mask(keeps, person),
            "owner_rule": columns["owner_rule"].mask(keeps, STICKY),
            "choice": columns["choice"].mask(keeps, -1),
        }
    return columns


def unit_of(leads: pd.DataFrame) -> pd.Series:
    """What has one owner: the company of each lead (account_id), or the lead alone (-lead_id)."""
    return leads["account_id"].astype("Int64").fillna(-leads["lead_id"].astype("Int64")).astype("int64")


def companies_leads(conn: Connection, leads: pd.DataFrame) -> pd.DataFrame:
    """The open leads of the companies of some leads, as OTHERS gives them; those without a company alone."""
    accounts = leads["account_id"].dropna().drop_duplicates().astype("int64").sort_values()
    alone = leads.loc[leads["account_id"].isna(), "lead_id"].astype("int64").sort_values()
    parts = [look_up(conn, keys, "BIGINT", query) for keys, query in ((accounts, OTHERS), (alone, ALONE)) if len(keys)]
    kept = [part for part in parts if len(part)] or parts
    return pd.concat(kept, ignore_index=True) if kept else look_up(conn, accounts, "BIGINT", OTHERS)


def together(conn: Connection, lead_id: int, account_id: int | None) -> pd.DataFrame:
    """The open leads of a lead's company, as OTHERS gives them; the lead alone where it has none."""
    if account_id is None:
        return look_up(conn, pd.Series([lead_id]), "BIGINT", ALONE)
    return look_up(conn, pd.Series([account_id]), "BIGINT", OTHERS)


def change_owners(conn: Connection, ended: pd.Series, begun: pd.DataFrame, arrival: Arrival) -> None:
    """End account owners (ids), and begin those of companies: account_id, owner, owner_rule."""
    update_frame(conn, AccountOwner, pd.DataFrame({"id": ended.array, "until": arrival.at}))
    rows = {
        "id": take_ids(conn, "account_owner", len(begun)),
        "account_id": begun["account_id"].array,
        "person": begun["owner"].array,
        "since": arrival.at,
        "why": begun["owner_rule"].array,
    }
    insert_frame(conn, AccountOwner, pd.DataFrame(rows))


def loads_of(conn: Connection) -> dict[str, int]:
    """How many open leads each person has."""
    found = read_frame(conn, "SELECT name, value FROM counter WHERE name LIKE 'load:%'")
    return dict(zip(found["name"].str.slice(5), found["value"].astype("int64"), strict=True))


def _move_companies(
    conn: Connection,
    units: pd.DataFrame,
    given: pd.DataFrame,
    companies: _Companies,
    decided: tuple[pd.DataFrame, pd.DataFrame],
    config: Config,
    arrival: Arrival,
) -> pd.DataFrame:
    """Record new owners of companies; give them also what a former owner had, and what waits.

    decided: the leads of this chunk and those that end in it, which go their own way.
    """
    moved = (given["owner"] != units["person"]).fillna(True).to_numpy(dtype=bool)
    changed = (units["unit"] > 0).to_numpy() & given["owner"].notna().to_numpy() & moved
    now = given.set_axis(units["unit"])
    units, given = units[changed], given[changed]
    begun = {"account_id": units["unit"].array, "owner": given["owner"].array, "owner_rule": given["owner_rule"].array}
    change_owners(conn, units["held_id"].dropna().astype("int64"), pd.DataFrame(begun), arrival)
    parts = [_waiting_given(now, companies, config)]
    lifted = units.loc[units["held_id"].notna(), "unit"].sort_values()
    if len(lifted):
        had = look_up(conn, lifted, "BIGINT", _HAD)
        new = now.reindex(had["account_id"]).reset_index(drop=True)
        had = had.assign(owner=new["owner"], owner_rule=new["owner_rule"], choice=new["choice"])
        had = had.assign(lifted_from=had["old_owner"])[(had["owner"] != had["old_owner"]).to_numpy(dtype=bool)]
        parts.append(had[~had["lead_id"].isin(pd.concat([part["lead_id"] for part in decided]))])
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else no_leads()


def _waiting_given(now: pd.DataFrame, companies: _Companies, config: Config) -> pd.DataFrame:
    """Give the leads that waited at these companies (`now`: what each was given) to their owners."""
    waiting = companies.waiting.reset_index(drop=True)
    if waiting.empty:
        return waiting
    new = now.reindex(waiting["account_id"]).reset_index(drop=True)
    person = companies.of(waiting["account_id"], "person")
    stays = new["owner"].isna() & person.notna()
    owner, rule = new["owner"].mask(stays, person), new["owner_rule"].mask(stays, STICKY)
    choice = new["choice"].mask(stays, -1).fillna(-1).astype("int64")
    waiting = waiting.assign(owner=owner, owner_rule=rule, choice=choice, status="owned")
    waiting = waiting.assign(lifted_from=pd.array([pd.NA] * len(waiting), dtype="str"))
    return waiting[may_have(waiting, owner, config.roster.people, config.rules)]


def no_leads() -> pd.DataFrame:
    """An empty frame of leads that are given with their company."""
    columns = ("lead_id", "account_id", "contact_id", "status", "owner", "old_owner", "owner_rule", "choice")
    return pd.DataFrame(columns=[*columns, "lifted_from", "region", "industry", *DECISION])
