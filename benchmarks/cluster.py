"""A throw-away PostgreSQL server in a folder of its own, for the benchmarks and the tests.

`initdb` refuses root, so as root the server runs as `postgres`, or as `nobody`. It listens on a
Unix socket only: no port to choose, and nobody else on the network can reach it.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from benchmarks import guard
from benchmarks.guard import stop_server

# Data of a test is worth nothing after it: no waiting for the disk.
FOR_TESTS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
}
# Figures must hold where the data is kept: fsync and synchronous commit stay on.
FOR_BENCHMARKS: Mapping[str, str] = {
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "jit": "off",
}

_SOCKET_PATH_LIMIT = 80  # a Unix socket's path may hold 107 bytes, 20 of them are the socket's name
_STARTS_WITHIN = 60.0


class PostgresMissing(RuntimeError):
    """This machine has no PostgreSQL server to start."""


@dataclass(frozen=True)
class Cluster:
    """A running server: its folder (data, socket and log are below it) and its process."""

    folder: Path
    pid: int

    @property
    def url(self) -> str:
        """The SQLAlchemy address of the maintenance database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"


def start_cluster(settings: Mapping[str, str], owner: Path, *others: Path) -> Cluster:
    """Start a server in a new temporary folder; PostgresMissing where there is none to start.

    It lives at most as long as somebody holds a lock on the file `owner`: then a guard stops it and removes its
    folder and the `others`.
    """
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="leadflow-pg-", dir=_short_temp_folder()))
    account = _unprivileged()
    try:
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        _initialise(binaries, folder, account)
        cluster = Cluster(folder, _launch(binaries, folder, account, settings))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _guard(cluster, owner, others)
    return cluster


def stop_cluster(cluster: Cluster) -> None:
    """Stop the server and remove its folder; harmless when it has gone already."""
    stop_server(cluster.folder / "data" / "postmaster.pid", cluster.pid)
    shutil.rmtree(cluster.folder, ignore_errors=True)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock on a file that says that this process lives; waits for its turn."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def running_cluster(settings: Mapping[str, str] = FOR_BENCHMARKS) -> Iterator[Cluster]:
    """A server for the length of a with block, and no longer than this process."""
    with tempfile.TemporaryDirectory(prefix="leadflow-owner-") as own, held(Path(own) / "owner"):
        cluster = start_cluster(settings, Path(own) / "owner", Path(own))
        try:
            yield cluster
        finally:
            stop_cluster(cluster)


def create_database(server_url: str, name: str, template: str = "template0") -> str:
    """Create database `name` and give its address; a `template` is copied with all it holds."""
    with psycopg.connect(plain_url(server_url), autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING UTF8')
    parts = urlsplit(server_url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def drop_database(server_url: str, name: str) -> None:
    """Drop database `name`, also under open connections."""
    with psycopg.connect(plain_url(server_url), autocommit=True) as conn:
        conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def plain_url(url: str) -> str:
    """The address as libpq reads it: without SQLAlchemy's driver name."""
    return "postgresql:" + url.split(":", 1)[1]


def find_binaries() -> Path:
    """The folder with initdb and postgres: that of PATH, else Debian's newest."""
    # resolve: a link on PATH does not bring its shared files with it
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing("no initdb on PATH or under /usr/lib/postgresql")


def _short_temp_folder() -> str:
    folder = tempfile.gettempdir()
    reachable = os.geteuid() != 0 or all(
        path.stat().st_mode & 0o001 for path in (Path(folder), *Path(folder).resolve().parents)
    )
    return folder if reachable and len(folder) < _SOCKET_PATH_LIMIT - 25 else "/tmp"


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _as(account: pwd.struct_passwd | None, folder: Path) -> dict[str, Any]:
    plain = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    common: dict[str, Any] = {"cwd": folder, "env": plain, "stdin": subprocess.DEVNULL}
    if account is None:
        return common
    return common | {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _initialise(binaries: Path, folder: Path, account: pwd.struct_passwd | None) -> None:
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, **_as(account, folder))
    if run.returncode:
        raise RuntimeError(f"initdb failed:\n{run.stdout}{run.stderr}")


def _launch(binaries: Path, folder: Path, account: pwd.struct_passwd | None, settings: Mapping[str, str]) -> int:
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    for name, value in {"listen_addresses": "", **settings}.items():
        command += ["-c", f"{name}={value}"]
    log = folder / "server.log"
    with log.open("wb") as out:
        # A session of its own: Ctrl-C on the terminal is ours to answer, then we stop it.
        server = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, **_as(account, folder))
    url = plain_url(Cluster(folder, server.pid).url)
    ready = _wait_until(lambda: server.poll() is not None or _answers(url), _STARTS_WITHIN)
    if not ready or server.poll() is not None:
        server.kill()
        server.wait()
        raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
    return server.pid


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _guard(cluster: Cluster, owner: Path, others: Sequence[Path]) -> None:
    """Start the process that outlives us all and stops the server when its owner has gone."""
    command = [sys.executable, "-S", guard.__file__, str(owner), str(cluster.pid), str(cluster.folder)]
    quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    subprocess.Popen([*command, *map(str, others)], start_new_session=True, cwd="/", **quiet)


def _wait_until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
