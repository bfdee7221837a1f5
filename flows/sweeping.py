"""The procedure of the flow `escalate`: promises that are due, their messages, new owners told, all sent."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.schema import Config
from config.settings import Settings
from flows.request import ruled
from models.db import make_engine
from tasks.leave import staffed
from tasks.outbox import send_pending
from tasks.ready import make_ready
from tasks.sweep import sweep
from tasks.tell import tell


@dataclass
class Escalated:
    """What was due, what fired, and what became of the messages in the outbox."""

    counts: dict[str, int] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)


def escalate_promises(
    settings: Settings, config: Config, as_of: datetime, *, dry_run: bool = False, backfill_mail: bool = False
) -> Escalated:
    """Do what promises ask for at a moment; harmless when repeated. A dry run tells what it would do."""
    config = ruled(config, as_of, settings)
    engine = make_engine(settings.database_url)
    try:
        if dry_run:
            with engine.connect() as conn:
                config = staffed(conn, config, as_of)
            swept = sweep(engine, config, settings, as_of, keep=False)
            return Escalated(dict(swept.counts), swept.steps)
        config = make_ready(engine, config, as_of)
        swept = sweep(engine, config, settings, as_of)
        if swept.counts["reassigned"] or swept.counts["taken_up"]:
            tell(engine, config, settings, as_of)
        messages = send_pending(engine, settings, as_of, config.rules, backfill_mail=backfill_mail)
        return Escalated(dict(swept.counts), swept.steps, messages)
    finally:
        engine.dispose()
