"""The flow `posts`: sweeps what the loop beside the web application has left, so that nothing lies there for long."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.posting import sweep_posts
from flows.request import moment


@flow(name="posts", persist_result=False)
def posts(as_of: datetime | None = None) -> int:
    """Settle the posts that wait; gives how many there were."""
    settings = get_settings()
    found = sweep_posts(settings, load_config(settings.config), moment(as_of))
    get_run_logger().info("%d posts, %d rows, %d letters", found.posts, found.rows, found.letters)
    if found.failed:
        get_run_logger().warning("of %d posts no rows could be made", found.failed)
    return found.posts
