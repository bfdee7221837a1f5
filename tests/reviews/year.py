"""A simulated year of a few hundred leads: what people did is drawn from a seed and told to leadflow in its order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from config.loader import load_config
from config.schema import Config
from models import Lead, LeadEvent, Outcome
from models.db import begin, insert_frame, make_engine, read_frame, take_ids, take_numbers, update_frame, upgrade
from tasks.follow_ups import Said, record_follow_ups
from tasks.judge import Said as Word
from tasks.judge import judge
from tasks.orders import Order, OrderError
from tasks.pool import claim, give_back
from tests.prepared import settle

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2025, 1, 6)
#: Something is told every four weeks.
LEADS, STEPS = 320, 14
TIERS = ("潜在", "意向", "高意向")
SOURCES = ("官网表单", "行业展会", "合作伙伴转介绍")
REASONS = ("竞品价格低", "预算不足", "需求取消", None)
OBJECTIONS = ("报价偏高", "担心生产效率提升不明显", "要等总部审批", "想看同行案例", "再说吧")
_EVENT = """
SELECT l.id AS lead_id, l.number, l.status, l.verdict, l.verdict_rule, l.reasons, l.grade, l.grade_rule, l.owner,
l.owner_rule, l.account_id, l.contact_id, s.raw FROM lead l JOIN submission s ON s.id = l.origin_id
WHERE l.closed_at IS NULL
"""


def config_folder(folder: Path) -> Path:
    """A company's own folder: small numbers tell sooner, and two channels cost something."""
    (folder / "rules").mkdir(parents=True)
    (folder / "channels").mkdir()
    small = "- {id: R-SMALL, value: 5}\n- {id: R-CALLS-A-DAY, value: 2}\n- {id: R-NO-PROGRESS, value: 2}\n"
    (folder / "rules" / "reviews.yaml").write_text(small + "- {id: R-UNANSWERED, value: 2}\n", encoding="utf-8")
    costs = {"fair": "  - {from: 2025-01-01, per_month: 31000}\n", "ads": "  - {per_lead: 100}\n"}
    for name, cost in costs.items():
        text = f"name: {name}\nkind: folder\ncost:\n{cost}"
        (folder / "channels" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def play(engine: Engine, config: Config, meanwhile: Callable[[date], None], seed: int = 3) -> None:
    """Tell a whole year: every four weeks the new leads, the follow-ups since, and what came of leads.

    meanwhile: is called before each of these days, when nothing of it is known yet.
    """
    world = _World(engine, config, np.random.default_rng(seed))
    for step in range(STEPS):
        day = FIRST + timedelta(weeks=4 * step)
        meanwhile(day)
        world.step(step, datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=10))


class _World:
    def __init__(self, engine: Engine, config: Config, chance: np.random.Generator) -> None:
        self.engine, self.config, self.chance, self.made = engine, config, chance, 0
        self.tier: dict[int, int] = {}

    def step(self, number: int, now: datetime) -> None:
        some = min(int(self.chance.integers(36, 60)), LEADS - self.made)
        if some > 0 and number % 2 == 0:
            self._arrive(now, some)
        leads = self._leads()
        self._follow(leads, now + timedelta(hours=3), twice=number in (4, 8))
        if number % 3 == 0:
            self._decide(leads, now + timedelta(hours=5))
        if number % 5 == 1:
            self._pool(now + timedelta(hours=6))
        self._end(now + timedelta(hours=7))

    def _arrive(self, now: datetime, count: int) -> None:
        rows = [self._row(self.made + at, now) for at in range(count)]
        self.made += count
        channel = ("fair", "ads", "default")[int(self.chance.integers(3))]
        name = f"{now:%Y%m%d}.csv"
        settle(self.engine, *rows, file=name, channel=channel, config=self.config, as_of=now.astimezone(UTC))

    def _row(self, lead: int, now: datetime) -> dict[str, Any]:
        pick = self.chance.random(8)
        row: dict[str, Any] = {
            "company": f"模拟{lead}公司", "name": f"人{lead}", "mobile": f"138{10_000_000 + lead * 7_919:08d}",
            "source": SOURCES[int(pick[0] * 3)], "industry": ("制造业", "IT服务业", "餐饮")[int(pick[1] * 3)],
            "region": ("上海市", "北京市")[int(pick[2] * 2)], "mark": ("高意向", "中", "低", None,
            None)[int(pick[3] * 5)],
            "entry_team": ("市场部", "华东组")[int(pick[4] * 2)],
            "contact_at": pd.Timestamp(now.astimezone(UTC).replace(tzinfo=None)) - pd.Timedelta(days=int(pick[5] * 9)),
        }  # fmt: skip
        if pick[6] < 0.3:
            row |= {"chain_state": "complete", "urgency_state": "urgent"}
        if pick[6] > 0.8:
            row |= {"need_state": "vague"}
        if pick[7] < 0.25:
            row |= {"issues": "C-BUDGET"}
        if lead % 40 == 39:
            # one who is known under another number: later they are one
            row |= {"phone2": f"138{10_000_000 + (lead - 20) * 7_919:08d}", "phone2_kind": "mobile"}
        return row

    def _leads(self) -> pd.DataFrame:
        with self.engine.connect() as conn:
            found = read_frame(conn, _EVENT + " AND l.verdict <> 'invalid' ORDER BY l.id")
        return found[found["owner"].notna()]

    def _follow(self, leads: pd.DataFrame, now: datetime, *, twice: bool) -> None:
        said = []
        for lead in leads.sample(frac=0.6, random_state=int(self.chance.integers(1 << 30))).to_dict("records"):
            at = now - timedelta(minutes=int(self.chance.integers(90, 36_000)))
            said.append(self._talk(lead, at))
            if twice and self.chance.random() < 0.3:
                said.append(self._talk(lead, at + timedelta(minutes=45)))
        order = Order("zhengkai", "", now.astimezone(UTC), now.astimezone(UTC), str(ZONE))
        if said:
            record_follow_ups(self.engine, said, self.config, order)

    def _talk(self, lead: dict[str, Any], at: datetime) -> Said:
        pick = self.chance.random(9)
        said = Said(
            lead["number"], lead["owner"], at.astimezone(UTC), "电话", f"沟通 {at:%m-%d %H:%M}",
            outcome="not_reached" if pick[0] < 0.4 else "answered",
        )  # fmt: skip
        if pick[1] < 0.3:
            said = replace(said, objection=OBJECTIONS[int(pick[2] * 5)], category="价格" if pick[3] < 0.1 else None)
        if pick[4] < 0.4:
            later = (at + timedelta(days=int(1 + pick[5] * 12))).astimezone(UTC)
            said = replace(said, next_action="发送案例", next_at=later)
        if pick[6] < 0.1:
            until = (at + timedelta(days=int(10 + pick[5] * 20))).astimezone(UTC)
            said = replace(said, pause_until=until, pause_kind="reactivate")
        if pick[7] < 0.15:
            said = replace(said, milestone="需求确认")
        return replace(said, support="方案评估") if pick[8] < 0.1 else said

    def _decide(self, leads: pd.DataFrame, now: datetime) -> None:
        order = Order("linruoxi", "问过客户", now.astimezone(UTC), now.astimezone(UTC), str(ZONE))
        for at, number in enumerate(leads["number"].iloc[: int(self.chance.integers(2, 4))]):
            values = {"verdict": "valid"} | ({"grade": str(self.chance.choice(["A", "B", "C"]))} if at else {})
            judge(self.engine, Word(number, values, verified=at == 0), self.config, order)

    def _pool(self, now: datetime) -> None:
        order = Order("zhengkai", "退回", now.astimezone(UTC), now.astimezone(UTC), str(ZONE))
        leads = self._leads()
        if self.chance.random() < 0.5 and len(leads):
            number = str(leads["number"].iloc[int(self.chance.integers(len(leads)))])
            give_back(self.engine, number, self.config, order)
            if self.chance.random() < 0.6:
                mine = Order(
                    "linruoxi", "领取", (now + timedelta(minutes=9)).astimezone(UTC), now.astimezone(UTC), str(ZONE)
                )
                with suppress(OrderError):  # he may not have it: it stays in the pool
                    claim(self.engine, number, self.config, mine)

    def _end(self, now: datetime) -> None:
        """Tiers go up, some leads are won or lost; a quarter is told three weeks late."""
        leads = self._leads()
        picked = leads.sample(frac=0.35, random_state=int(self.chance.integers(1 << 30)))
        moves, ends = [], []
        for lead in picked.to_dict("records"):
            at = now - timedelta(days=int(self.chance.choice([1, 25], p=[0.7, 0.3])), minutes=int(lead["lead_id"]))
            step = self.tier.get(lead["lead_id"], -1) + 1
            fate = self.chance.random()
            if fate < 0.12 or (step > 2 and fate < 0.6):
                result = "won" if self.chance.random() < 0.5 else "lost"
                ends.append((lead, at, result))
                moves.append((lead, at, "成交" if result == "won" else "流失"))
            elif step <= 2:
                self.tier[lead["lead_id"]] = step
                moves.append((lead, at, TIERS[step]))
        self._write(moves, ends, now)

    def _write(self, moves: list[Any], ends: list[Any], now: datetime) -> None:
        known = _naive(now)
        with begin(self.engine) as conn:
            if moves:
                events = pd.DataFrame([lead for lead, *_ in moves]).drop(columns=["number", "raw"])
                events = events.assign(
                    id=take_numbers(conn, "lead_event_id", len(events)), kind="tier", tier=[tier for *_, tier in moves],
                    at=[_naive(at) for _, at, _ in moves], recorded_at=known, actor="linruoxi", rules_version="1",
                    facts="", team=[self.config.roster.person(lead["owner"]).team for lead, *_ in moves],
                )  # fmt: skip
                texts = [name for name in events if events[name].dtype == object]
                insert_frame(conn, LeadEvent, events.astype(dict.fromkeys(texts, "str")))
            if ends:
                outcomes = pd.DataFrame(
                    {
                        "id": take_ids(conn, "outcome", len(ends)),
                        "lead_id": [lead["lead_id"] for lead, *_ in ends],
                        "result": [result for *_, result in ends],
                        "at": [_naive(at) for _, at, _ in ends],
                        "recorded_at": known,
                        "actor": "linruoxi",
                        "product": [("产线", "系统")[int(self.chance.integers(2))] for _ in ends],
                        "reason": pd.array([
                            REASONS[int(self.chance.integers(4))] if result == "lost" else None for *_, result in ends
                        ], dtype="str"),
                    }
                )  # fmt: skip
                insert_frame(conn, Outcome, outcomes)
                closed = {
                    "id": [lead["lead_id"] for lead, *_ in ends],
                    "closed_at": [_naive(at) for _, at, _ in ends],
                    "status": pd.array([result for *_, result in ends], dtype="str"),
                }
                update_frame(conn, Lead, pd.DataFrame(closed))


def _naive(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment.astimezone(UTC).replace(tzinfo=None)).as_unit("us")


def make(folder: Path, meanwhile: Callable[[Engine, Config, date], None]) -> Engine:
    """Make the year on SQLite, in the folder `home`; the company's folder is `company`."""
    company = config_folder(folder / "company")
    home = folder / "home"
    home.mkdir()
    url = f"sqlite:///{home / 'leadflow.db'}"
    engine = make_engine(url)
    upgrade(engine)
    config = load_config(company)
    play(engine, config, lambda day: meanwhile(engine, config, day))
    return engine
