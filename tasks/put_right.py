"""A follow-up that corrects an earlier one: that one is kept, superseded, and no longer counts (H1-3.4).

The correction stands for itself: what it leaves out was not said. What the earlier one promised goes over to it.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Rules
from models import Clock, FollowUp
from models.db import look_up, update_frame
from tasks.clocks import CLOCK_COLUMNS, keep_past, watched, write_changed
from tasks.moved_times import both_leads, changes_lead
from tasks.rules.clockwork import VOID, ended
from tasks.rules.due import Reckoner, same_times
from tasks.rules.lifecycle.deals import CONTRACT

_ENDS = (*CONTRACT, "lost_reason", "result")
_EARLIER = f"""
SELECT f.id, f.lead_id, f.at, l.number, l.status, l.owner, f.person, f.superseded_by,
{", ".join(f"f.{name}" for name in _ENDS)}
FROM wanted w JOIN follow_up f ON f.id = w.key JOIN lead l ON l.id = f.lead_id
"""
_CLOCKS = f"SELECT {CLOCK_COLUMNS} FROM wanted w JOIN clock c ON c.lead_id = w.key AND c.subject_id <> 0"
_RAISED = "SELECT o.id, o.lead_id, o.follow_up_id FROM wanted w JOIN objection o ON o.lead_id = w.key"
_LAST = """
SELECT f.lead_id, max(f.at) AS at FROM wanted w JOIN follow_up f ON f.lead_id = w.key AND f.superseded_at IS NULL
GROUP BY f.lead_id
"""
_PLANNED = """
SELECT f.id, f.lead_id, f.at FROM wanted w JOIN follow_up f ON f.lead_id = w.key AND f.superseded_at IS NULL
AND f.next_at IS NOT NULL
"""
#: What a follow-up promises beside that it is recorded in time: that was kept, or not, by the first one.
_PROMISED = ("next_action", "objection", "support")


def earlier_of(conn: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """The stored records that some records correct, by id."""
    wanted = rows["corrects"].dropna().drop_duplicates().astype("int64").sort_values()
    return look_up(conn, wanted, "BIGINT", _EARLIER).set_index("id")


def supersede(conn: Connection, rows: pd.DataFrame) -> None:
    """Let stored follow-ups take the place of those that they correct."""
    later = rows[rows["corrects"].notna().to_numpy(dtype=bool)]
    update_frame(
        conn,
        FollowUp,
        pd.DataFrame(
            {
                "id": later["corrects"].astype("int64"),
                "superseded_at": later["recorded_at"],
                "superseded_by": later["id"].astype("int64"),
            }
        ),
    )


def next_actions(conn: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Which follow-up holds the next action of each lead now, where these (one a lead) change that: id, next_action_id.

    A correction leaves the last that stands, on the lead that had the corrected one too.
    """
    corrects = rows["corrects"].notna().to_numpy(dtype=bool)
    plans = rows["next_at"].notna().to_numpy(dtype=bool) & ~corrects
    said = pd.DataFrame({"id": rows.loc[plans, "lead_id"], "next_action_id": rows.loc[plans, "id"].astype("Int64")})
    if not corrects.any():
        return said
    asked = both_leads(rows[corrects])
    found = look_up(conn, asked, "BIGINT", _PLANNED).sort_values(["at", "id"])
    last = found.drop_duplicates("lead_id", keep="last").set_index("lead_id")["id"].astype("Int64")
    other = pd.DataFrame({"id": asked.array, "next_action_id": last.reindex(asked).array})
    # of a lead that has a new one, too, that is among those that were looked up
    return pd.concat([said[~said["id"].isin(other["id"])], other], ignore_index=True)


def last_of(conn: Connection, rows: pd.DataFrame) -> pd.Series:
    """When the lead of each record was followed up last, by what counts; NaT where none of them corrects another."""
    if rows["corrects"].isna().all():
        return pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    found = look_up(conn, rows["lead_id"].astype("int64").sort_values(), "BIGINT", _LAST).set_index("lead_id")["at"]
    last: pd.Series = found.reindex(rows["lead_id"]).reset_index(drop=True)
    return last


def take_over(
    conn: Connection, rows: pd.DataFrame, objections: pd.DataFrame, rules: Rules, reckoner: Reckoner
) -> Mapping[str, np.ndarray]:
    """Move what corrected follow-ups promised to the records that correct them; gives by kind which rows begin one
    of their own. rows: one a lead, with last_at (last_of), and from_id: the lead of the corrected one.

    A promise that is told the same goes on; one that is told otherwise is void where it still runs and begins anew; one
    that was kept or broken by now stays so. From another lead all that is told the same comes along, and the rest was
    never promised there.
    """
    corrects = rows["corrects"].notna().to_numpy(dtype=bool)
    begins = dict.fromkeys(("record", *_PROMISED), ~corrects)
    if not corrects.any():
        return begins
    mine = rows[corrects].reset_index(drop=True)
    clocks = _clocks_of(conn, mine, objections, rules)
    running = clocks["ended_at"].isna().to_numpy(dtype=bool)
    same, moves = (clocks[name].to_numpy(dtype=bool) for name in ("same", "moves"))
    known = rows["recorded_at"].max()
    keep_past(conn, clocks.loc[moves, "id"], known)
    taken = clocks.loc[same, ["id", "now", "now_lead"]].astype("int64")
    update_frame(conn, Clock, taken.rename(columns={"now": "subject_id", "now_lead": "lead_id"}))
    void = clocks[~same & (running | moves)].assign(key="")
    if len(void):
        write_changed(conn, ended(void, np.full(len(void), known.to_datetime64()), VOID, reckoner), known)
    closed = rows["closed"].to_numpy(dtype=bool)
    newest = ~(rows["last_at"] > rows["at"]).fillna(False).to_numpy(dtype=bool)
    other = changes_lead(rows)
    for kind in _PROMISED:
        of_kind = clocks["kind"] == kind
        has = rows["id"].isin(clocks.loc[of_kind & (same | ~(running | moves)), "row_id"]).to_numpy(dtype=bool)
        was = rows["id"].isin(clocks.loc[of_kind & ~same & running & ~moves, "row_id"]).to_numpy(dtype=bool)
        begins[kind] = ~corrects | (~has & (((newest | other) & ~closed) | was))
    return begins


def _clocks_of(conn: Connection, mine: pd.DataFrame, objections: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The clocks of corrected follow-ups and their objections.

    With kind; row_id, now, now_lead: the correction, what they would be about and of which lead; moves: whether that is
    another lead; same: whether the correction promises the same.
    """
    leads = mine["from_id"].astype("int64").drop_duplicates().sort_values()
    clocks = look_up(conn, leads, "BIGINT", _CLOCKS)
    clocks = clocks.assign(kind=clocks["policy"].map(watched(rules)).astype("str"))
    objected = (clocks["kind"] == "objection").to_numpy(dtype=bool)
    raised = look_up(conn, leads, "BIGINT", _RAISED).set_index("id")["follow_up_id"].astype("float64")
    subject = clocks["subject_id"].to_numpy(dtype=np.float64)
    source = np.where(objected, raised.reindex(subject).to_numpy(np.float64), subject)
    about = mine.set_index(mine["corrects"].astype("float64")).reindex(source).reset_index(drop=True)
    new = objections.set_index("id")["objection_id"] if len(objections) else pd.Series(dtype="float64")
    ids = about["id"].astype("float64").to_numpy()
    now = pd.Series(np.where(objected, new.reindex(ids).to_numpy(np.float64), ids))
    in_time = same_times(*(np.asarray(side, dtype="datetime64[s]") for side in (about["next_at"], clocks["due_at"])))
    who = about["next_person"].astype("object").fillna("") == clocks["person"].astype("object").fillna("")
    moves = (about["lead_id"].astype("float64") != about["from_id"].astype("float64")).to_numpy(dtype=bool)
    asked, recorded = ((clocks["kind"] == kind).to_numpy(dtype=bool) for kind in ("support", "record"))
    told = in_time & who.to_numpy(dtype=bool)
    told = np.where(asked, about["support"].notna().to_numpy(dtype=bool), np.where(recorded, moves, told))
    same = np.where(objected, now.notna().to_numpy(dtype=bool), told)
    kinds_kept = clocks["kind"].isin(_PROMISED).to_numpy(dtype=bool) | (recorded & moves)
    kept = about["id"].notna().to_numpy(dtype=bool) & kinds_kept
    found = clocks.assign(now=now, row_id=about["id"], now_lead=about["lead_id"], moves=moves, same=same)
    return found[kept].reset_index(drop=True)
