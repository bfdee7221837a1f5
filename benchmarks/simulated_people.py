"""What the people of a simulated world do beside their leads: some leave, leads are given back and claimed again.

Further events of the same list, drawn by a seed of their own, so that the world beneath stays as it was. Several
contacts of one company come at different times; whoever leaves hands over what he has and gets nothing from then on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from benchmarks.simulated import ORDER, PLAY, ZONE, Event, Play, World, _numbers, _odd, _utc
from config.schema import Config
from config.settings import Settings
from models.db import read_frame
from tasks.orders import Order, OrderError
from tasks.pool import claim, give_back
from tasks.pool_offers import offered
from tasks.reassign import reassign

_SPANS = """
SELECT o.account_id, o.person, o.since, o.until FROM account_owner o
"""
_LEADS = """
SELECT a.account_id, a.lead_id, a.person, a.since, a.until, l.closed_at FROM assignment a
JOIN lead l ON l.id = a.lead_id WHERE a.account_id IS NOT NULL
"""
_GIVEN = "SELECT a.person, a.why, a.lifted_from, a.until, l.closed_at FROM assignment a JOIN lead l ON l.id = a.lead_id"


def with_people(
    world: World, leavers: Sequence[tuple[str, date]], claimants: Sequence[str], *, seed: int = 17,
    returns: float = 0.1, shared: float = 0.25,
) -> World:  # fmt: skip
    """Add people who leave on a day, leads given back (a share of all) and claimed a day, and companies of several."""
    random = np.random.default_rng(seed)
    came = [event for event in world.events if event.kind == "arrive"]
    last = world.events[-1].at
    others = random.random(len(came)) < shared
    events: list[Event] = []
    for event in world.events:
        if event.kind == "arrive" and others[event.lead] and event.lead:
            event = replace(event, said={**event.said, "company": int(random.integers(0, event.lead))})
        events.append(event)
    for event in came:
        if random.random() < returns:
            at = _odd(event.at + timedelta(minutes=int(random.integers(600, 20_000))))
            events.append(Event(at, "give_back", event.lead))
    day = came[0].at.date()
    while datetime.combine(day, time()) < last:
        for place in range(int(random.integers(0, 4))):
            at = datetime.combine(day, time(9 + 2 * place, 31))
            who = claimants[int(random.integers(0, len(claimants)))]
            events.append(Event(at, "claim", -1, {"person": who, "place": int(random.integers(0, 1_000))}))
        day += timedelta(days=1)
    # after the last sweep of the day before
    events += [Event(datetime.combine(on, time(8, 31)), "leaves", -1, {"person": who}) for who, on in leavers]
    kept = [event for event in events if event.at <= last]
    return replace(
        world,
        events=tuple(sorted(kept, key=lambda one: (one.at, ORDER[one.kind], one.lead))),
        leavers=tuple(leavers),
    )


def _give_back(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    done = 0
    for event in block:
        number, owner = _numbers(engine).get(event.lead, (None, None))
        if number is None or owner is None:
            continue
        order = Order(owner, "不是我的行业", _utc(event.at), _utc(event.at), ZONE)
        try:
            done += len(give_back(engine, number, config, order).numbers)
        except OrderError:  # it is closed
            continue
    return done


def _claim(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    done = 0
    for event in block:
        with engine.connect() as conn:
            lying = offered(conn)["number"].sort_values().tolist()
        if not lying:
            continue
        order = Order(event.said["person"], "", _utc(event.at), _utc(event.at), ZONE)
        try:
            number = lying[event.said["place"] % len(lying)]
            done += len(claim(engine, number, config, order).numbers)
        except OrderError:  # he may not have it, is away, or had it before
            continue
    return done


def _leaves(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    return sum(
        len(reassign(engine, event.said["person"], None, config, Order("zhengkai", "离职", at, at, ZONE)))
        for event in block
        for at in (_utc(event.at),)
    )


#: What an event of each kind does where people come and go.
PEOPLE: Mapping[str, Play] = {**PLAY, "give_back": _give_back, "claim": _claim, "leaves": _leaves}


def two_owners(engine: Engine) -> list[str]:
    """Accounts that two people had at one moment: by who owns the account, and by who has its open leads."""
    with engine.connect() as conn:
        spans, leads = read_frame(conn, _SPANS), read_frame(conn, _LEADS)
    # an owner's lead that is closed is in nobody's way
    leads["until"] = leads[["until", "closed_at"]].min(axis=1)
    found = []
    for what, rows in (("account", spans), ("leads", leads)):
        rows = rows.assign(until=rows["until"].fillna(pd.Timestamp.max.floor("us")))
        rows = rows[(rows["since"] < rows["until"]).to_numpy(dtype=bool)]
        pairs = rows.merge(rows, on="account_id", suffixes=("", "_b"))
        meets = (pairs["person"] < pairs["person_b"]) & (pairs["since"] < pairs["until_b"])
        meets &= pairs["since_b"] < pairs["until"]
        found += [f"{what} of {one}" for one in pairs.loc[meets.to_numpy(dtype=bool), "account_id"].unique()]
    return found


def shares(engine: Engine, config: Config) -> pd.DataFrame:
    """What each person got: by turn, handed over to him, claimed; what is open with him, what he is owed in all."""
    with engine.connect() as conn:
        given = read_frame(conn, _GIVEN)
        ledgers = read_frame(conn, "SELECT name, detail FROM share WHERE name LIKE '%/%'")
    by_turn = {rule.id for rule in config.rules.assignment}
    turn = given["why"].isin(by_turn) & given["lifted_from"].isna()
    kinds = given.assign(
        kind=np.select([turn, given["why"] == "A-CLAIM"], ["by turn", "claimed"], "handed over"),
        open=given["until"].isna() & given["closed_at"].isna(),
    )
    table = kinds.pivot_table(index="person", columns="kind", values="why", aggfunc="count", fill_value=0)
    table["open"] = kinds.groupby("person")["open"].sum()
    owed: dict[str, float] = {}
    for detail in ledgers["detail"]:
        for person, due in _owed(detail).items():
            owed[person] = owed.get(person, 0.0) + due
    return table.assign(owed=pd.Series(owed, dtype="float64").round(2)).fillna({"owed": 0.0}).sort_index()


def _owed(detail: str) -> dict[str, float]:
    """What a stored standing says is owed."""
    said = json.loads(detail)
    return dict(said.get("owed", {})) if isinstance(said, dict) else {}
