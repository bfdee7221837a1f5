"""What a person has touched stays as he left it: no new row decides it anew, and a join takes the touch along."""

import pandas as pd
from sqlalchemy import Connection

from models.db import as_times, look_up
from tasks.neighbours import Neighbours
from tasks.rules.cluster import Cluster

TOUCH = ("touched_at", "verified_at", "verified_by")
_KEPT = ("verdict", "verdict_rule", "reasons", "grade", "grade_rule")
# the evidence of the last decision; a handover and a join decide nothing
_FACTS = """
SELECT e.lead_id, e.facts FROM wanted w JOIN lead_event e ON e.id = (
SELECT max(x.id) FROM lead_event x WHERE x.lead_id = w.key AND x.facts <> ''
AND x.kind NOT IN ('joined', 'follow_up', 'state'))
"""


def keep_touched(conn: Connection, leads: pd.DataFrame, found: Cluster, near: Neighbours) -> pd.DataFrame:
    """Give touched leads back what was decided about them, with its evidence, owner and company.

    `leads`: RangeIndex; label, lead_id, old_owner, old_rule, old_account and the decision. Adds `touched`,
    `touch_moved` (another lead's touch comes with its rows) and TOUCH. A lead joined by a touched one is decided as
    that one was: the person judged these rows; it keeps its own owner if it has one.
    """
    stored = near.leads.drop_duplicates("lead_id").set_index("lead_id")
    if not len(stored) or not stored["touched_at"].notna().any():
        none = pd.Series(pd.NA, index=leads.index, dtype="str")
        return leads.assign(
            touched=False, touch_moved=False, **dict.fromkeys((*TOUCH, "keep_owner", "keep_rule"), none)
        )
    stored["verified_at"] = as_times(stored["verified_at"])
    touches = _touches(leads, stored, found)
    judged = touches.drop_duplicates("label").set_index("label").reindex(leads["label"]).reset_index(drop=True)
    first = touches.groupby("label")["touched_at"].min().reindex(leads["label"]).reset_index(drop=True)
    touched = judged["touched_at"].notna()
    moved = touched & (judged["source_id"] != leads["lead_id"])
    facts = _facts(conn, judged["source_id"])
    values = {column: leads[column].where(~touched, judged[column]) for column in _KEPT}
    values["facts"] = leads["facts"].where(~touched, judged["source_id"].map(facts).fillna(""))
    # the company goes with whoever has the lead
    taken = moved & leads["old_owner"].isna()
    company = leads["old_account"].where(~taken, judged["account_id"].astype("Int64"))
    values["account_id"] = leads["account_id"].where(~touched, company)
    values["keep_owner"] = leads["old_owner"].where(~taken, judged["owner"])
    values["keep_rule"] = leads["old_rule"].where(~taken, judged["owner_rule"])
    values |= {"touched_at": first, "verified_at": judged["verified_at"], "verified_by": judged["verified_by"]}
    return leads.assign(touched=touched, touch_moved=moved | (first != judged["touched_at"]) & touched, **values)


def _touches(leads: pd.DataFrame, stored: pd.DataFrame, found: Cluster) -> pd.DataFrame:
    """List the touched leads that each label is made of, the one whose judgement holds first."""
    lost = found.lineage.joined.rename(columns={"into": "label"})
    mine = leads.loc[leads["lead_id"] != 0, ["lead_id", "label"]]
    parts = pd.concat([mine.assign(own=True), lost[["lead_id", "label"]].assign(own=False)], ignore_index=True)
    parts = parts.rename(columns={"lead_id": "source_id"}).join(stored, on="source_id")
    parts = parts[parts["touched_at"].notna()].assign(unverified=lambda part: part["verified_at"].isna())
    order = ["label", "unverified", "own", "touched_at", "source_id"]
    return parts.sort_values(order, ascending=[True, True, False, True, True])


def _facts(conn: Connection, leads: pd.Series) -> pd.Series:
    known = look_up(conn, leads.dropna().drop_duplicates().astype("int64"), "BIGINT", _FACTS)
    return known.set_index("lead_id")["facts"]
