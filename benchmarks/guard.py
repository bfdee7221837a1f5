"""Stops a server whose owner has gone without doing so: `python guard.py LOCK PID FOLDER…`.

The owner holds a lock on the file LOCK for as long as it lives, however it ends. Run as a file, so that it needs
nothing but Python.
"""

import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path


def main(lock: str, pid: int, folders: list[Path]) -> None:
    """Wait for the end of the owner, then stop the server and remove the folders; the first holds the server."""
    try:
        with Path(lock).open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        pass  # the owner has tidied up
    stop_server(folders[0] / "data" / "postmaster.pid", pid)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def stop_server(pid_file: Path, pid: int, seconds: float = 30.0) -> None:
    """Stop the server with this pid file, if it still is the process `pid`."""
    for sign in (signal.SIGINT, signal.SIGQUIT):
        end = time.monotonic() + seconds
        if is_running(pid_file, pid):
            os.kill(pid, sign)
        # The file goes last. The process may stay a zombie, when its parent went before it.
        while is_running(pid_file, pid) and time.monotonic() < end:
            time.sleep(0.02)


def is_running(pid_file: Path, pid: int) -> bool:
    """Whether the server that wrote the file is the process `pid`, and lives."""
    try:
        os.kill(pid, 0)
        return int(pid_file.read_text().split("\n", 1)[0]) == pid
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
