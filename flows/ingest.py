"""The flow `ingest`: the procedure of flows/intake.py as Prefect runs it.

A chunk is one task run, a row never. Parameters are paths and dates; what Prefect stores holds
neither cells nor values, and a fault reaches it by its kind alone.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from config.errors import ConfigError
from config.loader import load_config
from config.settings import get_settings
from flows.console import UsageError
from flows.intake import take_in
from flows.request import Request, Result, moment
from flows.retry import DELAYS, is_passing
from models.db import DatabaseError


class StepFailed(Exception):  # noqa: N818 - what Prefect shows of a fault
    """A step failed; Prefect is told the kind of fault, never its values: they may be personal."""

    def __init__(self, message: str, fault: BaseException | None = None) -> None:
        """Keep the fault itself for the process that can show it to its own user."""
        super().__init__(message)
        self.fault = fault


def _name_of_run() -> str:
    return f"ingest {moment(flow_run.parameters.get('as_of')):%Y-%m-%d %H:%M}Z"


@flow(name="ingest", flow_run_name=_name_of_run, persist_result=False)
def ingest(
    paths: list[str] | None = None,
    channel: str | None = None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    backfill_mail: bool = False,
) -> Result:
    """Take in the lead files named, or those that wait in the intake folders."""
    named = tuple(Path(path) for path in paths or ())
    request = Request(named, channel, moment(as_of), dry_run, backfill_mail)
    result: Result = _hiding_values("ingest", lambda: _take_in(request))
    if result.unread:
        # how many: a file's name may be somebody's
        get_run_logger().warning("%d files or folders in intake/ belong to no channel", len(result.unread))
    if result.files:
        create_table_artifact(key="ingest", table=result.table(), description="Rows by file and outcome")
    return result


def in_task_run(label: str, work: Callable[[], Any]) -> Any:
    """Do one step as a task run named `label`; a passing fault of the database is tried again."""
    outcome: list[Any] = []
    _step(label, lambda: outcome.append(work()))
    return outcome[0]


def _take_in(request: Request) -> Result:
    settings = get_settings()
    return take_in(request, settings, load_config(settings.config), call=in_task_run)


def _hiding_values(label: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except StepFailed:
        raise
    except (ConfigError, DatabaseError, UsageError) as error:
        raise StepFailed(f"{label}: {error}", error) from None  # they name files, keys and addresses, never a row
    except Exception as error:
        raise StepFailed(f"{label}: {type(error).__module__}.{type(error).__name__}", error) from None


# Prefect --------------------------------------------------------------------------------------


def _worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    failed = state.result(raise_on_failure=False)
    return isinstance(failed, StepFailed) and failed.fault is not None and is_passing(failed.fault)


@task(
    name="chunk",
    task_run_name="{label}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=len(DELAYS),
    retry_delay_seconds=list(DELAYS),
    retry_condition_fn=_worth_retrying,
)
def _step(label: str, work: Callable[[], None]) -> None:
    _hiding_values(label, work)
