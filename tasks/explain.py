"""The whole story of a lead: its rows, each decision with its rule and facts, and why this owner and not the others."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Select, or_, select

from config.schema import Config
from models import (
    Account,
    Assignment,
    Base,
    Batch,
    Choice,
    Contact,
    Lead,
    LeadEvent,
    Match,
    Membership,
    Submission,
)
from tasks.story import lines_of, told
from tasks.story_facts import Facts

_ROW_FIELDS = (
    "id", "sheet", "line", "outcome", "same_as", "company", "contact", "title", "phone", "phone_kind", "phone2",
    "phone2_kind", "email", "email_kind", "need", "budget_min", "budget_max", "budget_state", "chain", "industry",
    "region", "urgency", "source", "mark", "first_contact", "contact_at", "company_key", "contact_key",
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """A lead's story: text for people, and the same as plain data."""

    text: str
    data: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The story as what JSON can hold."""
        return self.data


def explain(
    engine: Engine,
    number: str,
    config: Config,
    lang: str = "zh_CN",
    *,
    zone: str = "Asia/Shanghai",
    mask: bool = False,
) -> Story:
    """Tell the story of a lead on one screen; LookupError when there is no such number."""
    with engine.connect() as conn:
        lead = _one(conn, select(Lead.__table__).where(Lead.number == number))
        if lead is None:
            raise LookupError(f"there is no lead {number}")
        facts = Facts(config, lang, ZoneInfo(zone), mask, **_read(conn, lead))
    return Story("\n".join(lines_of(facts)), told(facts))


def _read(conn: Connection, lead: dict[str, Any]) -> dict[str, Any]:
    rows = _rows(conn, lead["id"])
    events = _all(conn, select(LeadEvent.__table__).where(LeadEvent.lead_id == lead["id"]).order_by(LeadEvent.id))
    assigned = _one(
        conn, select(Assignment.__table__).where(Assignment.lead_id == lead["id"], Assignment.until.is_(None))
    )
    into = select(Lead.number).where(Lead.id == lead["joined_into"])
    joined = select(Lead.number).where(Lead.joined_into == lead["id"]).order_by(Lead.id)
    return {
        "lead": lead,
        "account": _by_id(conn, Account, lead["account_id"]),
        "contact": _by_id(conn, Contact, lead["contact_id"]) or {},
        "rows": rows,
        "events": events,
        "assigned": assigned,
        "choice": _choice(conn, assigned),
        "judged": _judged(conn, [row["id"] for row in rows]),
        "joined_into": conn.execute(into).scalar_one_or_none(),
        "joined_from": list(conn.execute(joined).scalars()),
    }


def _rows(conn: Connection, lead_id: int) -> list[dict[str, Any]]:
    columns = [getattr(Submission, name) for name in _ROW_FIELDS]
    query = (
        select(*columns, Batch.file, Batch.received_at, Membership.why)
        .join(Membership, Membership.submission_id == Submission.id)
        .join(Batch, Batch.id == Submission.batch_id)
        .where(Membership.lead_id == lead_id, Membership.until.is_(None))
        .order_by(Submission.id)
    )
    return _all(conn, query)


def _choice(conn: Connection, assigned: dict[str, Any] | None) -> dict[str, Any] | None:
    """The comparison that gave the lead, or else its account, to this owner."""
    if assigned is None:
        return None
    number = assigned["choice_id"]
    if number is None and assigned["account_id"] is not None:
        same = (Assignment.account_id == assigned["account_id"], Assignment.person == assigned["person"])
        earlier = select(Assignment.choice_id).where(*same, Assignment.choice_id.is_not(None))
        number = conn.execute(earlier.order_by(Assignment.id.desc()).limit(1)).scalar_one_or_none()
    return _by_id(conn, Choice, number)


def _judged(conn: Connection, rows: list[int]) -> list[dict[str, Any]]:
    """What people said about these rows: that one is somebody else."""
    apart = or_(*(Match.submission_id == row for row in rows[:50])) if rows else Match.id < 0
    query = select(Match.__table__).where(apart, Match.until.is_(None)).order_by(Match.id)
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    for match in _all(conn, query):
        seen.setdefault((match["submission_id"], match["since"], match["actor"]), match)
    return list(seen.values())


def _by_id(conn: Connection, model: type[Base], number: int | None) -> dict[str, Any] | None:
    table = model.__table__
    return None if number is None else _one(conn, select(table).where(table.c.id == number))


def _one(conn: Connection, query: Select[Any]) -> dict[str, Any] | None:
    row = conn.execute(query).mappings().first()
    return None if row is None else dict(row)


def _all(conn: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(query).mappings()]


__all__ = ["Story", "explain"]
