"""The supervisor's spot check (H1-5.1-checklist): a weekly sample of new leads, the same for whoever looks, and what
was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, insert, select, update

from models import Lead, SpotCheck
from models.db import begin, take_numbers
from tasks.coded import Coded
from tasks.rules.keys import hash_text

SPOT_SIZE = "C-SPOT-SIZE"
RESULTS = ("right", "wrong")
_MOST = 500


class SpotError(Coded):
    """A finding cannot be stored; the message says why."""


@dataclass(frozen=True)
class Spot:
    """A lead of the sample and what was found, if anything yet: result, finding, by whom."""

    number: str
    result: str = ""
    finding: str = ""
    by: str = ""


def week_of(on: date) -> str:
    """The week of a day, as 2024-W12."""
    year, week, _ = on.isocalendar()
    return f"{year}-W{week:02d}"


def first_day(week: str) -> date:
    """The Monday of a week; ValueError where it is none."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def sample(conn: Connection, week: str, size: int, zone: ZoneInfo) -> list[Spot]:
    """The leads of a week's sample, chosen by their numbers alone, with what was found; ValueError for no week."""
    monday = datetime.combine(first_day(week), datetime.min.time(), zone).astimezone(UTC)
    opened = (Lead.opened_at >= monday, Lead.opened_at < monday + timedelta(days=7), Lead.joined_into.is_(None))
    numbers = pd.Series(conn.execute(select(Lead.number).where(*opened)).scalars().all(), dtype="str")
    chosen = numbers.iloc[hash_text(week + numbers).argsort()[:size]] if len(numbers) else numbers
    wanted = select(Lead.number, SpotCheck.result, SpotCheck.finding, SpotCheck.actor).outerjoin(
        SpotCheck, (SpotCheck.lead_id == Lead.id) & (SpotCheck.week == week)
    )
    rows = conn.execute(wanted.where(Lead.number.in_(list(chosen))).order_by(Lead.number)).all()
    return [Spot(row.number, row.result or "", row.finding or "", row.actor or "") for row in rows]


def note_finding(engine: Engine, week: str, number: str, finding: Spot, at: datetime) -> None:
    """Store what was found about a lead of a week's sample; said again it replaces. SpotError where it cannot be."""
    if finding.result not in RESULTS:
        raise SpotError("result", "say whether the lead is right or wrong")
    if finding.result == "wrong" and not finding.finding.strip():
        raise SpotError("finding", "say what is wrong")
    if len(finding.finding) > _MOST:
        raise SpotError("long", "at most {most} characters", most=_MOST)
    with begin(engine) as conn:
        lead = conn.execute(select(Lead.id).where(Lead.number == number)).scalar_one_or_none()
        if lead is None:
            raise SpotError("lead", "there is no lead {number}", number=number)
        values = {"at": at, "actor": finding.by, "result": finding.result, "finding": finding.finding.strip()}
        same = (SpotCheck.week == week, SpotCheck.lead_id == lead)
        if conn.execute(update(SpotCheck).where(*same).values(values)).rowcount == 0:
            [new] = take_numbers(conn, "spot_check_id", 1).tolist()
            conn.execute(insert(SpotCheck).values(id=new, week=week, lead_id=lead, **values))
