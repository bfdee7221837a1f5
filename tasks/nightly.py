"""What time alone has changed, once a night: pauses that end, stalls, silence, care; read by its index."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from config.schema import Config
from config.settings import Settings
from models.db import begin, stored_moment, take_turn
from tasks.orders import Order, own_order
from tasks.points import reached
from tasks.state import Kept, keep_current

#: Leads of one transaction.
AT_ONCE = 20_000
_DUE = text("SELECT id FROM lead WHERE state_at <= :as_of ORDER BY state_at, id LIMIT :rows")


def run_nightly(
    engine: Engine, config: Config, settings: Settings, as_of: datetime, *, keep: bool = True,
    recorded_at: datetime | None = None,
) -> Kept:  # fmt: skip
    """Bring the leads that time has changed by a moment (aware) to what they are; harmless when repeated.

    Without `keep` nothing stays: it tells what it would do. recorded_at: when it becomes known (default: now).
    """
    order = own_order(as_of, settings.tz, recorded_at)
    kept = Kept()
    while True:
        with begin(engine, keep=keep) as conn:
            take_turn(conn)
            rows = _some(conn, order, config, kept)
            while rows and not keep:
                rows = _some(conn, order, config, kept)
            reached("nightly")
        if rows < AT_ONCE:
            return kept


def due(conn: Connection, as_of: datetime, rows: int = AT_ONCE) -> list[int]:
    """The leads (ids) that time has changed by a moment, the ones due first."""
    asked: dict[str, Any] = {"as_of": stored_moment(conn, as_of), "rows": rows}
    return [int(one) for one in conn.execute(_DUE, asked).scalars()]


def _some(conn: Connection, order: Order, config: Config, kept: Kept) -> int:
    ids = due(conn, order.as_of)
    keep_current(conn, ids, order.arrival("state"), config, kept)
    return len(ids)
