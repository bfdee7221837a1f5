"""Tables handed from one process to another on the same machine: written to memory once, and read where they lie.

Sent through a pipe, each byte is copied four times more, a pipeful at a time; only a small table is quicker so.
"""

import mmap
import os
import tempfile
from multiprocessing.connection import Connection as Pipe
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any

import pyarrow as pa

# a table of more bytes than this gets memory of its own
_SMALL = 1 << 17


def hand_over(pipe: Pipe, rows: pa.Table) -> None:
    """Send a table through a pipe of both directions; a large one does not wait for the other end to take it."""
    if rows.nbytes < _SMALL:
        sink = pa.BufferOutputStream()
        _write(sink, rows)
        pipe.send_bytes(sink.getvalue())
        return
    room = _room()
    try:
        with open(room, "wb", buffering=0, closefd=False) as file:
            _write(file, rows)
        pipe.send_bytes(b"")
        send_handle(pipe, room, None)
    finally:
        os.close(room)


def take_over(pipe: Pipe) -> pa.Table:
    """Receive a table; its memory is free again when nothing of it is used any more."""
    content = pipe.recv_bytes() or _mapped(recv_handle(pipe))
    return pa.ipc.open_stream(pa.BufferReader(pa.py_buffer(content))).read_all()


def _write(file: Any, rows: pa.Table) -> None:
    with pa.ipc.new_stream(file, rows.schema) as writer:
        writer.write_table(rows)


def _mapped(room: int) -> mmap.mmap:
    try:
        return mmap.mmap(room, 0, prot=mmap.PROT_READ)
    finally:
        os.close(room)


def _room() -> int:
    """Memory with a file's handle: it is gone with the last process that has it open."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("leadflow")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
