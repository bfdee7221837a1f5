"""A person says that he has seen a lead: an event beside the others, which decides nothing."""

from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from config.schema import Config
from models import Lead, LeadEvent
from models.db import begin, take_numbers, take_turn
from tasks.orders import Order

KIND = "acknowledged"
_AS_IT_STANDS = (
    "status", "verdict", "verdict_rule", "reasons", "grade", "grade_rule", "owner", "owner_rule", "account_id",
    "contact_id",
)  # fmt: skip


def acknowledge(engine: Engine, number: str, config: Config, order: Order) -> bool:
    """Note that a person has seen a lead; said again by the same it is no news. False where that is so."""
    with begin(engine) as conn:
        take_turn(conn)
        lead = conn.execute(select(Lead.__table__).where(Lead.number == number)).one()
        if _is_known(conn, lead.id, order.actor):
            return False
        [event] = take_numbers(conn, "lead_event_id", 1).tolist()
        owner = config.roster.person(lead.owner) if lead.owner else None
        values: dict[str, Any] = {name: getattr(lead, name) for name in _AS_IT_STANDS}
        values |= {
            "id": event, "lead_id": lead.id, "at": order.as_of, "recorded_at": order.recorded_at, "kind": KIND,
            "actor": order.actor, "rules_version": config.rules.version, "team": owner.team if owner else None,
            "facts": "",
        }  # fmt: skip
        conn.execute(insert(LeadEvent).values(values))
        return True


def _is_known(conn: Connection, lead_id: int, person: str) -> bool:
    same = (LeadEvent.lead_id == lead_id, LeadEvent.kind == KIND, LeadEvent.actor == person)
    return conn.execute(select(LeadEvent.id).where(*same)).first() is not None
