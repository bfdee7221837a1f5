"""The flow `watch`: the procedure of flows/watching.py as Prefect runs it, once a day."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.request import moment
from flows.watching import watch_channels


@flow(name="watch", persist_result=False)
def watch(as_of: datetime | None = None) -> int:
    """Report channels that used to bring leads and have stopped; gives how many are silent."""
    settings = get_settings()
    found = watch_channels(settings, load_config(settings.config), moment(as_of))
    for one in found.quiet:
        get_run_logger().warning(one.line())
    return len(found.quiet)
