"""Which runs are dead: whose process is gone, and who never got one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.runs import is_dead, process_of

NOW = datetime(2024, 3, 15, 2, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(minutes=10)


def run(pid: object, since: datetime = NOW) -> dict[str, Any]:
    return {"infrastructure_pid": pid, "state": {"timestamp": since.isoformat()}}


@contextmanager
def process(*named: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until the end, and has shown by a line that it does."""
    command = [sys.executable, "-c", "print(flush=True); input()", *named]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        started.stdout.readline()
        yield started
        started.kill()


def test_a_run_lives_as_long_as_its_process() -> None:
    with process("prefect") as flow:
        assert not is_dead(run(str(flow.pid)), NOW)
        assert not is_dead(run(str(flow.pid), LONG_AGO), NOW)
        flow.kill()
        os.waitid(os.P_PID, flow.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(run(str(flow.pid)), NOW), "it has ended, and nobody has waited for it yet"
        flow.wait()
        assert is_dead(run(str(flow.pid)), NOW)


def test_a_number_that_another_process_has_now_is_no_run() -> None:
    with process() as other:
        assert is_dead(run(str(other.pid), LONG_AGO), NOW)
        assert not is_dead(run(str(other.pid)), NOW), "it may only just have begun"


def test_a_run_without_a_process_is_given_its_time() -> None:
    assert not is_dead(run(None, NOW - timedelta(seconds=60)), NOW)
    assert is_dead(run(None, NOW - timedelta(seconds=180)), NOW)


def test_the_process_is_read_with_or_without_its_host() -> None:
    assert process_of(run(f"host:{os.getpid()}")) == os.getpid()
    assert process_of(run("4711")) == 4711
    assert process_of(run("")) is None
