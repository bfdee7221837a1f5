"""What processes run, as other tests ask it."""

import os
import subprocess

import psutil

from tests.processes import running_with, still_running


def test_a_process_that_waits_to_be_waited_for_runs_no_more():
    with subprocess.Popen(["sleep", "60"]) as child:
        seen = psutil.Process(child.pid)
        assert running_with("sleep", [seen]) == still_running([seen]) == [seen]
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended and stays a zombie
        assert seen.status() == psutil.STATUS_ZOMBIE
        assert running_with("sleep", [seen]) == still_running([seen]) == []
    assert running_with("sleep", [seen]) == still_running([seen]) == []
