"""What reviews decided: noted with who and by when, kept with what became of it, and shown in the packs that follow."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, func, insert, select, update

from models import ReviewDecision
from models.db import begin, read_frame, stored_moment, take_ids, take_turn
from tasks.coded import Coded
from tasks.rules.follow_up_check import FIRST_YEAR, YEARS_AHEAD

STATES = ("open", "done", "dropped")
_KNOWN = """
SELECT number, kind, period, scope, decision, who, due_on, state, outcome, at FROM review_decision
WHERE at <= :cut AND (until IS NULL OR until > :cut) ORDER BY number
"""


class DecisionError(Coded):
    """The decision cannot be noted; the message says why."""


@dataclass(frozen=True)
class Decided:
    """A decision as it is noted: of which review, about whose leads ('': all), what, who, by when."""

    kind: str
    period: str
    decision: str
    who: str
    due_on: date | None = None
    scope: str = ""


def note(engine: Engine, said: Decided, actor: str, at: datetime) -> int:
    """Note a decision at a moment (aware); gives its number. The same one again is noted once."""
    if not said.decision.strip():
        raise DecisionError("blank", "what was decided is blank")
    if said.due_on is not None and not FIRST_YEAR <= said.due_on.year <= at.year + YEARS_AHEAD:
        text = "{day} lies before {first} or more than {years} years ahead"
        raise DecisionError("due", text, day=said.due_on, first=FIRST_YEAR, years=YEARS_AHEAD)
    with begin(engine) as conn:
        take_turn(conn)
        same = (
            ReviewDecision.kind == said.kind, ReviewDecision.period == said.period, ReviewDecision.scope == said.scope,
            ReviewDecision.decision == said.decision.strip(), ReviewDecision.who == said.who,
        )  # fmt: skip
        known = conn.execute(select(ReviewDecision.number).where(*same)).scalar()
        if known is not None:
            return int(known)
        last = conn.execute(select(func.max(ReviewDecision.number))).scalar() or 0
        values = {"number": last + 1, "state": "open", "due_on": said.due_on, "actor": actor, "at": at}
        values |= {"kind": said.kind, "period": said.period, "scope": said.scope, "who": said.who}
        _store(conn, values | {"decision": said.decision.strip(), "outcome": None, "until": None})
        return last + 1


def settle(engine: Engine, number: int, state: str, outcome: str, actor: str, at: datetime) -> None:
    """Say what became of a decision; harmless when repeated. DecisionError where there is none of that number."""
    if state not in STATES:
        raise DecisionError("state", "{state} is none of {known}", state=state, known=", ".join(STATES))
    with begin(engine) as conn:
        take_turn(conn)
        live = select(ReviewDecision.__table__).where(ReviewDecision.number == number, ReviewDecision.until.is_(None))
        found = conn.execute(live).mappings().one_or_none()
        if found is None:
            raise DecisionError("none", "there is no decision {number}", number=number)
        if (found["state"], found["outcome"] or "") == (state, outcome.strip()):
            return
        conn.execute(update(ReviewDecision).where(ReviewDecision.id == found["id"]).values(until=at))
        later = {"state": state, "outcome": outcome.strip() or None, "actor": actor, "at": at, "until": None}
        kept = {name: value for name, value in found.items() if name != "id"}
        _store(conn, kept | later)


def _store(conn: Connection, values: dict[str, Any]) -> None:
    conn.execute(insert(ReviewDecision).values(id=int(take_ids(conn, "review_decision", 1)[0]), **values))


def decisions_at(conn: Connection, as_of: datetime) -> pd.DataFrame:
    """Every decision as it stood at a moment (aware): number, kind, period, scope, decision, who, due_on, state,
    outcome, at (naive UTC)."""
    found = read_frame(conn, _KNOWN, cut=stored_moment(conn, as_of))
    return found.assign(due_on=pd.to_datetime(found["due_on"]).astype("datetime64[us]")).astype(
        {"outcome": "str", "at": "datetime64[us]"}
    )
