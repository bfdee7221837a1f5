"""Databases for the tests: one PostgreSQL server a session, a fresh database a test.

`LEADS_TEST_PG_URL` names a server to use (its user may create databases); else one is started
from the machine's own binaries. Without any, the tests that ask for it are skipped with a reason
that starts with `missing:`, or fail when `LEADS_TEST_REQUIRE=all`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from benchmarks.cluster import (
    FOR_TESTS,
    Cluster,
    PostgresMissing,
    create_database,
    drop_database,
    held,
    plain_url,
    start_cluster,
    stop_cluster,
)
from models.db import NEWEST, make_engine, upgrade
from tests.emptied import empty, shape_of

_SHARED = "leadflow_postgres"  # where the workers of one session find the one server
# tables of a few rows: nothing is worth compiling, and what is swept away goes with its database
_AT_REST = {"jit": "off", "autovacuum": "off"}
_NUMBER = itertools.count()
#: Databases that no test has now: name, address, shape.
_SPARE: list[tuple[str, str, str]] = []


def missing(what: str) -> None:
    """Skip the test because the machine lacks `what`; fail where nothing may be skipped."""
    reason = f"missing: {what}"
    if os.environ.get("LEADS_TEST_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> str:
    """The address of the session's PostgreSQL server."""
    given = os.environ.get("LEADS_TEST_PG_URL")
    if given:
        return "postgresql+psycopg:" + given.split(":", 1)[1]
    try:
        return _shared_cluster(_shared_folder(pytestconfig)).url
    except PostgresMissing as why:
        missing(f"PostgreSQL ({why})")
        raise


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database of this test's own, which has its tables and nothing in them."""
    if not _SPARE:
        name = f"t_{os.getpid()}_{next(_NUMBER)}"
        url = new_tables(postgres_server, name)
        _SPARE.append((name, url, shape_of(plain_url(url))))
    name, url, shape = _SPARE.pop()
    yield url
    if empty(plain_url(url), shape):
        _SPARE.append((name, url, shape))
    else:
        drop_database(postgres_server, name)


def new_tables(server_url: str, name: str) -> str:
    """Make a database which has its tables and nothing in them; give its address."""
    return create_database(server_url, name, template_database(server_url, f"tables_{NEWEST}", _make_tables))


def _make_tables(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with its tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "leadflow.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with its tables and nothing in them, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_tables"), tmp_path / "leadflow.db")
        return f"sqlite:///{tmp_path / 'leadflow.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def engine(any_url: str) -> Iterator[Engine]:
    """The engine of an empty base with its tables, on each database."""
    made = make_engine(any_url)
    yield made
    made.dispose()


def template_database(server_url: str, name: str, fill: Callable[[str], object]) -> str:
    """Make database `name` once a server, filled by `fill(url)`; give its name, for copies of it.

    Connections that `fill` leaves open are ended: PostgreSQL copies only databases nobody is in.
    """
    with psycopg.connect(plain_url(server_url), autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        known = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not known:
            # Under another name first: a fill that fails must not leave half a template.
            draft = f"{name}_draft"
            drop_database(server_url, draft)
            fill(create_database(server_url, draft))
            conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [draft])
            conn.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    return name


def pytest_configure(config: pytest.Config) -> None:
    """The main process of a session makes the folder through which its workers share the server, and owns both."""
    if not hasattr(config, "workerinput"):
        stack = contextlib.ExitStack()
        config.stash[_OWNED] = stack
        config.stash[_FOLDER] = stack.enter_context(tempfile.TemporaryDirectory(prefix="leadflow-tests-"))
        stack.enter_context(held(Path(config.stash[_FOLDER]) / "owner"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell each worker of pytest-xdist where that folder is."""
    node.workerinput[_SHARED] = node.config.stash[_FOLDER]  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """The main process ends last, and takes the server with it."""
    if _FOLDER not in config.stash:
        return
    note = Path(config.stash[_FOLDER]) / "cluster.json"
    if note.exists():
        stop_cluster(_read(note))
    config.stash[_OWNED].close()


_FOLDER: pytest.StashKey[str] = pytest.StashKey()
_OWNED: pytest.StashKey[contextlib.ExitStack] = pytest.StashKey()


def _shared_folder(config: pytest.Config) -> Path:
    given = getattr(config, "workerinput", {}).get(_SHARED)
    return Path(given or config.stash[_FOLDER])


def _shared_cluster(folder: Path) -> Cluster:
    note = folder / "cluster.json"
    with held(folder / "starting"):
        if not note.exists():
            cluster = start_cluster({**FOR_TESTS, **_AT_REST}, folder / "owner", folder)
            note.write_text(json.dumps({"folder": str(cluster.folder), "pid": cluster.pid}))
        return _read(note)


def _read(note: Path) -> Cluster:
    said = json.loads(note.read_text())
    return Cluster(Path(said["folder"]), said["pid"])
