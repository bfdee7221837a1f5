"""A wrong join mended by hand: rows taken out of a lead stay apart, whatever arrives later."""

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, Engine, select

from config.schema import Channel, Config
from models import Lead, Match, Membership
from models.db import begin, insert_frame, look_up, take_ids, take_turn, update_frame
from tasks.arrival import Arrival
from tasks.rules.cluster import SPLIT
from tasks.rules.deliveries import resolve
from tasks.rules.keys import KnownBy, identity_keys, known_by, profile_keys
from tasks.settle import Judgement, regroup

SAME = "same"
_ROWS = """
SELECT s.id, s.same_as, s.accepted, s.content_key, s.company_key, s.contact_key, s.phone, s.phone_kind, s.phone2,
s.phone2_kind, s.email, s.email_kind FROM wanted w JOIN membership m ON m.lead_id = w.key AND m.until IS NULL
JOIN submission s ON s.id = m.submission_id
"""


class SplitError(Exception):
    """The split cannot be made; the message says why."""


def split_lead(
    engine: Engine,
    number: str,
    rows: tuple[int, ...],
    config: Config,
    *,
    actor: str,
    reason: str,
    as_of: datetime,
    recorded_at: datetime,
    zone: str,
) -> list[str]:
    """Take rows (ids as `explain` shows them) out of a lead; give the numbers of the leads they now make.

    The lead keeps its number for the rows that stay, also when the row that made it is taken out.
    """
    if not rows:
        raise SplitError(f"no row of {number} is named that is to be taken out")
    if not reason.strip():
        raise SplitError("the reason is blank: whoever reads the lead's story must learn why")
    with begin(engine) as conn:
        # nobody changes the lead between what is read here and the end
        take_turn(conn)
        lead = conn.execute(select(Lead).where(Lead.number == number)).one_or_none()
        if lead is None:
            raise SplitError(f"there is no lead {number}")
        stored = look_up(conn, pd.Series([lead.id]), "BIGINT", _ROWS)
        taken = _taken(stored, rows, number)
        judged = _judge(conn, stored, taken, known_by(config.rules), actor, reason, as_of)
        channel = Channel(name="by-hand")
        arrival = Arrival(None, channel, as_of, recorded_at, zone, actor)
        origin = _origin(stored, taken, lead.origin_id, number)
        update_frame(conn, Lead, pd.DataFrame({"id": [lead.id], "origin_id": [origin]}))
        regroup(conn, arrival, Judgement(lead.id, origin, judged), config)
        made = conn.execute(
            select(Lead.number)
            .join(Membership, Membership.lead_id == Lead.id)
            .where(Membership.submission_id.in_(list(rows)), Membership.until.is_(None))
            .distinct()
            .order_by(Lead.number)
        )
        return [row.number for row in made]


def _taken(stored: pd.DataFrame, rows: tuple[int, ...], number: str) -> pd.Series:
    """Mark the rows to take out, with the deliveries that stand for them or that they stand for."""
    strange = sorted(set(rows) - set(stored["id"]))
    if strange:
        raise SplitError(f"rows {strange} do not belong to {number}; its rows are {sorted(stored['id'])}")
    followed = stored[stored["same_as"].notna()]
    stands_for = pd.Series(followed["same_as"].astype("int64").array, index=followed["id"].array, dtype="int64")
    counts = resolve(stands_for, pd.Index(stored["id"]))
    taken = pd.Series(counts.isin(counts[list(rows)]).to_numpy(), index=stored.index)
    if taken.all():
        raise SplitError(f"these are all rows of {number}: nothing would stay in it")
    return taken


def _origin(stored: pd.DataFrame, taken: pd.Series, origin: int, number: str) -> int:
    """Name the row that the lead goes on with: the one that made it, else the first of its own that stays."""
    counts = (~taken & stored["accepted"].astype(bool) & stored["same_as"].isna()).to_numpy(dtype=bool)
    if not counts.any():
        raise SplitError(f"no row that makes a lead of its own would stay in {number}")
    staying = stored.loc[counts, "id"]
    return int(origin if staying.isin([origin]).any() else staying.min())


def _judge(
    conn: Connection, stored: pd.DataFrame, taken: pd.Series, by: KnownBy, actor: str, reason: str, as_of: datetime
) -> pd.DataFrame:
    """Record which keys of the taken rows no longer join them to the rest, and that they belong together."""
    shared = _shared_keys(stored, taken, by)
    pins = pd.DataFrame({"submission_id": stored.loc[taken, "id"]})
    judged = pd.concat(
        [shared.assign(verdict=SPLIT), pins.assign(key=f"pin:{min(pins['submission_id'])}", verdict=SAME)]
    )
    judged = judged.assign(
        id=take_ids(conn, "match", len(judged)),
        actor=actor,
        reason=reason,
        since=pd.Timestamp(as_of).tz_convert("UTC").tz_localize(None).as_unit("us"),
    )
    insert_frame(conn, Match, judged)
    return judged[["submission_id", "key", "verdict"]]


def _shared_keys(stored: pd.DataFrame, taken: pd.Series, by: KnownBy) -> pd.DataFrame:
    keys = identity_keys(stored, by)[["row", "key"]]
    profile = profile_keys(stored)
    named = profile.dropna()
    both = pd.concat([keys, pd.DataFrame({"row": named.index, "key": "name:" + named.astype("str")})])
    both["taken"] = taken.to_numpy()[both["row"]]
    stay = both.loc[~both["taken"], "key"]
    apart = both[both["taken"] & both["key"].isin(stay)]
    key = apart["key"].where(~apart["key"].str.startswith("name:"), "profile")
    return pd.DataFrame({"submission_id": stored["id"].take(apart["row"].to_numpy()).array, "key": key.array})
