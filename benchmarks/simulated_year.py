"""A simulated year of a few leads: silent customers, pauses, wins, losses, returns, joins in mid-cycle, quiet owners.

The same world as `benchmarks.simulated`, with further kinds of events: words of people, closings, and nights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Engine

from benchmarks.simulated import PLAY, ZONE, Event, Play, World, _odd, _utc
from config.schema import Config
from config.settings import Settings
from models.db import read_frame
from tasks.closing import close
from tasks.follow_ups import Said, record_follow_ups
from tasks.judge import JudgeError, judge
from tasks.judge import Said as Word
from tasks.nightly import run_nightly
from tasks.orders import Order, OrderError

_STAGES = ("需求确认", "方案演示", "报价", "合同草案")
_TIMES = ("at", "next_at", "pause_until")
#: Everybody's ways: how many days between attempts, and how often the customer answers.
_WAYS = ((3.0, 0.9), (6.0, 0.7), (12.0, 0.6), (5.0, 0.15), (25.0, 0.8), (0.0, 0.0))
_NIGHT, _LOOK = time(1, 30), time(10, 0)


@dataclass(frozen=True)
class Standing:
    """Where the events of a lead of the world go now."""

    number: str
    owner: str | None
    status: str


def make_year(leads: int, first: date, last: date, seed: int = 3, nights: int = 1) -> World:
    """Draw a year: leads arrive in its first eight months; each is followed in its owner's own way until it ends.

    nights: how many days lie between two nightly flows.
    """
    random = np.random.default_rng(seed)
    start, end = (datetime.combine(day, time()) for day in (first, last))
    events: list[Event] = []
    came: list[datetime] = []
    for lead in range(leads):
        at = start + timedelta(minutes=int(random.integers(0, 240 * 1440)) // 60 * 60 + 13)
        # one that comes soon after another is joined with it
        at = came[-1] + timedelta(days=1) if lead % 8 == 1 else at
        came.append(at)
        said = {"kind": str(random.choice(["A", "B", "C"])), "contact": f"{at:%Y-%m-%d}"}
        events += [Event(at, "arrive", lead, said), *_life(random, lead, at, end)]
        if random.random() < 0.2:
            events += _returns(random, lead, leads + lead, at + timedelta(days=int(random.integers(120, 200))), end)
        if lead % 8 == 1:
            # a row with both phones joins this lead and the one before it
            joins = at + timedelta(days=2)
            said = {"kind": "B", "contact": f"{joins:%Y-%m-%d}", "phones": (lead - 1, lead)}
            events.append(Event(joins.replace(minute=17), "arrive", 2 * leads + lead, said))
    for day in range((last - first).days):
        on = first + timedelta(day)
        if day % nights == 0:
            events.append(Event(datetime.combine(on, _NIGHT), "nightly"))
        if on.weekday() == 0:
            events.append(Event(datetime.combine(on, _LOOK), "sweep"))
    order = {name: place for place, name in enumerate(YEAR)}
    kept = [event for event in events if event.at < end]
    return World(tuple(sorted(kept, key=lambda one: (one.at, order[one.kind], one.lead))), (), (end, end))


def _returns(random: np.random.Generator, lead: int, again: int, at: datetime, end: datetime) -> list[Event]:
    """The customer of a lead comes once more, whatever has become of it."""
    said = {"kind": "B", "contact": f"{at:%Y-%m-%d}", "phones": (lead,)}
    return [Event(at.replace(minute=13), "arrive", again, said), *_life(random, again, at, end)]


def _life(random: np.random.Generator, lead: int, at: datetime, end: datetime) -> list[Event]:
    """What people do with one lead, and what the customer answers."""
    pause, answers = _WAYS[int(random.integers(0, len(_WAYS)))]
    if not pause:
        return []
    events: list[Event] = []
    now, stage = at, 0
    for _ in range(int(random.integers(2, 14))):
        now += timedelta(minutes=int(random.exponential(pause * 1440)) + 65)
        said = _talk(random, now, stage, answers)
        stage += "milestone" in said
        late = int(random.integers(30, 3_000)) if random.random() < 0.2 else 4
        events.append(
            Event((now + timedelta(minutes=late)).replace(second=0), "follow_up", lead, said | {"at": _odd(now)})
        )
    if random.random() < 0.12:
        word = {"tier": "高意向"} if random.random() < 0.5 else {"stage": "商务谈判"}
        events.append(Event(_odd(at + timedelta(days=int(random.integers(10, 60)))), "word", lead, word))
    chance = random.random()
    if chance < 0.2:
        events.append(Event(_odd(now + timedelta(days=4)), "close", lead, {"result": "won"}))
    elif chance < 0.35:
        events.append(Event(_odd(now + timedelta(days=4)), "close", lead, {"result": "lost"}))
    return events


def _talk(random: np.random.Generator, now: datetime, stage: int, answers: float) -> dict[str, Any]:
    said: dict[str, Any] = {"outcome": "answered" if random.random() < answers else "not_reached"}
    if said["outcome"] == "answered":
        if random.random() < 0.35 and stage < len(_STAGES):
            said["milestone"] = _STAGES[stage]
        if random.random() < 0.25:
            said["confirmed"] = str(random.choice(["budget", "chain|decider", "date", "need"]))
        if random.random() < 0.08:
            said["pause_until"] = _odd(now + timedelta(days=int(random.integers(5, 60))))
        if random.random() < 0.04:
            said["risk"] = "联系人离职"
        if random.random() < 0.03:
            said["result"] = "丢单"
    return said


def _places(engine: Engine) -> dict[int, Standing]:
    """Where what is said of each lead of the world goes now: to the lead that has taken it over."""
    query = "SELECT l.id, l.number, l.owner, l.status, l.joined_into AS into_id, s.raw FROM submission s"
    query += " JOIN membership m ON m.submission_id = s.id AND m.until IS NULL JOIN lead l ON l.id = m.lead_id"
    with engine.connect() as conn:
        found = read_frame(conn, query)
    rows = found.astype("object").where(found.notna(), None).to_dict("records")
    return {int(row["raw"].split()[1]): Standing(row["number"], row["owner"], row["status"]) for row in rows}


def _follow(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    done = 0
    for event in block:
        place = _places(engine).get(event.lead)
        if place is None or place.status not in ("new", "owned", "in_progress", "pool", "won"):
            continue
        now, times = _utc(event.at), {name: _utc(event.said[name]) for name in _TIMES if name in event.said}
        texts = {name: value for name, value in event.said.items() if name not in times}
        who = place.owner or "zhengkai"
        said = Said(place.number, who, method="电话", summary=f"沟通 {event.said['at']:%m-%d %H:%M}", **texts, **times)
        record_follow_ups(engine, [said], config, Order(who, "", now, now, ZONE))
        done += 1
    return done


def _word(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    for event in block:
        place = _places(engine).get(event.lead)
        if place is None:
            continue
        order = Order("zhengkai", "客户当面说的", _utc(event.at), _utc(event.at), ZONE)
        try:
            judge(engine, Word(place.number, dict(event.said)), config, order)
        except JudgeError:
            continue
    return len(block)


def _close(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    deal: Mapping[str, Any] = {
        "contract_number": "HT-1", "contract_on": "2025-06-01", "contract_amount": 200_000.0, "first_payment": 60_000.0,
    }  # fmt: skip
    for event in block:
        place = _places(engine).get(event.lead)
        if place is None:
            continue
        won = event.said["result"] == "won"
        order = Order("zhengkai", "", _utc(event.at), _utc(event.at), ZONE)
        try:
            close(engine, place.number, event.said["result"], deal if won else {"lost_reason": "价格"}, config, order)
        except OrderError:
            continue
    return len(block)


def _night(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    return sum(
        bool(run_nightly(engine, config, settings, _utc(event.at), recorded_at=_utc(event.at)).counts["changed"])
        for event in block
    )


#: What an event of each kind does in a year.
YEAR: Mapping[str, Play] = {
    "arrive": PLAY["arrive"], "word": _word, "follow_up": _follow, "close": _close, "nightly": _night,
    "sweep": PLAY["sweep"],
}  # fmt: skip
