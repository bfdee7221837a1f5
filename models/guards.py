"""What the database itself holds beyond constraints: the append-only log, and id sequences."""

from sqlalchemy import Connection

# the tables whose ids PostgreSQL's sequences give (SQLite has one writer: a counter is enough)
SEQUENCES = (
    "batch",
    "submission",
    "account",
    "account_owner",
    "contact",
    "lead",
    "membership",
    "lead_event",
    "match",
    "choice",
    "message",
    "person",
    "leave",
)

_SQLITE_GUARD = """
CREATE TRIGGER lead_event_no_{verb} BEFORE {verb} ON lead_event
BEGIN SELECT RAISE(ABORT, 'lead_event is append only'); END
"""

_POSTGRESQL_GUARD = (
    """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append only', TG_TABLE_NAME; END $$
""",
    """
CREATE TRIGGER lead_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lead_event
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
""",
)


def create_guards(conn: Connection) -> None:
    """Create the sequences and the trigger that keeps `lead_event` append only."""
    if conn.dialect.name == "postgresql":
        for name in SEQUENCES:
            conn.exec_driver_sql(f"CREATE SEQUENCE {name}_seq CACHE 1")
        for statement in _POSTGRESQL_GUARD:
            conn.exec_driver_sql(statement.replace("%", "%%"))
        return
    for verb in ("UPDATE", "DELETE"):
        conn.exec_driver_sql(_SQLITE_GUARD.format(verb=verb))
