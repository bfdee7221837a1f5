"""A process beside this one gives what its work gives, fails as it fails, and never outlives the one that asked."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tasks.beside import Beside
from tasks.unreadable import UnreadableFile

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def beside() -> Iterator[Beside]:
    with closing(Beside(_nothing)) as made:
        yield made


def test_the_work_is_done_in_another_process_and_its_result_comes_back(beside: Beside) -> None:
    beside.start(_own_id_and, "一", 2)
    process, *given = beside.result()
    assert process != os.getpid()
    assert given == ["一", 2]


def test_a_failure_is_raised_here_as_what_it_is_with_the_place_where_it_happened(beside: Beside) -> None:
    beside.start(_refuse)
    with pytest.raises(UnreadableFile) as raised:
        beside.result()
    assert raised.value.code == "changed"
    assert any("_refuse" in note for note in raised.value.__notes__)


def test_what_makes_it_ready_may_fail_too() -> None:
    with closing(Beside(_refuse)) as made:
        made.start(_own_id_and)
        with pytest.raises(UnreadableFile):
            made.result()


def test_a_process_that_died_is_told_of(beside: Beside) -> None:
    beside.start(_die)
    with pytest.raises(RuntimeError, match=r"ended early \(exit code -9\)"):
        beside.result()


def test_one_that_is_asked_for_nothing_ends_when_it_is_closed() -> None:
    made = Beside(_nothing)
    made.close()
    made.close()
    assert made._child.exitcode == 0


def test_it_ends_with_a_parent_that_is_killed() -> None:
    code = """
import os
from tasks.beside import Beside
from tests.tasks.test_beside import _nothing, _tell_and_wait
if __name__ == "__main__":
    made = Beside(_nothing)
    made.start(_tell_and_wait)
    made.result()
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(timeout=30)


def _nothing() -> None:
    pass


def _own_id_and(*given: object) -> tuple[object, ...]:
    return os.getpid(), *given


def _refuse() -> None:
    raise UnreadableFile("changed")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _tell_and_wait() -> None:
    print(os.getpid(), flush=True)
    signal.pause()
