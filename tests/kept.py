"""A base as many tests begin with it: made by the first of a process that asks for it, copied for the others."""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, text

from models import Base

_MOST = 64
#: What was made, by kind of database and name.
_KEPT: OrderedDict[tuple[str, str], Any] = OrderedDict()


def begin_with(engine: Engine, name: str, make: Callable[[], object]) -> None:
    """Have in an empty base what `make` makes there: whoever asks for the same name gets the same.

    A base that is not empty has it made.
    """
    if not _is_empty(engine):
        make()
        return
    key = (engine.dialect.name, name)
    take, put = (_take_file, _put_file) if engine.dialect.name == "sqlite" else (_take_rows, _put_rows)
    if key in _KEPT:
        put(engine, _KEPT[key])
        return
    make()
    _KEPT[key] = take(engine)
    if len(_KEPT) > _MOST:
        _KEPT.popitem(last=False)


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
    with sqlite3.connect(str(engine.url.database)) as own:
        kept.backup(own)
    own.close()


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
