"""Verdict of a lead: all screening rules that fit are its reasons (H1-3.2-hard, H1-3.2-verify)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from config.schema import DecisionRule
from tasks.rules.clean.texts import TEXT, series
from tasks.rules.tables import all_matches

#: The strongest first: one invalid rule decides, then one that asks to verify.
STRENGTH = ("invalid", "to_verify", "valid")
_BITS = 60


def screen(facts: pd.DataFrame, table: Sequence[DecisionRule]) -> pd.DataFrame:
    """Give verdict, verdict_rule (the first of the strongest) and reasons (`|`-joined, empty where valid)."""
    fits = all_matches(facts, table)
    outcomes = np.array([STRENGTH.index(rule.then) for rule in table], dtype=np.int64)
    ids = pa.array([rule.id for rule in table], TEXT)
    # Nothing fits: nothing speaks against the lead.
    strongest, rule = np.full(len(facts), STRENGTH.index("valid")), np.full(len(facts), -1)
    for place in range(len(table) - 1, -1, -1):
        wins = fits[:, place] & ((outcomes[place] <= strongest) | (rule < 0))
        strongest[wins], rule[wins] = outcomes[place], place
    against = np.flatnonzero(outcomes != STRENGTH.index("valid"))
    return pd.DataFrame(
        {
            "verdict": series(pa.array(STRENGTH, TEXT).take(pa.array(strongest)), facts.index),
            "verdict_rule": series(ids.take(pa.array(rule, mask=rule < 0)), facts.index),
            "reasons": _reasons(fits[:, against], [table[int(place)].id for place in against], facts.index),
        }
    )


def _reasons(fits: NDArray[np.bool_], ids: Sequence[str], index: pd.Index) -> pd.Series:
    """The ids of the columns that hold, joined; made once for each combination that occurs."""
    codes = np.zeros(len(fits), dtype=np.int64)
    texts = [""]
    for start in range(0, len(ids), _BITS):
        # 2**60 is the most that an int64 holds with room; more rules are joined piece by piece.
        block = fits[:, start : start + _BITS]
        weights = np.int64(1) << np.arange(block.shape[1], dtype=np.int64)
        bits = np.zeros(len(fits), dtype=np.int64)
        for place, weight in enumerate(weights):
            bits[block[:, place]] |= weight
        codes, texts = _extended(codes, texts, bits, ids[start : start + _BITS])
    return series(pa.array(texts, TEXT).take(pa.array(codes)), index)


def _extended(
    codes: NDArray[np.int64], texts: list[str], bits: NDArray[np.int64], ids: Sequence[str]
) -> tuple[NDArray[np.int64], list[str]]:
    kind, kinds = pd.factorize(bits)
    places, pairs = pd.factorize(codes * len(kinds) + kind)
    joined = []
    for pair in pairs.tolist():
        mask = int(kinds[pair % len(kinds)])
        more = [rule_id for place, rule_id in enumerate(ids) if mask >> place & 1]
        joined.append("|".join(part for part in (texts[pair // len(kinds)], *more) if part))
    return places.astype(np.int64), joined
