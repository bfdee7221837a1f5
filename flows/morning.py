"""The flow `morning`: the procedure of flows/working_day.py as Prefect runs it, daily; who works is decided there."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.request import moment
from flows.working_day import begin_day


@flow(name="morning", persist_result=False)
def morning(as_of: datetime | None = None, backfill_mail: bool = False) -> dict[str, int]:
    """Mail each person what is due, overdue, new, to verify and open; gives how many mails of which kind."""
    settings = get_settings()
    found = begin_day(settings, load_config(settings.config), moment(as_of), backfill_mail=backfill_mail)
    if found.letters:
        get_run_logger().info(", ".join(f"{kind} {count}" for kind, count in sorted(found.letters.items())))
    return dict(found.letters)
