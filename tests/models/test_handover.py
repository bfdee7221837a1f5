"""Tables handed from one process to another, small ones and large ones."""

import multiprocessing
from contextlib import closing
from multiprocessing.connection import Connection

import pyarrow as pa
import pytest

from models.handover import hand_over, take_over

SMALL = pa.table({"name": ["王", None, ""], "n": [1, None, 3]})
LARGE = pa.table({"name": [f"甲{number}" for number in range(60_000)], "n": pa.array(range(60_000))})


def _back(pipe: Connection) -> None:
    while (rows := take_over(pipe)).num_rows:
        hand_over(pipe, rows)


@pytest.fixture
def pipe():
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_back, args=(there,), daemon=True)
    child.start()
    there.close()
    with closing(here):
        yield here
    child.join(timeout=20)
    assert child.exitcode is not None


def test_tables_come_as_they_were_sent_whatever_their_size(pipe):
    parts = [SMALL, LARGE, LARGE.slice(59_990), SMALL.slice(1), LARGE.slice(10, 40_000)]
    for rows in parts:
        hand_over(pipe, rows)
        assert take_over(pipe).equals(rows)
    hand_over(pipe, SMALL.slice(0, 0))


def test_a_large_table_does_not_wait_for_its_receiver():
    here, there = multiprocessing.Pipe()
    with closing(here), closing(there):
        for _ in range(3):
            hand_over(here, LARGE)
        assert [take_over(there).num_rows for _ in range(3)] == [60_000] * 3


def test_an_end_that_is_gone_is_told():
    here, there = multiprocessing.Pipe()
    there.close()
    with closing(here), pytest.raises((EOFError, OSError)):
        take_over(here)


def test_what_was_taken_stays_when_the_sender_is_gone():
    here, there = multiprocessing.Pipe()
    with closing(there):
        hand_over(here, LARGE)
        here.close()
        assert take_over(there).equals(LARGE)
