"""Whether what tables say of each other holds: references, live rows, counters; asked of the whole base at once."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

# child column → parent table
_REFERENCES = (
    ("submission", "batch_id", "batch"),
    ("submission", "same_as", "submission"),
    ("record", "submission_id", "submission"),
    ("profile", "submission_id", "submission"),
    ("contact", "account_id", "account"),
    ("account_owner", "account_id", "account"),
    ("identity", "contact_id", "contact"),
    ("lead", "contact_id", "contact"),
    ("lead", "account_id", "account"),
    ("lead", "origin_id", "submission"),
    ("lead", "joined_into", "lead"),
    ("membership", "submission_id", "submission"),
    ("membership", "lead_id", "lead"),
    ("lead_event", "lead_id", "lead"),
    ("lead_event", "submission_id", "submission"),
    ("assignment", "lead_id", "lead"),
    ("assignment", "choice_id", "choice"),
    ("reversal", "batch_id", "batch"),
    ("withdrawal", "submission_id", "submission"),
    ("outcome", "lead_id", "lead"),
    ("stage_entry", "lead_id", "lead"),
    ("history_record", "lead_id", "lead"),
    ("plan_item", "plan_id", "plan"),
    ("plan_item", "lead_id", "lead"),
)
_CHECKS = {
    "a row that counts for a lead has none": "SELECT count(*) FROM submission s WHERE s.accepted AND s.same_as IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.submission_id = s.id AND m.until IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM reversal r WHERE r.batch_id = s.batch_id)"
    " AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.submission_id = s.id)",
    "an open lead without rows": "SELECT count(*) FROM lead l WHERE l.closed_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.lead_id = l.id AND m.until IS NULL)",
    "a joined or reverted lead with rows": "SELECT count(*) FROM lead l"
    " JOIN membership m ON m.lead_id = l.id AND m.until IS NULL WHERE l.status IN ('joined', 'reverted')",
    "a lead's owner is not whom it is assigned to": "SELECT count(*) FROM lead l"
    " LEFT JOIN assignment a ON a.lead_id = l.id AND a.until IS NULL"
    " WHERE l.closed_at IS NULL AND coalesce(l.owner, '') <> coalesce(a.person, '')",
    "a lead's owner is not its company's": "SELECT count(*) FROM lead l"
    " JOIN account_owner o ON o.account_id = l.account_id AND o.until IS NULL"
    " WHERE l.closed_at IS NULL AND l.touched_at IS NULL AND l.owner <> o.person",
    "a person's count of open leads is wrong": "SELECT count(*) FROM (SELECT person, count(*) AS n FROM assignment"
    " WHERE until IS NULL GROUP BY person) a LEFT JOIN counter c ON c.name = 'load:' || a.person"
    " WHERE coalesce(c.value, 0) <> a.n",
    "a won or lost lead has no outcome, or it says otherwise": "SELECT count(*) FROM lead l"
    " LEFT JOIN outcome o ON o.lead_id = l.id AND o.until IS NULL"
    " WHERE l.status IN ('won', 'lost') AND coalesce(o.result, '') <> l.status",
    "a won or lost lead is open, or somebody has it": "SELECT count(*) FROM lead l"
    " LEFT JOIN assignment a ON a.lead_id = l.id AND a.until IS NULL"
    " WHERE l.status IN ('won', 'lost') AND (l.closed_at IS NULL OR a.id IS NOT NULL)",
    "a batch's count of rows is wrong": "SELECT count(*) FROM batch b"
    " WHERE b.rows <> (SELECT count(*) FROM submission s WHERE s.batch_id = b.id)",
    "a lead without an event": "SELECT count(*) FROM lead l"
    " WHERE NOT EXISTS (SELECT 1 FROM lead_event e WHERE e.lead_id = l.id)",
}


@dataclass(frozen=True)
class Fault:
    """What does not hold, and in how many rows."""

    what: str
    rows: int


def audit(conn: Connection) -> list[Fault]:
    """List what the base says that cannot be; empty when all holds."""
    faults = [Fault(what, conn.execute(text(query)).scalar_one()) for what, query in _questions()]
    return [fault for fault in faults if fault.rows]


def _questions() -> list[tuple[str, str]]:
    references = [
        (
            f"{child}.{column} names no {parent}",
            f"SELECT count(*) FROM {child} c LEFT JOIN {parent} p ON p.id = c.{column}"
            # 0: a lead of a foreign history has neither row nor contact
            f" WHERE c.{column} IS NOT NULL AND c.{column} <> 0 AND p.id IS NULL",
        )
        for child, column, parent in _REFERENCES
    ]
    return [*references, *_CHECKS.items()]
