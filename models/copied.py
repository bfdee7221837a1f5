"""Answers of PostgreSQL in columns: COPY's text parsed by Arrow, no Python object for any cell."""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

# what a kind of column (by PostgreSQL's number of its type) becomes; others are left to the driver
_KINDS = {
    16: pa.bool_(), 20: pa.int64(), 21: pa.int64(), 23: pa.int64(), 25: pa.string(), 701: pa.float64(),
    1042: pa.string(), 1043: pa.string(), 1114: pa.timestamp("us"), 1184: pa.timestamp("us", "UTC"),
    1700: pa.float64(),
}  # fmt: skip
_PARAMETER = re.compile(r"(?<!:):(\w+)")
# bytes that are parsed at one time; no row is longer
_MOST = 1 << 28
_kinds_of: dict[str, dict[str, pa.DataType] | None] = {}


def read_copied(driver: Any, statement: str, values: Mapping[str, Any]) -> pa.Table | None:
    """Run a query with values as `:name`; None where a column is of a kind that Arrow cannot parse."""
    if statement not in _kinds_of:
        _kinds_of[statement] = _described(driver, statement, values)
    kinds = _kinds_of[statement]
    return None if kinds is None else copy_out(driver, statement, kinds, values)


def copy_out(driver: Any, statement: str, kinds: Mapping[str, pa.DataType], values: Mapping[str, Any]) -> pa.Table:
    """Run a query with values as `:name`; its columns get the names and kinds of `kinds`, in their order."""
    asked = f"COPY ({_asked(driver, statement, values)}) TO STDOUT (FORMAT csv)"
    with driver.cursor() as cursor, cursor.copy(asked) as copy:
        data = b"".join(bytes(block) for block in copy)
    if not data:
        return pa.table({name: pa.array([], kind) for name, kind in kinds.items()})
    return pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(column_names=list(kinds), block_size=min(len(data) + 1, _MOST)),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict(kinds),
            null_values=[""],
            strings_can_be_null=True,
            # an empty text comes in quotes, NULL without
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )


def _described(driver: Any, statement: str, values: Mapping[str, Any]) -> dict[str, pa.DataType] | None:
    with driver.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({_asked(driver, statement, values)}) AS asked LIMIT 0")
        columns = [(one.name, _KINDS.get(one.type_code)) for one in cursor.description or ()]
    told = {name: kind for name, kind in columns if kind is not None}
    return told if len(told) == len(columns) else None


def _asked(driver: Any, statement: str, values: Mapping[str, Any]) -> str:
    """The query with its values: COPY takes no parameters, so the driver itself writes them as literals."""
    from psycopg import ClientCursor

    return ClientCursor(driver).mogrify(_PARAMETER.sub(r"%(\1)s", statement.replace("%", "%%")), values)
