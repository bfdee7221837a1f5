"""The flow `checks`: judges each hour what forms and webhooks brought."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.judging import judge_posts
from flows.request import moment


@flow(name="checks", persist_result=False)
def checks(as_of: datetime | None = None) -> int:
    """Judge the rows of the last whole hour; gives how many channels fail a check."""
    settings = get_settings()
    found = judge_posts(settings, load_config(settings.config), moment(as_of))
    for name, result in found.failed.items():
        get_run_logger().warning("%s: %s", name, ", ".join(one.rule_id for one in result.failed))
    return len(found.failed)
