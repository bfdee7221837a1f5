"""Prepared chunks of a file: read, cleaned, checked; pure work that runs ahead in a process of its own."""

import multiprocessing
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import pyarrow as pa

from config.schema import Channel, Rules
from tasks.layout import Layout
from tasks.read import read_chunks
from tasks.rules.check import check
from tasks.rules.clean import clean
from tasks.rules.facts import row_facts

# a process of its own costs seconds to start: only what is larger than this is worth it, in bytes
AHEAD_FROM = 8_000_000


def prepare(rows: pd.DataFrame, rules: Rules, channel: Channel, received_at: datetime) -> pd.DataFrame:
    """Turn raw rows into prepared ones: sheet, line, raw, values, facts, rejected and issues."""
    cleaned = clean(rows, rules, received_at)
    _fill_from_channel(cleaned, channel)
    facts = row_facts(cleaned, rules, received_at)
    checked = check(rows, cleaned, rules, channel)
    return pd.concat([rows[["sheet", "line", "raw"]], cleaned, facts, checked], axis=1)


def prepared_chunks(
    path: Path, layout: Layout, channel: Channel, rules: Rules, received_at: datetime, rows: int, skip: int
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Give (chunk number, prepared frame) from chunk `skip` on; large files are prepared ahead."""
    arguments = (path, layout, channel, rules, received_at, rows, skip)
    if path.stat().st_size < AHEAD_FROM:
        yield from _prepared(*arguments)
    else:
        yield from _ahead(arguments)


def _prepared(
    path: Path, layout: Layout, channel: Channel, rules: Rules, received_at: datetime, rows: int, skip: int
) -> Iterator[tuple[int, pd.DataFrame]]:
    chunks = enumerate(read_chunks(path, layout, rows))
    for number, chunk in islice(chunks, skip, None):
        yield number, prepare(chunk, rules, channel, received_at)


def _fill_from_channel(cleaned: pd.DataFrame, channel: Channel) -> None:
    """Put what the channel itself says where the row says nothing; trust owners only where told to."""
    for column, value in (
        ("source", channel.source),
        ("entrant", channel.entrant),
        ("entry_team", channel.entry_team),
    ):
        if value is not None:
            cleaned[column] = cleaned[column].fillna(value)
    if not channel.trusts_owner:
        cleaned["owner_hint"] = pd.Series(pd.NA, index=cleaned.index, dtype="str")


def _ahead(arguments: tuple) -> Iterator[tuple[int, pd.DataFrame]]:
    """Run the preparation in a child, one chunk ahead; its failure is raised here."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_serve, args=(there, arguments), daemon=True, name="leadflow-prepare")
    child.start()
    there.close()
    try:
        while True:
            try:
                message = here.recv()
            except EOFError:
                raise RuntimeError(f"the preparing process ended early (exit code {child.exitcode})") from None
            if message is None:
                return
            if isinstance(message, BaseException):
                raise message
            number, size = message
            yield number, pa.ipc.open_stream(here.recv_bytes(size)).read_pandas()
    finally:
        here.close()
        child.join(timeout=5)
        if child.is_alive():
            child.kill()


def _serve(pipe: Connection, arguments: tuple) -> None:
    """Send each prepared chunk; a parent that is gone breaks the pipe and so ends this process."""
    with suppress(BrokenPipeError), pipe:
        try:
            for number, frame in _prepared(*arguments):
                sink = pa.BufferOutputStream()
                table = pa.Table.from_pandas(frame, preserve_index=False)
                with pa.ipc.new_stream(sink, table.schema) as writer:
                    writer.write_table(table)
                content = sink.getvalue()
                pipe.send((number, content.size))
                pipe.send_bytes(content)
        except BrokenPipeError:
            raise
        except Exception as error:
            pipe.send(error)
            return
        pipe.send(None)
