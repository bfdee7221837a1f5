"""`leads up` with real processes: what is dropped is owned, what is killed comes back, a stop is in order."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from flows.api import Api
from flows.runs import active, process_of
from flows.server import free_port
from tests.crash.runs import IN_FULL
from tests.processes import running_with, still_running

ROOT = Path(__file__).parents[2]
HEADER = "外部编号,来源,公司名称,行业,联系人,职位,电话,需求描述,预算范围,决策链,创建时间,紧急程度"
CHUNK_ROWS = 40
LONG = 1_200 if IN_FULL else 240  # rows: some chunks, a part of which is settled when it is interrupted
ALSO = {"the flow": (), "the flow and the worker": ("worker",)} if IN_FULL else {"the flow": ()}

pytestmark = [pytest.mark.slow, pytest.mark.kill, pytest.mark.timeout(280)]


class Running:
    """A `leads up` of the test's own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows", "up", "--json", "--port", str(free_port())],
            stdout=subprocess.PIPE,
            stderr=(home.parent / "up.txt").open("ab"),
            cwd=ROOT,
            env=environment(home),
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (home.parent / "up.txt").read_text()
        self.said: dict[str, Any] = json.loads(line)
        self.api = Api(self.said["prefect"] + "/api")

    def pid_of(self, name: str) -> int:
        noted = json.loads((self.home / "up" / "up.json").read_text())
        return int(next(service["pid"] or 0 for service in noted["services"] if service["name"] == name))

    def ask(self, query: str) -> Any:
        # asked ten times a second: by the driver itself, which is a hundred times as quick
        with closing(sqlite3.connect(self.home / "leadflow.db", timeout=60)) as conn:
            return (conn.execute(query).fetchone() or [None])[0]

    def drop(self, name: str, first: int, rows: int, channel: str = "default") -> None:
        content = "\n".join([HEADER, *(_row(number) for number in range(first, first + rows)), ""])
        (self.home / "intake" / channel / name).write_text(content, encoding="utf-8")

    def stop(self) -> float:
        """Seconds that it took to stop, and it must have stopped well."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=40) == 0
        return time.monotonic() - began


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEADS_", "PREFECT_"))}
    own = {"LEADS_HOME": str(home), "LEADS_CHUNK_ROWS": str(CHUNK_ROWS), "PYTHONPATH": str(ROOT)}
    # Prefect looks for due schedules once a minute; nobody waits for that here
    own["PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS"] = "3"
    return kept | own


def _row(number: int) -> str:
    person = f"杭州澄屿{number}机械有限公司,制造业,季若谷,总经理,138{12_345_071 + number}"
    return f"E{number},官网表单,{person},自动化生产线改造,20-30万,总经理,2024-03-15,高"


@contextmanager
def running(home: Path) -> Iterator[Running]:
    home.mkdir(parents=True, exist_ok=True)
    up = Running(home)
    family = psutil.Process(up.process.pid)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            mine = family.children(recursive=True)
            up.process.send_signal(signal.SIGTERM)
            try:
                up.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                up.process.kill()
            for child in still_running(mine):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            up.process.wait()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("up") / "home") as started:
        yield started


def until(holds: Callable[[], object], seconds: float) -> Any:
    """What `holds` gives once it gives something; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.1)
    return found


def rows_settled(up: Running, name: str) -> int:
    if not (up.home / "leadflow.db").exists():
        return 0
    known = up.ask("SELECT count(*) FROM sqlite_master WHERE name = 'lead_event'")
    return int(known and up.ask(f"SELECT coalesce(sum(rows), 0) FROM batch WHERE file = '{name}'"))


def is_done(up: Running, name: str) -> bool:
    return rows_settled(up, name) > 0 and up.ask(f"SELECT state FROM batch WHERE file = '{name}'") == "done"


def test_every_deployment_has_its_next_runs(up: Running) -> None:
    for deployment in up.api.deployments():
        until(lambda found=deployment: up.api.runs(found["id"], states=("SCHEDULED",)), 120)
    # the tests that follow have the machine for themselves: six flows would come every five minutes
    for deployment in up.api.deployments():
        if deployment["name"] != "ingest":
            up.api.call(f"deployments/{deployment['id']}/pause_deployment", {})


def test_a_dropped_file_is_owned_within_a_minute(up: Running) -> None:
    up.drop("first.csv", 0, 3)
    until(lambda: is_done(up, "first.csv"), 60)
    assert up.ask("SELECT count(*) FROM lead WHERE owner IS NOT NULL") == 3


def test_the_status_is_healthy_and_names_what_runs(up: Running) -> None:
    def healthy() -> dict[str, Any]:
        command = [sys.executable, "-m", "flows", "status", "--json"]
        done = subprocess.run(command, cwd=ROOT, env=environment(up.home), capture_output=True, text=True, check=False)
        said = json.loads(done.stdout) if done.returncode == 0 else {}
        # a run that has only begun is no fault; it must end well in time
        last = {one["name"]: one["last"] for one in said.get("deployments", [])}
        return said if last.get("ingest") == "Completed" else {}

    until(lambda: runs_that_ended_well(up, "ingest"), 90)
    said = until(healthy, 90)
    assert [one["name"] for one in said["services"]] == ["web", "posts", "server", "worker", "scan"]
    assert all(one["runs"] for one in said["services"])
    last = {one["name"]: one["last"] for one in said["deployments"]}
    wanted = {"ingest", "feed", "watch", "review", "escalate", "posts", "checks", "nightly", "morning", "day-plan"}
    assert (set(last), last["ingest"], last["watch"]) == (wanted, "Completed", None)


def runs_that_ended_well(up: Running, deployment: str) -> list[dict[str, Any]]:
    [found] = [one for one in up.api.deployments() if one["name"] == deployment]
    return up.api.runs(found["id"], states=("COMPLETED",))


def test_a_command_runs_on_the_server_that_is_up(up: Running) -> None:
    path = up.home.parent / "named.csv"
    path.write_text("\n".join([HEADER, _row(50), ""]), encoding="utf-8")
    command = [sys.executable, "-m", "flows", "ingest", str(path), "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment(up.home), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["engine"]["where"] == up.said["prefect"] + "/api"


def test_a_second_one_says_that_one_runs(up: Running) -> None:
    command = [sys.executable, "-m", "flows", "up"]
    second = subprocess.run(command, cwd=ROOT, env=environment(up.home), capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert str(up.process.pid) in second.stderr


@pytest.mark.parametrize(("name", "first"), [("server", 100), ("worker", 200), ("scan", 300)])
def test_what_is_killed_heals_and_loses_nothing(up: Running, name: str, first: int) -> None:
    killed = up.pid_of(name)
    os.kill(killed, signal.SIGKILL)
    up.drop(f"{name}.csv", first, 5)
    until(lambda: is_done(up, f"{name}.csv"), 90)
    assert up.pid_of(name) not in (0, killed)
    assert rows_settled(up, f"{name}.csv") == 5


@pytest.mark.parametrize("also", ALSO.values(), ids=ALSO)
def test_a_killed_flow_is_finished_by_the_next(up: Running, also: tuple[str, ...]) -> None:
    name, first = f"long{len(also)}.csv", 1_000_000 * (1 + len(also))
    up.drop(name, first, LONG)
    [flow] = held_at_work(up, name)
    for victim in (*(up.pid_of(child) for child in also), flow):
        os.kill(victim, signal.SIGKILL)
    assert 0 < rows_settled(up, name) < LONG
    until(lambda: is_done(up, name), 150)
    assert rows_settled(up, name) == LONG
    assert up.ask(f"SELECT count(*) FROM submission s JOIN batch b ON b.id = s.batch_id WHERE file = '{name}'") == LONG


def flows_of(up: Running) -> list[int]:
    """The processes of the flows that run."""
    worker = psutil.Process(up.pid_of("worker"))
    return [child.pid for child in running_with("prefect.engine", worker.children(recursive=True))]


def at_work_by_the_server(up: Running) -> list[int | None]:
    """The processes of the runs that have not told their end."""
    return [process_of(run) for run in active(up.api, [found["id"] for found in up.api.deployments()])]


def held_at_work(up: Running, name: str) -> list[int]:
    """The processes of the flows, held as soon as a part of a file is settled: they go on by small steps till then."""

    def held() -> list[int]:
        flows = flows_of(up)
        for pid in flows:
            os.kill(pid, signal.SIGSTOP)
        at_work = set(at_work_by_the_server(up)) if flows and rows_settled(up, name) else set()
        # one that has told its end already is asked for nothing more: it only leaves
        for pid in set(flows) - at_work:
            os.kill(pid, signal.SIGCONT)
        return [pid for pid in flows if pid in at_work]

    return list(until(held, 60))


@contextmanager
def held_until_asked_to_end(flows: list[int]) -> Iterator[None]:
    """Let processes that are held go on once they get SIGTERM: however quick they are, it finds them at work."""

    def let_go() -> None:
        for pid in flows:
            until(lambda pid=pid: is_asked_to_end(pid), 25)
            os.kill(pid, signal.SIGCONT)

    waiting = threading.Thread(target=let_go)
    waiting.start()
    try:
        yield
    finally:
        waiting.join()


def is_asked_to_end(pid: int) -> bool:
    """Whether SIGTERM waits for a process that is held."""
    said = Path(f"/proc/{pid}/status").read_text()
    pending = int(said.split("ShdPnd:")[1].split()[0], 16)
    return bool(pending >> (signal.SIGTERM - 1) & 1)


def test_a_schedule_starts_a_run_by_itself(up: Running) -> None:
    [deployment] = [found for found in up.api.deployments() if found["name"] == "ingest"]
    often = [{"schedule": {"interval": 10.0}, "active": True}]
    (made,) = up.api.call(f"deployments/{deployment['id']}/schedules", often)

    def ran() -> bool:
        runs = up.api.runs(deployment["id"], states=("COMPLETED",), limit=100)
        return any(run["auto_scheduled"] for run in runs)

    until(ran, 150)
    # the tests that follow have the machine for themselves
    schedule = f"{up.api.url}/deployments/{deployment['id']}/schedules/{made['id']}"
    assert requests.delete(schedule, timeout=10).status_code == 204


def test_a_running_flow_ends_its_work_before_a_stop_or_is_ended_between_two_chunks(up: Running) -> None:
    # the last of these tests: it ends what the others share
    until(lambda: not flows_of(up), 60)
    up.drop("finished.csv", 4_000_000, LONG)
    until(lambda: rows_settled(up, "finished.csv"), 60)
    assert up.stop() < 30
    assert is_done(up, "finished.csv")
    with running(up.home) as second:
        second.drop("stopped.csv", 5_000_000, LONG)
        flows = held_at_work(second, "stopped.csv")
        children = psutil.Process(second.process.pid).children(recursive=True)
        with held_until_asked_to_end(flows):
            assert second.stop() < 30
        assert not still_running(children)
        settled = rows_settled(second, "stopped.csv")
        assert 0 < settled < LONG
        assert settled % CHUNK_ROWS == 0
        assert not (up.home / "up" / "up.json").exists()
    with running(up.home) as third:
        until(lambda: is_done(third, "stopped.csv"), 180)
        assert rows_settled(third, "stopped.csv") == LONG
        children = psutil.Process(third.process.pid).children(recursive=True)
        third.process.kill()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive
