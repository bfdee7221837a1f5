"""What the rows of a run became: leads by verdict and grade, and who has them, read from the database."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, bindparam, func, select

from models import Batch, Message
from models.streams import driver_rows

GRADES = ("A", "B", "C")
VERDICTS = ("valid", "to_verify", "invalid")
_LEADS = """
SELECT l.verdict, COALESCE(l.grade, ''), COALESCE(l.owner, ''), COALESCE(l.owner_rule, ''){count}
FROM lead l WHERE l.id IN (
  SELECT m.lead_id FROM membership m WHERE m.until IS NULL AND m.submission_id IN (
    SELECT s.id FROM submission s WHERE s.batch_id IN ({batches})))
{group}
"""
_FETCH = 10_000

# verdict, grade, owner, rule of the owner ('' none) -> leads
Kinds = Counter[tuple[str, str, str, str]]
# grade ('' none) -> leads
Grades = dict[str, int]


@dataclass(frozen=True)
class Figures:
    """Counts of some batches: every lead of theirs is once in `verdicts`, and once in `owned`, `unowned` or archived.

    `owned` is by person, `unowned` by the reason why nobody has them, `archived` are the invalid ones.
    """

    rows: int = 0
    verdicts: dict[str, Grades] = field(default_factory=dict)
    owned: dict[str, Grades] = field(default_factory=dict)
    unowned: dict[str, Grades] = field(default_factory=dict)
    archived: Grades = field(default_factory=dict)
    issues: dict[str, int] = field(default_factory=dict)  # check rule → rows, the most frequent first
    mails: dict[str, int] = field(default_factory=dict)  # state of the whole outbox → mails

    @property
    def leads(self) -> int:
        """How many leads there are."""
        return sum(sum(grades.values()) for grades in self.verdicts.values())


def figures(engine: Engine, batches: Sequence[int]) -> Figures:
    """Count what the batches' rows became, as things stand now; the cost follows the batches, not the base."""
    counted = select(Batch.rows, Batch.counts).where(Batch.id.in_(bindparam("ids", expanding=True)))
    mails = select(Message.state, func.count()).group_by(Message.state)
    with engine.connect() as conn:
        stored = conn.execute(counted, {"ids": list(batches)}).all()
        kinds = _leads(conn, batches)
        states = {state: count for state, count in conn.execute(mails)}  # noqa: C416 - rows are no pairs to dict()
    found = Figures(
        rows=sum(batch.rows for batch in stored), issues=_issues(batch.counts for batch in stored), mails=states
    )
    for (verdict, grade, owner, rule), count in sorted(kinds.items()):
        _add(found.verdicts.setdefault(verdict, {}), grade, count)
        if owner:
            _add(found.owned.setdefault(owner, {}), grade, count)
        elif verdict == "invalid":
            _add(found.archived, grade, count)
        else:
            _add(found.unowned.setdefault(rule, {}), grade, count)
    return found


def _leads(conn: Connection, batches: Sequence[int]) -> Kinds:
    """Leads of the batches by what is counted about them."""
    kinds: Kinds = Counter()
    numbers = ", ".join(str(int(batch)) for batch in batches) or "NULL"
    if conn.dialect.name == "postgresql":
        query = _LEADS.format(count=", COUNT(*)", batches=numbers, group="GROUP BY 1, 2, 3, 4")
        for rows in driver_rows(conn, query, _FETCH):
            kinds.update({(verdict, grade, owner, rule): count for verdict, grade, owner, rule, count in rows})
        return kinds
    # SQLite sorts what it groups, which takes longer than counting here
    for rows in driver_rows(conn, _LEADS.format(count="", batches=numbers, group=""), _FETCH):
        kinds.update(rows)
    return kinds


def _add(grades: Grades, grade: str, count: int) -> None:
    grades[grade] = grades.get(grade, 0) + count


def _issues(counts: Iterable[str]) -> dict[str, int]:
    """Rows by check rule over all batches; the most frequent first."""
    total: Counter[str] = Counter()
    for text in counts:
        total.update(json.loads(text).get("issues", {}))
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
