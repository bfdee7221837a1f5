"""The loop beside the web application: it settles by itself, and whenever it is killed each post becomes a row once."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.loader import load_config
from config.settings import Settings
from flows.posting import opened_desk, sweep_posts
from flows.up import told_of
from tasks.posts.inbox import NewPost
from tests.posts.asked import ask
from tests.posts.looping import post_loop
from tests.warm import Warm

ROOT = Path(__file__).parents[2]
CONFIG = load_config()
pytestmark = pytest.mark.kill


@pytest.fixture
def settings(tmp_path: Path, any_url: str) -> Settings:
    return Settings(_env_file=None, home=tmp_path / "home", database_url=any_url)


def loop(settings: Settings) -> subprocess.Popen[bytes]:
    """Start the loop."""
    told = {**os.environ, "PYTHONPATH": str(ROOT), **told_of(settings)}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.post_loop"], env=told, cwd=settings.home.parent, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def put(settings: Settings, *numbers: int) -> None:
    now = datetime.now(UTC)
    with opened_desk(settings, CONFIG, now) as desk:
        for number in numbers:
            fields = {
                "contact": "李明",
                "company": f"杭州{number}号有限公司",
                "phone": f"138{number:08d}",
                "need": "采购产线",
            }
            desk.inbox.put(NewPost("website", f"m{number}", {"fields": fields}), now)


def told(settings: Settings) -> bool:
    return ask(settings, "SELECT count(*) FROM message WHERE kind = 'new_leads'")[0][0] > 0


def until(holds, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("place", ["in-transaction:1", "post-settled:1", "telling:1"])
def test_a_loop_that_is_killed_leaves_each_post_to_the_next(settings: Settings, place: str) -> None:
    put(settings, 1, 2, 3)
    code, said = Warm([], settings.home.parent, told_of(settings) | {"LEADS_STOP_AT": place}, post_loop).ended(60)
    assert code == -signal.SIGKILL, said
    put(settings, 4)
    sweep_posts(settings, CONFIG, datetime.now(UTC))
    rows = ask(settings, "SELECT count(*), count(DISTINCT external_id) FROM submission")
    assert rows == [(4, 4)]
    assert ask(settings, "SELECT count(*) FROM lead WHERE owner IS NOT NULL") == [(4,)]
    assert told(settings)


def test_a_post_that_is_not_kept_is_not_there(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path / "home")
    put(settings)
    code = (
        "from datetime import datetime, UTC\nfrom config.settings import get_settings\n"
        "from models.db import make_engine\nfrom tasks.posts.inbox import NewPost, open_inbox\n"
        "s = get_settings()\ninbox = open_inbox(s, make_engine(s.database_url))\n"
        "inbox.put(NewPost('website', 'm', {}), datetime.now(UTC))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), **told_of(settings), "LEADS_STOP_AT": "post-kept:1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=tmp_path, check=False, stderr=subprocess.DEVNULL)
    assert done.returncode == -signal.SIGKILL
    with opened_desk(settings, CONFIG, datetime.now(UTC)) as desk:
        assert desk.inbox.counts() == {}


def test_the_loop_settles_by_itself_and_ends_with_its_parent(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path / "home")
    put(settings, 1)
    running = loop(settings)
    try:
        until(lambda: told(settings))
        put(settings, 2)
        until(lambda: ask(settings, "SELECT count(*) FROM lead") == [(2,)])
        assert running.stdin
        running.stdin.close()
        assert running.wait(20) == 0
    finally:
        running.kill()
        running.wait()
