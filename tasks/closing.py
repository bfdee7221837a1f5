"""A lead closed by a person's word: won with contract and payment, or lost with its reason (H2-2-tiers)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, Row, insert, select, update

from config.schema import Config
from models import Judgement, Lead
from models.db import begin, take_ids, take_turn
from tasks.arrival import Arrival
from tasks.follow_ups import rows_of, told_faults
from tasks.orders import Order, OrderError
from tasks.points import reached
from tasks.rules.follow_up_check import deal_faults, fault_frame
from tasks.rules.lifecycle.deals import CONTRACT, DEAL, deals
from tasks.rules.lifecycle.records import noted
from tasks.rules.lifecycle.state import ALIVE, ENDED
from tasks.state import keep_current
from tasks.state_facts import load_facts

CLOSING = "closing"


@dataclass(frozen=True)
class Closed:
    """How a lead stands after it was closed: status, reason, and what its archive still lacks."""

    number: str
    before: str
    status: str
    reason: str | None
    missing: tuple[str, ...]


def close(
    engine: Engine, number: str, result: str, deal: Mapping[str, Any], config: Config, order: Order, *,
    at: str | None = None, dry_run: bool = False,
) -> Closed:  # fmt: skip
    """Close a lead as won or lost, or correct how it was closed; OrderError when it cannot be.

    deal: of DEAL what is said, days as 2024-03-15, amounts as numbers; at: when it happened, naive UTC in ISO form
    (default: now). A lost lead without a reason is kept as such.
    """
    deal = {name: None if isinstance(value, str) and not value.strip() else value for name, value in deal.items()}
    arrival = order.arrival("closed")
    _refuse_wrong(number, deal, config, arrival.local.date())
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        rules = config.rules.at(arrival.local.date())
        config = config.model_copy(update={"rules": rules})
        lead = _known(conn, number)
        if result == "won":
            _refuse_incomplete(conn, lead, deal, arrival, config)
        said = {name: value for name, value in deal.items() if value is not None}
        _keep(conn, lead, result, said | ({"at": at} if at else {}), order)
        keep_current(conn, [lead.id], arrival, config)
        reached("closed")
        now = conn.execute(select(Lead.status, Lead.missing).where(Lead.id == lead.id)).one()
        reason = said.get("lost_reason") or rules.value("L-UNSTATED") if result == "lost" else None
        return Closed(
            number, lead.status, now.status, reason, tuple((now.missing or "").split("|")) if now.missing else ()
        )


def _known(conn: Connection, number: str) -> Row[Any]:
    lead = conn.execute(select(Lead.__table__).where(Lead.number == number)).one_or_none()
    if lead is None:
        raise OrderError(f"there is no lead {number}")
    if lead.joined_into is not None:
        into = conn.execute(select(Lead.number).where(Lead.id == lead.joined_into)).scalar_one()
        raise OrderError(f"{number} was joined into {into}: close that one")
    if lead.status not in (*ALIVE, *ENDED):
        raise OrderError(f"{number} is {lead.status}: it can be neither won nor lost")
    return lead


def _refuse_wrong(number: str, deal: Mapping[str, Any], config: Config, today: date) -> None:
    """OrderError with all that a follow-up that says the same would be refused for; a text is never repeated."""
    rows = rows_of([dict(deal)])
    wrong = told_faults(rows, fault_frame(deal_faults(rows, today)), config)
    if wrong:
        told = "; ".join(f"{one.field}: {one.said('en')}" for one in wrong)
        raise OrderError(f"{number} is not closed: {told}")


def _refuse_incomplete(
    conn: Connection, lead: Row[Any], deal: Mapping[str, Any], arrival: Arrival, config: Config
) -> None:
    """OrderError where a contract's number, date, amount or first payment is known from nowhere."""
    facts, _ = load_facts(conn, [lead.id])
    closing = facts.words[facts.words["field"] == CLOSING]
    known = deals(noted(facts.records, config.rules), closing, config.rules)
    had = known.iloc[0].to_dict() if len(known) else {}
    lacks = [name for name in CONTRACT if deal.get(name) is None and pd.isna(had.get(name))]
    if lacks:
        raise OrderError(f"{lead.number} is not won without {', '.join(lacks)}")


def _keep(conn: Connection, lead: Row[Any], result: str, said: Mapping[str, Any], order: Order) -> None:
    """Keep the word; what was said of the lead's end before is superseded, but what it told stays told."""
    live = (Judgement.lead_id == lead.id, Judgement.field == CLOSING, Judgement.until.is_(None))
    before = conn.execute(select(Judgement.columns).where(*live)).scalar()
    told = json.loads(before) if before else {}
    if before:
        conn.execute(update(Judgement).where(*live).values(until=order.as_of))
    kept = {name: told[name] for name in DEAL if name in told} | dict(said)
    word = {"id": int(take_ids(conn, "judgement", 1)[0]), "lead_id": lead.id, "field": CLOSING, "value": result}
    word |= {"columns": json.dumps(kept, ensure_ascii=False, default=str), "was": lead.status}
    word |= {"reason": order.reason.strip(), "actor": order.actor, "since": order.as_of}
    conn.execute(insert(Judgement).values(word))
    touched = lead.touched_at or order.as_of
    conn.execute(update(Lead).where(Lead.id == lead.id).values(touched_at=touched))
