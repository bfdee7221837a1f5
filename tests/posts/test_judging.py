"""What forms brought in an hour is judged as a file would be, and the channel's contact hears of it once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from config.loader import load_config
from config.settings import Settings
from flows.judging import judge_posts
from flows.posting import opened_desk, sweep_posts
from models.db import make_engine
from tasks.posts.inbox import NewPost

AS_OF = datetime(2024, 3, 18, 2, 10, tzinfo=UTC)


def test_an_hour_of_posts_is_judged_once(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path)
    config = load_config()
    website = config.channels["website"].model_copy(update={"contact": "marketing@example.com"})
    config = config.model_copy(update={"channels": {**config.channels, "website": website}})
    with opened_desk(settings, config, AS_OF) as desk:
        for number in range(5):
            # nobody can be reached by any of them
            body = {"fields": {"company": f"杭州{number}号有限公司", "contact": "李明", "phone": "12"}}
            desk.inbox.put(NewPost("website", f"m{number}", body), AS_OF)
    sweep_posts(settings, config, AS_OF)
    assert judge_posts(settings, config, AS_OF).channels == {}
    later = AS_OF + timedelta(hours=1)
    found = judge_posts(settings, config, later)
    assert (list(found.failed), found.channels["website"].rows, found.letters) == (["website"], 5, 1)
    assert judge_posts(settings, config, later + timedelta(minutes=5)).letters == 0
    assert judge_posts(settings, config, later + timedelta(hours=1)).channels == {}
    engine = make_engine(settings.database_url)
    with engine.connect() as conn:
        [said] = conn.execute(text("SELECT text FROM message WHERE kind = 'judged'")).scalars()
    assert "5 行" in said
    assert "100%" in said
