"""The table of owner rules: which rule a lead falls under, and what roles it asks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.schema import OwnerRule, Person, Rules
from tasks.rules.eligible import NO_RANK, RANKS, Positions


def place_of_rule(units: pd.DataFrame, table: Sequence[OwnerRule]) -> Positions:
    """For each unit the place of the first owner rule that fits its verdict and grade, or -1."""
    pairs = units["verdict"].fillna("") + "|" + units["grade"].fillna("")
    codes, uniques = pd.factorize(pairs)
    first = [next((at for at, rule in enumerate(table) if _fits(rule, *pair.split("|"))), -1) for pair in uniques]
    return np.array([*first, -1], dtype=np.int64)[codes]


def _fits(rule: OwnerRule, verdict: str, grade: str) -> bool:
    said = {"verdict": verdict, "grade": grade}
    return all(said[fact] in (wanted.among or ()) for fact, wanted in rule.when.items())


def needed_rank(rule: OwnerRule) -> int:
    """The lowest rank that may keep an account under this rule.

    That of the first role of the rule; any sales role while the lead is still to be verified.
    """
    verdict = rule.when.get("verdict")
    unverified = verdict is not None and "to_verify" in (verdict.among or ())
    return min(RANKS.values()) if unverified else rank_asked(rule, 0)


def lowest_ranks(table: Sequence[OwnerRule]) -> Positions:
    """For each rule the lowest rank that it asks; for no rule (-1) one that nobody has."""
    ranks = [min(RANKS.get(role, NO_RANK) for role in rule.then) for rule in table]
    return np.array([*(max(rank, min(RANKS.values())) for rank in ranks), max(RANKS.values()) + 1], dtype=np.int64)


def strength(leads: pd.DataFrame, rules: Rules) -> Positions:
    """How high a role each lead (verdict, grade) needs: the strongest of a company's leads decides its owner."""
    table = rules.assignment
    # of rules that ask the same role first, the one that stands first
    steps = [max(rank_asked(rule, 0), NO_RANK) * len(table) - place for place, rule in enumerate(table)]
    return np.array([*steps, (NO_RANK - 1) * len(table)], dtype=np.int64)[place_of_rule(leads, table)]


def may_have(leads: pd.DataFrame, owner: pd.Series, people: Sequence[Person], rules: Rules) -> NDArray[np.bool_]:
    """Whether each lead (verdict, grade) may be with this person (code): he is there and of a role that is asked."""
    rank = {person.id: RANKS.get(person.role, NO_RANK) for person in people if person.active}
    has = owner.map(rank).fillna(NO_RANK).to_numpy(dtype=np.int64)
    may: NDArray[np.bool_] = has >= lowest_ranks(rules.assignment)[place_of_rule(leads, rules.assignment)]
    return may


def rank_asked(rule: OwnerRule, step: int) -> int:
    """The rank of the role that a rule asks at a step."""
    return RANKS.get(rule.then[step], NO_RANK)
