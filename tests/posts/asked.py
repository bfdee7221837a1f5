"""What a base of posts holds."""

from sqlalchemy import text

from config.settings import Settings
from models.audit import audit
from models.db import make_engine


def ask(settings: Settings, statement: str) -> list[tuple]:
    """The rows of a query, of a base in which all fits together."""
    engine = make_engine(settings.database_url)
    with engine.connect() as conn:
        assert audit(conn) == []
        found = [tuple(row) for row in conn.execute(text(statement)).all()]
    engine.dispose()
    return found
