"""A channel that used to bring leads and has stopped is reported once, by its own usual interval."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from config.schema import Channel
from config.settings import Settings
from flows.watching import watch_channels
from models import Message
from models.db import make_engine
from tasks.quiet import quiet_channels
from tests.kept import put_tables
from tests.prepared import CONFIG, settle

FIRST = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
ZHANG = {"company": "甲厂", "name": "张伟", "mobile": "13812340001"}


def config_with(contact: str | None = None):
    channels = {"default": Channel(name="default"), "expo": Channel(name="expo", contact=contact)}
    return CONFIG.model_copy(update={"channels": channels})


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(_env_file=None, home=tmp_path)


@pytest.fixture
def engine(settings):
    put_tables(settings.home / "leadflow.db")
    made = make_engine(settings.database_url)
    yield made
    made.dispose()


def arrive(engine, *days: int, channel: str = "expo") -> None:
    for day in days:
        settle(engine, ZHANG, file=f"{channel}{day}.csv", channel=channel, as_of=FIRST + timedelta(days=day))


def silent(engine, day: int) -> list[str]:
    at = FIRST + timedelta(days=day)
    return [one.channel for one in quiet_channels(engine, config_with(), CONFIG.rules, at, Settings().zone)]


def test_it_is_measured_by_its_own_usual_interval(engine):
    arrive(engine, 0, 2, 4, 6, 8)
    arrive(engine, 0, 7, 14, 21, channel="default")
    assert silent(engine, 14) == [], "three times two days are not over"
    assert silent(engine, 15) == ["expo"]
    assert silent(engine, 42) == ["expo"]
    assert silent(engine, 43) == ["default", "expo"]


def test_a_daily_channel_may_be_silent_for_a_weekend(engine):
    arrive(engine, 0, 1, 2, 3, 4)
    assert silent(engine, 7) == []
    assert silent(engine, 8) == ["expo"]


def test_a_channel_of_few_days_has_no_usual_interval(engine):
    arrive(engine, 0, 1, 2)
    assert silent(engine, 60) == []


def test_several_files_of_one_day_are_one_arrival(engine):
    arrive(engine, 0, 1, 2)
    settle(engine, ZHANG, file="again.csv", channel="expo", as_of=FIRST + timedelta(days=2, hours=1))
    assert silent(engine, 60) == []


def messages(engine) -> list[tuple[str, str]]:
    with engine.connect() as conn:
        return [(row.recipient, row.address) for row in conn.execute(select(Message).order_by(Message.id))]


def test_contact_and_supervisors_are_told_once_a_silence(engine, settings):
    config = config_with("marketing@example.com")
    arrive(engine, 0, 1, 2, 3)
    first = watch_channels(settings, config, FIRST + timedelta(days=10))
    told = messages(engine)
    assert first.letters == len(told) > 1
    assert told[0] == ("expo", "marketing@example.com")
    assert {person for person, _ in told[1:]} == {
        person.id for person in config.roster.people if person.role == "supervisor" and person.active
    }
    assert watch_channels(settings, config, FIRST + timedelta(days=11)).letters == 0
    arrive(engine, 12)
    assert watch_channels(settings, config, FIRST + timedelta(days=13)).letters == 0
    assert watch_channels(settings, config, FIRST + timedelta(days=30)).letters == len(told)
