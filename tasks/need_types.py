"""What kind of need each lead has (H1-3.3-class): read from the row that made it, which never changes."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from models.db import look_up

#: The rule that names the kinds of needs and their words.
NEED_TYPES = "R-NEED-TYPES"
_NEEDS = """
SELECT w.key AS lead_id, s.need FROM wanted w JOIN lead l ON l.id = w.key JOIN submission s ON s.id = l.origin_id
WHERE s.need IS NOT NULL
"""


def with_need_types(
    conn: Connection, facts: pd.DataFrame, kinds: Mapping[str, Sequence[str]], asked: np.ndarray | None = None
) -> pd.DataFrame:
    """The facts with the kind of need of each live lead, '' where its words tell none; `asked`: of which rows."""
    own = ((facts["system"] == "") & (facts["need_type"] == "")).to_numpy(dtype=bool)
    own = own if asked is None else own & asked
    if not own.any():
        return facts
    found = look_up(conn, facts.loc[own, "lead_id"].sort_values(), "BIGINT", _NEEDS)
    told = need_types(found["need"], kinds).set_axis(found["lead_id"].astype("int64"))
    filled = told.reindex(facts["lead_id"]).fillna("").set_axis(facts.index).astype("str")
    changed = facts.assign(need_type=facts["need_type"].mask(own, filled))
    changed.attrs = facts.attrs
    return changed


def need_types(needs: pd.Series, kinds: Mapping[str, Sequence[str]]) -> pd.Series:
    """The first kind one of whose words stands in each text; '' where none does."""
    once = pd.Series(needs.unique(), dtype="str")
    text, found = once.str.lower(), pd.Series("", index=once.index, dtype="str")
    for kind, words in kinds.items():
        says = np.zeros(len(once), dtype=bool)
        for word in words:
            says |= text.str.contains(str(word).lower(), regex=False).to_numpy(dtype=bool)
        found = found.mask((found == "").to_numpy() & says, kind)
    return needs.map(dict(zip(once, found, strict=True))).astype("str")
