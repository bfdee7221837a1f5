"""The morning: what a day asks of each person, mailed once to who works, to his deputy, and to his supervisor."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from config.schema import Config
from config.settings import Settings
from flows.working_day import begin_day, day_shown
from models.db import begin, read_frame
from tasks.day import Day, day_of
from tasks.day_letters import EMPTY, SELLING
from tests.tasks.promised import CONFIG, FIRST, A, arrive, at, away, follow_up

MONDAY, OWNER, BOSS = "2024-03-18T09:00", "linruoxi", "zhengkai"
TO_VERIFY = {"company": "丙公司", "name": "王五", "mobile": "13800004444", "need_state": "vague"}


def day_at(engine: Engine, on: str, config: Config = CONFIG) -> Day:
    with engine.connect() as conn:
        return day_of(conn, config, at(on), "Asia/Shanghai")


def sections(day: Day, person: str) -> list[tuple[str, str]]:
    rows = day.of(person)
    return sorted(zip(rows["number"], rows["section"], strict=True))


def test_a_new_lead_is_new_and_due_until_somebody_has_called(engine: Engine) -> None:
    arrive(engine, A)  # a Friday: its first contact is due on Monday at the same time
    assert sections(day_at(engine, MONDAY), OWNER) == [(FIRST, "due"), (FIRST, "new")]
    # the call is late, its verification is due until the evening
    late = [(FIRST, "due"), (FIRST, "new"), (FIRST, "overdue")]
    assert sections(day_at(engine, "2024-03-18T11:00"), OWNER) == late
    follow_up(engine, "2024-03-18T09:30")
    assert sections(day_at(engine, "2024-03-18T11:00"), OWNER) == []
    # an A lead is called again within three working days
    assert sections(day_at(engine, "2024-03-21T09:00"), OWNER) == [(FIRST, "due")]


def test_what_came_before_the_last_working_day_is_no_longer_new(engine: Engine) -> None:
    arrive(engine, A)
    assert ("XL202403001", "new") not in sections(day_at(engine, "2024-03-19T09:00"), OWNER)


def test_an_objection_stays_until_its_answer_is_planned(engine: Engine) -> None:
    arrive(engine, A)
    follow_up(engine, "2024-03-15T11:00", objection="担心效果")
    assert (FIRST, "objections") in sections(day_at(engine, MONDAY), OWNER)
    follow_up(engine, "2024-03-18T09:30", next_action="发案例", next_at="2024-03-20T18:00", answer="同行案例")
    assert (FIRST, "objections") not in sections(day_at(engine, "2024-03-18T10:00"), OWNER)


def test_a_lead_to_verify_is_its_owners(engine: Engine) -> None:
    arrive(engine, TO_VERIFY)
    with engine.connect() as conn:
        [owner] = read_frame(conn, "SELECT owner FROM lead")["owner"]
    assert (FIRST, "to_verify") in sections(day_at(engine, MONDAY), owner)


def mails(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as conn:
        found = read_frame(conn, "SELECT kind, recipient FROM message WHERE kind LIKE 'day%' ORDER BY id")
    return list(found.itertuples(index=False, name=None))


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    url = engine.url.render_as_string(hide_password=False)
    return Settings(_env_file=None, home=tmp_path / "home", database_url=url)


def test_owner_and_supervisor_are_mailed_once_and_nobody_on_a_day_off(engine: Engine, settings: Settings) -> None:
    arrive(engine, A)
    assert begin_day(settings, CONFIG, at("2024-03-17T09:00")).letters == {}, "a Sunday"
    assert begin_day(settings, CONFIG, at(MONDAY)).letters == {"day": 1, "day_team": 1}
    assert begin_day(settings, CONFIG, at("2024-03-18T10:30")).letters == {}
    assert mails(engine) == [("day", OWNER), ("day_team", BOSS)]


def test_a_day_off_is_said_to_be_one_and_nobody_to_be_away(engine: Engine, settings: Settings) -> None:
    arrive(engine, A)
    told = {on: day_shown(settings, None, f"{on}T10:00", send=False, dry_run=False, backfill_mail=False)
            for on in ("2024-03-16", "2024-03-15")}  # fmt: skip
    assert told["2024-03-16"].text.startswith("2024-03-16 is a day off\nlinruoxi: ")
    assert told["2024-03-15"].text.startswith("linruoxi: ")
    assert [one.data["works"] for one in told.values()] == [False, True]


def test_who_stands_in_is_mailed_for_one_on_leave(engine: Engine, settings: Settings) -> None:
    arrive(engine, A)
    config = away(OWNER, "2024-03-18", "2024-03-19")
    begin_day(settings, config, at(MONDAY))
    assert mails(engine) == [("day", "hanzhiyuan"), ("day_team", BOSS)]
    with engine.connect() as conn:
        [text] = read_frame(conn, "SELECT text FROM message WHERE kind = 'day'")["text"]
    assert "林若溪 今天不在" in text
    assert FIRST in text


def test_an_empty_day_is_mailed_where_the_rule_says_so(engine: Engine, settings: Settings) -> None:
    assert begin_day(settings, CONFIG, at(MONDAY)).letters == {}
    rules = CONFIG.rules
    said = rules.model_copy(
        update={
            "values": {
                **rules.values,
                "notices": tuple(
                    one.model_copy(update={"value": True}) if one.id == EMPTY else one
                    for one in rules.values["notices"]
                ),
            }
        }
    )
    begin_day(settings, CONFIG.model_copy(update={"rules": said}), at("2024-03-19T09:00"))
    selling = [person.id for person in CONFIG.roster.people if person.role in SELLING]
    assert mails(engine) == [("day", person) for person in selling]


def test_a_company_name_that_is_markup_stays_text(engine: Engine, settings: Settings) -> None:
    arrive(engine, A | {"company": "<script>甲</script>公司"})
    begin_day(settings, CONFIG, at(MONDAY))
    with begin(engine) as conn:
        [html] = read_frame(conn, "SELECT html FROM message WHERE kind = 'day'")["html"]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
