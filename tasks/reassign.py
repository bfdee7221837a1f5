"""All open leads of a person handed over: to one successor, or by the rules as if each company were new."""

from typing import Any

import pandas as pd
from sqlalchemy import Engine

from config.schema import Config
from models.db import begin, read_frame, take_turn
from tasks.choose import choose_others
from tasks.orders import Order, OrderError
from tasks.release import give_leads, note
from tasks.state import keep_current

HANDED = "A-REASSIGN"
_LEADS = """
SELECT l.id AS lead_id, l.number, l.account_id, l.contact_id, l.status, l.owner AS old_owner, l.verdict,
l.verdict_rule, l.reasons, l.grade, l.grade_rule, l.region, l.industry
FROM lead l WHERE l.owner = :person AND l.closed_at IS NULL ORDER BY l.id
"""


def reassign(
    engine: Engine, person: str, to: str | None, config: Config, order: Order, *, dry_run: bool = False
) -> pd.DataFrame:
    """Hand over what a person has: number, grade, owner (NA: nobody could), owner_rule (or why nobody); OrderError.

    Without `to` the rules choose for each company, the person himself left out; nobody could: the leads wait.
    """
    order.check()
    _refuse(person, to, config)
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        leads = read_frame(conn, _LEADS, person=person)
        if leads.empty:
            return leads.assign(owner=pd.Series(dtype="str"), owner_rule=pd.Series(dtype="str"))
        arrival = order.arrival("handover")
        config = config.model_copy(update={"rules": config.rules.at(arrival.local.date())})
        choices: list[dict[str, Any]] = []
        if to is not None:
            leads = leads.assign(owner=to, owner_rule=HANDED, choice=-1)
        else:
            leads, choices = choose_others(conn, leads, arrival, config)
        status = leads["owner"].notna().map({True: "owned", False: "new"}).astype("str")
        leads = leads.assign(status=status, lifted_from=leads["old_owner"].where(leads["owner"].notna()))
        note(conn, leads["lead_id"], "reassigned", leads["owner"].fillna(""), leads["old_owner"], order)
        give_leads(conn, leads, choices, arrival, config)
        keep_current(conn, leads["lead_id"], arrival, config)
        return leads


def _refuse(person: str, to: str | None, config: Config) -> None:
    successor = config.roster.person(to) if to else None
    if to is not None and (successor is None or not successor.active):
        raise OrderError(f"{to}: nobody of that id is active in the roster")
    if to == person:
        raise OrderError(f"{person} has them already")
