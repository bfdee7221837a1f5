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


@dataclass(frozen=True)
class Known:
    """What is stored as of a cut-off; times naive UTC, each frame with a `lead_id`.

    live: number, created_at, contact_at, verdict, verdict_rule, grade (of a verified lead the first one after that),
    owner, team, source, industry, region, size. history: the same of a foreign record, without a verdict, with system,
    need_type and product. outcomes: result, at, product, reason, amount, currency. stages: stage and place of each
    stage that was entered.
    """

    live: pd.DataFrame
    history: pd.DataFrame
    outcomes: pd.DataFrame
    stages: pd.DataFrame


def lead_facts(known: Known, zone: str) -> pd.DataFrame:
    """One row a lead, in the order of their ids: COLUMNS. Its attribute `stages`: system, stage and place of each stage
    that any lead has entered, in order."""
    both = pd.concat([known.live.assign(system="", need_type="", product=""), known.history], ignore_index=True)
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
    facts = facts.sort_values("lead_id", ignore_index=True)[list(COLUMNS)]
    facts.attrs["stages"] = _every_stage(known.stages, both)
    return facts


def _every_stage(stages: pd.DataFrame, leads: pd.DataFrame) -> tuple[tuple[str, str, int], ...]:
    systems = leads["system"].set_axis(leads["lead_id"])
    own = stages.assign(system=systems.reindex(stages["lead_id"]).to_numpy())[["system", "stage", "place"]]
    once = own.dropna().drop_duplicates().sort_values(["system", "place", "stage"])
    return tuple((str(system), str(stage), int(place)) for system, stage, place in once.itertuples(index=False))


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
