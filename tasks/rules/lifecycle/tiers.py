"""Tier, stage and probability of leads: facts decide, the number of follow-ups informs, a person's word stands."""

import numpy as np
import pandas as pd

from config.schema import Rules
from tasks.rules.tables import first_match

BY_PERSON = "L-PERSON"
PROBABILITY, STATED = "T-PROBABILITY", "stated"


def stages_of(leads: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """stage, place and stage_rule of each lead.

    leads: place (by follow-ups), contracted, status, in_care, said_stage, and place_after: the furthest place of
    follow-ups recorded after a person's word.
    """
    names = [rule.stage for rule in rules.stages]
    place = leads["place"].fillna(0).clip(lower=0).to_numpy(dtype=np.int64).copy()
    said = leads["said_stage"].map({name: number for number, name in enumerate(names)})
    after = leads["place_after"].fillna(-1).to_numpy(dtype=np.float64)
    by_person = said.notna().to_numpy() & (after <= said.fillna(-1).to_numpy(dtype=np.float64))
    place = np.where(said.notna(), np.fmax(said.to_numpy(dtype=np.float64), after), place).astype(np.int64)
    for mark, where in (
        ("contract", leads["contracted"]),
        ("won", leads["status"] == "won"),
        ("care", leads["in_care"]),
    ):
        number = next((at for at, rule in enumerate(rules.stages) if mark in rule.enters), None)
        if number is not None:
            place = np.where(where.to_numpy(dtype=bool), np.maximum(place, number), place)
            by_person &= ~where.to_numpy(dtype=bool)
    rule = np.array([rule.id for rule in rules.stages], dtype=object)[place]
    return pd.DataFrame(
        {
            "place": place,
            "stage": pd.array(np.array(names, dtype=object)[place], dtype="str"),
            "stage_rule": pd.array(np.where(by_person, BY_PERSON, rule), dtype="str"),
        },
        index=leads.index,
    )


def tiers_of(leads: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """tier and tier_rule of each lead.

    leads: status, need_state, place, CONFIRMED, competitor, said_tier (a person's, while it stands).
    """
    offer = next((at for at, rule in enumerate(rules.stages) if rule.id == "ST-OFFER"), len(rules.stages))
    made = (leads["place"] >= offer) | leads["offer"] | leads["competitor"].notna()
    ended = leads["status"].where(leads["status"].isin(("won", "lost")), "none")
    facts = pd.DataFrame(
        {
            "outcome": ended.astype("str"),
            "need_fact": np.where((leads["need_state"] == "clear") | leads["need"], "clear", "open"),
            "offer_fact": np.where(made, "made", "open"),
            "decider_fact": np.where(leads["decider"], "met", "open"),
            "budget_fact": np.where(leads["budget"], "confirmed", "open"),
            "date_fact": np.where(leads["date"], "confirmed", "open"),
        },
        index=leads.index,
    )
    where = first_match(facts, rules.tiers)
    then = np.array([*(rule.then for rule in rules.tiers), None], dtype=object)[where]
    ids = np.array([*(rule.id for rule in rules.tiers), None], dtype=object)[where]
    by_person = (leads["said_tier"].notna() & (ended == "none")).to_numpy(dtype=bool)
    tier = np.where(by_person, leads["said_tier"].astype("object"), then)
    return pd.DataFrame(
        {"tier": pd.array(tier, dtype="str"), "tier_rule": pd.array(np.where(by_person, BY_PERSON, ids), dtype="str")},
        index=leads.index,
    )


def probabilities(leads: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """probability (percent) and probability_rule of each lead: tier, follow_ups, said_probability.

    T-BANDS where the handbook states the band, T-PROBABILITY where it is interpolated, STATED where a person said so.
    """
    bands, points = rules.value("T-BANDS"), rules.value(PROBABILITY)
    found = np.full(len(leads), np.nan)
    rule = np.full(len(leads), PROBABILITY, dtype=object)
    count = leads["follow_ups"].fillna(0).to_numpy(dtype=np.float64)
    tiers = leads["tier"].to_numpy(dtype=object)
    for tier, line in points.items():
        mine = tiers == tier
        if mine.any():
            given = np.interp(count[mine], [float(x) for x, _ in line], [float(y) for _, y in line])
            low, high = bands.get(tier, (0.0, 100.0))
            found[mine] = np.round(given, 1)
            # a value of the band's own ends is the handbook's; what lies between numbers of follow-ups is ours
            stated = (given >= float(low)) & (given <= float(high)) & np.isin(count[mine], [x for x, _ in line])
            rule[mine] = np.where(stated, "T-BANDS", PROBABILITY)
    said = leads["said_probability"].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "probability": np.where(np.isnan(said), found, said),
            "probability_rule": pd.array(np.where(np.isnan(said), rule, STATED), dtype="str"),
        },
        index=leads.index,
    )
