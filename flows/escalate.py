"""The flow `escalate`: the procedure of flows/sweeping.py as Prefect runs it, every few minutes."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.request import moment
from flows.sweeping import escalate_promises


@flow(name="escalate", persist_result=False)
def escalate(as_of: datetime | None = None, backfill_mail: bool = False) -> dict[str, int]:
    """Note what is overdue, remind and escalate; gives the counts."""
    settings = get_settings()
    found = escalate_promises(settings, load_config(settings.config), moment(as_of), backfill_mail=backfill_mail)
    counts = {name: count for name, count in found.counts.items() if count}
    if counts:
        get_run_logger().info(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return counts
