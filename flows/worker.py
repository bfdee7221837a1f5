"""What runs the scheduled flows, as a child that cannot outlive `leads up`.

`python -m flows.worker POOL NAME` works until its standard input ends or it gets SIGTERM; a flow that runs may end
its work first, as long as the parent lives. Prefect's own `worker start` ends such a flow at once.
"""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

#: Seconds; what runs longer is ended. The parent asks it to end before that, where the parent lives.
LONGEST_END = 25.0


def end_with_input(signal_number: int = signal.SIGTERM) -> None:
    """Send this process a signal when its standard input ends, which happens when its parent is gone, too."""

    def wait() -> None:
        # not through sys.stdin, whose lock would stand in the way of the interpreter's end
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal_number)

    threading.Thread(target=wait, daemon=True).start()


def _work(pool: str, name: str) -> None:
    import anyio
    from prefect.client.schemas.objects import FlowRun
    from prefect.workers.process import ProcessWorker, ProcessWorkerResult

    ending, parent = threading.Event(), os.getppid()
    at_work: list[object] = []

    class Worker(ProcessWorker):
        """Takes no further run once it is to end, and knows which it has."""

        async def get_and_submit_flow_runs(self) -> list[FlowRun]:
            return [] if ending.is_set() else await super().get_and_submit_flow_runs()

        async def run(self, flow_run: FlowRun, *args: Any, **named: Any) -> ProcessWorkerResult:
            at_work.append(flow_run.id)
            try:
                return await super().run(flow_run, *args, **named)
            finally:
                at_work.remove(flow_run.id)

    def end(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    async def work() -> None:
        worker = Worker(work_pool_name=pool, name=name)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.start)
            while not ending.is_set():
                await anyio.sleep(0.1)
            with anyio.move_on_after(LONGEST_END):
                while at_work and os.getppid() == parent:
                    await anyio.sleep(0.1)
            tasks.cancel_scope.cancel()

    signal.signal(signal.SIGTERM, end)
    end_with_input()
    anyio.run(work)


if __name__ == "__main__":
    _work(sys.argv[1], sys.argv[2])
