"""A base as many tests begin with it: made by the first of a process that asks for it, copied for the others."""

import sqlite3
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, text

from models import Base
from models.db import make_engine, upgrade

T = TypeVar("T")
_MOST = 64
#: What was made, by kind of database and name.
_KEPT: OrderedDict[tuple[str, str], Any] = OrderedDict()


def begin_with(engine: Engine, name: str, make: Callable[[], T]) -> T:
    """Have in an empty base what `make` makes there, and give what it gives: the same to whoever asks for the name.

    A base that is not empty has it made.
    """
    if not _is_empty(engine):
        return make()
    key = (engine.dialect.name, name)
    take, put = (_take_file, _put_file) if engine.dialect.name == "sqlite" else (_take_rows, _put_rows)
    if key in _KEPT:
        given, content = _KEPT[key]
        put(engine, content)
    else:
        given = make()
        _KEPT[key] = (given, take(engine))
    _KEPT.move_to_end(key)
    if len(_KEPT) > _MOST:
        _KEPT.popitem(last=False)
    return given


def put_tables(path: Path | str) -> None:
    """Make a SQLite database that has its tables and nothing in them."""
    with closing(sqlite3.connect(path)) as own:
        _tables().backup(own)


@cache
def _tables() -> sqlite3.Connection:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/leadflow.db")
        upgrade(engine)
        made = _take_file(engine)
        engine.dispose()
    return made


_ANY = "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {name})" for name in Base.metadata.tables)


def _is_empty(engine: Engine) -> bool:
    with engine.connect() as conn:
        return not conn.execute(text(_ANY)).scalar_one()


def _take_file(engine: Engine) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with engine.connect() as conn:
        conn.connection.driver_connection.backup(copy)
    return copy


def _put_file(engine: Engine, kept: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(str(engine.url.database))) as own:
        kept.backup(own)


def _take_rows(engine: Engine) -> tuple[dict[str, bytes], list[tuple[Any, ...]]]:
    rows: dict[str, bytes] = {}
    with engine.connect() as conn, conn.connection.cursor() as cursor:
        for name in Base.metadata.tables:
            with cursor.copy(f"COPY {name} TO STDOUT (FORMAT binary)") as out:
                rows[name] = b"".join(out)
        counted = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
        return rows, [one for one in cursor.execute(counted).fetchall() if one[1] is not None]


def _put_rows(engine: Engine, kept: tuple[dict[str, bytes], list[tuple[Any, ...]]]) -> None:
    rows, counted = kept
    with engine.begin() as conn, conn.connection.cursor() as cursor:
        # as a replica no trigger guards what is append-only, and rows need not come in the order of their keys
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name, content in rows.items():
            with cursor.copy(f"COPY {name} FROM STDIN (FORMAT binary)") as into:
                into.write(content)
        for name, last in counted:
            cursor.execute("SELECT setval(%s, %s)", (name, last))
