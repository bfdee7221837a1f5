"""The flow `feed`: the procedure of flows/feeding.py as Prefect runs it; each feed's own schedule decides within."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.feeding import pull_feeds
from flows.request import moment


class FeedsFailed(Exception):  # noqa: N818 - what Prefect shows of a fault
    """Some feeds ended early; the message names them, never a value."""


@flow(name="feed", persist_result=False)
def feed(names: list[str] | None = None, as_of: datetime | None = None) -> int:
    """Pull the feeds that are due, or those named; gives how many rows were new."""
    settings = get_settings()
    fed = pull_feeds(settings, load_config(settings.config), moment(as_of), names or (), scheduled=not names)
    for one in fed.feeds:
        get_run_logger().info("%s: %d pages, %d records", one.channel, one.pages, one.records)
    if fed.faults:
        raise FeedsFailed("; ".join(fed.faults))
    return sum(sum(one.outcomes.values()) for one in fed.feeds)
