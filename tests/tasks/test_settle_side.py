"""What a chunk becomes does not depend on who carries out its writes."""

from contextlib import closing

import pandas as pd
import pytest
from sqlalchemy import Boolean, Connection, Engine, Table

from benchmarks.leads import write_leads
from config.schema import Channel
from models import Base
from models.audit import audit
from models.base import UtcDateTime
from models.db import as_times, make_engine, read_frame, upgrade
from models.side import SideWriter
from tasks.arrival import Arrival
from tasks.batches import open_batch
from tasks.prepare import Reading, prepared_chunks
from tasks.settle import settle_chunk
from tasks.source import Source, find_tables
from tests.prepared import AS_OF, CONFIG

ROWS, CHUNK = 2_400, 800


@pytest.fixture(scope="module")
def chunks(tmp_path_factory) -> list[tuple[int, pd.DataFrame]]:
    [file] = write_leads(tmp_path_factory.mktemp("leads"), ROWS)
    channel = CONFIG.channels["default"]
    source = Source(file)
    return list(
        prepared_chunks(
            Reading(source, find_tables(source, channel), channel, CONFIG.rules, AS_OF, "Asia/Shanghai", CHUNK)
        )
    )


def settled(engine: Engine, chunks: list[tuple[int, pd.DataFrame]], side: SideWriter | None) -> dict[str, list[str]]:
    """Settle the chunks, and dump every table."""
    upgrade(engine)
    batch = open_batch(engine, "default", "f", "f", "{}", AS_OF, "v", CHUNK)
    for number, frame in chunks:
        arrival = Arrival(batch.id, Channel(name="default"), AS_OF, AS_OF, "Asia/Shanghai")
        settle_chunk(engine, arrival, number, frame, CONFIG, side)
    with engine.connect() as conn:
        assert audit(conn) == []
        return {table.name: _dumped(conn, table) for table in Base.metadata.sorted_tables}


def _dumped(conn: Connection, table: Table) -> list[str]:
    listed = ", ".join(f'"{column.name}"' for column in table.columns)
    found = read_frame(conn, f'SELECT {listed} FROM "{table.name}"')
    for column in table.columns:
        if isinstance(column.type, UtcDateTime):
            found[column.name] = as_times(found[column.name])
        if isinstance(column.type, Boolean):
            found[column.name] = found[column.name].astype("bool")
    if table.name == "counter":
        # only PostgreSQL counts turns, and its ids are sequences
        found = found[~found["name"].str.fullmatch(".*_id|turns")]
    found = found.astype("object")
    return sorted(map(repr, found.where(found.notna(), None).itertuples(index=False, name=None)))


def test_beside_or_not_the_base_is_the_same(tmp_path, postgres_url, chunks):
    plain = make_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    wanted = settled(plain, chunks, None)
    assert len(wanted["submission"]) == ROWS
    for url in (f"sqlite:///{tmp_path / 'side.db'}", postgres_url):
        engine = make_engine(url)
        upgrade(engine)
        with closing(SideWriter(engine)) as side:
            found = settled(engine, chunks, side)
        for table, rows in wanted.items():
            assert found[table] == rows, (url, table)
        engine.dispose()
