"""What the handbooks' sheets say of leads: the leads of a scope as they stand, their follow-ups and all they stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models.db import look_up, read_frame
from tasks.follow_ups import METHODS
from tasks.rules.lifecycle.deals import DEAL, deals
from tasks.rules.lifecycle.records import CONFIRMED, noted
from tasks.rules.lifecycle.state import Facts
from tasks.rules.plan_lines import plan_steps
from tasks.rules.promises import targets_of
from tasks.rules.zones import local_times
from tasks.state_facts import load_facts

_STANDING = "l.joined_into IS NULL AND l.status NOT IN ('joined', 'reverted')"
_LEADS = """
SELECT l.id AS lead_id, l.number, l.status, l.phase, l.verdict, l.grade, l.tier, l.stage, l.pause_kind, l.probability,
l.missing, l.opened_at, l.closed_at, l.created, l.source, l.source_detail, l.industry, l.region, l.size, l.need,
l.budget_min, l.budget_max, l.budget_state, l.chain, l.urgency, l.mark, l.owner, l.account_id, l.contact_id,
a.name AS company, a.customer_number, a.tags, k.name AS contact, k.title, k.phone, k.email,
n.next_action, n.next_at, n.next_person, o.reason, o.competitor AS rival, o.would_have_helped AS helped,
o.amount AS deal, o.contract_number AS contract, o.at AS ended_at
FROM wanted w JOIN lead l ON l.id = w.key JOIN contact k ON k.id = l.contact_id
LEFT JOIN account a ON a.id = l.account_id LEFT JOIN follow_up n ON n.id = l.next_action_id
LEFT JOIN outcome o ON o.lead_id = l.id AND o.until IS NULL
ORDER BY l.id
"""
_PEOPLE = """
SELECT DISTINCT k.account_id, k.id, k.name, k.title, k.phone, k.email
FROM wanted w JOIN contact k ON k.account_id = w.key ORDER BY k.account_id, k.id
"""
_RECORDS = """
SELECT f.id, f.lead_id, f.at, f.person, f.method, f.outcome, f.summary, f.feedback, f.next_action,
f.next_person, f.next_at, f.result, f.risk, f.milestone, f.plan, f.support, f.support_at, f.close_on, f.amount,
f.obstacle
FROM wanted w JOIN follow_up f ON f.lead_id = w.key AND f.superseded_at IS NULL ORDER BY f.lead_id, f.at, f.id
"""
_OBJECTIONS = """
SELECT o.follow_up_id, o.text FROM wanted w JOIN objection o ON o.lead_id = w.key ORDER BY o.id
"""
#: What is said again and again: the latest word counts.
LATEST = ("close_on", "amount", "obstacle", "risk", "milestone")


@dataclass(frozen=True)
class Scope:
    """Whose leads: numbers of leads, and persons (ids) who own them; what is empty asks for none."""

    numbers: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handbook:
    """The leads of a scope (one a row, LATEST of their follow-ups beside them), follow-ups, contacts, plan steps."""

    leads: pd.DataFrame
    records: pd.DataFrame
    people: pd.DataFrame
    steps: pd.DataFrame


def load_handbook(conn: Connection, scope: Scope, config: Config, zone: str) -> Handbook:
    """Read what the sheets need of the leads of a scope; times become local ones of the zone, without it."""
    ids = _ids(conn, scope)
    leads = look_up(conn, ids, "BIGINT", _LEADS)
    records = _with_objections(look_up(conn, ids, "BIGINT", _RECORDS), look_up(conn, ids, "BIGINT", _OBJECTIONS))
    people = look_up(conn, leads["account_id"].dropna().drop_duplicates().astype("int64"), "BIGINT", _PEOPLE)
    facts, _ = load_facts(conn, ids)
    for frame, names in ((leads, ("opened_at", "closed_at", "ended_at", "next_at")),
                         (records, ("at", "next_at", "support_at"))):  # fmt: skip
        for name in names:
            frame[name] = _local(frame[name], zone)
    leads = leads.assign(cadence=_cadence(leads, config))
    leads = _with_latest(_with_deals(leads, facts, config, zone), records)
    return Handbook(leads, records, people, _steps(records, config))


def _ids(conn: Connection, scope: Scope) -> pd.Series:
    """The leads of a scope, each once."""
    found = [pd.Series(dtype="int64")]
    for column, keys in (("number", scope.numbers), ("owner", scope.people)):
        if keys:
            query = f"SELECT l.id FROM wanted w JOIN lead l ON l.{column} = w.key WHERE {_STANDING}"
            found.append(look_up(conn, pd.Series(list(keys), dtype="str"), "TEXT", query)["id"])
    return pd.concat(found, ignore_index=True).drop_duplicates().astype("int64")


def _cadence(leads: pd.DataFrame, config: Config) -> np.ndarray:
    """How often each open lead is to be followed up, as the rule says it (5 working_days); blank for others."""
    found = np.full(len(leads), "", dtype=object)
    for rule in config.rules.watching("cadence"):
        found = np.where(found == "", targets_of(leads, rule), found)
    return np.where(leads["closed_at"].isna(), found, "")


def unknown_numbers(conn: Connection, numbers: Sequence[str]) -> list[str]:
    """The numbers that no lead bears which stands for itself."""
    known = _ids(conn, Scope(numbers=tuple(numbers)))
    stored = look_up(conn, known, "BIGINT", "SELECT l.number FROM wanted w JOIN lead l ON l.id = w.key")
    return sorted(set(numbers) - set(stored["number"]))


def owners(conn: Connection) -> set[str]:
    """Everybody who owns a lead, people who left the roster too."""
    return set(read_frame(conn, "SELECT DISTINCT owner FROM lead WHERE owner IS NOT NULL")["owner"])


def _local(times: pd.Series, zone: str) -> pd.Series:
    return local_times(times.astype("datetime64[us]"), zone)


def _with_objections(records: pd.DataFrame, objections: pd.DataFrame) -> pd.DataFrame:
    """Follow-ups with what the customer objected in each."""
    texts = objections.groupby("follow_up_id")["text"].agg("；".join)
    return records.assign(objection=texts.reindex(records["id"]).astype("str").array)


def _with_deals(leads: pd.DataFrame, facts: Facts, config: Config, zone: str) -> pd.DataFrame:
    """Leads with DEAL as it is known of each, and what the customer confirmed: need 2024-03-18|budget 2024-03-22."""
    rows = noted(facts.records, config.rules)
    words = facts.words[(facts.words["field"] == "closing").to_numpy(dtype=bool)]
    known = deals(rows, words, config.rules).reindex(leads["lead_id"]).reset_index(drop=True)
    told = rows.assign(day=_local(rows["at"], zone).dt.strftime("%Y-%m-%d").astype("str"))
    said = told.melt(["lead_id", "day"], list(CONFIRMED), "fact").sort_values("day", kind="stable")
    said = said[said["value"].astype("bool")].drop_duplicates(["lead_id", "fact"])
    confirmed = (said["fact"].astype("str") + " " + said["day"]).groupby(said["lead_id"]).agg("|".join)
    stored = {"lost_reason": "reason", "competitor": "rival", "would_have_helped": "helped",
              "contract_number": "contract", "contract_amount": "deal"}  # fmt: skip
    known = known.astype("object")
    ends = {name: known[name].where(known[name].notna(), leads[stored[name]].astype("object"))
            if name in stored else known[name] for name in DEAL}  # fmt: skip
    return leads.assign(**ends, confirmed=confirmed.reindex(leads["lead_id"]).array)


def _with_latest(leads: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Leads with the latest word on each of LATEST, how often and when last they were followed up."""
    by_lead = records.groupby("lead_id")
    latest = by_lead[list(LATEST)].last().reindex(leads["lead_id"])
    return leads.assign(
        **{name: latest[name].array for name in LATEST},
        follow_ups=by_lead.size().reindex(leads["lead_id"], fill_value=0).array,
        last_at=by_lead["at"].max().reindex(leads["lead_id"]).array,
    )


def _steps(records: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Steps of written plans, next actions, support asked for, and what was done of each lead, by their days."""
    by_place = records["lead_id"]
    steps = plan_steps(records["plan"], records["at"], list(config.rules.value(METHODS)))
    steps = steps.assign(lead_id=steps["place"].map(by_place), kind="plan", who=steps["place"].map(records["person"]))
    actions = records[records["next_action"].notna() & records["next_at"].notna()]
    support = records[records["support"].notna()]
    done = records[["lead_id", "person", "method", "at", "summary"]]
    parts: list[dict[str, Any]] = [
        {"lead_id": actions["lead_id"], "kind": "next", "goal": actions["next_action"], "first": actions["at"],
         "last": actions["next_at"], "who": actions["next_person"].fillna(actions["person"])},
        {"lead_id": support["lead_id"], "kind": "support", "goal": support["support"], "support": support["support"],
         "first": support["at"], "last": support["support_at"], "who": support["person"]},
        {"lead_id": done["lead_id"], "kind": "done", "goal": done["summary"], "method": done["method"],
         "first": done["at"], "last": done["at"], "who": done["person"]},
    ]  # fmt: skip
    found = pd.concat([steps, *(pd.DataFrame(part) for part in parts)], ignore_index=True)
    for name in ("first", "last", "week"):
        found[name] = pd.to_datetime(found[name]).dt.normalize()
    found["week"] = found["week"].fillna(found["first"] - pd.to_timedelta(found["first"].dt.day_of_week, unit="D"))
    order = found["first"].fillna(found["week"])
    return found.assign(order=order).sort_values(["lead_id", "order", "kind"], kind="stable", ignore_index=True)
