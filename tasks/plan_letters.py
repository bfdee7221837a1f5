"""The mails about plans: each person's prefilled one, and his supervisor's digest of the team's (H1-5.2-remind)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from config.people import Person
from config.schema import Config
from config.settings import Settings
from models.db import read_frame, stored_moment
from tasks.day import Day, here_on
from tasks.day_letters import EMPTY
from tasks.day_words import words as day_words
from tasks.i18n import local_time
from tasks.letters import LISTED, Letter, render
from tasks.links import lead_links
from tasks.plan_words import words
from tasks.plans import CONFIRMED, asked_of, items_of, plans_of
from tasks.post import post_to_people
from tasks.rules.plans import done, left_out

_TOUCHED = """
SELECT DISTINCT lead_id FROM follow_up
WHERE at >= :since AND at <= :until AND recorded_at <= :until AND superseded_at IS NULL
"""


#: How what the link of a day's plan opens begins.
OPENS = "plan:"


def plan_link(day: str) -> str:
    """What the link of a day's plan says it opens."""
    return f"{OPENS}{day}"


@dataclass(frozen=True)
class Standing:
    """How one person stands with his plans: state (confirmed, proposed, none, nothing, away), how many leads are
    planned, the numbers of due leads left out, and of today's plan what was done of how many, and what was not."""

    person: Person
    state: str
    planned: int
    left: tuple[str, ...]
    done: int
    of: int
    undone: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As an answer in JSON."""
        return {
            "person": self.person.id, "state": self.state, "planned": self.planned, "left_out": list(self.left),
            "done_today": self.done, "of_today": self.of, "undone": list(self.undone),
        }  # fmt: skip


def write_plans(
    conn: Connection, day: Day, people: Sequence[str], config: Config, settings: Settings, as_of: datetime
) -> list[Letter]:
    """Put the mails of proposed plans into the outbox, to who works today; those that are there are left."""
    today = as_of.astimezone(settings.zone).date()
    here = set(here_on(conn, config, today, settings.tz)) & set(people)
    rows = asked_of(day, config)
    link = lead_links(settings, config.rules, as_of, "d")
    letters = [
        _own(person, rows[(rows["person"] == person.id).to_numpy(dtype=bool)], day, config, settings, link)
        for person in config.roster.people
        if person.id in here and ((rows["person"] == person.id).any() or config.rules.value(EMPTY))
    ]
    return post_to_people(conn, letters, config, as_of)


def write_digests(
    conn: Connection, day: Day, config: Config, settings: Settings, as_of: datetime, done_on: date | None = None
) -> list[Letter]:
    """Put the supervisors' digests of plans into the outbox, to who works today; those that are there are left.

    done_on: the day of whose plans it says what was done, where that is not today: a digest that comes late.
    """
    today = as_of.astimezone(settings.zone).date()
    here = set(here_on(conn, config, today, settings.tz))
    known = {one.person.id: one for one in standings(conn, day, config, as_of, settings.zone, done_on)}
    letters = []
    for leader in config.roster.people:
        team = [known[one.id] for one in config.roster.people if one.reports_to == leader.id and one.id in known]
        if leader.active and leader.id in here and any(one.of or one.state not in ("nothing", "away") for one in team):
            letters.append(_team(leader, team, day, settings, done_on))
    return post_to_people(conn, letters, config, as_of)


def standings(
    conn: Connection, day: Day, config: Config, as_of: datetime, zone: ZoneInfo, done_on: date | None = None
) -> list[Standing]:
    """How everybody who is active stands with the plan of a day to come and with today's, or that of a day before."""
    past_on = done_on or as_of.astimezone(zone).date()
    plans = plans_of(conn, day.on, as_of)
    items, asked = items_of(conn, plans), asked_of(day, config)
    missing = left_out(items, asked)
    midnight = datetime.combine(past_on, time(), zone)
    until = min(as_of, datetime.combine(past_on + timedelta(days=1), time(), zone))
    span = {"since": stored_moment(conn, midnight), "until": stored_moment(conn, until)}
    touched = read_frame(conn, _TOUCHED, **span)["lead_id"]
    past = done(items_of(conn, plans_of(conn, past_on, as_of)), touched)
    states = dict(zip(plans["person"], plans["state"], strict=True))
    busy = set(asked["person"])
    return [
        _standing(person, day, states.get(person.id), person.id in busy, items, missing, past)
        for person in config.roster.people
        if person.active
    ]


def _standing(
    person: Person, day: Day, stored: str | None, busy: bool, items: pd.DataFrame, missing: pd.DataFrame,
    past: pd.DataFrame,
) -> Standing:  # fmt: skip
    def mine(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[(rows["person"] == person.id).to_numpy(dtype=bool)]

    if person.id not in day.here:
        state = "away"
    elif stored == CONFIRMED:
        state = CONFIRMED
    else:
        state = (stored or "none") if busy else "nothing"
    planned, today = mine(items), mine(past)
    left = tuple(mine(missing)["number"]) if state == CONFIRMED else ()
    undone = tuple(today.loc[~today["done"].to_numpy(dtype=bool), "number"])
    return Standing(person, state, int(planned["kept"].sum()), left, len(today) - len(undone), len(today), undone)


def shown_items(rows: pd.DataFrame, config: Config, settings: Settings) -> list[dict[str, Any]]:
    """The leads of a plan as mails and pages show them."""
    w, d = words(settings.lang), day_words(settings.lang)
    plain = rows.astype("object").where(rows.notna(), None)
    shown = []
    for row in plain.to_dict("records"):
        other = config.roster.person(row["instead_of"]) if row["instead_of"] else None
        due = pd.Timestamp(row["due_at"]).to_pydatetime().replace(tzinfo=UTC) if row["due_at"] else None
        section = row["section"]
        shown.append({
            "number": row["number"], "grade": row["grade"] or "", "company": row["company"] or w["unstated"],
            "section": section, "said": w.get(f"section.{section}") or d[f"section.{section}"],
            "due": w["due"].format(due=local_time(due, settings.zone)) if due else "",
            "instead_of": w["instead_of"].format(name=other.name) if other else "",
        })  # fmt: skip
    return shown


def _own(
    person: Person, rows: pd.DataFrame, day: Day, config: Config, settings: Settings,
    link: Callable[[str, str], str] | None,
) -> Letter:  # fmt: skip
    w, on = words(settings.lang), day.on.isoformat()
    most = int(config.rules.value(LISTED))
    shown = shown_items(rows.head(most), config, settings)
    more = w["more"].format(n=len(rows) - most) if len(rows) > most else ""
    suffix = "" if len(rows) else ".empty"
    said = {
        "subject": w[f"subject{suffix}"].format(day=on, n=len(rows)), "intro": w[f"intro{suffix}"], "rows": shown,
        "more": more, "link": link(plan_link(on), person.id) if link else "", "name": person.name, "w": w,
    }  # fmt: skip
    text, html = render("day_plan", settings.lang, **said)
    return Letter(f"day_plan:{on}:{person.id}", "day_plan", person.id, str(said["subject"]), text, html)


def _team(leader: Person, team: list[Standing], day: Day, settings: Settings, done_on: date | None) -> Letter:
    w, on = words(settings.lang), day.on.isoformat()
    late = ".late" if done_on else ""
    none = sum(one.state in ("proposed", "none") for one in team)
    left = sum(len(one.left) for one in team)
    lines = [line for one in team for line in _lines(one, w, done_on)]
    rows = [
        {"name": one.person.name, "state": one.state, "said": w[f"state.{one.state}"], "planned": one.planned,
         "left": len(one.left), "done": f"{one.done}/{one.of}" if one.of else "–"}
        for one in team
    ]  # fmt: skip
    subject = w["team.subject"].format(day=on, none=none, left=left)
    said = {
        "name": leader.name, "subject": subject, "intro": w[f"team.intro{late}"].format(done=done_on), "people": rows,
        "lines": lines, "done": w[f"team.done{late}"].format(done=done_on), "w": w,
    }  # fmt: skip
    text, html = render("day_plan_team", settings.lang, **said)
    return Letter(f"day_plan_team:{on}:{leader.id}", "day_plan_team", leader.id, subject, text, html)


def _lines(one: Standing, w: Mapping[str, str], done_on: date | None, most: int = 20) -> Iterator[str]:
    """What a supervisor should ask about, by number."""
    undone = "team.undone.late" if done_on else "team.undone"
    for key, numbers in (("team.left_out", one.left), (undone, one.undone)):
        if numbers:
            said = w["list"].join(numbers[:most]) + ("…" if len(numbers) > most else "")
            yield w[key].format(name=one.person.name, numbers=said, done=done_on)
