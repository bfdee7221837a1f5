"""Posts become leads once, whoever dies, and a bad one keeps no other back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from config.loader import load_config
from config.settings import Settings
from flows.posting import opened_desk, sweep_posts
from models.db import begin, make_engine
from tasks.posts.inbox import NewPost, open_inbox
from tests.posts.asked import ask

AS_OF = datetime(2024, 3, 18, 2, 0, tzinfo=UTC)
CONFIG = load_config()


@pytest.fixture
def settings(tmp_path: Path, any_url: str) -> Settings:
    return Settings(_env_file=None, home=tmp_path / "home", database_url=any_url)


def typed(number: int, **more: str) -> dict:
    fields = {
        "contact": "李明", "company": f"杭州澄屿{number}号机械有限公司", "phone": f"138{number:08d}",
        "need": "自动化生产线改造",
        "budget": "30-100万", "urgency": "两周内", "chain": "生产部评估，总经理审批", **more,
    }  # fmt: skip
    return {"fields": fields, "campaign": {"utm_source": "baidu", "utm_campaign": "展会"}}


def put(settings: Settings, *posts: NewPost, at: datetime = AS_OF) -> list:
    with opened_desk(settings, CONFIG, at) as desk:
        return [desk.inbox.put(post, at) for post in posts]


def test_posts_become_owned_leads_whose_owners_are_told(settings: Settings) -> None:
    kept = put(settings, *(NewPost("website", f"m{number}", typed(number)) for number in range(3)))
    assert [one.known for one in kept] == [False] * 3
    found = sweep_posts(settings, CONFIG, AS_OF)
    assert (found.posts, found.rows, found.failed, len(found.batches)) == (3, 3, 0, 1)
    rows = ask(settings, "SELECT external_id, source, source_detail, entry_team, raw FROM submission ORDER BY id")
    assert [row[0] for row in rows] == [one.reference for one in kept]
    # the campaign is kept, and what it calls itself does not become the source
    assert {row[1:4] for row in rows} == {("官网表单", "官网表单（baidu / 展会）", "市场部")}
    assert ask(settings, "SELECT DISTINCT status, grade FROM lead") == [("owned", "A")]
    assert ask(settings, "SELECT count(*) FROM message WHERE kind = 'new_leads'")[0][0] > 0
    again = sweep_posts(settings, CONFIG, AS_OF + timedelta(minutes=1))
    assert (again.posts, again.letters) == (0, 0)


def test_the_same_message_is_one_post_and_a_correction_an_update(settings: Settings) -> None:
    first, same = put(settings, NewPost("website", "m", typed(1)), NewPost("website", "m", typed(2)))
    assert same.known
    assert same.reference == first.reference
    sweep_posts(settings, CONFIG, AS_OF)
    put(settings, NewPost("website", "m2", typed(1, budget="10-30万"), reference=first.reference))
    sweep_posts(settings, CONFIG, AS_OF + timedelta(minutes=1))
    assert ask(settings, "SELECT budget_max, rows FROM lead") == [(300_000, 1)]


def test_what_was_settled_by_a_process_that_died_is_not_settled_again(settings: Settings) -> None:
    put(settings, NewPost("website", "m1", typed(1)))
    sweep_posts(settings, CONFIG, AS_OF)
    with opened_desk(settings, CONFIG, AS_OF) as desk, begin(desk.inbox.engine) as conn:
        # as it stands between the commit and the word about it
        conn.execute(text("UPDATE post SET state = 'waiting'"))
    put(settings, NewPost("website", "m2", typed(2)))
    found = sweep_posts(settings, CONFIG, AS_OF + timedelta(minutes=1))
    assert found.rows == 2
    assert ask(settings, "SELECT count(*) FROM submission") == [(2,)]


def test_a_post_of_which_nobody_can_make_rows_keeps_no_other_back(settings: Settings) -> None:
    put(settings, NewPost("website", "bad", ["no fields"]), NewPost("website", "good", typed(1)))
    found = sweep_posts(settings, CONFIG, AS_OF)
    assert (found.posts, found.failed) == (1, 1)
    assert ask(settings, "SELECT count(*) FROM lead") == [(1,)]


def test_posts_wait_for_a_channel_that_is_away(settings: Settings) -> None:
    put(settings, NewPost("gone", "m", typed(1)))
    assert sweep_posts(settings, CONFIG, AS_OF).posts == 0
    with opened_desk(settings, CONFIG, AS_OF) as desk:
        assert desk.inbox.counts() == {"gone": {"waiting": 1}}


def test_posts_are_let_go_when_their_time_is_over(settings: Settings) -> None:
    put(settings, NewPost("website", "m", typed(1)), NewPost("gone", "n", {}))
    sweep_posts(settings, CONFIG, AS_OF)
    assert sweep_posts(settings, CONFIG, AS_OF + timedelta(days=91)).dropped == 1
    with opened_desk(settings, CONFIG, AS_OF) as desk:
        assert desk.inbox.counts() == {"gone": {"waiting": 1}}


def test_the_inbox_takes_posts_while_sqlite_is_locked(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path / "home")
    with opened_desk(settings, CONFIG, AS_OF) as desk, begin(desk.engine):
        assert not desk.inbox.put(NewPost("website", "m", typed(1)), AS_OF).known
    engine = make_engine(settings.database_url)
    inbox = open_inbox(settings, engine)
    [kept] = inbox.waiting(AS_OF, 10)
    assert json.dumps(kept.body, ensure_ascii=False) == json.dumps(typed(1), ensure_ascii=False)
    inbox.close()
    engine.dispose()
