"""Lines without quotes, or with sound ones, parsed by pyarrow: the fast way to what csv.reader would say too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tasks.layout import Layout
from tasks.records import Lines


class Regular(NamedTuple):
    """Records as wide as the header: physical lines (int64), cells by column; odd: indexes of the other lines."""

    lines: np.ndarray
    columns: list[pa.Array]
    odd: np.ndarray


def parse_regular(lines: Lines, layout: Layout) -> Regular:
    """Parse the plain lines that are as wide as the header and name the others; blank ones are left out."""
    filled = ~np.fromiter(map(str.isspace, map(lines.text.__getitem__, lines.plain.tolist())), bool, len(lines.plain))
    at = lines.plain[filled]
    data = lines.octets.take(at)
    odd: list[int] = []
    # pyarrow drops a byte order mark, which csv.reader keeps
    table = None if not data or data.startswith(b"\xef\xbb\xbf") else _parsed(data, layout, odd)
    if table is None or len(table) + len(odd) != len(at):
        empty = [pa.array([], pa.large_string())] * len(layout.header)
        return Regular(at[:0], empty, at)
    columns = [column.combine_chunks() for column in table.columns]
    return Regular(np.delete(at, odd) + lines.first, columns, at[odd])


def _parsed(data: bytes, layout: Layout, odd: list[int]) -> pa.Table:
    names = [str(index) for index in range(len(layout.header))]

    def skip(row: csv.InvalidRow) -> str:
        odd.append(row.number - 1)
        return "skip"

    return csv.read_csv(
        pa.BufferReader(data),
        # one block: row numbers are only given, and arrays only whole, without threads
        csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        csv.ParseOptions(delimiter=layout.delimiter, quote_char='"', double_quote=True, invalid_row_handler=skip),
        csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False),
    )
