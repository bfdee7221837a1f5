"""Leads with promises: what happens to them, told in local times, and what their clocks say of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Engine

from config.loader import load_config
from config.people import Leave, Roster
from config.schema import Config
from config.settings import Settings
from models.db import read_frame
from tasks.follow_ups import Recorded, Said, record_follow_ups
from tasks.judge import Said as Word
from tasks.judge import judge
from tasks.orders import Order
from tasks.sweep import Swept, sweep
from tests.prepared import settle_once

ZONE = ZoneInfo("Asia/Shanghai")
CONFIG = load_config(None)
SETTINGS = Settings(_env_file=None, home=Path("nowhere"))
FIRST = "XL202403001"
ZHANG = {"company": "甲公司", "name": "张三", "mobile": "13800001111"}
A = {**ZHANG, "chain_state": "complete", "urgency_state": "urgent"}


def at(text: str) -> datetime:
    """A local time as an aware one."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def arrive(engine: Engine, *rows: dict[str, Any], on: str = "2024-03-15T10:00", **said: Any) -> None:
    """Settle rows at a local time."""
    settle_once(engine, *rows, as_of=at(on), **said)


def sweep_at(engine: Engine, on: str, config: Config = CONFIG, settings: Settings = SETTINGS, **said: Any) -> Swept:
    """One sweep at a local time."""
    return sweep(engine, config, settings, at(on), **said)


def follow_up(
    engine: Engine, when: str, number: str = FIRST, by: str = "linruoxi", recorded: str | None = None,
    config: Config = CONFIG, **said: Any,
) -> Recorded:  # fmt: skip
    """Record a follow-up of a local time, at that time unless said otherwise."""
    times = {name: at(value) for name, value in said.items() if name in ("next_at", "support_at", "pause_until")}
    told = Said(number, by, at(when), said.pop("method", "电话"), said.pop("summary", "通话"), **{**said, **times})
    now = at(recorded or when)
    [found] = record_follow_ups(engine, [told], config, Order(by, "", now, now, "Asia/Shanghai"))
    return found


def say(engine: Engine, when: str, number: str = FIRST, verified: bool = False, **values: str) -> None:
    """A person's word about a lead at a local time."""
    judge(
        engine,
        Word(number, values, verified),
        CONFIG,
        Order("linruoxi", "问过客户", at(when), at(when), "Asia/Shanghai"),
    )


def clocks(engine: Engine, policy: str | None = None, number: str | None = FIRST) -> pd.DataFrame:
    """The clocks of a lead in local time, oldest first: of one rule, or all."""
    with engine.connect() as conn:
        found = read_frame(
            conn,
            "SELECT c.id, c.policy, c.person, c.started_at, c.due_at, c.target, c.basis, c.paused_at, c.pauses,"
            " c.next_at, c.step, c.breached_at, c.ended_at, c.ending, c.used_minutes, c.over_minutes, l.number"
            " FROM clock c JOIN lead l ON l.id = c.lead_id ORDER BY c.started_at, c.id",
        )
    for name in [name for name in found if name.endswith("_at")]:
        found[name] = found[name].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.strftime("%Y-%m-%dT%H:%M")
    found = found.astype("object").where(found.notna(), None)
    kept = pd.Series(True, index=found.index)
    for name, value in (("policy", policy), ("number", number)):
        kept &= True if value is None else found[name] == value
    return found[kept].reset_index(drop=True)


def clock(engine: Engine, policy: str, number: str = FIRST) -> dict[str, Any]:
    """The newest clock of one rule of a lead."""
    return clocks(engine, policy, number).iloc[-1].to_dict()


def steps(engine: Engine, state: str = "fired") -> list[tuple[str, str, str, str]]:
    """The steps in the order in which they fired: lead, rule, kind, recipient."""
    with engine.connect() as conn:
        found = read_frame(
            conn,
            "SELECT l.number, c.policy, e.kind, e.recipient FROM escalation e JOIN clock c ON c.id = e.clock_id"
            " JOIN lead l ON l.id = c.lead_id WHERE e.state = :state ORDER BY e.id",
            state=state,
        )
    return list(found.itertuples(index=False, name=None))


def away(person: str, first: str, last: str, config: Config = CONFIG) -> Config:
    """The configuration with somebody's leave."""
    leave = (Leave.model_validate({"from": first, "to": last}),)
    people = tuple(one.model_copy(update={"leave": leave}) if one.id == person else one for one in config.roster.people)
    return config.model_copy(update={"roster": Roster(people=people, teams=config.roster.teams)})


def with_rule(tmp_path: Path, text: str) -> Config:
    """The shipped rules with a company's own sla.yaml laid over."""
    (tmp_path / "rules").mkdir(parents=True, exist_ok=True)
    (tmp_path / "rules" / "sla.yaml").write_text(text, encoding="utf-8")
    return load_config(tmp_path)
