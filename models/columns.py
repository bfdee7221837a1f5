"""Large answers as columns: COPY on PostgreSQL, plain tuples on SQLite; a row of objects costs many times as much."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from models.copied import copy_out
from models.streams import driver_rows

_FETCH = 50_000
#: How a column of times is asked for.
MOMENT = pa.timestamp("us")


def read_columns(conn: Connection, statement: str, types: Mapping[str, pa.DataType], **values: Any) -> pa.Table:
    """Run a query and give its columns, named and typed by `types` in their order; times are naive UTC."""
    if conn.dialect.name == "postgresql":
        return _copied(conn.connection.driver_connection, statement, types, values)
    columns: list[list[pa.Array]] = [[] for _ in types]
    for rows in driver_rows(conn, statement, _FETCH, **values):
        for parts, cells, kind in zip(columns, zip(*rows, strict=True), types.values(), strict=True):
            parts.append(_array(cells, kind))
    whole = [pa.chunked_array(parts, kind) for parts, kind in zip(columns, types.values(), strict=True)]
    return pa.table(dict(zip(types, whole, strict=True)))


def _array(cells: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(cells, pa.string()).cast(kind)
    return pa.array(cells, kind)


def _copied(driver: Any, statement: str, types: Mapping[str, pa.DataType], values: Mapping[str, Any]) -> pa.Table:
    kinds = {name: pa.timestamp("us", "UTC") if pa.types.is_timestamp(kind) else kind for name, kind in types.items()}
    found = copy_out(driver, statement, kinds, values)
    return pa.table(
        [column.cast(kind) for column, kind in zip(found.columns, types.values(), strict=True)], list(types)
    )
