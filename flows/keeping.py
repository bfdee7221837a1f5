"""The procedure of the flow `nightly`: what time has changed of leads, and who hears that a lead is his now."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.schema import Config
from config.settings import Settings
from flows.request import rules_on
from models.db import make_engine
from tasks.clocks import in_hours
from tasks.leave import staffed
from tasks.nightly import run_nightly
from tasks.outbox import send_pending
from tasks.ready import make_ready
from tasks.tell import tell


@dataclass
class Night:
    """What changed, by kind and lead by lead, and what became of the messages in the outbox."""

    counts: dict[str, int] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)


def keep_leads(
    settings: Settings, config: Config, as_of: datetime, *, dry_run: bool = False, backfill_mail: bool = False
) -> Night:
    """Do what time asks for at a moment; harmless when repeated. A dry run tells what it would do."""
    rules = rules_on(config.rules, as_of, settings)
    engine = make_engine(settings.database_url)
    try:
        if dry_run:
            with engine.connect() as conn:
                config = staffed(conn, config, as_of)
            kept = run_nightly(engine, config, settings, as_of, keep=False)
            return Night(dict(kept.counts), kept.changes)
        config = make_ready(engine, config, as_of)
        kept = run_nightly(engine, config, settings, as_of)
        night = Night(dict(kept.counts), kept.changes)
        if kept.counts["moved"]:
            tell(engine, config.model_copy(update={"rules": rules}), settings, as_of)
        # at night nobody is mailed: the sweep of the morning sends what waits
        if in_hours(engine, rules, as_of, settings.tz):
            night.messages = send_pending(engine, settings, as_of, rules, backfill_mail=backfill_mail)
        return night
    finally:
        engine.dispose()
