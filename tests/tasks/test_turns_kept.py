"""Turns as they are stored: who comes into the roster or is deleted from it begins nothing anew for the others."""

from collections import Counter

from sqlalchemy import Engine, insert

from config.people import Roster
from config.schema import Config
from models import Share
from models.db import begin, read_frame
from tasks.rules.share import Standing
from tasks.standings import read_turns
from tests.prepared import settle
from tests.tasks.promised import CONFIG, at

SENIORS = ("a", "b", "c")


def staffed(*people: str) -> Config:
    """The shipped rules with these seniors alone."""
    usual = next(one for one in CONFIG.roster.people if one.role == "senior")
    said = {"regions": (), "industries": (), "deputy": None, "reports_to": None, "leave": ()}
    made = tuple(usual.model_copy(update={"id": one, "name": one, "email": f"{one}@example.com"} | said)
                 for one in people)  # fmt: skip
    return CONFIG.model_copy(update={"roster": Roster(people=made, teams=CONFIG.roster.teams)})


def test_the_roster_changes_with_each_lead_and_everybody_has_his_share(engine: Engine) -> None:
    rosters = [staffed(*SENIORS), staffed(*SENIORS, "guest"), staffed("b", "c")]
    due: Counter[str] = Counter()
    for number in range(18):
        config = rosters[number % 3]
        people = [one.id for one in config.roster.people]
        row = {"company": f"{number}公司", "name": f"王{number}", "mobile": f"1390000{number:04}"}
        settle(engine, row, file=f"{number}.csv", config=config, as_of=at(f"2024-03-{11 + number // 4}T10:{number:02}"))
        due.update({one: 12 // len(people) for one in people})
    with engine.connect() as conn:
        had = Counter(read_frame(conn, "SELECT owner FROM lead")["owner"])
        kept = read_frame(conn, "SELECT name, detail FROM share WHERE name LIKE 'A-GRADE-B/senior%'")
    assert all(abs(had[one] - due[one] / 12) < 2 for one in ("b", "c")), had
    # whoever is deleted each time, or new each time, has what came to him while he was there
    assert 2 <= had["a"] <= 5
    assert 1 <= had["guest"] <= 3
    assert len(kept) == 4, "three sets of people, and what the role's people are owed"


def test_a_standing_stored_before_anything_was_owed_goes_on(engine: Engine) -> None:
    rows, when = '[["a", 100, 3], ["b", 200, 6]]', at("2024-03-11T10:00")
    stored = {"id": 1, "name": "A-GRADE-B/senior/1", "detail": rows, "at": when}
    with begin(engine) as conn:
        conn.execute(insert(Share).values(stored))
        found = read_turns(conn, when.date()).standings["A-GRADE-B/senior/1"]
    assert found == Standing(("a", "b"), (100, 200), (3, 6))
