"""Several workers at once: who has read what another changed meanwhile starts anew.

A transaction reads and decides beside others, and takes its turn before the first write that others could meet. From
there to its commit nobody else changes leads, people or companies, so one look tells whether what was read still holds.
On SQLite the write lock is held from the start, and there is nothing to ask.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from models.db import add_to_counters, read_frame, take_turn
from tasks.neighbours import Neighbours, find_profiles

_TURNS, _EVENTS, _BLOCKS = "turns", "lead_event_id", "block_id"
_MARKS = f"SELECT name, value FROM counter WHERE name IN ('{_TURNS}', '{_EVENTS}', '{_BLOCKS}')"
_CHANGED = "SELECT DISTINCT lead_id FROM lead_event WHERE id > :last"


class Clash(Exception):
    """What was read has been changed by another worker since."""


class Turn:
    """The turn of one transaction among the workers; made before anything is read."""

    def __init__(self, conn: Connection, *, first: bool) -> None:
        """Take the turn at once (`first`), so that nothing can change, or later with `take`."""
        self._conn = conn
        self._shared = conn.dialect.name == "postgresql"
        if first:
            take_turn(conn)
        self._before = self._marks() if self._shared else {}

    def take(self, near: Neighbours, rows: pd.Index) -> None:
        """Wait for the turn; Clash when what was read no longer holds. `rows`: ids of the transaction's own rows."""
        take_turn(self._conn)
        if not self._shared:
            return
        marks = self._marks()
        if marks.get(_BLOCKS) != self._before.get(_BLOCKS):
            raise Clash("somebody was put on the do-not-contact list")
        if marks != self._before:
            self._compare(near, rows)
        add_to_counters(self._conn, {_TURNS: 1})

    def _compare(self, near: Neighbours, rows: pd.Index) -> None:
        """Look for leads that were read and have changed, and for rows of the same name at the same company.

        A new row with the same number or address needs no look: its identity is unique.
        """
        changed = read_frame(self._conn, _CHANGED, last=self._before.get(_EVENTS, 0))
        if _meet(changed["lead_id"], [near.leads["lead_id"], near.rows["lead_id"]]):
            raise Clash("a lead that was read has changed")
        named = find_profiles(self._conn, pd.Series(near.profiles))["submission_id"]
        if not named.isin(np.union1d(near.seen, rows.to_numpy(dtype=np.int64))).all():
            raise Clash("a row of the same name at the same company has come")

    def _marks(self) -> dict[str, int]:
        found = read_frame(self._conn, _MARKS)
        return dict(zip(found["name"], found["value"].astype("int64"), strict=True))


def _meet(changed: pd.Series, read: Iterable[pd.Series]) -> bool:
    return any(bool(ids.isin(changed).any()) for ids in read)
