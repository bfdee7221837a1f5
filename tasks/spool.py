"""Rows set down by bucket while they are read, and taken up again a bucket at a time: memory follows one bucket."""

import tempfile
from types import TracebackType
from typing import IO, Any

import numpy as np
import pyarrow as pa

_IN_MEMORY_BYTES = 16_000_000


class Spool:
    """A temporary file of Arrow slices; small spools never touch the disk."""

    def __init__(self, buckets: int) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(buckets)]
        self.buckets = buckets

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: Any, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the file up."""
        self._file.close()

    def add(self, rows: pa.Table, bucket: np.ndarray) -> None:
        """Set rows down, each in its bucket (0 … buckets - 1); the order within a bucket is kept."""
        order = np.argsort(bucket, kind="stable")
        cuts = np.searchsorted(bucket[order], np.arange(self.buckets + 1))
        rows = rows.take(pa.array(order))
        for number in np.flatnonzero(np.diff(cuts)).tolist():
            part = rows.slice(cuts[number], cuts[number + 1] - cuts[number])
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, part.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as out:
                out.write_table(part)
            start = self._file.tell()
            self._places[number].append((start, self._file.write(sink.getvalue())))

    def slices(self, bucket: int) -> "list[tuple[int, int]]":
        """Where the slices of a bucket are; read() gives one."""
        return self._places[bucket]

    def read(self, place: tuple[int, int]) -> pa.Table:
        """One slice of rows; the spool takes no more rows after the first reading."""
        self._file.seek(place[0])
        return pa.ipc.open_stream(self._file.read(place[1])).read_all()
