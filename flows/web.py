"""Serve the two web applications, public and internal: `leads web`, and a child of `leads up`.

`leads web` also keeps the loop alive that settles what was posted; under `leads up` that is a child of its own.
"""

import asyncio
import contextlib
import ipaddress
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from flows.commands import usable_home
from flows.console import UsageError
from flows.up import INTERNAL_PORT, WEB_PORT, post_loop, told_of
from flows.worker import end_with_input

#: Seconds between two readings of the configuration, and that a stop waits for answers under way.
READ_AGAIN, STOP_SECONDS = 30.0, 5
_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True)
class Places:
    """Where the two applications listen."""

    host: str = "127.0.0.1"
    port: int = WEB_PORT
    internal_host: str = "127.0.0.1"
    internal_port: int = INTERNAL_PORT


def serve(settings: Settings, places: Places, *, with_loop: bool) -> int:
    """Serve until the process is told to stop; gives the exit code."""
    _refuse_strangers(settings, places)
    from models.db import make_engine, upgrade
    from web.app import make_desk, public_app
    from web.internal import internal_app

    config = load_config(settings.config)
    usable_home(settings)
    engine = make_engine(settings.database_url)
    upgrade(engine)
    desk = make_desk(settings, _staffed(config, engine), engine)
    print(
        f"leads web: http://{places.host}:{places.port} for everybody, "
        f"http://{places.internal_host}:{places.internal_port} for the company (Ctrl-C stops it)",
        file=sys.stderr,
        flush=True,
    )
    apps = (
        (public_app(desk), places.host, places.port),
        (internal_app(desk), places.internal_host, places.internal_port),
    )
    with _loop_beside(settings) if with_loop else contextlib.nullcontext():
        asyncio.run(_serve_all(apps, desk))
    return 0


def _refuse_strangers(settings: Settings, places: Places) -> None:
    """The internal pages are for this machine alone unless somebody has to prove himself."""
    if not (settings.password or settings.token or is_local(places.internal_host)):
        raise UsageError("the internal pages listen on another address only with LEADS_PASSWORD or LEADS_TOKEN")


def is_local(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _serve_all(apps: Any, desk: Any) -> None:
    """Serve applications beside each other, and read the configuration again while they run."""
    import uvicorn

    from flows.web_protocol import Patient

    class Server(uvicorn.Server):
        """A server among several: signals are the process's affair."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    servers = [
        Server(
            # no access log: the path of a signed link is what opens it
            uvicorn.Config(
                app, host=host, port=port, log_level="warning", access_log=False, server_header=False, http=Patient,
                ws="none", lifespan="off", timeout_keep_alive=15, limit_concurrency=500, proxy_headers=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        for app, host, port in apps
    ]  # fmt: skip

    def stop(*_: object) -> None:
        for server in servers:
            server.should_exit = True

    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        running.add_signal_handler(number, stop)
    reading = asyncio.create_task(_read_again(desk))
    try:
        await asyncio.gather(*(server.serve() for server in servers))
    finally:
        reading.cancel()


async def _read_again(desk: Any) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from config.errors import ConfigError

    while True:
        await asyncio.sleep(READ_AGAIN)
        # somebody may be writing it: what was read before stays
        with contextlib.suppress(ConfigError, OSError, SQLAlchemyError):
            desk.config = await asyncio.to_thread(_company_of, desk)


def _company_of(desk: Any) -> Config:
    return _staffed(load_config(desk.settings.config), desk.engine)


def _staffed(config: Config, engine: Any) -> Config:
    from tasks.leave import staffed

    with engine.connect() as conn:
        return staffed(conn, config, datetime.now(UTC))


@contextlib.contextmanager
def _loop_beside(settings: Settings) -> Iterator[None]:
    """Keep the loop that settles posts alive in a process of its own."""
    from flows.children import Child, environment

    child = Child(post_loop(settings), settings.up / "posts.log", environment(**told_of(settings)))
    child.start()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_BETWEEN_LOOKS):
            child.heal()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        child.ask_to_end()
        if not child.ended(STOP_SECONDS):
            child.kill()


if __name__ == "__main__":
    from config.settings import get_settings

    end_with_input(signal.SIGTERM)
    places = Places(port=int(sys.argv[1]), internal_port=int(sys.argv[2]))
    sys.exit(serve(get_settings(), places, with_loop=False))
