"""The whole story of a lead: its rows, each decision with its rule and facts, and why this owner and not the others."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, Select, func, or_, select

from config.schema import Config
from models import (
    Account,
    Assignment,
    Base,
    Batch,
    Choice,
    Contact,
    Counter,
    Judgement,
    Lead,
    LeadEvent,
    Match,
    Membership,
    Submission,
)
from tasks.rules.assign import assign
from tasks.standings import read_turns
from tasks.story import lines_of, sentences_of, told
from tasks.story_facts import Facts
from tasks.story_history import history_story
from tasks.story_lines import wrapped
from tasks.story_promises import read_kept

_ROW_FIELDS = (
    "id", "sheet", "line", "same_as", "company", "contact", "title", "phone", "phone_kind", "phone2",
    "phone2_kind", "email", "email_kind", "need", "budget_min", "budget_max", "budget_state", "chain", "industry",
    "region", "urgency", "urgency_state", "source", "mark", "raw", "first_contact", "contact_at",
    "company_key", "contact_key",
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """A lead's story: text for people, its sentences before they are broken into lines, and the same as plain data."""

    text: str
    data: dict[str, Any]
    lines: tuple[str, ...] = ()

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
    now: datetime | None = None,
) -> Story:
    """Tell the story of a lead on one screen; LookupError when there is no such number.

    now: when somebody asks, aware; without it the time of the lead's last event.
    """
    with engine.connect() as conn:
        lead = _one(conn, select(Lead.__table__).where(Lead.number == number))
        if lead is None:
            raise LookupError(f"there is no lead {number}")
        if lead["status"] == "history":
            return Story(*history_story(conn, lead, lang, ZoneInfo(zone)))
        found = _read(conn, lead)
        if found["assigned"] is None and lead["status"] == "new":
            on = (now or found["events"][-1]["at"]).astimezone(ZoneInfo(zone)).date()
            found["choice"] = _as_things_are(conn, lead, config, on)
        facts = Facts(config, lang, ZoneInfo(zone), mask, **found)
        kept = read_kept(conn, lead["id"])
    promises = list(kept.lines(facts))
    text = [*lines_of(facts), *(line for one in promises for line in wrapped(one))]
    return Story("\n".join(text), told(facts) | kept.told(facts), (*sentences_of(facts), *promises))


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
        **_choice(conn, assigned),
        "judged": _judged(conn, [row["id"] for row in rows], lead["id"]),
        "said": _all(
            conn,
            select(Judgement.__table__)
            .where(Judgement.lead_id == lead["id"], Judgement.until.is_(None))
            .order_by(Judgement.id),
        ),
        "joined_into": conn.execute(into).scalar_one_or_none(),
        "joined_from": list(conn.execute(joined).scalars()),
        "former_company": _former_company(conn, events, lead["owner"]),
    }


def _rows(conn: Connection, lead_id: int) -> list[dict[str, Any]]:
    columns = [getattr(Submission, name) for name in _ROW_FIELDS]
    query = (
        select(*columns, Batch.file, Batch.layout, Batch.received_at, Membership.why, Membership.outcome)
        .join(Membership, Membership.submission_id == Submission.id)
        .join(Batch, Batch.id == Submission.batch_id)
        .where(Membership.lead_id == lead_id, Membership.until.is_(None))
        .order_by(Submission.id)
    )
    return _all(conn, query)


def _choice(conn: Connection, assigned: dict[str, Any] | None) -> dict[str, Any]:
    """The comparison that gave the lead, or else its account, to this owner, and which turn of it this was."""
    if assigned is None:
        return {"choice": None, "turn": None}
    number = assigned["choice_id"]
    if number is None and assigned["account_id"] is not None:
        same = (Assignment.account_id == assigned["account_id"], Assignment.person == assigned["person"])
        earlier = select(Assignment.choice_id).where(*same, Assignment.choice_id.is_not(None))
        number = conn.execute(earlier.order_by(Assignment.id.desc()).limit(1)).scalar_one_or_none()
    return {"choice": _by_id(conn, Choice, number), "turn": _turn(conn, number, assigned)}


def _turn(conn: Connection, choice: int | None, assigned: dict[str, Any]) -> tuple[int, int] | None:
    """Which share this one was of those given by one comparison, and how many there were: a company is one."""
    if choice is None:
        return None
    unit = func.coalesce(Assignment.account_id, -Assignment.lead_id)
    shares = select(unit).where(Assignment.choice_id == choice).group_by(unit).order_by(func.min(Assignment.id))
    units = list(conn.execute(shares).scalars())
    mine = assigned["account_id"] or -assigned["lead_id"]
    return (units.index(mine) + 1, len(units)) if mine in units else None


def _as_things_are(conn: Connection, lead: dict[str, Any], config: Config, on: date) -> dict[str, Any] | None:
    """How those who might take a lead that nobody took stand now: assigning it anew says so."""
    named = {key: [lead[key]] for key in ("verdict", "grade", "region", "industry")}
    unit = pd.DataFrame({"leads": [1], "held": [0], **named, "owner": [None], "hint": [None]})
    unit = unit.astype(dict.fromkeys(("verdict", "grade", "region", "industry", "owner", "hint"), "str"))
    loads = conn.execute(select(Counter.name, Counter.value).where(Counter.name.like("load:%")))
    held = {name.partition(":")[2]: value for name, value in loads}
    turns = read_turns(conn, on)
    asked = assign(
        unit, config.roster.people, config.rules.at(on), on, loads=held, today=turns.today, standings=turns.standings
    )
    choices = asked.choices
    return {"detail": json.dumps(choices[-1])} if choices else None


def _former_company(conn: Connection, events: list[dict[str, Any]], owner: str | None) -> str | None:
    """The company of the contact when somebody else last owned the lead."""
    others = [event for event in events if event["owner"] not in (None, owner)]
    account = _by_id(conn, Account, others[-1]["account_id"]) if others else None
    return account["name"] if account else None


def _judged(conn: Connection, rows: list[int], lead_id: int) -> list[dict[str, Any]]:
    """What people said about rows that are or were the lead's: that one is somebody else."""
    gone = select(Membership.submission_id).where(Membership.lead_id == lead_id, Membership.until.is_not(None))
    asked = [*rows[:50], *conn.execute(gone.limit(50)).scalars()]
    apart = or_(*(Match.submission_id == row for row in asked)) if asked else Match.id < 0
    query = select(Match.__table__).where(apart, Match.verdict == "different", Match.until.is_(None)).order_by(Match.id)
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
