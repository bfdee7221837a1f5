"""What figures are made of: one row a lead, as it was known at a cut-off (H1-3.5-monthly, H1-5.4-dims).

live leads by their events, leads of a foreign history as its files said; each with its outcome and the stage reached.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: By what figures can be told apart, beside time and stage.
TRAITS = ("source", "industry", "region", "size", "need_type", "product", "grade", "owner", "team", "reason")
#: The frame of facts; texts are '' where nothing is known, days are those of the business zone.
COLUMNS = (
    "lead_id", "number", "system", "verdict", "verdict_rule", *TRAITS, "result", "created_on", "contact_on",
    "closed_on", "cycle_days", "impossible", "stage", "place", "amount", "currency",
)  # fmt: skip
#: How a lead ended; `invalid` ended by its verdict.
WON, LOST, OPEN, INVALID = "won", "lost", "open", "invalid"
#: Leads whose last event says so are none any more.
GONE = ("joined", "reverted")


@dataclass(frozen=True)
class Known:
    """What is stored as of a cut-off; times naive UTC, each frame with a `lead_id`.

    leads: number, opened_at, and source, industry, region, size, contact_at as they are now. last: status, verdict,
    its rule, grade, owner, team of the last event. traits: source, industry, region, size, contact_at as last stated.
    first: grade of the first event after verification. history: number, system, created_at, contact_at and the texts
    of a foreign record. outcomes: result, at, product, reason, amount, currency. stages: stage, place of each
    entered.
    """

    leads: pd.DataFrame
    last: pd.DataFrame
    traits: pd.DataFrame
    first: pd.DataFrame
    history: pd.DataFrame
    outcomes: pd.DataFrame
    stages: pd.DataFrame


def lead_facts(known: Known, zone: str) -> pd.DataFrame:
    """One row a lead, in the order of their ids: COLUMNS."""
    both = pd.concat([_live(known), _foreign(known)], ignore_index=True)
    facts = both.merge(_ended(known.outcomes), on="lead_id", how="left")
    facts["product"] = facts["product"].fillna("").where(facts["product"].fillna("") != "", facts["sold"].fillna(""))
    invalid = (facts["verdict"] == "invalid") & facts["result"].isna()
    facts["result"] = facts["result"].mask(invalid, INVALID).fillna(OPEN)
    facts = facts.merge(_reached(known.stages), on="lead_id", how="left")
    for day, moment in (("created_on", "created_at"), ("contact_on", "contact_at"), ("closed_on", "at")):
        facts[day] = _days(facts[moment], zone)
    facts["place"] = facts["place"].fillna(-1).astype("int64")
    facts = _with_cycle(facts)
    texts = [
        name
        for name in COLUMNS
        if name in (*TRAITS, "stage", "verdict", "verdict_rule", "currency", "number", "system")
    ]
    facts[texts] = facts[texts].astype("str").fillna("")
    return facts.sort_values("lead_id", ignore_index=True)[list(COLUMNS)]


def _live(known: Known) -> pd.DataFrame:
    """The leads that leadflow made itself, without those that are none any more."""
    last = known.last[~known.last["status"].isin(GONE)]
    leads = last.merge(known.leads, on="lead_id")
    stated = known.traits.set_index("lead_id").reindex(leads["lead_id"]).reset_index(drop=True)
    told = stated["source"].notna().to_numpy()
    for name in ("source", "industry", "region", "size", "contact_at"):
        leads[name] = stated[name].where(told, leads[name])
    frozen = known.first.set_index("lead_id")["grade"].reindex(leads["lead_id"])
    verified = leads["lead_id"].isin(known.first["lead_id"]).to_numpy()
    leads["grade"] = leads["grade"].where(~verified, pd.Series(frozen.array, index=leads.index))
    leads = leads.rename(columns={"opened_at": "created_at"})
    return leads.assign(system="", need_type="", product="").drop(columns=["status"])


def _foreign(known: Known) -> pd.DataFrame:
    return known.history.assign(verdict="", verdict_rule="")


def _ended(outcomes: pd.DataFrame) -> pd.DataFrame:
    return outcomes.rename(columns={"product": "sold"})


def _reached(stages: pd.DataFrame) -> pd.DataFrame:
    """The furthest stage that each lead has come to."""
    ordered = stages.sort_values(["lead_id", "place", "stage"])
    return ordered.drop_duplicates("lead_id", keep="last")[["lead_id", "stage", "place"]]


def _days(moments: pd.Series, zone: str) -> pd.Series:
    """The local day of each time."""
    local = pd.to_datetime(moments).dt.tz_localize("UTC").dt.tz_convert(zone)
    return local.dt.tz_localize(None).dt.normalize().astype("datetime64[us]")


def _with_cycle(facts: pd.DataFrame) -> pd.DataFrame:
    """Add the days from first contact, else creation, to the win; and what cannot be."""
    start = facts["contact_on"].fillna(facts["created_on"])
    won = (facts["result"] == WON).to_numpy()
    days = (facts["closed_on"] - start).dt.days.to_numpy(dtype=np.float64)
    early = (facts["closed_on"] < facts["contact_on"]) | (facts["contact_on"].isna() & (days < 0))
    cycle = np.where(won & ~early.to_numpy(dtype=bool), days, np.nan)
    return facts.assign(cycle_days=cycle, impossible=early.to_numpy(dtype=bool))
