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

# what a record says that was corrected is not so: its objection, its plan of an answer, its settling
_STANDING = """
JOIN follow_up f ON f.id = o.follow_up_id AND f.superseded_at IS NULL
LEFT JOIN follow_up p ON p.id = o.planned_in AND p.superseded_at IS NULL
LEFT JOIN follow_up a ON a.id = o.answered_in AND a.superseded_at IS NULL
"""
_UNSETTLED = "(a.id IS NULL OR o.worked IS NULL OR NOT o.worked)"
_OPEN = f"""
SELECT o.id, o.lead_id, o.follow_up_id, o.at, o.category, o.text, CASE WHEN p.id IS NOT NULL THEN o.planned_at END
AS planned_at FROM wanted w JOIN objection o ON o.lead_id = w.key {_STANDING} WHERE {_UNSETTLED}
"""
_KNOWN_OF = "{of}.recorded_at <= :cut AND ({of}.superseded_at IS NULL OR {of}.superseded_at > :cut)"
_KNOWN, KNOWN_PLAN, KNOWN_ANSWER = (_KNOWN_OF.format(of=of) for of in ("f", "p", "a"))
_COUNTED = f"""
SELECT o.id, o.lead_id, o.at, o.category, o.text, CASE WHEN {KNOWN_PLAN} THEN o.answer END AS answer,
CASE WHEN {KNOWN_ANSWER} AND o.worked IS NOT NULL THEN CASE WHEN o.worked THEN 'yes' ELSE 'no' END END AS worked,
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
_OF_LEAD = f"""
SELECT o.id, o.at, o.category, o.text, CASE WHEN p.id IS NOT NULL THEN o.answer END AS answer,
CASE WHEN p.id IS NOT NULL THEN o.answer_due_at END AS answer_due_at FROM objection o {_STANDING}
WHERE o.lead_id = :lead AND {_UNSETTLED} ORDER BY o.at DESC, o.id DESC
"""
_CORRECTED = """
SELECT o.follow_up_id, o.answer, o.answer_person, o.answer_due_at, o.planned_at, o.planned_in, o.answered_at,
o.answered_in, o.worked FROM wanted w JOIN objection o ON o.lead_id = w.key
"""
_PLAN = ("answer", "answer_person", "answer_due_at", "planned_at", "planned_in")
_ANSWER = ("answered_at", "answered_in", "worked")


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
    _carry_over(conn, raised, objections)
    return raised.assign(objection_id=objections["id"], planned=planned)


def _carry_over(conn: Connection, raised: pd.DataFrame, objections: pd.DataFrame) -> None:
    """An objection told again by a correction keeps what other follow-ups planned and settled of it."""
    # on another lead nobody has said anything of it
    again = (raised["from_id"] == raised["lead_id"]).fillna(False).to_numpy(dtype=bool)
    if not again.any():
        return
    before = look_up(conn, raised.loc[again, "lead_id"].astype("int64").sort_values(), "BIGINT", _CORRECTED)
    before = before.set_index(before["follow_up_id"].astype("int64"))
    before = before.reindex(raised["corrects"].astype("float64")).reset_index(drop=True)
    own = objections["planned_in"].isna().to_numpy(dtype=bool)
    for names, said_in, wanted in ((_PLAN, "planned_in", own), (_ANSWER, "answered_in", again)):
        by_other = before[said_in].notna() & (before[said_in] != before["follow_up_id"]).fillna(False)
        kept = again & wanted & by_other.to_numpy(dtype=bool)
        rows = before.loc[kept, list(names)].astype({said_in: "int64"})
        if "worked" in names:
            rows = rows.astype({"worked": "bool"})
        update_frame(conn, Objection, rows.assign(id=objections.loc[kept, "id"].array))


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
    # what is told late answers nothing that was raised after it
    later = (found["at"] <= said["at"]).to_numpy(dtype=bool)
    fresh = (found["planned_at"].isna() & plans_answer(said)).to_numpy(dtype=bool) & later
    category, standard = categories_of(found, rules), answered_category(said["answer"], rules)
    # where a record raises an objection itself, what it says of an answer is about that one
    raises = said["objection"].notna()
    own = (said["id"] == found["follow_up_id"].astype("int64")) | ~raises
    about = own & (raises | said["category"].isna() | (said["category"] == category).fillna(False))
    wanted = about.to_numpy(dtype=bool) & later
    fits = np.where(standard == "", wanted, own & (raises | (standard == category)))
    said["answer"] = said["answer"].where(fits.astype(bool) & later)
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
