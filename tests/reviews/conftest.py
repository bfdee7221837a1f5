"""The simulated year that several tests look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from flows.reviewing import build, cut_of, open_review, rules_of
from tasks.calendar import load_days
from tasks.rules.reviews.spans import Span, read_span
from tests.reviews.year import ZONE, make

#: Months that were reviewed while the year went on.
REVIEWED = ("2025-04", "2025-08", "2025-12")


@dataclass(frozen=True)
class Year:
    """A base with the year, and the files of each month (and team) as they were when it was due."""

    folder: Path
    engine: Engine
    settings: Settings
    config: Config
    files: dict[tuple[str, str], dict[str, bytes]]

    def cut(self, span: Span) -> datetime:
        """When a period's pack is due."""
        with self.engine.connect() as conn:
            days = load_days(conn)
        at = datetime.combine(span.last, datetime.min.time(), ZONE)
        return cut_of(span, days, rules_of(self.config, at, self.settings), self.settings)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    folder = tmp_path_factory.mktemp("simulated")
    settings = Settings(_env_file=None, home=folder / "home")
    files: dict[tuple[str, str], dict[str, bytes]] = {}
    waiting = [read_span("monthly", month) for month in REVIEWED]

    def meanwhile(engine: Engine, config: Config, day: date) -> None:
        year = Year(folder, engine, settings, config, files)
        while waiting and (cut := year.cut(waiting[0])).date() <= day:
            span = waiting.pop(0)
            review = open_review(engine, settings, config, span, cut)
            scopes = ("", "华东组") if span.label == REVIEWED[-1] else ("",)
            files.update({(span.label, scope): build(review, scope).files for scope in scopes})

    engine = make(folder, meanwhile)
    yield Year(folder, engine, settings, load_config(folder / "company"), files)
    engine.dispose()
