"""What leads are that nobody has followed yet: state() over them alone."""

from functools import cache

import numpy as np
import pandas as pd

from config.schema import Rules
from tasks.rules.due import Reckoner
from tasks.rules.lifecycle.deals import DEAL
from tasks.rules.lifecycle.records import COLUMNS
from tasks.rules.lifecycle.state import KEPT, Facts, state

_OF_LEAD = ("status", "grade", "grade_rule")
#: By what leads that nobody has followed differ.
_COUNTS = ("status", "verdict", "grade", "owner", "owner_rule", "need_state", "source")
_TIMES = ("at", "recorded_at", "pause_until")
_NUMBERS = ("contract_amount", "first_payment", "probability")


def begin_states(
    leads: pd.DataFrame, rules: Rules, at: pd.Timestamp, reckoner: Reckoner
) -> tuple[pd.DataFrame, pd.Series]:
    """The columns that state() keeps of leads without a follow-up that are decided at a moment, and their state_at."""
    # of leads that are alike in all that counts, one is asked
    codes = np.zeros(len(leads), dtype=np.int64)
    for name in _COUNTS:
        code, uniques = pd.factorize(leads[name])
        codes = codes * (len(uniques) + 1) + code + 1
    _, first, kind = np.unique(codes, return_index=True, return_inverse=True)
    some = leads.iloc[first].reset_index(drop=True)
    never = pd.Series(pd.NaT, index=some.index, dtype="datetime64[us]")
    nothing = pd.Series(pd.NA, index=some.index, dtype="str")
    since = pd.Series(at, index=some.index).astype("datetime64[us]")
    some = some.assign(opened_at=since, owner_since=since, silent_at=never, tier=nothing, lead_id=range(len(some)))
    found = state(Facts(some, no_records(), no_words()), rules, np.datetime64(at, "us"), reckoner)
    found = found.take(kind).set_axis(leads.index)
    kept = found[[name for name in KEPT if name not in _OF_LEAD]]
    return kept, found["state_at"].astype("datetime64[us]")


@cache
def no_records() -> pd.DataFrame:
    """A frame of no follow-ups, with the types of one that has some; made once, so nobody may change it."""
    names = (*COLUMNS, *DEAL, "person", "probability")
    kinds = dict.fromkeys(names, "str") | dict.fromkeys(_TIMES, "datetime64[us]") | dict.fromkeys(_NUMBERS, "float64")
    kinds |= {"id": "int64", "lead_id": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kinds[name]) for name in names})


@cache
def no_words() -> pd.DataFrame:
    """A frame of nothing that people said; made once, so nobody may change it."""
    kinds = dict.fromkeys(("field", "said", "actor", "result", *DEAL), "str") | dict.fromkeys(
        ("since", "at"), "datetime64[us]"
    )
    kinds |= {"contract_amount": "float64", "first_payment": "float64", "lead_id": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
