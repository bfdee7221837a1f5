"""The base made ready for a run: its newest tables, the roster and the calendar as they are said now."""

from datetime import datetime

from sqlalchemy import Engine

from config.schema import Config
from models.db import upgrade
from tasks.calendar import sync_calendar
from tasks.leave import staffed
from tasks.roster import sync_roster


def make_ready(engine: Engine, config: Config, as_of: datetime) -> Config:
    """Bring tables, roster and calendar up to date; gives the configuration with the leave that people added."""
    upgrade(engine)
    sync_roster(engine, config.roster, as_of)
    sync_calendar(engine, as_of)
    with engine.connect() as conn:
        return staffed(conn, config, as_of)
