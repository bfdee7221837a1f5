"""What runs the scheduled flows, as a child that cannot outlive `leads up`.

`python -m flows.worker POOL NAME` works until its standard input ends or it gets SIGTERM; a flow that runs is
finished first.
"""

import os
import signal
import sys
import threading


def end_with_input(signal_number: int = signal.SIGTERM) -> None:
    """Send this process a signal when its standard input ends, which happens when its parent is gone, too."""

    def wait() -> None:
        # not through sys.stdin, whose lock would stand in the way of the interpreter's end
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal_number)

    threading.Thread(target=wait, daemon=True).start()


def _work(pool: str, name: str) -> None:
    end_with_input()
    from prefect.cli import app

    sys.argv = [
        *("prefect", "--no-prompt", "worker", "start", "--pool", pool, "--name", name),
        *("--type", "process", "--install-policy", "never"),
    ]
    app()


if __name__ == "__main__":
    _work(sys.argv[1], sys.argv[2])
