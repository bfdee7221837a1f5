"""The hourly judgement of what forms and webhooks brought: great-expectations on an hour's rows of each channel."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from config.schema import Config
from config.settings import Settings
from flows.request import rules_on
from models import Batch
from models.db import make_engine, upgrade
from tasks.expectations import FileResult, check_file
from tasks.i18n import words
from tasks.letters import Letter
from tasks.post import letter_of, post

#: The channels whose rows come one by one; a file is judged when it comes.
KINDS = ("form", "webhook", "hand")


@dataclass
class Judged:
    """What was judged: by channel what the suite says, and how many letters are new."""

    channels: dict[str, FileResult] = field(default_factory=dict)
    letters: int = 0

    @property
    def failed(self) -> dict[str, FileResult]:
        """The channels of which more rows fail a check than may."""
        return {name: found for name, found in self.channels.items() if not found.success}


def judge_posts(settings: Settings, config: Config, as_of: datetime) -> Judged:
    """Judge the rows of the last whole hour and tell the contacts of channels that fail; harmless when repeated."""
    hour = as_of.replace(minute=0, second=0, microsecond=0)
    rules = rules_on(config.rules, as_of, settings)
    engine = make_engine(settings.database_url)
    try:
        upgrade(engine)
        found = Judged()
        for name, (failing, rows) in _counted(engine, config, hour - timedelta(hours=1), hour).items():
            found.channels[name] = check_file(failing, rows, rules, config.channels[name])
        dated = config.model_copy(update={"rules": rules})
        found.letters = post(engine, _letters(found, dated, settings, hour), as_of)
        return found
    finally:
        engine.dispose()


def _counted(engine: Engine, config: Config, start: datetime, end: datetime) -> dict[str, tuple[Counter[str], int]]:
    """By channel how many rows fail each check, and how many there are."""
    names = [name for name, one in config.channels.items() if one.kind in KINDS]
    wanted = select(Batch.channel, Batch.rows, Batch.counts).where(
        Batch.channel.in_(names), Batch.received_at >= start, Batch.received_at < end
    )
    found: dict[str, tuple[Counter[str], int]] = {}
    with engine.connect() as conn:
        for channel, rows, counts in conn.execute(wanted.order_by(Batch.id)):
            failing, total = found.get(channel, (Counter(), 0))
            failing.update(json.loads(counts).get("issues", {}))
            found[channel] = failing, total + rows
    return found


def _letters(found: Judged, config: Config, settings: Settings, hour: datetime) -> Iterator[tuple[Letter, str]]:
    t = words(settings.lang)
    for name, result in found.failed.items():
        contact = config.channels[name].contact
        if contact is None:
            continue
        said = {"channel": name, "rows": result.rows, "hour": f"{hour.astimezone(settings.zone):%Y-%m-%d %H:%M}"}
        lines = [t["post.judged"].format(**said)]
        lines += [
            f"{config.rules.statement(one.rule_id, settings.lang)}{t['post.share'].format(share=f'{one.share:.0%}')}"
            for one in result.failed
        ]
        key = f"judged:{name}:{hour:%Y%m%d%H}"
        yield letter_of(key, "judged", name, t["post.judged_subject"].format(**said), lines), contact
