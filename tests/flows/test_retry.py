"""Only what passes by itself is tried again."""

import sqlite3

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from flows import retry


class _Postgres(Exception):
    sqlstate = "40001"


LOCKED = OperationalError("insert", {}, sqlite3.OperationalError("database is locked"))
SERIALIZATION = OperationalError("insert", {}, _Postgres())
FULL = OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))
DOUBLE = IntegrityError("insert", {}, sqlite3.IntegrityError("UNIQUE constraint failed"))


@pytest.mark.parametrize(
    ("error", "passes"), [(LOCKED, True), (SERIALIZATION, True), (FULL, False), (DOUBLE, False), (KeyError("x"), False)]
)
def test_which_faults_pass(error: Exception, passes: bool) -> None:
    assert retry.is_passing(error) is passes


def test_a_passing_fault_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "DELAYS", (0, 0))
    faults = [LOCKED, SERIALIZATION]

    def work() -> str:
        if faults:
            raise faults.pop()
        return "done"

    assert retry.plainly("step", work) == "done"


def test_a_lasting_fault_is_raised_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "DELAYS", (0, 0))
    tries = []

    def work() -> None:
        tries.append(1)
        raise DOUBLE

    with pytest.raises(IntegrityError):
        retry.plainly("step", work)
    assert len(tries) == 1
