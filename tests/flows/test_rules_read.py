"""No rule pretends: what a value rule says is asked for while the main job runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from config.loader import load_config
from config.schema import Config, Rules
from config.settings import get_settings
from flows.feeding import pull_feeds
from flows.intake import take_in
from flows.keeping import keep_leads
from flows.planning import plan_day
from flows.posting import sweep_posts
from flows.request import Request
from flows.review_faults import tell_operations
from flows.reviewing import build, due, open_review
from flows.sweeping import escalate_promises
from flows.watching import watch_channels
from flows.working_day import begin_day
from models.db import make_engine
from tasks.acknowledge import acknowledge
from tasks.closing import close
from tasks.follow_ups import Said, record_follow_ups
from tasks.gather import gather
from tasks.orders import Order
from tasks.outbox import send_pending
from tasks.pool import claim, give_back
from tasks.posts.hand import entered_by_others
from tasks.quality import measure
from tasks.rules.reviews.spans import read_span
from web.app import make_desk
from web.internal import internal_app

SAMPLES = Path(__file__).parents[2] / "samples"


# a word of job seekers in the name of a product: rare enough that the samples have none
_RARE = "公司名称,联系人,电话,需求描述\n杭州澄屿机械有限公司,季若谷,13955501234,采购简历智能解析系统\n"


def _into_the_pool_and_out(config: Config, now: datetime) -> None:
    engine = make_engine(get_settings().database_url)
    with engine.connect() as conn:
        number, owner = conn.execute(text("SELECT number, owner FROM lead WHERE owner IS NOT NULL")).first()
    later = now + timedelta(days=30)
    give_back(engine, number, config, Order(owner, "区域调整", now, now, "Asia/Shanghai"))
    claim(engine, number, config, Order(owner, "", later, later, "Asia/Shanghai"))


def test_every_value_rule_is_read_by_the_main_job(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_BASE_URL", "https://leads.example.com")
    asked: set[str] = set()
    value = Rules.value

    def noting(rules: Rules, rule_id: str) -> Any:
        asked.add(rule_id)
        return value(rules, rule_id)

    config = load_config()
    # with somebody to send receipts to
    known = {name: one.model_copy(update={"contact": "marketing@example.com"}) for name, one in config.channels.items()}
    config = config.model_copy(update={"channels": known})
    monkeypatch.setattr(Rules, "value", noting)
    (tmp_path / "rare.csv").write_text(_RARE, encoding="utf-8")
    for channel, folder in (("default", SAMPLES / "default"), ("expo", SAMPLES / "expo"), ("default", tmp_path)):
        files = tuple(sorted(folder.glob("*.csv")))
        assert files
        take_in(Request(files, channel, datetime(2024, 3, 18, 1, 0, tzinfo=UTC)), get_settings(), config)
    # the daily look at what should have arrived, and what is asked about it
    now = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)
    watch_channels(get_settings(), config, now)
    pull_feeds(get_settings(), config, now)
    # what is promised: a follow-up, what is due a week later, and a notice that somebody has seen
    engine = make_engine(get_settings().database_url)
    ahead = {"next_action": "发送案例", "next_at": now + timedelta(days=2)}
    said = Said("XL202403001", "linruoxi", now, "电话", "通话", **ahead)
    record_follow_ups(engine, [said], config, Order("linruoxi", "", now, now, "Asia/Shanghai"))
    week = now + timedelta(days=7)
    escalate_promises(get_settings(), config, week)
    with engine.connect() as conn:
        fired = "SELECT l.number, e.recipient FROM escalation e JOIN clock c ON c.id = e.clock_id JOIN lead l ON"
        fired += " l.id = c.lead_id WHERE e.state = 'fired' AND c.next_at IS NOT NULL LIMIT 1"
        number, person = conn.execute(text(fired)).one()
    assert acknowledge(engine, number, person, config, week, "Asia/Shanghai").waiting
    # nothing is left to send, so no server is asked
    posting = get_settings(mail_mode="redirect:all@example.com", smtp_url="smtp://127.0.0.1:9?from=leads@example.com")
    assert send_pending(engine, posting, now, config.rules) == {}
    with make_engine(get_settings().database_url).connect() as conn:
        measure(conn, config.rules, get_settings().zone, now, ("team",))
    # what managers read of it
    engine = make_engine(get_settings().database_url)
    review = open_review(engine, get_settings(), config, read_span("monthly", "2024-02"), now)
    build(review)
    tell_operations(engine, review, "refused", [])
    due(engine, get_settings(), config, now)
    begin_day(get_settings(), config, now)
    plan_day(get_settings(), config, now)
    _into_the_pool_and_out(config, now)
    # what becomes of a lead: nights, and its end
    later = now + timedelta(days=40)
    keep_leads(get_settings(), config, later)
    close(engine, "XL202403001", "lost", {}, config, Order("linruoxi", "", later, later, "Asia/Shanghai"))
    # what arrives by itself, what somebody types in, and what is looked at of it
    sweep_posts(get_settings(), config, now)
    gather(engine, config.rules, now, "zh_CN", working=True)
    entered_by_others("行业展会", config.roster.people[0], config, "zh_CN")
    desk = make_desk(get_settings(), config, engine)
    assert TestClient(internal_app(desk), base_url="http://127.0.0.1").get("/spot").status_code == 200
    # a rule of one choice is a sentence that stands by what people decided
    rules = [rule for rules in config.rules.values.values() for rule in rules if rule.choices != (True,)]
    assert {rule.id for rule in rules} - asked == set()
