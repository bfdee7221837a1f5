"""Look after what should be happening and is not: channels that have fallen silent are reported, once each."""

from dataclasses import dataclass, field
from datetime import datetime

from config.schema import Config
from config.settings import Settings
from flows.request import rules_on
from models.db import make_engine, upgrade
from tasks.outbox import send_pending
from tasks.post import post
from tasks.quiet import Quiet, quiet_channels, quiet_letters


@dataclass
class Watched:
    """What was found, how many letters are new, and what became of those in the outbox."""

    quiet: list[Quiet] = field(default_factory=list)
    letters: int = 0
    messages: dict[str, int] = field(default_factory=dict)


def watch_channels(settings: Settings, config: Config, as_of: datetime) -> Watched:
    """Report the channels that have fallen silent to their contacts and the supervisors; harmless when repeated."""
    rules = rules_on(config.rules, as_of, settings)
    engine = make_engine(settings.database_url)
    try:
        upgrade(engine)
        found = Watched(quiet_channels(engine, config, rules, as_of, settings.zone))
        found.letters = post(engine, quiet_letters(found.quiet, config, settings.lang), as_of)
        found.messages = send_pending(engine, settings, as_of, rules)
        return found
    finally:
        engine.dispose()
