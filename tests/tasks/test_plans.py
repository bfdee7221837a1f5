"""Plans of the next working day: prefilled, confirmed once, edited, told to supervisors, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from config.schema import Config
from config.settings import Settings
from flows.planning import plan_day
from models.audit import audit
from models.db import read_frame
from tasks.orders import Order, OrderError
from tasks.plan_letters import Standing, standings
from tasks.plans import CONFIRMED, Edited, confirm, current, foreseen
from tasks.pool import give_back
from tests.tasks.promised import CONFIG, FIRST, ZONE, A, arrive, at, away, follow_up

FRIDAY, MONDAY, TUESDAY = "2024-03-15", "2024-03-18", "2024-03-19"
OWNER, BOSS, DEPUTY, SECOND = "linruoxi", "zhengkai", "hanzhiyuan", "XL202403002"
B = {"company": "乙公司", "name": "李四", "mobile": "13800002222", "chain_state": "complete", "urgency_state": "urgent"}


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    url = engine.url.render_as_string(hide_password=False)
    return Settings(_env_file=None, home=tmp_path, database_url=url, base_url="https://leads.example.com")


@pytest.fixture(autouse=True)
def _all_fits_together(engine: Engine):
    yield
    with engine.connect() as conn:
        assert audit(conn) == []


def mails(engine: Engine, kind: str) -> list[str]:
    with engine.connect() as conn:
        found = read_frame(conn, "SELECT recipient FROM message WHERE kind = :kind ORDER BY id", kind=kind)
    return found["recipient"].tolist()


def order(when: str, by: str = OWNER) -> Order:
    return Order(by, "plan", at(when), at(when), "Asia/Shanghai")


def stands(engine: Engine, when: str, person: str = OWNER, config: Config = CONFIG) -> Standing:
    with engine.connect() as conn:
        day = foreseen(conn, config, at(when), "Asia/Shanghai")
        return next(one for one in standings(conn, day, config, at(when), ZONE) if one.person.id == person)


def items(engine: Engine, when: str, person: str = OWNER, config: Config = CONFIG) -> dict[str, tuple]:
    with engine.connect() as conn:
        day = foreseen(conn, config, at(when), "Asia/Shanghai")
        found, _ = current(conn, day, person, config, at(when))
    return {row.number: (row.section, bool(row.kept)) for row in found.itertuples()}


def test_plans_come_within_the_last_working_hour_once_and_never_on_a_day_off(engine, settings) -> None:
    arrive(engine, A)  # a Friday; it is due on Monday
    assert plan_day(settings, CONFIG, at(f"{FRIDAY}T16:59")).letters == {}
    first = plan_day(settings, CONFIG, at(f"{FRIDAY}T17:00"))
    assert first.letters == {"day_plan": 1}
    assert first.plans == sum(one.role not in ("marketing", "admin") for one in CONFIG.roster.people)
    assert plan_day(settings, CONFIG, at(f"{FRIDAY}T17:05")).letters == {}
    assert plan_day(settings, CONFIG, at(f"{FRIDAY}T17:45")).letters == {"day_plan_team": 1}
    assert plan_day(settings, CONFIG, at(f"{FRIDAY}T17:50")).letters == {}
    for late in (f"{FRIDAY}T18:00", f"{FRIDAY}T22:00", "2024-03-16T17:30", "2024-03-17T17:50"):
        assert plan_day(settings, CONFIG, at(late)).letters == {}, late
    assert (mails(engine, "day_plan"), mails(engine, "day_plan_team")) == ([OWNER], [BOSS])
    with engine.connect() as conn:
        [html] = read_frame(conn, "SELECT html FROM message WHERE kind = 'day_plan'")["html"]
        days = read_frame(conn, "SELECT DISTINCT day_on FROM plan")["day_on"]
    assert "https://leads.example.com/d/" in html
    assert [str(day)[:10] for day in days] == [MONDAY]
    assert items(engine, f"{FRIDAY}T17:05") == {FIRST: ("due", True)}


def told(engine: Engine, settings: Settings, when: str) -> int:
    return plan_day(settings, CONFIG, at(when)).letters["day_plan_team"]


def test_a_digest_missed_by_downtime_comes_once_within_working_hours_as_it_now_applies(engine, settings) -> None:
    arrive(engine, A, on=f"{FRIDAY}T10:00")
    assert told(engine, settings, f"{FRIDAY}T10:05") == 0, "who begins today has missed none"
    assert told(engine, settings, f"{FRIDAY}T17:50") == 1
    # down from Monday's plan until Wednesday, before work
    plan_day(settings, CONFIG, at(f"{MONDAY}T17:00"))
    confirm(engine, OWNER, Edited([FIRST]), CONFIG, order(f"{MONDAY}T17:10"), on=at(f"{TUESDAY}T09:00").date())
    wednesday = "2024-03-20"
    for closed in (f"{TUESDAY}T21:00", f"{wednesday}T08:00", f"{wednesday}T12:30"):
        assert told(engine, settings, closed) == 0, closed
    follow_up(engine, f"{wednesday}T09:10")
    assert told(engine, settings, f"{wednesday}T09:20") == 1
    for later in (f"{wednesday}T09:25", f"{wednesday}T14:00"):
        assert told(engine, settings, later) == 0, later
    with engine.connect() as conn:
        found = read_frame(conn, "SELECT subject, text FROM message WHERE kind = 'day_plan_team' ORDER BY id")
    assert len(found) == 2, "Monday's own digest is of no use any more"
    assert wednesday in found["subject"][1]
    # Tuesday's plan was not done on Tuesday, whatever came later
    assert f"林若溪 在 {TUESDAY} 计划内未跟进：{FIRST}" in found["text"][1]
    # the one of the same evening is another
    arrive(engine, B, on=f"{wednesday}T15:00", file="b.csv")
    assert told(engine, settings, f"{wednesday}T17:50") == 1
    assert told(engine, settings, "2024-03-21T09:00") == 0


def test_a_dry_run_leaves_nothing(engine, settings) -> None:
    arrive(engine, A)
    assert plan_day(settings, CONFIG, at(f"{FRIDAY}T12:00"), always=True, dry_run=True).letters["day_plan"] == 1
    with engine.connect() as conn:
        assert read_frame(conn, "SELECT id FROM plan").empty
    assert mails(engine, "day_plan") == []


def test_a_plan_is_confirmed_once_and_edited_by_a_new_one(engine, settings) -> None:
    arrive(engine, A, B)
    plan_day(settings, CONFIG, at(f"{FRIDAY}T17:00"))
    assert stands(engine, f"{FRIDAY}T17:10").state == "proposed"
    for expected in (True, False):
        day, _, new = confirm(engine, OWNER, None, CONFIG, order(f"{FRIDAY}T17:20"))
        assert (str(day), new) == (MONDAY, expected)
    assert stands(engine, f"{FRIDAY}T17:30").state == CONFIRMED
    with engine.connect() as conn:
        owners = dict(read_frame(conn, "SELECT number, owner FROM lead").itertuples(index=False, name=None))
    mine = [number for number, owner in owners.items() if owner == OWNER]
    edited = Edited([], mine, {mine[0]: "下午再说"})
    confirm(engine, OWNER, edited, CONFIG, order(f"{FRIDAY}T17:40"))
    after = stands(engine, f"{FRIDAY}T17:45")
    assert (after.planned, after.left) == (0, tuple(mine))
    # as it stood before, whatever came later
    assert stands(engine, f"{FRIDAY}T17:30").left == ()
    with engine.connect() as conn:
        states = read_frame(conn, "SELECT state, until FROM plan WHERE person = :person ORDER BY id", person=OWNER)
    assert states["until"].isna().tolist() == [False, False, True]


def test_only_ones_own_open_leads_can_be_planned_and_only_for_today_or_the_next_working_day(engine, settings) -> None:
    arrive(engine, A)
    with pytest.raises(OrderError, match="no open lead of linruoxi: XL202403009, XL202403008"):
        confirm(engine, OWNER, Edited([FIRST, "XL202403009", "XL202403008"]), CONFIG, order(f"{FRIDAY}T17:00"))
    with pytest.raises(OrderError, match="not for 2024-03-19"):
        confirm(engine, OWNER, None, CONFIG, order(f"{FRIDAY}T17:00"), on=at(f"{TUESDAY}T09:00").date())
    by_another = order(f"{FRIDAY}T17:00", by="tangyue")
    with pytest.raises(OrderError, match="this plan is linruoxi's: tangyue may not say so"):
        confirm(engine, OWNER, None, CONFIG, by_another)
    config = away(OWNER, MONDAY, MONDAY)
    with pytest.raises(OrderError, match="does not work"):
        confirm(engine, OWNER, None, config, order(f"{FRIDAY}T17:00"))


def test_who_is_away_gets_none_and_his_leads_stand_in_his_deputys_plan(engine, settings) -> None:
    arrive(engine, A)
    config = away(OWNER, MONDAY, MONDAY)
    assert plan_day(settings, config, at(f"{FRIDAY}T17:00")).letters == {"day_plan": 1}
    assert mails(engine, "day_plan") == [DEPUTY]
    assert items(engine, f"{FRIDAY}T17:05", DEPUTY, config) == {FIRST: ("due", True)}
    assert stands(engine, f"{FRIDAY}T17:05", OWNER, config).state == "away"


def test_who_is_away_today_is_not_mailed(engine, settings) -> None:
    arrive(engine, A)
    config = away(OWNER, FRIDAY, FRIDAY)
    assert plan_day(settings, config, at(f"{FRIDAY}T17:00")).letters == {}
    assert items(engine, f"{FRIDAY}T17:05", OWNER, config) == {FIRST: ("due", True)}


def test_what_falls_due_after_the_plan_was_confirmed_is_left_out_until_it_is_added(engine, settings) -> None:
    confirm(engine, OWNER, None, CONFIG, order(f"{FRIDAY}T15:00"))
    arrive(engine, A, on=f"{FRIDAY}T16:00")
    assert stands(engine, f"{FRIDAY}T17:00").left == (FIRST,)
    assert items(engine, f"{FRIDAY}T17:00")[FIRST] == ("due", True), "the page offers it"
    confirm(engine, OWNER, None, CONFIG, order(f"{FRIDAY}T17:10"))
    assert stands(engine, f"{FRIDAY}T17:20").left == ()


def test_what_was_done_of_todays_plan_comes_from_its_follow_ups(engine, settings) -> None:
    arrive(engine, A)
    confirm(engine, OWNER, None, CONFIG, order(f"{FRIDAY}T17:00"))
    before = stands(engine, f"{MONDAY}T12:00")
    assert (before.done, before.of, before.undone) == (0, 1, (FIRST,))
    follow_up(engine, f"{MONDAY}T14:00")
    after = stands(engine, f"{MONDAY}T17:00")
    assert (after.done, after.of, after.undone) == (1, 1, ())
    assert stands(engine, f"{MONDAY}T13:00").done == 0, "as of a moment before"


def test_a_lead_that_went_to_somebody_else_is_in_nobodys_way(engine, settings) -> None:
    arrive(engine, A)
    confirm(engine, OWNER, None, CONFIG, order(f"{FRIDAY}T17:00"))
    given = Order(OWNER, "区域调整", at(f"{MONDAY}T09:10"), at(f"{MONDAY}T09:10"), "Asia/Shanghai")
    give_back(engine, FIRST, CONFIG, given)
    assert stands(engine, f"{MONDAY}T17:00").of == 0
    with engine.connect() as conn:
        today = foreseen(conn, CONFIG, at(f"{MONDAY}T10:00"), "Asia/Shanghai", at(f"{MONDAY}T10:00").date(), OWNER)
        assert current(conn, today, OWNER, CONFIG, at(f"{MONDAY}T10:00"))[0].empty
