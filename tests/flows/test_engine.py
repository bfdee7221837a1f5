"""The engine: had where it can be, done without where it cannot, and never left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from config.settings import Settings, get_settings
from flows import engine
from flows.engine import carry_out, configured_url
from tests.processes import still_running

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_prefect_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "profile"))
    monkeypatch.setattr(engine, "_import_flow", lambda: None)
    monkeypatch.setattr(engine, "_hand_over", lambda: None)


@pytest.fixture
def answering() -> Iterator[str]:
    """Something that answers the health question as Prefect does."""

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/health" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


def _settings(tmp_path: Path, seconds: int = 60) -> Settings:
    return get_settings(home=tmp_path / "home", engine_seconds=seconds)


def _ask(settings: Settings, on_prefect=lambda: "prefect", *, direct: bool = False):
    remarks: list[str] = []
    result, used = carry_out(settings, on_prefect, lambda: "direct", direct=direct, remark=remarks.append)
    return result, used, remarks


def test_direct_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_engine", None)
    result, used, _ = _ask(_settings(tmp_path), direct=True)
    assert (result, used.kind) == ("direct", "direct")


def test_a_server_that_answers_is_used(tmp_path: Path, answering: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", answering)
    result, used, remarks = _ask(_settings(tmp_path))
    assert (result, used.kind, used.where) == ("prefect", "server", answering)
    assert answering in remarks[0]


def test_the_active_profile_names_the_server(tmp_path: Path, answering: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    profile = tmp_path / "profile" / "profiles.toml"
    profile.parent.mkdir()
    profile.write_text(f'active = "team"\n[profiles.team]\nPREFECT_API_URL = "{answering}"\n')
    assert configured_url() == answering
    monkeypatch.setenv("PREFECT_API_URL", "")  # set by the run, taken back by monkeypatch
    assert _ask(_settings(tmp_path))[1].kind == "server"


def test_without_time_to_start_the_work_is_done_directly_and_that_is_said(tmp_path: Path) -> None:
    result, used, remarks = _ask(_settings(tmp_path, seconds=0))
    assert (result, used.kind) == ("direct", "direct")
    assert "LEADS_ENGINE_SECONDS" in remarks[0]


def test_a_fault_of_the_engine_is_answered_by_working_directly(
    tmp_path: Path, answering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", answering)

    def refused() -> str:
        import httpx

        raise httpx.ConnectError("gone")

    result, used, remarks = _ask(_settings(tmp_path), refused)
    assert (result, used.kind) == ("direct", "direct")
    assert "ConnectError" in remarks[-1]


def test_a_fault_of_the_work_is_not_hidden_by_doing_it_again(
    tmp_path: Path, answering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", answering)

    def broken() -> str:
        raise KeyError("lead")

    with pytest.raises(KeyError):
        _ask(_settings(tmp_path), broken)


# what is started behind a shell's back hears no Ctrl-C unless it asks for it
_PARENT = """
import signal, sys, time
from pathlib import Path
from flows.server import own_server
signal.signal(signal.SIGINT, signal.default_int_handler)
with own_server(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_the_server_goes_with_the_process_that_started_it(how: signal.Signals, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path / "server.log")],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert parent.stdout
    server = psutil.Process(int(parent.stdout.readline()))
    time.sleep(0.5)
    parent.send_signal(how)
    parent.wait(timeout=20)
    parent.stdout.close()
    psutil.wait_procs([server], timeout=20)
    assert not still_running([server])
