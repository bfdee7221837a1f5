"""What customers object: raised by a follow-up, its answer planned by the same or a later one, settled, counted."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from config.schema import Config, Rules
from models import Objection
from models.db import insert_frame, look_up, read_frame, stored_moment, take_ids, update_frame
from tasks.rules.objections import (
    answered_category,
    by_answer,
    by_category,
    categories_of,
    moved_up,
    plans_answer,
    used_answers,
)

_OPEN = """
SELECT o.id, o.lead_id, o.follow_up_id, o.at, o.category, o.text, o.planned_at
FROM wanted w JOIN objection o ON o.lead_id = w.key AND (o.answered_at IS NULL OR o.worked IS NULL OR NOT o.worked)
"""
_KNOWN = "f.recorded_at <= :cut AND (f.superseded_at IS NULL OR f.superseded_at > :cut)"
_COUNTED = f"""
SELECT o.id, o.lead_id, o.at, o.category, o.text, CASE WHEN p.recorded_at <= :cut THEN o.answer END AS answer,
CASE WHEN a.recorded_at <= :cut AND o.worked IS NOT NULL THEN CASE WHEN o.worked THEN 'yes' ELSE 'no' END END AS worked,
CASE WHEN l.closed_at <= :cut AND l.closed_at >= o.at THEN l.status END AS ended,
CASE WHEN EXISTS (SELECT 1 FROM clock c WHERE c.lead_id = o.lead_id AND c.subject_id = o.id AND c.ending = 'met'
AND c.ended_at <= :cut AND c.policy IN ({{policies}})) THEN 1 ELSE 0 END AS in_time
FROM objection o JOIN follow_up f ON f.id = o.follow_up_id JOIN lead l ON l.id = o.lead_id
LEFT JOIN follow_up p ON p.id = o.planned_in LEFT JOIN follow_up a ON a.id = o.answered_in
WHERE {_KNOWN} {{since}} ORDER BY o.id
"""
_TIERS = """
SELECT e.lead_id, e.at, e.tier FROM wanted w JOIN lead_event e ON e.lead_id = w.key AND e.tier IS NOT NULL
AND e.recorded_at <= :cut ORDER BY e.id
"""
_OF_LEAD = """
SELECT o.id, o.at, o.category, o.text, o.answer, o.answer_due_at FROM objection o
WHERE o.lead_id = :lead AND (o.answered_at IS NULL OR o.worked IS NULL OR NOT o.worked) ORDER BY o.at DESC, o.id DESC
"""


@dataclass(frozen=True)
class Counted:
    """What was objected, by category, and what each standard answer did (tasks.rules.objections)."""

    categories: pd.DataFrame
    answers: pd.DataFrame


def raise_objections(conn: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Store what customers objected; an answer or a dated next action in the same record plans its answer at once.

    Gives the rows that raise one, with objection_id and planned.
    """
    raised = rows[rows["objection"].notna()].reset_index(drop=True)
    if raised.empty:
        return raised
    planned = plans_answer(raised)
    objections = pd.DataFrame(
        {
            "id": take_ids(conn, "objection", len(raised)),
            "lead_id": raised["lead_id"],
            "follow_up_id": raised["id"],
            "at": raised["at"],
            "category": raised["category"],
            "text": raised["objection"],
            **_plan(raised, planned),
        }
    )
    insert_frame(conn, Objection, objections)
    return raised.assign(objection_id=objections["id"], planned=planned)


def answers_nothing(conn: Connection, rows: pd.DataFrame) -> pd.Series:
    """Which records speak of an answer although their leads have no objection, told with them or still open."""
    says = (rows["answer"].notna() | rows["settled"].notna()) & rows["objection"].isna()
    if not says.any():
        return says
    raised = rows.loc[rows["objection"].notna(), "lead_id"]
    asked = rows.loc[says, "lead_id"].dropna().astype("int64").drop_duplicates().sort_values()
    return says & ~rows["lead_id"].isin([*raised, *look_up(conn, asked, "BIGINT", _OPEN)["lead_id"]])


def follow_objections(conn: Connection, rows: pd.DataFrame, rules: Rules) -> None:
    """What follow-ups (one a lead) say of the objections of their leads that are not settled.

    One that plans an answer plans it for all that have none; `settled` yes or no is kept with the record that says so,
    and the words of an answer go to the objections that they are about: of the standard answer's category, else of the
    category that is stated, else all.
    """
    says = plans_answer(rows) | rows["settled"].notna()
    told = rows[says.to_numpy(dtype=bool)].reset_index(drop=True)
    if told.empty:
        return
    found = look_up(conn, told["lead_id"].astype("int64").sort_values(), "BIGINT", _OPEN)
    if found.empty:
        return
    said = told.set_index("lead_id").reindex(found["lead_id"].astype("int64")).reset_index()
    fresh = (found["planned_at"].isna() & plans_answer(said)).to_numpy(dtype=bool)
    category, standard = categories_of(found, rules), answered_category(said["answer"], rules)
    # where a record raises an objection itself, what it says of an answer is about that one
    raises = said["objection"].notna()
    own = (said["id"] == found["follow_up_id"].astype("int64")) | ~raises
    about = own & (raises | said["category"].isna() | (said["category"] == category).fillna(False))
    wanted = (about & (found["at"] <= said["at"])).to_numpy(dtype=bool)
    fits = np.where(standard == "", wanted, own & (raises | (standard == category)))
    said["answer"] = said["answer"].where(fits.astype(bool))
    update_frame(conn, Objection, pd.DataFrame({"id": found["id"], **_plan(said, pd.Series(fresh))})[fresh])
    other = ~fresh & said["answer"].notna().to_numpy(dtype=bool)
    update_frame(conn, Objection, pd.DataFrame({"id": found["id"], "answer": said["answer"]})[other])
    settles = said["settled"].notna().to_numpy(dtype=bool) & wanted
    worked = (said["settled"] == "yes").to_numpy(dtype=bool)
    settled = pd.DataFrame({"id": found["id"], "answered_at": said["at"], "answered_in": said["id"], "worked": worked})
    update_frame(conn, Objection, settled[settles].astype({"answered_in": "int64"}))


def open_objections(engine: Engine, lead_id: int, rules: Rules) -> pd.DataFrame:
    """The objections of a lead that are not settled, the newest first: at, category, text, answer, answer_due_at."""
    with engine.connect() as conn:
        found = read_frame(conn, _OF_LEAD, lead=int(lead_id))
    return found.assign(category=categories_of(found, rules)) if len(found) else found


def count_objections(conn: Connection, config: Config, as_of: datetime, since: datetime | None = None) -> Counted:
    """Count what was objected from a moment on, as it was known at another (aware): H4-3-review."""
    rules = config.rules
    policies = [rule.id for rule in rules.watching("objection")]
    names = {f"p{at}": policy for at, policy in enumerate(policies)}
    query = _COUNTED.format(
        policies=", ".join(f":{name}" for name in names) or "NULL", since="AND o.at >= :since" if since else ""
    )
    cut = stored_moment(conn, as_of)
    first = {"since": stored_moment(conn, since)} if since else {}
    found = read_frame(conn, query, cut=cut, **first, **names)
    theme = categories_of(found, rules) if len(found) else found["category"]
    leads = found["lead_id"].astype("int64").drop_duplicates().sort_values()
    tiers = look_up(conn, leads, "BIGINT", _TIERS, cut=cut)
    found = found.assign(
        theme=theme, answer_id=used_answers(found["answer"], rules), in_time=found["in_time"].astype("int64") == 1,
        won=(found["ended"] == "won").to_numpy(dtype=bool), lost=(found["ended"] == "lost").to_numpy(dtype=bool),
    )  # fmt: skip
    found["up"] = moved_up(found, tiers, rules.value("R-TIERS")) if len(found) else False
    found["up"] = found["up"].astype("bool")
    return Counted(by_category(found, rules), by_answer(found, rules))


def _plan(rows: pd.DataFrame, planned: pd.Series) -> dict[str, pd.Series]:
    """The plan of an answer as its columns, blank where there is none."""
    return {
        "answer": rows["answer"].fillna(rows["next_action"]).where(planned),
        "answer_person": rows["next_person"].fillna(rows["person"]).where(planned),
        "answer_due_at": rows["next_at"].where(planned),
        "planned_at": rows["at"].where(planned),
        "planned_in": rows["id"].astype("Int64").where(planned),
    }
