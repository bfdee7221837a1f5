"""The promises about single follow-ups: recorded in time, the next action, an objection's answer, support."""

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import ClockRule, Rules
from models.db import look_up
from tasks.clocks import CLOCK_COLUMNS, watched, write_changed, write_clocks
from tasks.put_right import take_over
from tasks.rules.clockwork import LATE, MET, Moved, begin, ended
from tasks.rules.due import NEVER, Reckoner
from tasks.rules.objections import plans_answer
from tasks.rules.promises import targets_of

_LIVE = f"""
SELECT {CLOCK_COLUMNS} FROM wanted w JOIN clock c ON c.lead_id = w.key AND c.ended_at IS NULL AND c.subject_id <> 0
"""


def follow_subjects(
    conn: Connection, rows: pd.DataFrame, objections: pd.DataFrame, rules: Rules, reckoner: Reckoner
) -> None:
    """End what these follow-ups keep, and begin what they promise.

    rows: one a lead, with id, at, recorded_at, person, technical, corrects and what was said; grade, tier, source,
    owner of the lead, when it was followed up last (last_at), and whether it is closed. objections: those of them that
    raise one, with objection_id and planned.
    """
    if rows.empty:
        return
    known = rows["recorded_at"].max()
    rows = rows.assign(planned=plans_answer(rows))
    begins = take_over(conn, rows, objections, rules, reckoner)
    live = look_up(conn, rows["lead_id"].astype("int64").sort_values(), "BIGINT", _LIVE)
    if len(live):
        write_changed(conn, _kept(live, rows, rules, reckoner), known)
    begun = []
    for rule in rules.sla:
        if rule.watches == "record":
            begun.append(_recorded(_of(rows, begins["record"]), rule, rules, reckoner))
        elif rule.watches == "next_action":
            begun.append(_promised(_of(rows, begins["next_action"] & rows["next_at"].notna()), rule, rules, reckoner))
        elif rule.watches == "objection" and len(objections):
            own = objections["lead_id"].isin(rows.loc[begins["objection"], "lead_id"])
            begun.append(_objected(_of(objections, own), rule, rules, reckoner))
        elif rule.watches == "support":
            asked = _of(rows, begins["support"] & rows["support"].notna())
            begun.append(_begun(asked, asked["id"], rule, rules, reckoner))
    kept = [part for part in begun if len(part)]
    if kept:
        write_clocks(conn, Moved(pd.concat(kept, ignore_index=True), pd.DataFrame()), known)


def _kept(live: pd.DataFrame, rows: pd.DataFrame, rules: Rules, reckoner: Reckoner) -> pd.DataFrame:
    """The running clocks that a follow-up of their lead ends."""
    about = rows.set_index("lead_id").reindex(live["lead_id"]).reset_index(drop=True)
    kind = live["policy"].map(watched(rules)).fillna("")
    # a correction is no contact
    ends = ((kind == "next_action") & about["corrects"].isna()).to_numpy(dtype=bool, copy=True)
    ends |= ((kind == "objection") & about["planned"]).to_numpy(dtype=bool)
    ends |= ((kind == "support") & about["technical"]).to_numpy(dtype=bool)
    # one that is told late keeps nothing that was promised after it
    ends &= about["at"].to_numpy("datetime64[s]") >= live["started_at"].to_numpy("datetime64[s]")
    hours = live["policy"].map({rule.id: rule.hours for rule in rules.sla}).fillna("company").to_numpy(object)
    clocks = live.assign(key=reckoner.calendars.keys(about["owner"], hours))
    return ended(clocks[ends], about["at"].to_numpy()[ends], MET, reckoner)


def _of(rows: pd.DataFrame, kept: pd.Series | np.ndarray) -> pd.DataFrame:
    return rows[np.asarray(kept, dtype=bool)].reset_index(drop=True)


def _recorded(rows: pd.DataFrame, rule: ClockRule, rules: Rules, reckoner: Reckoner) -> pd.DataFrame:
    """Each follow-up was recorded in time, or late; a late one still has its ladder before it."""
    clocks = _begun(rows, rows["id"], rule, rules, reckoner, person=rows["person"], owner=rows["person"])
    if clocks.empty:
        return clocks
    recorded = rows.loc[clocks.index, "recorded_at"].to_numpy()
    clocks = ended(clocks, recorded, MET, reckoner)
    late = (clocks["ending"] == LATE).to_numpy() & bool(rule.ladder)
    return clocks.assign(next_at=np.where(late, recorded.astype("datetime64[s]"), NEVER))


def _promised(rows: pd.DataFrame, rule: ClockRule, rules: Rules, reckoner: Reckoner) -> pd.DataFrame:
    """The next action is due when it was promised."""
    due = rows["next_at"].to_numpy("datetime64[s]")
    return _begun(rows.assign(due_at=due), rows["id"], rule, rules, reckoner, person=rows["next_person"])


def _objected(objections: pd.DataFrame, rule: ClockRule, rules: Rules, reckoner: Reckoner) -> pd.DataFrame:
    clocks = _begun(objections, objections["objection_id"], rule, rules, reckoner)
    planned = objections.loc[clocks.index, "planned"].to_numpy(dtype=bool)
    at = objections.loc[clocks.index, "at"].to_numpy()
    done = ended(clocks[planned], at[planned], MET, reckoner)
    return pd.DataFrame(pd.concat([clocks[~planned], done]))


def _begun(
    rows: pd.DataFrame, subject: pd.Series, rule: ClockRule, rules: Rules, reckoner: Reckoner,
    person: pd.Series | None = None, owner: pd.Series | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Clocks of the rows that the rule has a target for, index of `rows`."""
    fixed = rule.watches == "next_action"
    target = np.full(len(rows), "promised", dtype=object) if fixed else targets_of(rows, rule)
    kept = target != ""
    clocks = pd.DataFrame(
        {
            "lead_id": rows["lead_id"],
            "subject_id": subject,
            "person": (person if person is not None else pd.Series(pd.NA, index=rows.index, dtype="str")),
            "started_at": rows["at"].to_numpy("datetime64[s]"),
            "target": target,
            "key": reckoner.calendars.keys(rows["owner"] if owner is None else owner, np.full(len(rows), rule.hours)),
        }
    )
    if fixed:
        clocks["due_at"] = rows["due_at"]
    return begin(clocks[kept], rule, rules, reckoner)
