"""Which runs are dead: whose process is gone, and who never got one."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.runs import is_dead, process_of

NOW = datetime(2024, 3, 15, 2, 0, tzinfo=UTC)


def run(pid: object, since: datetime = NOW) -> dict[str, Any]:
    return {"infrastructure_pid": pid, "state": {"timestamp": since.isoformat()}}


def test_a_run_lives_as_long_as_its_process() -> None:
    command = [sys.executable, "-c", "input()", "prefect"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as flow:
        assert not is_dead(run(str(flow.pid)), NOW)
        flow.kill()
        flow.wait()
        assert is_dead(run(str(flow.pid)), NOW)


def test_a_number_that_another_process_has_now_is_no_run() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert is_dead(run(str(other.pid)), NOW)
        other.kill()


def test_a_run_without_a_process_is_given_its_time() -> None:
    assert not is_dead(run(None, NOW - timedelta(seconds=60)), NOW)
    assert is_dead(run(None, NOW - timedelta(seconds=180)), NOW)


def test_the_process_is_read_with_or_without_its_host() -> None:
    assert process_of(run(f"host:{os.getpid()}")) == os.getpid()
    assert process_of(run("4711")) == 4711
    assert process_of(run("")) is None
