"""What a chunk did to leads, written down: leads, memberships, assignments and events."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from config.schema import Config
from models import Assignment, Choice, Lead, LeadEvent, Membership, Submission
from models.db import insert_frame, look_up, take_ids, take_numbers, update_frame
from tasks.arrival import Arrival
from tasks.neighbours import Neighbours
from tasks.rules.cluster import Cluster

DECISION = ("verdict", "verdict_rule", "reasons", "grade", "grade_rule")
_VALUES = (
    *DECISION, "rows", "source", "source_detail", "industry", "region", "size", "need", "need_state", "budget_min",
    "budget_max", "budget_state", "chain", "chain_state", "urgency", "urgency_state", "title_state", "mark",
    "contact_at", "created",
)  # fmt: skip
_MOVE = ("lead_id", "account_id", "owner", "old_owner", "owner_rule", "lifted_from", "choice")
_LIVE = "SELECT a.id, a.lead_id, a.person FROM wanted w JOIN assignment a ON a.lead_id = w.key AND a.until IS NULL"


@dataclass(frozen=True)
class Changes:
    """The leads decided anew, those handed over with their company, those joined into others."""

    leads: pd.DataFrame
    handed: pd.DataFrame
    joined: pd.DataFrame
    choices: list[dict[str, Any]]


def joined_leads(found: Cluster, leads: pd.DataFrame, near: Neighbours) -> pd.DataFrame:
    """List the leads that end because an older one has their rows: stored columns and `into`."""
    lost = found.lineage.joined
    stored = near.leads[near.leads["lead_id"].isin(lost["lead_id"])].drop_duplicates("lead_id")
    lead_of = found.lineage.lead.replace(0, np.nan)
    lead_of = leads.set_index("label")["lead_id"].combine_first(lead_of)
    into = pd.Series(lead_of.reindex(lost["into"]).array, index=lost["lead_id"].array)
    stored = stored.assign(into=into.reindex(stored["lead_id"]).array.astype("int64"), old_owner=stored["owner"])
    none = pd.Series(pd.NA, index=stored.index, dtype="str")
    return stored.assign(owner=none, owner_rule=none, lifted_from=none, choice=-1, status="joined")


def write_leads(conn: Connection, changes: Changes, arrival: Arrival) -> None:
    """Insert the new leads, update the known ones, close the joined ones."""
    leads = changes.leads
    rows = leads[["lead_id", "account_id", "status", "owner", "owner_rule", *_VALUES]]
    rows = rows.rename(columns={"lead_id": "id"})
    new = leads["new"]
    fresh = pd.concat([rows[new], leads.loc[new, ["number", "contact_id", "origin_id"]]], axis=1)
    insert_frame(conn, Lead.__table__, fresh.assign(opened_at=arrival.at))
    # one that was joined and stands alone again is open again
    known = rows[~new].assign(closed_at=_never(int((~new).sum())), joined_into=_nothing(int((~new).sum())))
    update_frame(conn, Lead.__table__, known)
    moved = changes.handed[["lead_id", "owner", "owner_rule"]].rename(columns={"lead_id": "id"})
    update_frame(conn, Lead.__table__, moved)
    lost = changes.joined
    ended = {"id": lost["lead_id"], "status": "joined", "joined_into": lost["into"], "closed_at": arrival.at}
    update_frame(conn, Lead.__table__, pd.DataFrame(ended).assign(owner=lost["owner"]))


def write_members(
    conn: Connection, changes: Changes, found: Cluster, near: Neighbours, arrival: Arrival
) -> None:
    """End memberships that no longer hold and begin the new ones; a joined row is rejected no more."""
    decided = changes.leads.set_index("label")["lead_id"]
    lead_of = decided.combine_first(found.lineage.lead.replace(0, np.nan)).dropna().astype("int64")
    member = found.member
    now = pd.Series(lead_of.reindex(member["label"]).array, index=member.index, dtype="Int64")
    stored = near.rows.set_index("id")
    moved = (now != stored["lead_id"].reindex(member.index)).fillna(True).to_numpy(dtype=bool)
    left = stored["membership_id"].reindex(member.index[moved])
    gone = stored.loc[~stored.index.isin(found.member.index), "membership_id"]
    ended = pd.concat([left, gone]).dropna().astype("int64")
    update_frame(conn, Membership.__table__, pd.DataFrame({"id": ended.array, "until": arrival.at}))
    first = changes.leads.loc[changes.leads["new"], "origin_id"]
    why = member.loc[moved, "why"].mask(member.index[moved].isin(first), "created")
    begun = {
        "id": take_ids(conn, "membership", int(moved.sum())),
        "submission_id": member.index[moved],
        "lead_id": now[moved].array.astype("int64"),
        "since": arrival.at,
        "why": why.array,
        "batch_id": pd.array([arrival.batch_id] * int(moved.sum()), dtype="Int64"),
    }
    insert_frame(conn, Membership.__table__, pd.DataFrame(begun))
    late = stored.index[stored["outcome"] == "rejected"].intersection(member.index)
    update_frame(conn, Submission.__table__, pd.DataFrame({"id": late.array, "outcome": "merged"}))


def write_assignments(conn: Connection, changes: Changes, arrival: Arrival) -> None:
    """End and begin assignments where the owner changed, and keep each person's count of open leads."""
    every = pd.concat([part[list(_MOVE)] for part in (changes.leads, changes.handed, changes.joined) if len(part)])
    changed = every[(every["owner"].fillna("") != every["old_owner"].fillna("")).to_numpy()]
    ending = changed.loc[changed["old_owner"].notna(), "lead_id"].astype("int64").sort_values()
    live = look_up(conn, ending, "BIGINT", _LIVE)
    update_frame(conn, Assignment.__table__, pd.DataFrame({"id": live["id"], "until": arrival.at}))
    beginning = changed[changed["owner"].notna()]
    choice_ids = np.append(_write_choices(conn, changes.choices, arrival), 0)
    place = beginning["choice"].to_numpy(dtype=np.int64)
    begun = {
        "id": take_numbers(conn, "assignment", len(beginning)),
        "lead_id": beginning["lead_id"].astype("int64").array,
        "account_id": beginning["account_id"].astype("Int64").array,
        "person": beginning["owner"].array,
        "since": arrival.at,
        "why": beginning["owner_rule"].array,
        "lifted_from": beginning["lifted_from"].astype("str").array,
        "choice_id": pd.Series(choice_ids[place], dtype="Int64").mask(place < 0).array,
    }
    insert_frame(conn, Assignment.__table__, pd.DataFrame(begun))
    _count_loads(conn, beginning["owner"].value_counts().sub(live["person"].value_counts(), fill_value=0))


def write_events(conn: Connection, changes: Changes, found: Cluster, arrival: Arrival, config: Config) -> None:
    """Append one event a lead: its decisions with rules and evidence, its owner and team of the moment."""
    leads = changes.leads
    fresh = found.member.groupby("label")["new"].any().reindex(leads["label"]).to_numpy(dtype=bool)
    revived = leads["lead_id"].isin(found.lineage.revived).to_numpy()
    kind = np.select(
        [leads["new"] & fresh, leads["new"], revived, fresh], ["intake", "split", "revived", "merged"], "changed"
    )
    parts = [leads.assign(kind=kind)]
    if len(changes.handed):
        parts.append(changes.handed.assign(kind="handover", facts=""))
    if len(changes.joined):
        into = "into=" + changes.joined["into"].astype("str")
        parts.append(changes.joined.assign(kind="joined", facts=into))
    columns = ["lead_id", "kind", "status", *DECISION, "owner", "owner_rule", "account_id", "contact_id", "facts"]
    events = pd.concat([part[columns] for part in parts], ignore_index=True)
    teams = {person.id: person.team for person in config.roster.people}
    events = events.assign(
        id=take_ids(conn, "lead_event", len(events)),
        at=arrival.at,
        recorded_at=arrival.recorded,
        actor=arrival.actor,
        batch_id=pd.array([arrival.batch_id] * len(events), dtype="Int64"),
        rules_version=config.rules.version,
        team=events["owner"].map(teams).astype("str"),
        account_id=events["account_id"].astype("Int64"),
    )
    insert_frame(conn, LeadEvent.__table__, events)


def _write_choices(conn: Connection, choices: list[dict[str, Any]], arrival: Arrival) -> np.ndarray:
    details = [json.dumps(choice, ensure_ascii=False, sort_keys=True) for choice in choices]
    ids = take_ids(conn, "choice", len(details))
    rows = pd.DataFrame({"id": ids, "at": arrival.at, "detail": pd.array(details, dtype="str")})
    insert_frame(conn, Choice.__table__, rows)
    return ids


def _count_loads(conn: Connection, delta: pd.Series) -> None:
    statement = text(
        "INSERT INTO counter (name, value) VALUES (:name, :count) "
        "ON CONFLICT (name) DO UPDATE SET value = counter.value + :count"
    )
    changed = [{"name": f"load:{person}", "count": int(count)} for person, count in sorted(delta.items())]
    if changed:
        conn.execute(statement, changed)


def _never(count: int) -> pd.Series:
    return pd.array([pd.NaT] * count, dtype="datetime64[us]")


def _nothing(count: int) -> pd.Series:
    return pd.array([pd.NA] * count, dtype="Int64")
