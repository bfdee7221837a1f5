"""The pool (公海): leads given back, or that nobody could take; claimed with their companies (H1-3.3-owner)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, func, select

from config.people import Person
from config.schema import Config
from models import AccountOwner, Assignment, Counter, Lead
from models.db import begin, read_frame, take_turn, update_frame
from tasks.orders import CodedError, NotHisError, Order, OrderError
from tasks.ownership import POOL, together
from tasks.release import give_leads, note, to_pool
from tasks.rules.eligible import covers
from tasks.rules.owner_rules import may_have
from tasks.state import keep_current

GIVEN_BACK = "A-POOL"
CLAIM, CLAIMS_A_DAY, COOLDOWN_DAYS, OPEN_CAP = "A-CLAIM", "A-CLAIM-DAY", "A-COOLDOWN-DAYS", "A-OPEN-CAP"
_WAITING = """
SELECT l.number, l.status, l.region, l.industry, l.grade, l.verdict, l.owner_rule, max(a.until) AS since,
(SELECT x.person FROM assignment x WHERE x.lead_id = l.id ORDER BY x.id DESC LIMIT 1) AS former
FROM lead l LEFT JOIN assignment a ON a.lead_id = l.id
WHERE l.closed_at IS NULL AND l.owner IS NULL AND l.verdict <> 'invalid'
GROUP BY l.id, l.number, l.status, l.region, l.industry, l.grade, l.verdict, l.owner_rule ORDER BY l.number
"""


class ClaimRefused(CodedError):  # noqa: N818 - it is an answer, not a fault
    """A person may not claim a lead."""


@dataclass(frozen=True)
class Moved:
    """The leads (numbers) that went together, from whom and to whom; None is the pool."""

    numbers: tuple[str, ...]
    former: str | None
    owner: str | None


def waiting(conn: Connection, region: str | None = None) -> pd.DataFrame:
    """List the leads that nobody has: number, status, region, industry, grade, verdict, owner_rule, since, former."""
    found = read_frame(conn, _WAITING)
    return found if region is None else found[found["region"].fillna("").str.startswith(region)]


def give_back(engine: Engine, number: str, config: Config, order: Order, *, dry_run: bool = False) -> Moved:
    """Put an owned lead back into the pool, and with it all that its owner has of the company; OrderError.

    Its owner may, those above him, and managers.
    """
    order.check()
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        lead = _open(conn, number)
        if lead.owner is None:
            raise OrderError(f"{number} has no owner")
        if not config.roster.speaks_for(order.actor, lead.owner):
            raise NotHisError(order.actor, number, lead.owner)
        arrival = order.arrival("pooled")
        company = together(conn, lead.id, lead.account_id)
        leads = company[(company["old_owner"] == lead.owner).to_numpy(dtype=bool)]
        note(conn, leads["lead_id"], POOL, pd.Series(["back"] * len(leads)), leads["old_owner"], order)
        to_pool(conn, leads, GIVEN_BACK, arrival, config)
        keep_current(conn, leads["lead_id"], arrival, config)
        untouched = leads.loc[leads["touched_at"].isna(), ["lead_id"]].rename(columns={"lead_id": "id"})
        update_frame(conn, Lead, untouched.assign(touched_at=arrival.at))
        return Moved(tuple(leads["number"]), lead.owner, None)


def claim(engine: Engine, number: str, config: Config, order: Order, *, dry_run: bool = False) -> Moved:
    """Give a lead that nobody has to the person who asks for it, with what waits of its company; OrderError."""
    with begin(engine, keep=not dry_run) as conn:
        take_turn(conn)
        lead = _open(conn, number)
        rules = config.rules.at(order.as_of.astimezone(ZoneInfo(order.zone)).date())
        config = config.model_copy(update={"rules": rules})
        person = config.roster.person(order.actor)
        if person is None:
            raise OrderError(f"nobody of the id {order.actor} is in the roster")
        company = together(conn, lead.id, lead.account_id)
        leads = company[company["old_owner"].isna().to_numpy() & (company["verdict"] != "invalid").to_numpy()]
        _refuse(conn, lead, leads, person, config, order)
        nobody = pd.array([pd.NA] * len(leads), dtype="str")
        leads = leads.assign(owner=person.id, owner_rule=CLAIM, choice=-1, status="owned", lifted_from=nobody)
        leads, arrival = leads.assign(kind="claimed"), order.arrival("claimed")
        note(conn, leads["lead_id"], POOL, pd.Series(["claim"] * len(leads)), leads["old_owner"], order)
        give_leads(conn, leads, [], arrival, config)
        keep_current(conn, leads["lead_id"], arrival, config)
        return Moved(tuple(leads["number"]), None, person.id)


def _open(conn: Connection, number: str) -> Any:
    lead = conn.execute(select(Lead.__table__).where(Lead.number == number)).one_or_none()
    if lead is None:
        raise OrderError(f"there is no lead {number}")
    if lead.closed_at is not None:
        raise OrderError(f"{number} is closed")
    return lead


def _refuse(conn: Connection, lead: Any, leads: pd.DataFrame, person: Person, config: Config, order: Order) -> None:
    """ClaimRefused where the person may not claim the lead, with the reason."""
    rules, day = config.rules, order.as_of.astimezone(ZoneInfo(order.zone)).date()
    said = {"number": lead.number, "person": person.id}
    if lead.owner is not None:
        raise ClaimRefused("owned", "{number} has an owner: {owner}", **said, owner=lead.owner)
    if lead.verdict == "invalid":
        raise ClaimRefused("invalid", "{number} is invalid", **said)
    live = select(AccountOwner.person).where(AccountOwner.account_id == lead.account_id, AccountOwner.until.is_(None))
    holder = conn.execute(live).scalar() if lead.account_id is not None else None
    if holder not in (None, person.id):
        raise ClaimRefused("holder", "the company of {number} is {owner}'s", **said, owner=holder)
    one = pd.DataFrame({"verdict": [lead.verdict], "grade": [lead.grade]}, dtype="str")
    if not may_have(one, pd.Series([person.id]), (person,), rules)[0]:
        raise ClaimRefused("role", "{number} needs a higher role than that of {person}", **said)
    if not covers(person, lead.region, lead.industry):
        raise ClaimRefused("territory", "{number} is of another region or industry than {person}'s", **said)
    if person.is_away(day):
        raise ClaimRefused("away", "{person} is on leave", **said)
    free = cooling(conn, person.id, config, order.as_of, lead.id).get(lead.id)
    if free is not None:
        local = f"{free.astimezone(ZoneInfo(order.zone)):%Y-%m-%d %H:%M}"
        raise ClaimRefused("cooling", "{person} had {number} before and may claim it again from {free}", **said,
                           free=local)  # fmt: skip
    room = room_of(conn, person, config, order.as_of, order.zone)
    if room.claimed >= room.most:
        text = "{person} has claimed {most} leads today, which is the most"
        raise ClaimRefused("day", text, **said, most=room.most)
    if room.load + len(leads) > room.cap:
        text = "{person} has {load} open leads of at most {cap}"
        raise ClaimRefused("full", text, **said, load=room.load, cap=room.cap)


@dataclass(frozen=True)
class Room:
    """What a person may still claim: companies claimed today of the most, open leads of the cap."""

    claimed: int
    most: int
    load: int
    cap: int


def room_of(conn: Connection, person: Person, config: Config, as_of: datetime, zone: str) -> Room:
    """How much a person has, and how much he may have."""
    cap = config.rules.value(OPEN_CAP) if person.open_cap is None else person.open_cap
    load = conn.execute(select(Counter.value).where(Counter.name == f"load:{person.id}")).scalar() or 0
    return Room(_claimed(conn, person.id, as_of, zone), int(config.rules.value(CLAIMS_A_DAY)), load, int(cap))


def cooling(
    conn: Connection, person: str, config: Config, as_of: datetime, lead: int | None = None
) -> dict[int, datetime]:
    """Which leads a person had too lately to claim them, and from when he may: by id, of one lead or of all."""
    days = timedelta(days=config.rules.value(COOLDOWN_DAYS))
    had = select(Assignment.lead_id, func.max(Assignment.until)).where(
        Assignment.person == person, Assignment.until > as_of - days
    )
    had = had if lead is None else had.where(Assignment.lead_id == lead)
    rows = conn.execute(had.group_by(Assignment.lead_id)).tuples()
    return {found: last + days for found, last in rows if last is not None}


def _claimed(conn: Connection, person: str, as_of: datetime, zone: str) -> int:
    """How many leads a person has claimed on the business day, a company counting once."""
    begun = as_of.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    unit = func.coalesce(Assignment.account_id, -Assignment.lead_id)
    mine = (Assignment.person == person, Assignment.why == CLAIM, Assignment.since >= begun, Assignment.since <= as_of)
    count: int = conn.execute(select(func.count(unit.distinct())).where(*mine)).scalar_one()
    return count
