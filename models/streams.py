"""Rows of a query as the driver gives them: wrapping a million of them takes as long as reading them."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, CursorResult, text


def driver_rows(conn: Connection, statement: str, size: int, **values: Any) -> Iterator[list[tuple[Any, ...]]]:
    """Run a query and give its rows as plain tuples, at most `size` at a time; memory follows the size."""
    found = conn.execute(text(statement), values, execution_options={"stream_results": True})
    # never found.cursor: where a server streams, the first row is fetched already and waits in the strategy
    while rows := _next(found, size):
        yield rows


def _next(found: CursorResult[Any], size: int) -> list[tuple[Any, ...]]:
    cursor: Any = found.cursor
    return [] if cursor is None else list(found.cursor_strategy.fetchmany(found, cursor, size))
