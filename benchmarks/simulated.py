"""A simulated sales team: what happens is drawn beforehand from a seed, then driven through the functions of the flows.

A world is plain data: arrivals, follow-ups, verifications, grades by hand, sweeps, each at a local time. `run` plays it
against a base, in order, and knows nothing of promises; what came of it is read from the base. Longer spans and other
kinds of events are further entries of the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from config.people import Leave, Roster
from config.schema import Channel, Config
from config.settings import Settings
from models.db import read_frame
from tasks.arrival import Arrival
from tasks.batches import open_batch
from tasks.follow_ups import Said, record_follow_ups
from tasks.judge import JudgeError, judge
from tasks.judge import Said as Word
from tasks.orders import Order
from tasks.prepare import prepare
from tasks.settle import settle_chunk
from tasks.sweep import sweep

ZONE = "Asia/Shanghai"
#: When the sweep comes on each day, also outside working hours.
_SWEEPS = tuple(time(hour, minute) for hour, minute in [(2, 0), *((h, 0) for h in range(9, 20)), (13, 30), (22, 0)])
_TIMES = ("at", "next_at", "pause_until")
#: What a lead of each kind says of itself.
KINDS: Mapping[str, dict[str, str]] = {
    "A": {
        "budget": "30-50万",
        "chain": "采购经理、总经理",
        "urgency": "高",
        "need": "两周内确定供应商，采购自动化产线",
    },
    "B": {"budget": "30-50万", "chain": "", "urgency": "中", "need": "采购自动化产线，技术部待评估"},
    "C": {"budget": "20-30万", "chain": "", "urgency": "低", "need": "先了解一下，半年内无计划"},
}


@dataclass(frozen=True)
class Event:
    """Something that happens at a local time (arrive, follow_up, verify, grade, sweep) to a lead of the world."""

    at: datetime
    kind: str
    lead: int = -1
    said: Mapping[str, Any] = field(default_factory=dict)


#: In which order what happens at one moment happens.
ORDER = {name: place for place, name in enumerate(
    ("leaves", "arrive", "verify", "grade", "give_back", "claim", "follow_up", "sweep")
)}  # fmt: skip
#: Carries out a block of events of one kind.
Play = Callable[[Engine, Sequence["Event"], Config, Settings], int]


@dataclass(frozen=True)
class World:
    """All events in their order, and the leave of people: code, first and last day."""

    events: tuple[Event, ...]
    leave: tuple[tuple[str, date, date], ...]
    outage: tuple[datetime, datetime]
    #: who leaves the company, from which day on
    leavers: tuple[tuple[str, date], ...] = ()


def make_world(
    leads: int, first: date, last: date, outage: tuple[datetime, datetime], leave: Sequence[tuple[str, date, date]],
    seed: int = 11, grades: float = 0.03, verified: float = 0.06, every: int = 3,
) -> World:  # fmt: skip
    """Draw a world: leads arrive until two thirds of the span, people follow them with different diligence.

    grades, verified: the share of leads whose grade a person changes, and that he verifies. every: how many hours lie
    between the times at which people record what they have done.
    """
    random = np.random.default_rng(seed)
    start, end = datetime.combine(first, datetime.min.time()), datetime.combine(last, datetime.min.time())
    minutes = int((end - start).total_seconds() // 60)
    events: list[Event] = []
    for lead in range(leads):
        # those of eight hours come in one file
        at = start + timedelta(minutes=int(random.integers(0, minutes * 2 // 3)) // 480 * 480 + 13)
        kind = str(random.choice(list(KINDS), p=[0.45, 0.35, 0.2]))
        stated = at - timedelta(days=int(random.integers(0, 6)))
        events.append(Event(at, "arrive", lead, {"kind": kind, "contact": f"{stated:%Y-%m-%d}"}))
        events += _life(random, lead, at, end, grades, verified, every)
    for day in range((last - first).days):
        for clock in _SWEEPS:
            at = datetime.combine(first + timedelta(day), clock)
            if not outage[0] <= at < outage[1]:
                events.append(Event(at, "sweep"))
    return World(tuple(sorted(events, key=lambda one: (one.at, ORDER[one.kind], one.lead))), tuple(leave), outage)


def _life(
    random: np.random.Generator, lead: int, at: datetime, end: datetime, grades: float, verified: float, every: int
) -> list[Event]:
    """What people do with one lead: some nothing at all, some soon, some late."""
    events: list[Event] = []
    diligence = float(random.choice([0.0, 0.5, 1.0, 3.0], p=[0.15, 0.35, 0.3, 0.2]))
    if diligence == 0:
        return events
    now = at + timedelta(minutes=int(random.exponential(900 * diligence)) + 7)
    if random.random() < verified:
        events.append(Event(_odd(now), "verify", lead))
    if random.random() < grades:
        events.append(Event(_odd(now + timedelta(hours=5)), "grade", lead, {"grade": str(random.choice(["A", "B"]))}))
    for _ in range(int(random.integers(1, 7))):
        now += timedelta(minutes=int(random.exponential(2_400 * diligence)) + 31)
        if now >= end:
            break
        said = _talk(random, now)
        # people record what they have done every few hours, or on another day
        done = now + timedelta(minutes=said.pop("late"))
        recorded = done.replace(hour=0, minute=47, second=0) + timedelta(hours=(done.hour // every + 1) * every)
        events.append(Event(recorded, "follow_up", lead, said | {"at": _odd(now)}))
    return events


def _talk(random: np.random.Generator, now: datetime) -> dict[str, Any]:
    chance = random.random(8)
    said: dict[str, Any] = {"outcome": "not_reached" if chance[0] < 0.3 else "answered"}
    # most are recorded at once, some on the next days
    said["late"] = int(random.integers(60, 4_000)) if chance[1] < 0.3 else 0
    if chance[2] < 0.25:
        said["objection"] = "价格偏高"
    if chance[3] < 0.35:
        said |= {"next_action": "发送案例", "next_at": _odd(now + timedelta(minutes=int(random.integers(300, 6_000))))}
    if chance[4] < 0.15:
        said["pause_until"] = _odd(now + timedelta(days=int(random.integers(2, 12))))
    if chance[5] < 0.2:
        said["milestone"] = "需求确认"
    if chance[6] < 0.2:
        said["plan"] = "第一周演示，第二周报价"
    if chance[7] < 0.15:
        said["support"] = "方案评估"
    return said


def _odd(at: datetime) -> datetime:
    """A moment that no sweep shares."""
    return at.replace(minute=at.minute // 2 * 2 + 1, second=0, microsecond=0)


def with_leave(config: Config, world: World) -> Config:
    """The configuration with the world's leave."""
    spans: dict[str, list[Leave]] = {}
    for code, first, last in world.leave:
        spans.setdefault(code, []).append(Leave.model_validate({"from": first, "to": last}))
    people = tuple(one.model_copy(update={"leave": tuple(spans.get(one.id, ()))}) for one in config.roster.people)
    return config.model_copy(update={"roster": Roster(people=people, teams=config.roster.teams)})


def without_leavers(config: Config, world: World, on: date) -> Config:
    """The configuration of a day: who has left is active no more."""
    gone = {code for code, first in world.leavers if first <= on}
    if not gone:
        return config
    people = tuple(one.model_copy(update={"active": one.id not in gone}) for one in config.roster.people)
    return config.model_copy(update={"roster": Roster(people=people, teams=config.roster.teams)})


def run(
    engine: Engine, world: World, config: Config, settings: Settings, play: Mapping[str, Play] | None = None
) -> dict[str, int]:
    """Play a world; gives how many of its events happened, by kind, and how many sweeps found something.

    play: what an event of each kind does (default: PLAY).
    """
    play = play or PLAY
    config, counts = with_leave(config, world), dict.fromkeys(play, 0)
    counts["busy"] = 0
    events, place, on, of_day = world.events, 0, date.min, config
    while place < len(events):
        last = place
        # what happens between two sweeps goes in blocks of one kind
        while last < len(events) and _alike(events[last], events[place]) and last - place < 2_000:
            last += 1
        block, place = events[place:last], last
        if block[0].at.date() != on:
            on, of_day = block[0].at.date(), without_leavers(config, world, block[0].at.date())
        done = play[block[0].kind](engine, block, of_day, settings)
        counts[block[0].kind] += len(block)
        counts["busy"] += done if block[0].kind == "sweep" else 0
    return counts


def _alike(one: Event, two: Event) -> bool:
    """Whether two events go in one block: of one kind, and of one day where the people of a day matter."""
    return one.kind == two.kind and one.at.date() == two.at.date()


def _arrive(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    for moment in dict.fromkeys(event.at for event in block):
        come = [event for event in block if event.at == moment]
        at, name = _utc(moment), f"{moment:%m%d%H%M}"
        rows = pd.DataFrame([_row(event) for event in come]).astype("str")
        rows = rows.assign(sheet="", line=range(2, len(rows) + 2), raw=[f"lead {event.lead}" for event in come])
        rules = config.rules.at(moment.date())
        prepared = prepare(rows.assign(ragged=False, total_row=False), rules, Channel(name="default"), at, ZONE)
        batch = open_batch(engine, "default", f"{name}.csv", name, "{}", at, rules.version, 50_000)
        arrival = Arrival(batch.id, Channel(name="default"), at, at, ZONE)
        settle_chunk(engine, arrival, batch.chunks, prepared, config.model_copy(update={"rules": rules}))
    return len(block)


def _row(event: Event) -> dict[str, str]:
    said = KINDS[event.said["kind"]]
    phones = " / ".join(_phone(one) for one in event.said.get("phones", (event.lead,)))
    company = event.said.get("company", event.lead)
    return said | {
        "company": f"模拟{company}机械有限公司", "contact": f"王{chr(0x4E00 + event.lead % 3000)}", "phone": phones,
        "industry": "制造业", "source": "官网表单", "region": "上海市", "first_contact": event.said["contact"],
    }  # fmt: skip


def _phone(lead: int) -> str:
    return f"138{12_340_567 + lead * 7_919:08d}"


def _follow_up(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    numbers, done = _numbers(engine), 0
    for moment in dict.fromkeys(event.at for event in block):
        now, said = _utc(moment), []
        for event in (one for one in block if one.at == moment and one.lead in numbers):
            number, owner = numbers[event.lead]
            times = {name: _utc(event.said[name]) for name in _TIMES if name in event.said}
            texts = {name: value for name, value in event.said.items() if name not in times}
            summary = f"沟通 {event.said['at']:%m-%d %H:%M}"
            said.append(Said(number, owner or "zhengkai", method="电话", summary=summary, **texts, **times))
        done += len(record_follow_ups(engine, said, config, Order("zhengkai", "", now, now, ZONE))) if said else 0
    return done


def _say(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    numbers = _numbers(engine)
    for event in block:
        number, owner = numbers.get(event.lead, (None, None))
        if number is None:
            continue
        values = {"verdict": "valid"} if event.kind == "verify" else {"grade": event.said["grade"]}
        order = Order(owner or "zhengkai", "问过客户", _utc(event.at), _utc(event.at), ZONE)
        try:
            judge(engine, Word(number, values, event.kind == "verify"), config, order)
        except JudgeError:
            continue
    return len(block)


def _sweep(engine: Engine, block: Sequence[Event], config: Config, settings: Settings) -> int:
    return sum(bool(sweep(engine, config, settings, _utc(event.at)).counts["due"]) for event in block)


def _numbers(engine: Engine) -> dict[int, tuple[str, str | None]]:
    """Number and owner of the leads of the world."""
    query = "SELECT l.number, l.owner, s.raw FROM lead l JOIN submission s ON s.id = l.origin_id"
    with engine.connect() as conn:
        found = read_frame(conn, query)
    owner = found["owner"].astype("object").where(found["owner"].notna(), None)
    lead = found["raw"].str.removeprefix("lead ").astype(int)
    return {one: (number, mine) for one, number, mine in zip(lead, found["number"], owner, strict=True)}


def _utc(local: datetime) -> datetime:
    return local.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


#: What an event of each kind does.
PLAY: Mapping[str, Play] = {"arrive": _arrive, "follow_up": _follow_up, "verify": _say, "grade": _say, "sweep": _sweep}
