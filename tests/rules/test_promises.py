"""Each promise over real calendars: named cases, changes that keep the used time, who hears, and what overlays say."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from config.loader import load_config
from config.people import Leave, Person, Roster
from tasks.calendar import read_year
from tasks.rules.calendars import Calendars, Days
from tasks.rules.due import NEVER, Reckoner, add_pause, written
from tasks.rules.ladder import look, next_look
from tasks.rules.lifecycle.pauses import pause_spans
from tasks.rules.lifecycle.records import noted, told
from tasks.rules.promises import promised, targets_of, week_of_last
from tasks.rules.recipients import Ladderers
from tasks.rules.statutory import statutory
from tests.named_cases import each
from tests.rules.lifecycle_cases import local, moment, records

CONFIG = load_config()
RULES = CONFIG.rules.at(date(2025, 9, 1))
ZONE = "Asia/Shanghai"
YEARS = statutory(range(2023, 2029))
DAYS = Days.of(
    2023, [day for year in YEARS for day in year.off], [day for year in YEARS for day in year.made_up],
    {year.year: year.basis for year in YEARS},
)  # fmt: skip
OWNER = {"id": "o", "name": "甲", "role": "senior", "team": "组", "email": "o@example.com"}


def reckoner(half_days: tuple[str, ...] = (), leave: tuple[dict[str, Any], ...] = ()) -> Reckoner:
    rules = RULES.model_copy(
        update={
            "values": RULES.values
            | {
                "sla": tuple(
                    rule.model_copy(update={"value": half_days}) if rule.id == "K-HALF-DAYS" else rule
                    for rule in RULES.values["sla"]
                )
            }
        }
    )
    person = Person.model_validate({**OWNER, "leave": leave})
    return Reckoner(Calendars.of(DAYS, rules, Roster(people=(person,))), ZONE)


def times(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[s]")


def texts(*said: str) -> np.ndarray:
    return np.array(said, dtype=object)


def shown(local: np.ndarray) -> list[str | None]:
    return [None if np.isnat(one) else str(np.datetime_as_string(one, unit="m")) for one in local]


@each("sla")
def test_a_promise_falls_due_as_its_case_says(case: dict[str, Any]) -> None:
    rule = next(one for one in RULES.sla if one.id == case["rule"])
    leave = [{"from": one, "to": two} for one, two in case.get("away", ())]
    if "away_hours" in case:
        day, hours = case["away_hours"]
        leave.append({"from": day, "to": day, "hours": hours})
    clock = reckoner(tuple(case.get("half_days", ())), tuple(leave))
    started = clock.utc(times(case["started"]))
    lead = pd.DataFrame({"grade": [case.get("grade", "B")], "tier": [None], "source": [None]}, dtype="str")
    target = targets_of(lead, rule) if rule.targets else texts("promised")
    if "contacts" in case:
        target = week_target(case, rule, lead)
    if case["due"] is None:
        assert target.tolist() == [""]
        return
    key = clock.calendars.keys(pd.Series(["o"]), [rule.hours])
    pauses = add_pause(texts(""), *(clock.utc(times(side)) for side in case["pause"])) if "pause" in case else texts("")
    if rule.watches == "next_action":
        due = clock.utc(times(case["promised"]))
    else:
        due = clock.due(started, target, key, pauses)
    assert shown(clock.local(due)) == [case["due"]]
    steps = [clock.step(due, started, key, step.before, step.after) for step in rule.ladder]
    if "steps" in case:
        assert [shown(clock.local(one))[0] or "–" for one in steps] == case["steps"]
    assert (clock.basis(due) == ["official"]).all()


def week_target(case: dict[str, Any], rule: Any, lead: pd.DataFrame) -> np.ndarray:
    """The target of a lead that came at a time, after its contacts of which the last is the start."""
    rows = noted(records([f"{one} a" for one in case["contacts"]]), RULES)
    said = told(rows, pause_spans(rows, RULES, ZONE), ZONE).reset_index()
    assert local(said["last_contact_at"].iloc[0]) == case["started"]
    never = {name: pd.Series(pd.NaT, dtype="datetime64[us]") for name in ("verified_at", "owner_since", "closed_at")}
    came = pd.Series([moment(case.get("came", "2024-01-02T09:00"))])
    facts = pd.concat([lead, said], axis=1).assign(opened_at=came, owner="o", verdict="valid", **never)
    facts["week_from"] = week_of_last(facts, ZONE)
    return promised(facts, rule, RULES).target


def test_the_calendar_agrees_with_what_was_announced() -> None:
    """As the State Council announced them; both packages and the days made of them say the same."""
    off = {date(2025, 10, day) for day in range(1, 9)} | {date(2026, 2, day) for day in range(15, 24)}
    made_up = {date(2025, 9, 28), date(2025, 10, 11), date(2026, 2, 14), date(2026, 2, 28), date(2026, 1, 4)}
    zero = np.datetime64(DAYS.first)
    assert not any(DAYS.working[(np.datetime64(day) - zero).astype(int)] for day in off)
    assert all(DAYS.working[(np.datetime64(day) - zero).astype(int)] for day in made_up)
    assert [year.disputed for year in YEARS] == [()] * len(YEARS)
    assert {year.year: year.basis for year in YEARS}[2026] == "official"
    assert {year.year: year.basis for year in YEARS}[2028] == "estimated"


@pytest.mark.parametrize("started", ["2025-09-06T12:00", "2025-09-06T17:00", "2025-09-07T19:00", "2025-09-05T20:00"])
def test_any_start_outside_the_frames_gives_the_same_deadline(started: str) -> None:
    """Other systems advance 24 hours and keep the time of day: Saturday 17:00 + 4 h was Tuesday 12:00."""
    clock = reckoner()
    due = clock.due(clock.utc(times(started)), texts("4 hours"), texts(""), texts(""))
    assert shown(clock.local(due)) == ["2025-09-08T14:30"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 700 * 86_400), st.integers(1, 12), st.integers(0, 20 * 86_400), st.integers(0, 9 * 86_400))
def test_a_pause_costs_no_working_time(second: int, hours: int, later: int, length: int) -> None:
    clock = reckoner()
    start = times("2025-01-01T00:00:00") + second
    target, key = texts(f"{hours} hours"), texts("")
    due = clock.due(start, target, key, texts(""))
    begin = np.minimum(start + later, due)
    pauses = add_pause(texts(""), begin, begin + length)
    moved = clock.due(start, target, key, pauses)
    assert clock.used(start, moved, key, pauses) == clock.used(start, due, key, texts("")) == hours * 3600


def clocks(**said: Any) -> pd.DataFrame:
    usual = {"started_at": "2025-09-05T09:00", "due_at": "2025-09-08T09:00", "step": 0, "key": ""}
    row = usual | said
    frame = pd.DataFrame([row])
    for name in ("started_at", "due_at", "held_until", "breached_at"):
        frame[name] = np.array([row.get(name, "NaT")], "datetime64[s]")
    return frame


FIRST = next(rule for rule in RULES.sla if rule.id == "K-FIRST")


def found(as_of: str, **said: Any) -> tuple[int, int, str | None]:
    """Which step fires at a moment (UTC), how many are behind, and when the clock is looked at next."""
    look_ = look(clocks(**said), FIRST, reckoner(), np.datetime64(as_of))
    return int(look_.fires[0]), int(look_.passed[0]), shown(look_.next_at)[0]


def test_a_ladder_fires_one_step_after_the_other() -> None:
    assert shown(next_look(clocks(), FIRST, reckoner())) == ["2025-09-08T03:30"]
    assert found("2025-09-08T03:30") == (1, 1, "2025-09-08T09:00")
    assert found("2025-09-08T09:00", step=1) == (2, 2, "2025-09-09T04:00")


def test_after_downtime_only_the_step_that_now_applies_fires() -> None:
    assert found("2025-09-10T02:00") == (4, 4, None)


def test_nothing_fires_at_night_and_the_breach_is_noted_all_the_same() -> None:
    night = look(clocks(step=1), FIRST, reckoner(), np.datetime64("2025-09-08T14:00"))
    assert (night.fires.tolist(), night.breached.tolist()) == ([0], [True])
    assert shown(night.next_at) == ["2025-09-09T01:00"]
    lunch = look(clocks(step=1, due_at="2025-09-08T04:00"), FIRST, reckoner(), np.datetime64("2025-09-08T04:30"))
    assert (lunch.fires.tolist(), shown(lunch.next_at)) == ([0], ["2025-09-08T05:30"])


def test_an_acknowledged_clock_waits_with_its_steps_not_with_its_breach() -> None:
    held = {"held_until": "2025-09-09T01:30", "step": 1}
    assert found("2025-09-08T09:00", **held) == (0, 1, "2025-09-09T01:30")
    assert found("2025-09-09T01:30", **held, breached_at="2025-09-08T09:00")[0] == 2


def people(**leave: str) -> Roster:
    def person(code: str, role: str, above: str | None, deputy: str | None = None) -> Person:
        away = (Leave(start=date(2025, 9, 1), end=date(2025, 9, 9)),) if code in leave else ()
        said = {"id": code, "name": code, "role": role, "team": "组", "email": f"{code}@example.com"}
        return Person.model_validate({**said, "reports_to": above, "deputy": deputy, "leave": away})

    return Roster(
        people=(
            person("ma", "manager", None), person("su", "supervisor", "ma", "s2"), person("s2", "supervisor", "ma"),
            person("se", "senior", "su", "re"), person("re", "representative", "su"), person("te", "tech", "ma"),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("to", "owner", "away", "hear"),
    [
        (("owner",), "se", (), [("se", None)]),
        (("owner", "supervisor"), "se", (), [("se", None), ("su", None)]),
        (("manager",), "se", (), [("ma", None)]),
        # whose superior is the owner himself hears nothing of it: it goes to who is above
        (("owner", "supervisor"), "su", (), [("su", None), ("ma", None)]),
        (("supervisor",), "ma", (), []),
        (("owner",), "se", ("se",), [("re", "se")]),
        # a deputy who is away as well: up to who is there
        (("owner",), "se", ("se", "re"), [("su", "se")]),
        (("owner", "supervisor"), "se", ("su",), [("se", None), ("s2", "su")]),
        # what nobody owns goes to those who lead
        (("owner", "supervisor"), None, (), [("su", None), ("s2", None)]),
        (("manager",), None, (), [("ma", None)]),
        (("tech", "owner"), "se", (), [("te", None), ("se", None)]),
    ],
)
def test_who_hears_of_a_step(to: tuple[str, ...], owner: str | None, away: tuple[str, ...], hear: list[Any]) -> None:
    ladderers = Ladderers(people(**dict.fromkeys(away, "")), date(2025, 9, 3))
    assert [(one.person, one.instead_of) for one in ladderers.hearers(to, owner)] == hear


def own(tmp_path: Path, text: str) -> Path:
    (tmp_path / "rules").mkdir(exist_ok=True)
    (tmp_path / "rules" / "sla.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_day_three_five_seven_ladder_is_one_entry(tmp_path: Path) -> None:
    text = """
- id: K-FIRST
  targets: [{within: {working_days: 3}}]
  ladder:
    - {step: breach, to: owner}
    - {step: escalation, after: {working_days: 2}, to: [owner, supervisor]}
    - {step: reassign, after: {working_days: 4}, to: [owner, supervisor]}
"""
    rule = next(one for one in load_config(own(tmp_path, text)).rules.sla if one.id == "K-FIRST")
    clock = reckoner()
    started = clock.utc(times("2025-09-01T10:00"))
    due = clock.due(started, texts(written(rule.targets[0].within)), texts(""), texts(""))
    steps = [clock.step(due, started, texts(""), step.before, step.after) for step in rule.ladder]
    days = [shown(clock.local(one))[0] for one in steps]
    assert days == ["2025-09-04T18:00", "2025-09-08T18:00", "2025-09-10T18:00"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: K-FIRST, targets: [{within: {hours: 2, clock_days: 1}}]}", "one of minutes"),
        ("- {id: K-FIRST, targets: []}", "every other promise has targets"),
        ("- {id: K-FIRST, weekly: {contacts: 2, days: 4}}", "only a cadence"),
        ("- {id: K-FIRST, watches: cadence, weekly: {contacts: 1, days: 4}}", "weekly.contacts"),
        ("- {id: K-FIRST, ladder: [{step: breach, to: boss}]}", "owner"),
        ("- {id: K-FIRST, ladder: [{step: reminder, to: owner}]}", "before the due time"),
        ("- {id: K-FIRST, ladder: [{step: reminder, before: {working_days: 1}, to: owner}]}", "minutes or hours"),
    ],
)
def test_a_promise_that_cannot_be_read_is_refused_where_it_stands(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        load_config(own(tmp_path, text))
    assert "K-FIRST" in str(refused.value)


def test_hours_that_are_none_are_refused(tmp_path: Path) -> None:
    for text in ('- {id: K-HOURS, value: ["9-12"]}', '- {id: K-HALF-DAYS, value: ["13 February 09:00-12:00"]}'):
        rules = load_config(own(tmp_path, text)).rules.at(date(2025, 9, 1))
        with pytest.raises(ConfigError, match="K-H"):
            Calendars.of(DAYS, rules, Roster())


def test_teams_and_people_have_hours_of_their_own() -> None:
    roster = Roster.model_validate(
        {
            "people": [OWNER, {**OWNER, "id": "p", "hours": ["10:00-12:00"]}],
            "teams": {"组": {"hours": ["08:00-12:00"]}},
        }
    )
    calendars = Calendars.of(DAYS, RULES, roster)
    keys = calendars.keys(pd.Series(["o", "o", "o", "p", None]), ["company", "team", "owner", "owner", "owner"])
    assert keys.tolist() == ["", "team:组", "team:组", "person:p", ""]
    clock = Reckoner(calendars, ZONE)
    due = clock.due(clock.utc(times(*["2025-09-03T07:00"] * 5)), texts(*["2 hours"] * 5), keys, texts(*[""] * 5))
    assert shown(clock.local(due)) == ["2025-09-03T11:00", "2025-09-03T10:00", "2025-09-03T10:00",
                                       "2025-09-03T12:00", "2025-09-03T11:00"]  # fmt: skip


def test_a_file_of_a_year_is_read_whole_or_refused(tmp_path: Path) -> None:
    from tasks.calendar import CalendarError

    path = tmp_path / "2027.json"
    day = '{"name": "元旦", "date": "2027-01-01", "isOffDay": true}'
    path.write_text(f'{{"year": 2027, "days": [{day}]}}', encoding="utf-8")
    assert read_year(path).off == {date(2027, 1, 1): "元旦"}
    for wrong, said in (
        ("[]", "year and days"),
        ("{", "no JSON"),
        ('{"year": 2027, "days": []}', "not been announced"),
        (f'{{"year": 2027, "days": [{day}, {day}]}}', "twice"),
        ('{"year": 2027, "days": [{"date": "2030-01-01", "isOffDay": true}]}', "not of 2027"),
        ('{"year": 2027, "days": [{"date": "2027-01-01", "isOffDay": "yes"}]}', "day 1"),
        ('{"year": 1990, "days": [1]}', "no year"),
    ):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(CalendarError, match=said):
            read_year(path)


def test_a_million_deadlines_are_no_loop() -> None:
    """Second by second, one span of 30 days took millions of steps elsewhere; here it is some look-ups."""
    clock = reckoner()
    start = times("2025-01-01T00:00:00") + np.arange(200_000) * 100
    none = np.full(len(start), "", dtype=object)
    due = clock.due(start, np.full(len(start), "3 working_days", dtype=object), none, none)
    assert (due > start).all()
    assert not (due == NEVER).any()
