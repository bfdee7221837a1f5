"""A follow-up that corrects an earlier one of its lead: that one is kept, superseded, and no longer counts (H1-3.4).

The correction stands for itself: what it leaves out was not said. What the earlier one promised goes over to it.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Rules
from models import Clock, FollowUp
from models.db import look_up, update_frame
from tasks.clocks import CLOCK_COLUMNS, rule_of, write_changed
from tasks.rules.clockwork import VOID, ended
from tasks.rules.due import Reckoner, same_times
from tasks.rules.follow_up_check import Faults, fault
from tasks.rules.lifecycle.deals import CONTRACT, refused
from tasks.rules.lifecycle.state import ENDED

#: Channels through which a person speaks for himself: there he corrects only what he recorded.
_OWN_ONLY = ("page", "api")
_ENDS = (*CONTRACT, "lost_reason", "result")
_EARLIER = f"""
SELECT f.id, f.lead_id, f.person, f.superseded_by, {", ".join(f"f.{name}" for name in _ENDS)}
FROM wanted w JOIN follow_up f ON f.id = w.key
"""
_CLOCKS = f"SELECT {CLOCK_COLUMNS} FROM wanted w JOIN clock c ON c.lead_id = w.key AND c.subject_id <> 0"
_RAISED = "SELECT o.id, o.lead_id, o.follow_up_id FROM wanted w JOIN objection o ON o.lead_id = w.key"
_LAST = """
SELECT f.lead_id, max(f.at) AS at FROM wanted w JOIN follow_up f ON f.lead_id = w.key AND f.superseded_at IS NULL
GROUP BY f.lead_id
"""
#: What a follow-up promises beside that it is recorded in time: that was kept, or not, by the first one.
_PROMISED = ("next_action", "objection", "support")


def earlier_of(conn: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """The stored records that some records correct, by id."""
    wanted = rows["corrects"].dropna().drop_duplicates().astype("int64").sort_values()
    return look_up(conn, wanted, "BIGINT", _EARLIER).set_index("id")


def unfit_corrections(
    rows: pd.DataFrame, fresh: np.ndarray, about: pd.DataFrame, earlier: pd.DataFrame, rules: Rules
) -> tuple[Faults, np.ndarray]:
    """What is wrong of records that correct others, and which of them a closed lead takes.

    about: the lead of each record. A closed lead takes one that says of its end what the corrected one says of it.
    """
    asked = fresh & rows["corrects"].notna().to_numpy(dtype=bool)
    told = earlier.reindex(rows["corrects"].astype("float64")).reset_index(drop=True)
    lead, own = (side["lead_id"].astype("float64").to_numpy() for side in (about, told))
    there = asked & (own == lead)
    later = told["superseded_by"]
    again = there & later.notna().to_numpy(dtype=bool)
    twice = there & ~again & rows["corrects"].where(asked).duplicated().to_numpy()
    other = rows["channel"].isin(_OWN_ONLY).to_numpy() & (told["person"] != rows["person"]).fillna(True).to_numpy(bool)
    faults: Faults = [
        fault(asked & ~there, "corrects", "no_record", rows["corrects"].astype("str")),
        fault(again, "corrects", "corrected", later.astype("Int64").astype("str")),
        fault(twice, "corrects", "corrected_here"),
        fault(there & ~again & other, "corrects", "others"),
    ]
    stays = np.ones(len(rows), dtype=bool)
    for name in CONTRACT:
        stays &= rows[name].notna().to_numpy() | told[name].isna().to_numpy()
    stays &= refused(rows, rules).to_numpy(dtype=bool) | ~refused(told, rules).to_numpy(dtype=bool)
    return faults, there & stays & about["status"].isin(ENDED).to_numpy(dtype=bool)


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


def next_actions(rows: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """Which follow-up holds the next action of each lead now, where these (one a lead) change that: id, next_action_id.

    rows: with last_at (last_of); leads: the leads of the rows.
    """
    planned, corrects = rows["next_at"].notna(), rows["corrects"].notna()
    was = corrects & (leads["next_action_id"].astype("Int64") == rows["corrects"]).fillna(False).astype("bool")
    takes = (planned & (~corrects | was | ~(rows["last_at"] > rows["at"]).fillna(False))).to_numpy(dtype=bool)
    changes = takes | was.to_numpy(dtype=bool)
    said = rows["id"].astype("Int64").where(takes)
    return pd.DataFrame({"id": leads["lead_id"], "next_action_id": said})[changes]


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
    of their own. rows: one a lead, with last_at (last_of).

    A promise that is told the same goes on; one that is told otherwise is void where it still runs and begins anew; one
    that was kept or broken by now stays so.
    """
    corrects = rows["corrects"].notna().to_numpy(dtype=bool)
    begins = dict.fromkeys(("record", *_PROMISED), ~corrects)
    if not corrects.any():
        return begins
    mine = rows[corrects].reset_index(drop=True)
    ids = mine["lead_id"].astype("int64").sort_values()
    clocks = _clocks_of(conn, ids, mine, objections, rules)
    running = clocks["ended_at"].isna().to_numpy(dtype=bool)
    same = clocks["same"].to_numpy(dtype=bool)
    moved = clocks[same]
    update_frame(conn, Clock, pd.DataFrame({"id": moved["id"], "subject_id": moved["now"].astype("int64")}))
    void = clocks[~same & running].assign(key="")
    known = rows["recorded_at"].max()
    if len(void):
        write_changed(conn, ended(void, np.full(len(void), known.to_datetime64()), VOID, reckoner), known)
    newest = ~(rows["last_at"] > rows["at"]).fillna(False).to_numpy(dtype=bool) & ~rows["closed"].to_numpy(dtype=bool)
    for kind in _PROMISED:
        of_kind = clocks["kind"] == kind
        has = rows["lead_id"].isin(clocks.loc[of_kind & (same | ~running), "lead_id"]).to_numpy(dtype=bool)
        was = rows["lead_id"].isin(clocks.loc[of_kind & ~same & running, "lead_id"]).to_numpy(dtype=bool)
        begins[kind] = ~corrects | (~has & (newest | was))
    return begins


def _clocks_of(
    conn: Connection, ids: pd.Series, mine: pd.DataFrame, objections: pd.DataFrame, rules: Rules
) -> pd.DataFrame:
    """The clocks of corrected follow-ups and their objections, with kind, `now`: what they would be about, and `same`:
    whether the correction promises the same."""
    watches = {policy: rule.watches for policy, rule in rule_of(rules).items()}
    clocks = look_up(conn, ids, "BIGINT", _CLOCKS)
    clocks = clocks.assign(kind=clocks["policy"].map(watches).astype("str"))
    about = mine.set_index("lead_id").reindex(clocks["lead_id"]).reset_index(drop=True)
    raised = look_up(conn, ids, "BIGINT", _RAISED)
    old = raised[raised["follow_up_id"].isin(mine["corrects"].astype("int64"))].set_index("lead_id")["id"]
    new = objections.set_index("lead_id")["objection_id"] if len(objections) else pd.Series(dtype="float64")
    objected = clocks["kind"] == "objection"
    was = about["corrects"].astype("float64").mask(objected, old.reindex(clocks["lead_id"]).array)
    now = about["id"].astype("float64").mask(objected, new.reindex(clocks["lead_id"]).array)
    in_time = same_times(*(np.asarray(side, dtype="datetime64[s]") for side in (about["next_at"], clocks["due_at"])))
    who = about["next_person"].astype("object").fillna("") == clocks["person"].astype("object").fillna("")
    same = np.select(
        [objected, clocks["kind"] == "support"], [now.notna(), about["support"].notna()], in_time & who.to_numpy()
    )
    kept = (clocks["subject_id"] == was).fillna(False) & clocks["kind"].isin(_PROMISED)
    return clocks.assign(now=now, same=same.astype(bool))[kept.to_numpy(dtype=bool)].reset_index(drop=True)
