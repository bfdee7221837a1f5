"""The flow `day-plan`: the procedure of flows/planning.py as Prefect runs it, often; when is decided there."""

from datetime import datetime

from prefect import flow, get_run_logger

from config.loader import load_config
from config.settings import get_settings
from flows.planning import plan_day
from flows.request import moment


@flow(name="day-plan", persist_result=False)
def day_plan(as_of: datetime | None = None, backfill_mail: bool = False) -> dict[str, int]:
    """Before the end of a working day, propose everybody's next plan and tell supervisors; gives mails by kind."""
    settings = get_settings()
    found = plan_day(settings, load_config(settings.config), moment(as_of), backfill_mail=backfill_mail)
    if found.letters:
        get_run_logger().info(", ".join(f"{kind} {count}" for kind, count in sorted(found.letters.items())))
    return dict(found.letters)
