"""A follow-up that was recorded on the wrong lead, and stands on another now: what follows for both (H1-3.4)."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Rules
from models.db import look_up
from tasks.clocks import CLOCK_COLUMNS, watched
from tasks.moved_times import both_leads, changes_lead, write_moved
from tasks.objections import follow_objections
from tasks.rules.clockwork import MET, VOID
from tasks.rules.due import Reckoner, same_times
from tasks.rules.objections import plans_answer

_FIRST = """
SELECT f.lead_id, min(f.at) AS at FROM wanted w JOIN follow_up f ON f.lead_id = w.key AND f.superseded_at IS NULL
GROUP BY f.lead_id
"""
_BY_PERSON = """
SELECT e.lead_id, min(e.at) AS at FROM wanted w JOIN lead_event e ON e.lead_id = w.key
AND e.kind IN ('verified', 'set', 'closed', 'pooled', 'claimed') GROUP BY e.lead_id
"""
_CLOCKS = f"SELECT {CLOCK_COLUMNS} FROM wanted w JOIN clock c ON c.lead_id = w.key AND c.subject_id <> 0"
_RECORDS = """
SELECT f.id, f.lead_id, f.at, f.person, f.category, f.answer, f.settled, f.next_action, f.next_at, f.next_person,
o.text AS objection FROM wanted w JOIN follow_up f ON f.lead_id = w.key AND f.superseded_at IS NULL
LEFT JOIN objection o ON o.lead_id = f.lead_id AND o.follow_up_id = f.id
"""
_PLANNED = """
SELECT o.id, o.follow_up_id AS raised_in, p.at FROM wanted w JOIN objection o ON o.lead_id = w.key
LEFT JOIN follow_up p ON p.id = o.planned_in AND p.superseded_at IS NULL
"""
#: Promises about single follow-ups, and who keeps them: any contact, a plan of the answer, the technical department.
_SUBJECTS = ("next_action", "objection", "support")


def left(rows: pd.DataFrame, by_id: pd.DataFrame) -> pd.DataFrame:
    """The leads from which follow-ups went to others, as an event says it; by_id: leads by id."""
    gone = _moved(rows).drop_duplicates("from_id")
    facts = "follow_up=" + gone["corrects"].astype("str") + "|by=" + gone["id"].astype("str")
    leads = by_id.reindex(gone["from_id"].astype("int64")).reset_index(drop=True)
    return leads.assign(kind="moved", facts=facts.array)


def touched_first(conn: Connection, rows: pd.DataFrame, leads: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """When somebody first did something about leads, where these follow-ups change that: id, touched_at.

    leads: those of the rows; gone: those from which a follow-up went away.
    """
    new = leads["touched_at"].isna().to_numpy()
    found = [pd.DataFrame({"id": leads["lead_id"][new], "touched_at": rows["at"][new].array})]
    if len(gone):
        ids = gone["lead_id"].astype("int64").sort_values()
        first = [look_up(conn, ids, "BIGINT", query).set_index("lead_id")["at"] for query in (_FIRST, _BY_PERSON)]
        at = pd.concat([one.reindex(ids) for one in first], axis=1).min(axis=1)
        found.append(pd.DataFrame({"id": ids.array, "touched_at": at.astype("datetime64[us]").array}))
    return pd.concat(found, ignore_index=True).drop_duplicates("id", keep="last")


def plan_anew(conn: Connection, rows: pd.DataFrame, rules: Rules) -> None:
    """Let what later follow-ups of both leads said of objections be said of those that the leads have now."""
    moved = _moved(rows)
    if moved.empty:
        return
    since = pd.concat([moved.set_index(name)["at"] for name in ("lead_id", "from_id")]).groupby(level=0).min()
    later = look_up(conn, pd.Series(since.index.astype("int64")).sort_values(), "BIGINT", _RECORDS)
    later = later[(later["at"] >= since.reindex(later["lead_id"]).array).to_numpy(dtype=bool)]
    says = plans_answer(later) | later["settled"].notna()
    later = later[(says & ~later["id"].isin(moved["id"])).to_numpy(dtype=bool)].sort_values(["at", "id"])
    turn = later.groupby("lead_id").cumcount()
    for number in range(int(turn.max() + 1) if len(turn) else 0):
        follow_objections(conn, later[turn == number].reset_index(drop=True), rules)


def end_promises(
    conn: Connection, rows: pd.DataFrame, technical: Collection[str], rules: Rules, reckoner: Reckoner
) -> None:
    """Let promises about single follow-ups of both leads end with what keeps them now, or run again."""
    moved = _moved(rows)
    if moved.empty:
        return
    leads = both_leads(moved)
    clocks = look_up(conn, leads, "BIGINT", _CLOCKS)
    clocks = clocks.assign(kind=clocks["policy"].map(watched(rules)).astype("str"), said=clocks["ending"].fillna(""))
    clocks = clocks[(clocks["kind"].isin(_SUBJECTS) & (clocks["said"] != VOID)).to_numpy(dtype=bool)]
    clocks = clocks.reset_index(drop=True)
    said = look_up(conn, leads, "BIGINT", _PLANNED).set_index("id")
    kept = _kept_at(conn, clocks, leads, said["at"], technical)
    ends = np.asarray(clocks["ended_at"], dtype="datetime64[s]")
    # what these follow-ups kept on the one lead, or would have kept on the other, and what they promise themselves
    subject = clocks["subject_id"].mask(
        clocks["kind"] == "objection", said["raised_in"].reindex(clocks["subject_id"]).array
    )
    about = _among(clocks["lead_id"], ends, moved["from_id"], moved["was"])
    about |= _among(clocks["lead_id"], kept, moved["lead_id"], moved["at"])
    about |= subject.isin(moved["id"]).to_numpy(dtype=bool)
    other = about & ~same_times(ends, kept)
    if other.any():
        how = np.where(np.isnat(kept), "", MET)
        now = clocks.assign(start=clocks["started_at"], end=kept, new=False, how=how)[other].reset_index(drop=True)
        write_moved(conn, now, rows["recorded_at"].max(), rules, reckoner)


def _kept_at(
    conn: Connection, clocks: pd.DataFrame, leads: pd.Series, planned: pd.Series, technical: Collection[str]
) -> np.ndarray:
    """When each promise was kept by a record that stands, NaT where none did; planned: by objection."""
    records = look_up(conn, leads, "BIGINT", _RECORDS)[["id", "lead_id", "at", "person"]]
    asked = clocks[["lead_id", "subject_id", "started_at", "kind"]].reset_index(names="place")
    both = asked.merge(records, on="lead_id")
    later = (both["at"] > both["started_at"]) | ((both["at"] == both["started_at"]) & (both["id"] > both["subject_id"]))
    does = (both["kind"] == "next_action") | ((both["kind"] == "support") & both["person"].isin(list(technical)))
    found = both[(later & does).to_numpy(dtype=bool)].groupby("place")["at"].min().reindex(clocks.index)
    return _seconds(found.where(clocks["kind"] != "objection", planned.reindex(clocks["subject_id"]).array))


def _among(leads: pd.Series, times: np.ndarray, of: pd.Series, at: pd.Series) -> np.ndarray:
    """Which times of leads are among those of others."""
    one = pd.MultiIndex.from_arrays([leads.astype("int64"), times])
    two = pd.MultiIndex.from_arrays([of.astype("int64"), _seconds(at)])
    found: np.ndarray = one.isin(two)
    return found


def _moved(rows: pd.DataFrame) -> pd.DataFrame:
    """The follow-ups that were recorded on another lead before."""
    return rows[changes_lead(rows)].reset_index(drop=True)


def _seconds(times: pd.Series) -> np.ndarray:
    return np.asarray(times, dtype="datetime64[us]").astype("datetime64[s]")
