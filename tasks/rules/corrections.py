"""What a person has corrected beats what rows say: pure.

Words: lead_id, field, said, columns (JSON: column → value as the cleaner read it), was (what the lead said of it
before).
"""

import json
from typing import Any

import numpy as np
import pandas as pd

#: Field → its columns, the telling one first.
COLUMNS_OF = {
    "company": ("company", "company_key"),
    "contact": ("contact", "contact_key"),
    "title": ("title", "title_state"),
    "phone": ("phone", "phone_kind"),
    "email": ("email", "email_kind"),
    "need": ("need", "need_state"),
    "budget": ("budget_min", "budget_max", "budget_state"),
    "chain": ("chain", "chain_state"),
    "urgency": ("urgency", "urgency_state"),
    "industry": ("industry",),
    "region": ("region",),
    "size": ("size",),
    "source": ("source", "source_detail"),
}
DECIDED = ("verdict", "grade", "owner", "tier", "stage", "closing")


def correct_rows(rows: pd.DataFrame, words: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """Put corrected values into the stored rows that said what was wrong, or else into the row that made the lead.

    rows: id, lead_id and prepared columns; leads: lead_id, origin_id.
    """
    corrections = words[~words["field"].isin(DECIDED)]
    if corrections.empty:
        return rows
    rows = rows.copy()
    origin = leads.drop_duplicates("lead_id").set_index("lead_id")["origin_id"]
    for word in corrections.to_dict("records"):
        mine = (rows["lead_id"] == word["lead_id"]).fillna(False).to_numpy(dtype=bool)
        said = rows[COLUMNS_OF[word["field"]][0]].astype("str")
        wrong = mine & (said == word["was"]).fillna(False).to_numpy(dtype=bool)
        if not wrong.any():
            wrong = mine & (rows["id"] == origin.get(word["lead_id"], -1)).to_numpy(dtype=bool)
        _put(rows, wrong, word["field"], json.loads(word["columns"]))
    return rows


def correct_leads(leads: pd.DataFrame, lead_of: pd.Series, words: pd.DataFrame) -> pd.DataFrame:
    """Put corrected values into leads as they survived of their rows; lead_of: the lead of each label."""
    corrections = words[~words["field"].isin(DECIDED)]
    if corrections.empty:
        return leads
    leads = leads.copy()
    known = lead_of.reindex(leads.index)
    for word in corrections.to_dict("records"):
        _put(leads, (known == word["lead_id"]).to_numpy(dtype=bool), word["field"], json.loads(word["columns"]))
    return leads


def decided_by_hand(words: pd.DataFrame, lead_of: pd.Series, field: str) -> pd.Series:
    """What people decided of a field, by label; NA where nobody did."""
    said = words[words["field"] == field].drop_duplicates("lead_id", keep="last").set_index("lead_id")["said"]
    found: pd.Series = pd.Series(said.reindex(lead_of.to_numpy()).to_numpy(), index=lead_of.index, dtype="str")
    return found


def _put(frame: pd.DataFrame, where: np.ndarray, field: str, columns: dict[str, Any]) -> None:
    if not where.any():
        return
    for column in COLUMNS_OF[field]:
        value = columns.get(column)
        frame.loc[where, column] = pd.NA if value is None else value
    # signals are named for the field that shows them
    junk = frame.loc[where, "junk"].fillna("")
    kept = junk.map(lambda text: [code for code in text.split("|") if code and not code.startswith(field + "_")])
    signals = [code for code in str(columns.get("junk") or "").split("|") if code.startswith(field + "_")]
    frame.loc[where, "junk"] = kept.map(lambda codes: "|".join([*codes, *signals])).astype("str")
