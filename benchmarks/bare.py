"""The bare limit: the same rows into one indexed table, with nothing read, decided or kept besides.

One table with a primary key and text indexes on phone, e-mail and company, all in place before the first row, and
the rows in random key order. COPY from text in memory on PostgreSQL, executemany in one transaction on SQLite.
Making the rows ready is not counted, only what the database takes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv

from benchmarks.cluster import plain_url

_BLOCK_BYTES = 8 << 20
_TABLE = "bare_lead"
_COLUMNS = ("id", "source", "company", "industry", "contact", "title", "phone", "email", "need", "budget", "chain",
            "first_contact", "region", "urgency", "note")  # fmt: skip
_INDEXED = ("phone", "email", "company")


def bare_seconds(url: str, path: Path) -> float:
    """Seconds to load the lead file at `path` into the database at `url`; the table is dropped afterwards."""
    tables = shuffled_tables(path)
    if url.startswith("sqlite"):
        return _executemany(url.removeprefix("sqlite:///"), tables)
    return _copy(plain_url(url), tables)


def shuffled_tables(path: Path, seed: int = 7) -> Iterator[pa.Table]:
    """The rows of a lead file as text, block by block, with a number in random order in place of the first column."""
    with path.open("rb") as file:
        rows = sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK_BYTES), b"")) - 1
    keys = np.random.default_rng(seed).permutation(rows)
    texts = pacsv.ConvertOptions(
        column_types={name: pa.string() for name in pacsv.open_csv(path).schema.names}, strings_can_be_null=False
    )
    done = 0
    for batch in pacsv.open_csv(path, pacsv.ReadOptions(block_size=_BLOCK_BYTES), convert_options=texts):
        columns = [pa.array(keys[done : done + len(batch)]), *batch.columns[1:]]
        done += len(batch)
        yield pa.Table.from_arrays(columns, names=list(_COLUMNS))


def _copy(url: str, tables: Iterator[pa.Table]) -> float:
    plain = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    blocks = []
    for table in tables:
        out = pa.BufferOutputStream()
        pacsv.write_csv(table, out, plain)
        # all before the clock starts: the server works on while the next block is made
        blocks.append(out.getvalue())
    with psycopg.connect(url) as conn:
        for statement in _statements("bigint"):
            conn.execute(statement)
        conn.commit()
        start = time.perf_counter()
        with conn.cursor().copy(f"COPY {_TABLE} FROM STDIN (FORMAT csv)") as copy:
            for block in blocks:
                copy.write(block.to_pybytes())
        conn.commit()
        spent = time.perf_counter() - start
        conn.execute(f"DROP TABLE {_TABLE}")
    return spent


def _executemany(path: str, tables: Iterator[pa.Table]) -> float:
    insert = f"INSERT INTO {_TABLE} VALUES ({', '.join('?' * len(_COLUMNS))})"
    spent = 0.0
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-262144"):
            conn.execute(statement)
        for statement in _statements("integer"):
            conn.execute(statement)
        conn.execute("BEGIN IMMEDIATE")
        for table in tables:
            rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
            start = time.perf_counter()
            conn.executemany(insert, rows)
            spent += time.perf_counter() - start
        start = time.perf_counter()
        conn.execute("COMMIT")
        spent += time.perf_counter() - start
        conn.execute(f"DROP TABLE {_TABLE}")
    finally:
        conn.close()
    return spent


def _statements(key: str) -> list[str]:
    columns = ", ".join([f"id {key} PRIMARY KEY", *(f"{name} text" for name in _COLUMNS[1:])])
    indexes = [f"CREATE INDEX {_TABLE}_{name} ON {_TABLE} ({name})" for name in _INDEXED]
    return [f"DROP TABLE IF EXISTS {_TABLE}", f"CREATE TABLE {_TABLE} ({columns})", *indexes]
