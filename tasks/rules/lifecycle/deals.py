"""How leads ended by fact: contract and payment, a refusal, or what a person said of it; and what the archive lacks."""

import numpy as np
import pandas as pd

from config.schema import Rules

#: What makes a lead won, and all that is told of an end.
CONTRACT = ("contract_number", "contract_on", "contract_amount", "first_payment")
LOSS = ("lost_reason", "competitor", "would_have_helped")
DEAL = (*CONTRACT, "first_payment_on", *LOSS)
_TEXTS = ("contract_number", *LOSS)


def deals(records: pd.DataFrame, words: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """What is known of how each lead ended (index lead_id): DEAL, outcome (won, lost, none), ended_at, actor.

    records: follow-ups with DEAL, answered in their order; words: lead_id, at, actor, result and DEAL of what people
    said. Of each column the last stated one counts.
    """
    lost = refused(records, rules)
    rows = records.assign(actor=records["person"], result=pd.Series("lost", index=records.index).where(lost))
    both = pd.concat([rows, words], ignore_index=True)
    columns = ["lead_id", "at", "actor", "result", *DEAL]
    both = both.reindex(columns=columns).sort_values(["lead_id", "at"], kind="stable")
    for name in (*_TEXTS, "result"):
        both[name] = both[name].astype("str").where(both[name].notna() & (both[name].astype("str") != ""))
    groups = both.groupby("lead_id")
    found = groups[list(DEAL)].last()
    whole = pd.concat([found[name].notna() for name in CONTRACT], axis=1).all(axis=1)
    complete = pd.Series(
        np.maximum.reduce([_first_said(both, name, found.index) for name in CONTRACT]), index=found.index
    )
    losses = both[both["result"] == "lost"].drop_duplicates("lead_id", keep="last").set_index("lead_id")
    wins = both[both["result"] == "won"].drop_duplicates("lead_id", keep="last").set_index("lead_id")
    lost_at, won_said = losses["at"].reindex(found.index), wins["at"].reindex(found.index)
    won_at = pd.Series(np.fmax(complete, np.asarray(won_said, "datetime64[us]")), index=found.index).where(whole)
    lost_at = lost_at.astype("datetime64[us]")
    # what is known last counts: a contract after a refusal, or a word that takes it back
    won = whole & won_at.notna() & ~(lost_at > won_at).fillna(False)
    is_lost = lost_at.notna() & ~won
    said = won_said.fillna(won_at)
    actor = both.drop_duplicates("lead_id", keep="last").set_index("lead_id")["actor"]
    actor = losses["actor"].reindex(found.index).where(is_lost, actor)
    return found.assign(
        outcome=np.select([won, is_lost], ["won", "lost"], "none"),
        ended_at=pd.Series(np.where(won, said, lost_at), index=found.index).astype("datetime64[us]"),
        actor=actor,
    )


def refused(records: pd.DataFrame, rules: Rules) -> pd.Series:
    """Which follow-ups say that the customer will not buy: by a reason, or by a word of their result."""
    words = {str(word).lower() for word in rules.value("L-LOST-WORDS")}
    result = records["result"].fillna("").astype("str").str.strip().str.lower()
    refused: pd.Series = records["lost_reason"].notna() | result.isin(words)
    return refused


def missing(leads: pd.DataFrame, rules: Rules) -> pd.Series:
    """What the archive of won and lost leads lacks, joined by |; empty for others.

    leads: status, follow_ups, need, and DEAL.
    """
    has = {name: leads[name].notna() for name in DEAL}
    has["requirement"] = leads["need"].fillna(False).astype("bool")
    has["follow_up"] = leads["follow_ups"].fillna(0) > 0
    lacks = pd.Series("", index=leads.index, dtype="str")
    for status, rule in (("won", "L-ARCHIVE-WON"), ("lost", "L-ARCHIVE-LOST")):
        for name in rules.value(rule):
            gap = (leads["status"] == status) & ~has[name]
            lacks = lacks.where(~gap, lacks + "|" + name)
    return lacks.str.slice(1)


def _first_said(rows: pd.DataFrame, name: str, leads: pd.Index) -> np.ndarray:
    """When each lead's column was said first; NaT where it never was."""
    if not rows[name].notna().any():
        return np.full(len(leads), np.datetime64("NaT", "us"))
    first = rows[rows[name].notna()].groupby("lead_id")["at"].min().reindex(leads)
    return np.asarray(first, dtype="datetime64[us]")
