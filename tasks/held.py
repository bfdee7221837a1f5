"""Leads that nobody could take, tried again when something has changed that could give them an owner: set-based."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, text

from config.schema import Config
from models.db import begin, look_up, read_frame, take_turn
from tasks.arrival import Arrival
from tasks.choose import companies_of
from tasks.hand_over import BY_HAND
from tasks.ownership import OTHERS, loads_of, unit_of
from tasks.release import OWNERS, give_leads
from tasks.rules.assign import assign, limits_of
from tasks.rules.eligible import crew_of
from tasks.standings import read_turns, write_turns
from tasks.state import keep_current

_HELD = OTHERS.replace("FROM wanted w JOIN lead l ON l.account_id = w.key AND", "FROM lead l WHERE") + (
    " AND l.status = 'new' AND l.owner IS NULL AND l.verdict IN ('valid', 'to_verify')"
    " AND coalesce(l.owner_rule, '') <> :by_hand ORDER BY l.id"
)
_COUNT = text(
    "SELECT count(*), coalesce(max(id), 0) FROM lead WHERE status = 'new' AND owner IS NULL AND closed_at IS NULL"
)
_TRIED = "held:tried"
_KNOWN = text("SELECT value FROM counter WHERE name = :name")
_KEEP = text("INSERT INTO counter (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value")


def take_up_held(engine: Engine, config: Config, arrival: Arrival) -> int:
    """Give owners to leads that waited for one, in one transaction; gives how many leads that were.

    Nothing is tried, and no base is read, while the same leads wait and the same people could take any.
    """
    with engine.connect() as conn:
        if not _may_succeed(conn, config, arrival):
            return 0
    with begin(engine) as conn:
        take_turn(conn)
        return take_up(conn, config, arrival)


def take_up(conn: Connection, config: Config, arrival: Arrival) -> int:
    """The same within an open transaction, in whose turn nobody else's is."""
    held = read_frame(conn, _HELD, by_hand=BY_HAND)
    given = _given(conn, held, config, arrival) if len(held) else 0
    conn.execute(_KEEP, {"name": _TRIED, "value": _circumstances(conn, config, arrival)})
    return given


def _may_succeed(conn: Connection, config: Config, arrival: Arrival) -> bool:
    if not conn.execute(_COUNT).one()[0]:
        return False
    known = conn.execute(_KNOWN, {"name": _TRIED}).scalar()
    return known is None or int(known) != _circumstances(conn, config, arrival)


def _circumstances(conn: Connection, config: Config, arrival: Arrival) -> int:
    """A number that changes with who waits, who could take any lead at all, and by which rules."""
    day = arrival.local.date()
    crew = crew_of(config.roster.people, loads_of(conn), read_turns(conn, day).today, limits_of(config.rules), day)
    free = crew.active & ~crew.away & (crew.load < crew.cap) & (crew.today < crew.day_cap) & (crew.weight > 0)
    roster = [(one.id, one.role, one.regions, one.industries) for one in config.roster.people]
    said = repr((tuple(conn.execute(_COUNT).one()), list(crew.ids[free]), roster, config.rules.version))
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:7], "big")


def _given(conn: Connection, held: pd.DataFrame, config: Config, arrival: Arrival) -> int:
    day = arrival.local.date()
    turns = read_turns(conn, day)
    owners, others = _companies(conn, held)
    units = companies_of(held, config)
    units = units.assign(
        owner=units["unit"].map(owners).astype("str"),
        held=units["unit"].map(others["account_id"].value_counts()).fillna(0).astype("int64"),
    )
    result = assign(
        units, config.roster.people, config.rules, day, loads=loads_of(conn), today=turns.today,
        standings=turns.standings,
    )  # fmt: skip
    write_turns(conn, turns, result.standings, result.today, arrival)
    chosen = result.frame.set_index(units["unit"])
    leads = pd.concat([held, others], ignore_index=True)
    new = chosen.reindex(unit_of(leads)).reset_index(drop=True)
    leads = leads.assign(owner=new["owner"].array, owner_rule=new["rule"].array, choice=new["choice"].array)
    leads = leads.assign(lifted_from=leads["old_owner"], status=leads["status"].replace("new", "owned"))
    moved = leads[(leads["owner"].notna() & (leads["owner"] != leads["old_owner"]).fillna(True)).to_numpy(dtype=bool)]
    if len(moved):
        give_leads(conn, moved.reset_index(drop=True), result.choices, arrival, config)
        keep_current(conn, moved["lead_id"], arrival, config)
    return int(moved["lead_id"].isin(held["lead_id"]).sum())


def _companies(conn: Connection, held: pd.DataFrame) -> tuple[Mapping[int, str], pd.DataFrame]:
    """The present owners of the companies of held leads, and the leads that these have there."""
    accounts = held["account_id"].dropna().drop_duplicates().astype("int64").sort_values()
    found = look_up(conn, accounts, "BIGINT", OWNERS)
    others = look_up(conn, found["account_id"].astype("int64").sort_values(), "BIGINT", OTHERS)
    others = others[others["old_owner"].notna().to_numpy()]
    return dict(zip(found["account_id"].to_numpy(np.int64), found["person"], strict=True)), others
