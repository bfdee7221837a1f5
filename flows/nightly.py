"""The flow `nightly`: the procedure of flows/keeping.py as Prefect runs it, every night."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.keeping import keep_leads
from flows.request import moment


@flow(name="nightly", persist_result=False)
def nightly(as_of: datetime | None = None, backfill_mail: bool = False) -> dict[str, int]:
    """End pauses, note stalls and silence, downgrade, lose, pool and care; gives the counts."""
    settings = get_settings()
    found = keep_leads(settings, load_config(settings.config), moment(as_of), backfill_mail=backfill_mail)
    counts = {name: count for name, count in found.counts.items() if count}
    if counts:
        get_run_logger().info(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return counts
