"""The turns of those who share leads, as they stand in the database."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd
from sqlalchemy import Connection

from models import Share
from models.db import insert_frame, read_frame, update_frame
from tasks.arrival import Arrival
from tasks.rules.share import Standing

_TODAY = "today"
_SHARES = "SELECT id, name, detail FROM share"


@dataclass(frozen=True)
class Turns:
    """What was stored (name -> detail), the standing of each group, and the leads that each person got on the day."""

    stored: Mapping[str, str] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    today: Mapping[str, int] = field(default_factory=dict)


def read_turns(conn: Connection, day: date) -> Turns:
    """Read how far the turns have come by a business day."""
    found = read_frame(conn, _SHARES)
    stored = dict(zip(found["name"].tolist(), found["detail"].tolist(), strict=True))
    standings = {name: _standing(detail) for name, detail in stored.items() if name != _TODAY}
    said = json.loads(stored.get(_TODAY, "{}"))
    return Turns(stored, standings, said["given"] if said.get("day") == day.isoformat() else {})


def write_turns(
    conn: Connection, before: Turns, standings: Mapping[str, Standing], today: Mapping[str, int], arrival: Arrival
) -> None:
    """Store what has changed of the turns."""
    given = {person: count for person, count in sorted(today.items()) if count}
    said = {name: _detail(standing) for name, standing in standings.items()}
    said[_TODAY] = json.dumps({"day": arrival.local.date().isoformat(), "given": given})
    changed = {name: detail for name, detail in said.items() if before.stored.get(name) != detail}
    rows = pd.DataFrame({"name": list(changed), "detail": list(changed.values())}, dtype="str")
    rows = rows.assign(id=pd.Series(map(_id, changed), dtype="int64"), at=arrival.at)
    known = rows["name"].isin(before.stored)
    insert_frame(conn, Share, rows[~known])
    update_frame(conn, Share, rows.loc[known, ["id", "detail", "at"]])


def _standing(detail: str) -> Standing:
    said = json.loads(detail)
    # before anything was owed: only the rows
    said = said if isinstance(said, dict) else {"rows": said}
    rows = said.get("rows", [])
    people, weights, given = (tuple(column) for column in zip(*rows, strict=True)) if rows else ((), (), ())
    members = tuple(said.get("members", people))
    return Standing(members, weights, given, said.get("owed", {}), said.get("round", 0))


def _detail(standing: Standing) -> str:
    rows = [list(row) for row in zip(standing.people, standing.weights, standing.given, strict=False)]
    said = {"rows": rows} if rows or not standing.people else {"members": standing.people, "owed": standing.owed}
    return json.dumps(said | {"round": standing.round})


def _id(name: str) -> int:
    digest = hashlib.blake2s(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
