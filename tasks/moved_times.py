"""What a follow-up kept and began of the promises about its lead, where a correction of it tells another time (H1-3.4).

K-FIRST met by a call at ten is late where the call was at six; a promise kept by a plan that there was none of is void.
"""

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import ClockRule, Rules
from models.db import look_up
from tasks.clocks import CLOCK_COLUMNS, write_changed
from tasks.rules.clockwork import LATE, MET, VOID, ended, timed
from tasks.rules.due import NEVER, Reckoner

#: What a contact ends, and what it begins, at its own time.
_ENDS = ("verification", "first_contact", "cadence", "plan", "stall", "silence", "recycle", "case", "care")
_BEGINS = ("cadence", "plan", "stall", "silence", "recycle", "case", "care")
_CLOCKS = f"SELECT {CLOCK_COLUMNS} FROM wanted w JOIN clock c ON c.lead_id = w.key AND c.subject_id = 0"
_OLD = "SELECT f.id, f.at, f.plan FROM wanted w JOIN follow_up f ON f.id = w.key"
_LIVE = """
SELECT f.id, f.lead_id, f.at FROM wanted w JOIN follow_up f ON f.lead_id = w.key AND f.superseded_at IS NULL
"""


def move_times(conn: Connection, rows: pd.DataFrame, rules: Rules, reckoner: Reckoner) -> None:
    """Let the clocks that corrected follow-ups ended or began do so at the times of those that correct them.

    rows: follow-ups as stored, one a lead, with the lead's owner. Where another follow-up lies between both times
    nothing is moved: what it ended and began stands.
    """
    mine = rows[rows["corrects"].notna().to_numpy(dtype=bool)].reset_index(drop=True)
    if mine.empty:
        return
    old = look_up(conn, mine["corrects"].astype("int64").sort_values(), "BIGINT", _OLD).set_index("id")
    old = old.reindex(mine["corrects"].astype("int64")).reset_index(drop=True)
    unplanned = (old["plan"].notna() & mine["plan"].isna()).to_numpy(dtype=bool)
    mine = mine.assign(was=old["at"].astype("datetime64[s]"), unplanned=unplanned)
    mine = mine[_alone(conn, mine)]
    clocks = look_up(conn, mine["lead_id"].astype("int64").sort_values(), "BIGINT", _CLOCKS)
    parts = [_moved(clocks, mine, rule, reckoner) for rule in rules.sla if rule.watches in _ENDS] if len(clocks) else []
    kept = [part for part in parts if len(part)]
    if kept:
        write_changed(conn, pd.concat(kept, ignore_index=True), rows["recorded_at"].max())


def _alone(conn: Connection, mine: pd.DataFrame) -> np.ndarray:
    """Whether no other follow-up of the lead lies between the time that was told and the one that is."""
    live = look_up(conn, mine["lead_id"].astype("int64").sort_values(), "BIGINT", _LIVE)
    live = live.merge(mine[["lead_id", "id", "at", "was"]], on="lead_id", suffixes=("", "_own"))
    first, last = live[["at_own", "was"]].min(axis=1), live[["at_own", "was"]].max(axis=1)
    between = (live["id"] != live["id_own"]) & live["at"].between(first, last)
    return (~mine["lead_id"].isin(live.loc[between, "lead_id"])).to_numpy(dtype=bool)


def _moved(clocks: pd.DataFrame, mine: pd.DataFrame, rule: ClockRule, reckoner: Reckoner) -> pd.DataFrame:
    """The clocks of one rule that are other ones now."""
    clocks = clocks[(clocks["policy"] == rule.id).to_numpy(dtype=bool)].reset_index(drop=True)
    about = mine.set_index("lead_id").reindex(clocks["lead_id"]).reset_index(drop=True)
    was, now = (np.asarray(about[name], dtype="datetime64[s]") for name in ("was", "at"))
    started, over = (np.asarray(clocks[name], dtype="datetime64[s]") for name in ("started_at", "ended_at"))
    begins = (started == was) & (rule.watches in _BEGINS)
    ends = (over == was) & clocks["ending"].isin((MET, LATE)).to_numpy(dtype=bool)
    undone = ends & about["unplanned"].fillna(False).to_numpy(dtype=bool) & (rule.watches == "plan")
    other = undone | ((begins | ends) & (was != now))
    clocks = clocks.assign(
        started_at=np.where(begins, now, started),
        key=reckoner.calendars.keys(about["owner"], np.full(len(clocks), rule.hours)),
        breached_at=np.where(ends, NEVER, np.asarray(clocks["breached_at"], dtype="datetime64[s]")),
    )
    running = other & np.isnat(over)
    done = other & ~np.isnat(over)
    ending = np.where(undone, VOID, MET)[done]
    again = timed(clocks[done], rule, reckoner)
    return pd.concat(
        [
            timed(clocks[running], rule, reckoner),
            ended(again, np.where(ends, now, over)[done], ending, reckoner),
        ],
        ignore_index=True,
    )
