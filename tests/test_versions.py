"""The bounds on versions that keep Prefect's server importable and its scheduler at work."""

import importlib.metadata
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WITHIN_SECONDS = 120


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in importlib.metadata.version(name).split(".")[:2])


def test_fastapi_is_one_that_prefects_server_imports_with() -> None:
    assert (0, 139) <= _version("fastapi") < (0, 146)


def test_sqlalchemy_is_one_that_prefects_scheduler_works_with() -> None:
    assert (2, 0) <= _version("sqlalchemy") < (2, 1)


def test_great_expectations_and_prefect_are_of_the_tested_lines() -> None:
    assert _version("prefect") == (3, 8)
    assert _version("great_expectations") == (1, 24)


def test_pyproject_and_the_lock_say_the_same() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^ ;]+)", lock, re.MULTILINE))
    for name in ("prefect", "fastapi", "sqlalchemy", "great-expectations"):
        assert locked[name] == importlib.metadata.version(name)


_SCHEDULES = """
import asyncio, time
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId, FlowRunFilterStateName
from prefect.client.schemas.filters import FlowRunFilterState
from prefect.client.schemas.schedules import CronSchedule

async def main():
    async with get_client() as client:
        flow_id = await client.create_flow_from_name("smoke")
        schedule = DeploymentScheduleCreate(schedule=CronSchedule(cron="* * * * *"), active=True)
        deployment = await client.create_deployment(flow_id, "smoke", schedules=[schedule])
        wanted = FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
            state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Scheduled"])),
        )
        for _ in range({seconds}):
            runs = await client.read_flow_runs(flow_run_filter=wanted)
            if runs:
                print(f"{{len(runs)}} scheduled")
                return
            await asyncio.sleep(1)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_real_server_schedules_the_runs_of_a_deployment(tmp_path: Path) -> None:
    from flows.server import free_port, is_healthy

    env = {**os.environ, "PREFECT_HOME": str(tmp_path), "PREFECT_LOGGING_LEVEL": "ERROR"}
    env.pop("PREFECT_API_URL", None)
    port = free_port()
    env["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"],
            env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not is_healthy(env["PREFECT_API_URL"], seconds=1):
            assert server.poll() is None, (tmp_path / "server.log").read_text()
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.2)
        code = _SCHEDULES.format(seconds=WITHIN_SECONDS)
        said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
        assert said.stdout.strip().endswith("scheduled"), said.stderr + (tmp_path / "server.log").read_text()
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)  # a group of its own: the server and its child
            server.wait()
