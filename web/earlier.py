"""What a person recorded of a lead before, as the page of the lead shows it: to be read, and to be corrected."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from models import FollowUp, Objection
from tasks.follow_up_words import ANSWERED
from tasks.i18n import local_time
from web.desk import Desk
from web.record_form import FORM

# of one lead by one person: the last ones
_MOST = 5


def earlier(desk: Desk, lead_id: int, person: str) -> list[dict[str, Any]]:
    """The last follow-ups of a lead that a person recorded and that count, the newest first."""
    own = _own(lead_id, person).order_by(FollowUp.at.desc(), FollowUp.id.desc()).limit(_MOST)
    with desk.engine.connect() as conn:
        rows = conn.execute(own).mappings().all()
    return [dict(row) | {"at": local_time(row["at"], desk.settings.zone)} for row in rows]


def as_typed(desk: Desk, lead_id: int, person: str, record: int) -> dict[str, str] | None:
    """A follow-up as it would be typed into the form that corrects it; None where this person has no such one."""
    with desk.engine.connect() as conn:
        row = conn.execute(_own(lead_id, person).where(FollowUp.id == record)).mappings().one_or_none()
        objection = select(Objection.text).where(Objection.lead_id == lead_id, Objection.follow_up_id == record)
        objected = conn.execute(objection.limit(1)).scalar()
    if row is None:
        return None
    answered = {outcome: word for word, outcome in ANSWERED.items()}
    said: Mapping[str, Any] = dict(row) | {"answered": answered[row["outcome"]], "objection": objected}
    return {name: _text(said.get(name), desk) for name in FORM} | {"corrects": str(record)}


def _own(lead_id: int, person: str) -> Any:
    return select(FollowUp.__table__).where(
        FollowUp.lead_id == lead_id, FollowUp.person == person, FollowUp.superseded_at.is_(None)
    )


def _text(value: Any, desk: Desk) -> str:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return f"{aware.astimezone(desk.settings.zone):%Y-%m-%dT%H:%M}"
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
