"""Which engine carries a run: a Prefect server that answers, one of our own, or none.

The main job never fails for Prefect's sake: where the engine cannot be had, the same code runs
without it, and the reason is said.
"""

import os
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flows.server import ServerFailed, is_healthy, own_server

if TYPE_CHECKING:
    from config.settings import Settings

Result = TypeVar("Result")

HEALTH_SECONDS = 2.0
HAND_OVER_SECONDS = 5.0
_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # the run's log goes to the server; the terminal belongs to the answer
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}
# faults of the engine, not of the work: the run may be done again without it
_ENGINE_MODULES = ("prefect", "httpx", "httpcore", "anyio", "websockets")


@dataclass(frozen=True)
class Engine:
    """What carried a run, what it cost to get it, and why it was not another."""

    kind: str  # server | own | direct
    seconds: float = 0.0
    where: str = ""
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The engine as an answer's data."""
        return {"kind": self.kind, "seconds": round(self.seconds, 2), "where": self.where, "why": self.why}

    def line(self) -> str:
        """The engine in one line for people; the same in all languages, as logs are."""
        if self.kind == "direct":
            return f"Prefect engine: not used ({self.why})"
        what = "the server at " + self.where if self.kind == "server" else "started for this run"
        return f"Prefect engine: {self.seconds:.1f} s ({what})"


def carry_out(
    settings: "Settings",
    on_prefect: Callable[[], Result],
    directly: Callable[[], Result],
    *,
    direct: bool,
    remark: Callable[[str], None],
) -> tuple[Result, Engine]:
    """Do the work on Prefect where it can be had, else directly; `remark` gets the line that says which."""
    if direct:
        return directly(), Engine("direct", why="--direct")
    try:
        with _engine(settings) as engine:
            remark(engine.line())
            return on_prefect(), engine
    except ServerFailed as why:
        engine = Engine("direct", why=str(why))
    except Exception as error:
        if not type(error).__module__.startswith(_ENGINE_MODULES):
            raise
        engine = Engine("direct", why=f"it failed: {type(error).__name__}")
    remark(engine.line())
    return directly(), engine


@contextmanager
def _engine(settings: "Settings") -> Iterator[Engine]:
    started = time.monotonic()
    with ExitStack() as stack:
        given = configured_url() or _up(settings)
        used = given if given and is_healthy(given, seconds=HEALTH_SECONDS) else None
        os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
        if used:
            os.environ["PREFECT_API_URL"] = used
            _import_flow()
            yield Engine("server", time.monotonic() - started, used)
            return
        if settings.engine_seconds <= 0:
            raise ServerFailed(f"LEADS_ENGINE_SECONDS is {settings.engine_seconds}")
        os.environ.setdefault("PREFECT_HOME", str(settings.home / "prefect"))
        server = stack.enter_context(own_server(settings.home / "prefect" / "server.log"))
        os.environ["PREFECT_API_URL"] = server.api_url
        # a server on this machine that does not answer is gone: no long patience with it
        os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "2")
        _import_flow()  # while the server starts
        server.wait(until=started + settings.engine_seconds)
        stack.callback(_hand_over)
        yield Engine("own", time.monotonic() - started, server.api_url)


def configured_url() -> str | None:
    """The Prefect API that the environment or the active profile names."""
    return os.environ.get("PREFECT_API_URL") or _profile_url()


def _profile_url() -> str | None:
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    file = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    try:
        profiles = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    url = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return str(url) if url else None


def _up(settings: "Settings") -> str | None:
    """The Prefect API of the `leads up` that runs for this LEADS_HOME: a second server would write to its base."""
    from flows.up import running

    noted = running(settings) or {}
    return f"{noted['prefect']}/api" if "prefect" in noted else None


def _import_flow() -> None:
    try:
        import flows.ingest  # noqa: F401
    except ImportError as error:
        raise ServerFailed(f"it does not import: {error}") from error


def _hand_over() -> None:
    """Let Prefect send what it still holds of logs and events: at exit the server would be gone."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=HAND_OVER_SECONDS)
    EventsWorker.drain_all(timeout=HAND_OVER_SECONDS)
