"""The morning's mails: each person's 待跟进, and his supervisor's table of the team (H1-5.2-remind)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from config.people import Person
from config.schema import Config
from config.settings import Settings
from tasks.day import SECTIONS, Day
from tasks.day_words import words
from tasks.letters import LISTED, Letter, render
from tasks.links import lead_links
from tasks.notice_words import words as notice_words
from tasks.post import post_to_people
from tasks.rules.recipients import Ladderers

EMPTY = "N-DAY-EMPTY"
#: Whose leads have promises: the roles that are mailed their day.
SELLING = ("representative", "assistant", "senior", "supervisor", "manager", "tech")


@dataclass(frozen=True)
class _Desk:
    config: Config
    settings: Settings
    as_of: datetime
    day: Day
    link: Callable[[str, str], str] | None
    # the page of all of a person's leads
    mine: Callable[[str, str], str] | None

    @property
    def w(self) -> Mapping[str, str]:
        return words(self.settings.lang)

    def counted(self, counts: Mapping[str, int]) -> str:
        said = (self.w["count"].format(what=self.w[f"section.{name}"], n=n) for name, n in counts.items() if n)
        return self.w["list"].join(said)


def write_day(conn: Connection, day: Day, config: Config, settings: Settings, as_of: datetime) -> list[Letter]:
    """Put the mails of a day into the outbox; those that are there already are left. Gives the new ones."""
    links = (lead_links(settings, config.rules, as_of, page) for page in ("p", "m"))
    desk = _Desk(config, settings, as_of, day, *links)
    letters = [*_own(desk), *_teams(desk)]
    return post_to_people(conn, letters, config, as_of)


def _own(desk: _Desk) -> Iterator[Letter]:
    """One a person who is here; what an absent one would do goes to who stands in for him, as a mail of its own."""
    present = Ladderers(desk.config.roster, desk.day.on)
    for person in desk.config.roster.people:
        if not person.active or person.role not in SELLING:
            continue
        rows = desk.day.of(person.id)
        if person.id in desk.day.here:
            if len(rows) or desk.config.rules.value(EMPTY):
                yield _letter(desk, person, person.id, rows)
        elif len(rows):
            [*hearers] = present.hearers(["owner"], person.id)
            for hearer in hearers:
                if hearer.person in desk.day.here and hearer.person != person.id:
                    yield _letter(desk, person, hearer.person, rows)


def _letter(desk: _Desk, person: Person, recipient: str, rows: pd.DataFrame) -> Letter:
    w, day = desk.w, desk.day.on.isoformat()
    counts = desk.day.counts(person.id)
    intro = w["intro"] if len(rows) else w["intro.empty"]
    key = f"day:{day}:{person.id}"
    if recipient != person.id:
        intro, key = w["instead_of"].format(name=person.name), f"{key}:{recipient}"
    subject = w["subject"].format(day=day, counts=desk.counted(counts)) if len(rows) else w["subject.empty"]
    subject = subject.format(day=day) if not len(rows) else subject
    first = _first(rows)
    sections = [_section(desk, name, first, recipient) for name in SECTIONS if (first["section"] == name).any()]
    said = {
        "name": desk.config.roster.name_of(recipient), "subject": subject, "intro": intro, "sections": sections, "w": w,
        "mine": desk.mine("mine", recipient) if desk.mine else "",
    }  # fmt: skip
    text, html = render("day", desk.settings.lang, **said)
    return Letter(key, "day", recipient, subject, text, html)


def _first(rows: pd.DataFrame) -> pd.DataFrame:
    """Each lead once, where it is most urgent; `also`: the other sections that it belongs to."""
    ranked = rows.assign(rank=rows["section"].map({name: place for place, name in enumerate(SECTIONS)}))
    ranked = ranked.sort_values("rank", kind="stable")
    every = ranked.groupby("lead_id")["section"].agg(list)
    once = ranked.drop_duplicates("lead_id").reset_index(drop=True)
    return once.assign(also=[every[lead][1:] for lead in once["lead_id"]])


def _section(desk: _Desk, name: str, rows: pd.DataFrame, recipient: str) -> dict[str, Any]:
    mine = rows[(rows["section"] == name).to_numpy(dtype=bool)].astype("object")
    count, mine = len(mine), mine.head(int(desk.config.rules.value(LISTED)))
    shown = [_row(desk, row, recipient) for row in mine.where(mine.notna(), None).to_dict("records")]
    more = desk.w["more"].format(n=count - len(shown)) if count > len(shown) else ""
    return {"name": name, "said": desk.w[f"section.{name}"], "count": count, "rows": shown, "more": more}


def _row(desk: _Desk, row: Mapping[Any, Any], recipient: str) -> dict[str, Any]:
    rule = desk.config.rules.find(row["policy"]) if row["policy"] else None
    watches = getattr(rule, "watches", "")
    due = pd.Timestamp(row["due_at"]).tz_localize("UTC").tz_convert(desk.settings.zone) if row["due_at"] else None
    return {
        "number": row["number"], "grade": row["grade"] or "", "company": row["company"] or "",
        "what": notice_words(desk.settings.lang)[f"watches.{watches}"] if watches else "",
        "due": f"{due:%m-%d %H:%M}" if due is not None else "",
        "also": [desk.w[f"section.{name}"] for name in row["also"]],
        "link": desk.link(row["number"], recipient) if desk.link else "",
    }  # fmt: skip


def _teams(desk: _Desk) -> Iterator[Letter]:
    """One a supervisor or manager who is here: how the day of each of his people looks."""
    w, day, people = desk.w, desk.day.on.isoformat(), desk.config.roster.people
    for leader in people:
        team = [person for person in people if person.reports_to == leader.id and person.active]
        counts = {person.id: desk.day.counts(person.id) for person in team}
        total = {name: sum(one[name] for one in counts.values()) for name in SECTIONS}
        if not leader.active or leader.id not in desk.day.here or not any(total.values()):
            continue
        shown = [
            {"name": person.name, "away": person.id not in desk.day.here, "counts": list(counts[person.id].values()),
             "said": desk.counted(counts[person.id]) or "–"}
            for person in team
        ]  # fmt: skip
        subject = w["team.subject"].format(day=day, counts=desk.counted(total))
        titles = [w[f"section.{name}"] for name in SECTIONS]
        said = {"name": leader.name, "subject": subject, "intro": w["team.intro"], "people": shown, "titles": titles}
        text, html = render("day_team", desk.settings.lang, w=w, **said)
        yield Letter(f"day_team:{day}:{leader.id}", "day_team", leader.id, subject, text, html)
