"""What a chunk did to leads, written down: leads, memberships, assignments and events."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray
from sqlalchemy import Connection

from config.schema import Config, Rules
from models import Assignment, Choice, Lead, LeadEvent, Membership
from models.db import add_to_counters, insert_frame, look_up, take_ids, take_numbers, update_frame
from tasks.arrival import Arrival
from tasks.clocks import follow_events
from tasks.neighbours import Neighbours
from tasks.rules.cluster import FOLLOWERS, Cluster
from tasks.rules.differences import said_otherwise
from tasks.rules.due import Reckoner
from tasks.rules.lifecycle.begin import begin_states
from tasks.touches import TOUCH

DECISION = ("verdict", "verdict_rule", "reasons", "grade", "grade_rule")
_VALUES = (
    *DECISION, "rows", "source", "source_detail", "industry", "region", "size", "need", "need_state", "budget_min",
    "budget_max", "budget_state", "chain", "chain_state", "urgency", "urgency_state", "title_state", "mark",
    "contact_at", "created",
)  # fmt: skip
_PLACED = ("account_id", "status", "owner")
# what figures are told apart by: an event states it, so that they are the same whenever they are asked for
_TRAITS = ("source", "industry", "region", "size")
_MOVE = ("lead_id", "account_id", "owner", "old_owner", "owner_rule", "lifted_from", "choice")
#: The evidence of an event of a lead that moves only because another one of its company does.
ALONG = "along=company"
#: The event by which a lead's state is told.
STATE = "state"
_LIVE = "SELECT a.id, a.lead_id, a.person FROM wanted w JOIN assignment a ON a.lead_id = w.key AND a.until IS NULL"


@dataclass(frozen=True)
class Changes:
    """The leads decided anew, those given with their company, those joined into others, the ids of the revived."""

    leads: pd.DataFrame
    handed: pd.DataFrame
    joined: pd.DataFrame
    revived: np.ndarray
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


def write_leads(
    conn: Connection, changes: Changes, near: Neighbours, arrival: Arrival, reckoner: Reckoner, rules: Rules
) -> None:
    """Insert the new leads, update the known ones, close the joined ones."""
    leads = changes.leads
    rows = leads[["lead_id", *_PLACED, "owner_rule", *_VALUES]]
    rows = rows.rename(columns={"lead_id": "id"})
    new = leads["new"]
    begun, state_at = begin_states(leads, rules, arrival.at, reckoner)
    rows = rows.assign(**{str(name): begun[name].array for name in begun})
    fresh = pd.concat([rows[new], leads.loc[new, ["number", "contact_id", "origin_id"]]], axis=1)
    insert_frame(conn, Lead, fresh.assign(opened_at=arrival.at, state_at=state_at[new].array))
    # what somebody has followed is kept current by tasks.state, and what was a lead goes on as it was
    touched = leads["touched"].to_numpy(dtype=bool)
    again = (leads["old_status"] == "archived").to_numpy(dtype=bool) & ~new & ~touched
    update_frame(conn, Lead, rows[again])
    update_frame(conn, Lead, rows.loc[~new & ~again, ["id", "owner_rule", *_VALUES]])
    # apart: what leads are found by costs an index each, and seldom changes
    placed = rows.loc[~new & ~again, ["id", *_PLACED]]
    update_frame(conn, Lead, placed[_replaced(placed, near)])
    given = (leads["owner"].fillna("") != leads["old_owner"].fillna("")).to_numpy(dtype=bool) & ~new & ~touched
    update_frame(conn, Lead, pd.DataFrame({"id": leads.loc[given, "lead_id"], "state_at": state_at[given].array}))
    # one that was joined and stands alone again is open again
    again = changes.revived
    open_again = {"id": again, "closed_at": _never(len(again)), "joined_into": _nothing(len(again))}
    update_frame(conn, Lead, pd.DataFrame(open_again))
    moved = changes.handed[["lead_id", "status", "owner", "owner_rule"]].rename(columns={"lead_id": "id"})
    update_frame(conn, Lead, moved)
    touches = leads.loc[leads["touch_moved"], ["lead_id", *TOUCH]].rename(columns={"lead_id": "id"})
    update_frame(conn, Lead, touches)
    lost = changes.joined
    ended = {"id": lost["lead_id"], "status": "joined", "joined_into": lost["into"], "closed_at": arrival.at}
    update_frame(conn, Lead, pd.DataFrame(ended).assign(owner=lost["owner"]))


def _replaced(placed: pd.DataFrame, near: Neighbours) -> np.ndarray:
    """Which known leads stand elsewhere than is stored of them: another company, owner or status."""
    if placed.empty:
        return np.zeros(0, dtype=bool)
    return _otherwise(placed.rename(columns={"id": "lead_id"}), near, _PLACED)


def write_handed(conn: Connection, changes: Changes, arrival: Arrival, config: Config) -> None:
    """Give the handed leads to their new owners, and nothing else: leads, assignments, events."""
    moved = changes.handed[["lead_id", "status", "owner", "owner_rule"]].rename(columns={"lead_id": "id"})
    update_frame(conn, Lead, moved)
    write_assignments(conn, changes, arrival)
    append_events(conn, [_handed_events(changes.handed)], arrival, config)


def write_members(
    conn: Connection, changes: Changes, found: Cluster, near: Neighbours, outcome: pd.Series, arrival: Arrival
) -> None:
    """End memberships that no longer hold and begin the new ones; `outcome`: of the chunk's rows."""
    decided = changes.leads.set_index("label")["lead_id"]
    lead_of = decided.combine_first(found.lineage.lead.replace(0, np.nan)).dropna().astype("int64")
    member = found.member
    now = pd.Series(lead_of.reindex(member["label"]).array, index=member.index, dtype="Int64")
    stored = near.rows.set_index("id")
    moved = (now != stored["lead_id"].reindex(member.index)).fillna(True).to_numpy(dtype=bool)
    left = stored["membership_id"].reindex(member.index[moved])
    gone = stored.loc[~stored.index.isin(found.member.index), "membership_id"]
    ended = pd.concat([left, gone]).dropna().astype("int64")
    update_frame(conn, Membership, pd.DataFrame({"id": ended.array, "until": arrival.at}))
    first = changes.leads.loc[changes.leads["new"], "origin_id"]
    updates = outcome.index[outcome == "updated"]
    why = member.loc[moved, "why"].mask(member.index[moved].isin(first), "created")
    why = why.mask(member.index[moved].isin(updates) & ~why.isin(FOLLOWERS), "update")
    # a stored row did what it did, but for one that makes a lead of its own now, or joins one late
    did = stored["outcome"].fillna("merged").mask(stored.index.isin(first), "created")
    did = pd.concat([outcome, did]).reindex(why.index)
    begun = {
        "id": take_ids(conn, "membership", int(moved.sum())),
        "submission_id": member.index[moved],
        "lead_id": now[moved].array.astype("int64"),
        "since": arrival.at,
        "why": why.array,
        "outcome": did.array,
        "batch_id": pd.array([arrival.batch_id] * int(moved.sum()), dtype="Int64"),
    }
    insert_frame(conn, Membership, pd.DataFrame(begun))


def write_assignments(conn: Connection, changes: Changes, arrival: Arrival) -> None:
    """End and begin assignments where the owner changed, and keep each person's count of open leads."""
    every = pd.concat([part[list(_MOVE)] for part in (changes.leads, changes.handed, changes.joined) if len(part)])
    changed = every[(every["owner"].fillna("") != every["old_owner"].fillna("")).to_numpy()]
    ending = changed.loc[changed["old_owner"].notna(), "lead_id"].astype("int64").sort_values()
    live = look_up(conn, ending, "BIGINT", _LIVE)
    update_frame(conn, Assignment, pd.DataFrame({"id": live["id"], "until": arrival.at}))
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
    insert_frame(conn, Assignment, pd.DataFrame(begun))
    _count_loads(conn, beginning["owner"].value_counts().sub(live["person"].value_counts(), fill_value=0))


def write_events(
    conn: Connection, changes: Changes, found: Cluster, near: Neighbours, arrival: Arrival, config: Config
) -> None:
    """Append one event a lead: its decisions with rules and evidence, its owner and team of the moment.

    It names the row that made it, where one row did.
    """
    leads = changes.leads
    came = found.member.loc[found.member["new"], "label"]
    row = pd.Series(came.index.array, index=came.array, dtype="Int64")
    row = row[~row.index.duplicated(keep=False)]
    kind = _kinds(leads, leads["label"].isin(came).to_numpy(), near, changes, arrival)
    traits = {name: leads[name].astype("str").fillna("") for name in _TRAITS}
    parts = [leads.assign(kind=kind, submission_id=row.reindex(leads["label"]).array, **traits)]
    if len(changes.handed):
        parts.append(_handed_events(changes.handed))
    if len(changes.joined):
        into = "into=" + changes.joined["into"].astype("str")
        parts.append(without_traits(changes.joined).assign(kind="joined", facts=into))
    append_events(conn, parts, arrival, config)


def _handed_events(handed: pd.DataFrame) -> pd.DataFrame:
    # one that nobody had is taken from nobody
    taken = handed["old_owner"].notna() & (handed["old_owner"] != handed["owner"])
    found = pd.Series(np.where(taken, "handover", "changed"), index=handed.index)
    # one that only goes with its company has done nothing to be moved for
    facts = np.where(handed["along"], ALONG, "") if "along" in handed else ""
    # unless a person said what it is
    return without_traits(handed).assign(kind=handed.get("kind", found), facts=facts)


def without_traits(leads: pd.DataFrame) -> pd.DataFrame:
    """Leads about which an event says nothing of what figures are told apart by."""
    return leads.drop(columns=[*_TRAITS, "contact_at"], errors="ignore")


def append_events(conn: Connection, parts: list[pd.DataFrame], arrival: Arrival, config: Config) -> None:
    """Append events: lead_id, kind, status, what was decided and on which facts; the owner's team is that of now.

    The clocks of these leads follow, but where `promised` is false.
    """
    columns = ["lead_id", "kind", "status", *DECISION, "owner", "owner_rule", "account_id", "contact_id", "facts"]
    columns += ["submission_id", *_TRAITS, "contact_at", "at", "stage", "tier"]
    events = pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)
    teams = {person.id: person.team for person in config.roster.people}
    events = events.assign(
        id=take_numbers(conn, "lead_event_id", len(events)),
        # what a person tells happened when he says; everything else now
        at=events["at"].astype("datetime64[us]").fillna(arrival.at),
        recorded_at=arrival.recorded,
        actor=arrival.actor,
        batch_id=pd.array([arrival.batch_id] * len(events), dtype="Int64"),
        rules_version=config.rules.version,
        team=events["owner"].map(teams).astype("str"),
        account_id=events["account_id"].astype("Int64"),
        submission_id=events["submission_id"].astype("Int64"),
        contact_at=events["contact_at"].astype("datetime64[us]"),
        **{name: events[name].astype("str") for name in _TRAITS},
        # only what keeps it says how far a lead is
        **{name: events[name].astype("str").where(events["kind"] == STATE) for name in ("stage", "tier")},
    )
    insert_frame(conn, LeadEvent, events)
    about = pd.concat(
        [part.reindex(columns=["source", "tier", "created", "promised"]) for part in parts], ignore_index=True
    )
    # of what changes nothing that promises look at, no clock is asked
    asked = ~about["promised"].astype("object").eq(False).to_numpy(dtype=bool)
    follow_events(conn, events[asked].reset_index(drop=True), about[asked].reset_index(drop=True), arrival, config)


def _kinds(leads: pd.DataFrame, fresh: np.ndarray, near: Neighbours, changes: Changes, arrival: Arrival) -> np.ndarray:
    """Name what happened to each lead; `fresh`: whether rows have come to it.

    The batch that made a lead says once how it was decided: what its later rows say again is no change.
    """
    new, revived = leads["new"].to_numpy(), leads["lead_id"].isin(changes.revived).to_numpy()
    decided_again = fresh & ~new
    if decided_again.any():
        batch = near.rows.drop_duplicates("id").set_index("id")["batch_id"].astype("Int64")
        mine = (batch.reindex(leads["origin_id"]) == arrival.batch_id).fillna(False).to_numpy(dtype=bool)
        decided_again &= mine & _decided_otherwise(leads, near)
    chosen = [new & fresh, new, revived, decided_again, fresh]
    return np.select(chosen, ["intake", "split", "revived", "changed", "merged"], arrival.kind)


def _decided_otherwise(leads: pd.DataFrame, near: Neighbours) -> np.ndarray:
    """Whether verdict, grade, owner or company of a known lead are others than before."""
    return _otherwise(leads, near, ("verdict", "grade", "owner", "account_id"))


def _otherwise(leads: pd.DataFrame, near: Neighbours, columns: Sequence[str]) -> np.ndarray:
    """Whether any of these columns of known leads is another than what is stored."""
    before = near.leads.drop_duplicates("lead_id").set_index("lead_id").reindex(leads["lead_id"])
    return said_otherwise(leads, before, columns)


def _write_choices(conn: Connection, choices: list[dict[str, Any]], arrival: Arrival) -> np.ndarray:
    details = [json.dumps(choice, ensure_ascii=False, sort_keys=True) for choice in choices]
    ids = take_ids(conn, "choice", len(details))
    rows = pd.DataFrame({"id": ids, "at": arrival.at, "detail": pd.array(details, dtype="str")})
    insert_frame(conn, Choice, rows)
    return ids


def _count_loads(conn: Connection, delta: pd.Series) -> None:
    add_to_counters(conn, {f"load:{person}": int(count) for person, count in delta[delta != 0].items()})


def _never(count: int) -> ExtensionArray:
    return pd.array([pd.NaT] * count, dtype="datetime64[us]")


def _nothing(count: int) -> ExtensionArray:
    return pd.array([pd.NA] * count, dtype="Int64")
