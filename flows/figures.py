"""How things stand: leads by verdict and grade, and who has them, read from the database."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select

from models import Batch, Lead, Message

GRADES = ("A", "B", "C")


@dataclass(frozen=True)
class Figures:
    """Counts of the whole base; `owned` is person → grade → leads."""

    rows: int = 0
    verdicts: dict[str, dict[str, int]] = field(default_factory=dict)  # verdict → grade ('' none) → leads
    owned: dict[str, dict[str, int]] = field(default_factory=dict)
    unowned: dict[str, int] = field(default_factory=dict)  # grade → leads that nobody fits
    issues: dict[str, int] = field(default_factory=dict)  # check rule → rows
    mails: dict[str, int] = field(default_factory=dict)  # state of the outbox → mails

    def as_dict(self) -> dict[str, Any]:
        """The figures as an answer's data."""
        names = ("rows", "verdicts", "owned", "unowned", "issues", "mails")
        return {name: getattr(self, name) for name in names}


def figures(engine: Engine) -> Figures:
    """Count what the base holds now; joined leads are not counted."""
    live = Lead.joined_into.is_(None)
    decided = select(Lead.verdict, Lead.grade, func.count()).where(live)
    owned = select(Lead.owner, Lead.grade, func.count()).where(live, Lead.status == "owned")
    unowned = select(Lead.grade, func.count()).where(live, Lead.verdict != "invalid", Lead.owner.is_(None))
    mails = select(Message.state, func.count()).group_by(Message.state)
    with engine.connect() as conn:
        batches = conn.execute(select(Batch.rows, Batch.counts)).all()
        return Figures(
            rows=sum(batch.rows for batch in batches),
            verdicts=_nested(conn, decided.group_by(Lead.verdict, Lead.grade)),
            owned=_nested(conn, owned.group_by(Lead.owner, Lead.grade)),
            unowned={grade or "": count for grade, count in conn.execute(unowned.group_by(Lead.grade))},
            issues=_issues(batch.counts for batch in batches),
            mails={state: count for state, count in conn.execute(mails)},  # noqa: C416 - rows are no pairs to dict()
        )


def _nested(conn: Connection, query: Select[Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for outer, inner, count in conn.execute(query):
        found.setdefault(outer or "", {})[inner or ""] = count
    return found


def _issues(counts: Iterable[str]) -> dict[str, int]:
    """Rows by check rule over all batches; the most frequent first."""
    total: Counter[str] = Counter()
    for text in counts:
        total.update(json.loads(text).get("issues", {}))
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
