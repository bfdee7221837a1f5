"""Tell people what they now own: one mail a person, exactly once (H1-5.2-remind, H1-5.3-handover).

Owners get their new leads, former owners what was handed over, supervisors what their teams received, and those at
the top what nobody took; the deputy stands in for who is on leave. All of it and the watermarks are one transaction,
so a kill leaves one mail or none yet.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, insert, text

from config.schema import Config
from config.settings import Settings
from models import Message, MessageFile
from models.db import begin, take_numbers
from tasks.i18n import CODED, english, words
from tasks.letters import Book, Letter, Section, render
from tasks.links import lead_links
from tasks.news import FIELDS, NOBODY, Span, read_news
from tasks.points import reached
from tasks.workbook import SEPARATOR, join_rows, write_workbook

# who hears of leads without owner where nobody stands at the top
LEADING = ("supervisor", "manager")
_WRITTEN_AT_ONCE = 25


def tell(engine: Engine, config: Config, settings: Settings, as_of: datetime) -> int:
    """Write the mails about all assignments since the last telling to the outbox; gives how many."""
    on = as_of.astimezone(settings.zone).date()
    config = config.model_copy(update={"rules": config.rules.at(on)})
    with begin(engine) as conn:
        owned, events = _span(conn, "told", "assignment"), _span(conn, "told_event", "lead_event")
        if owned[1] > owned[0] or events[1] > events[0]:
            said = {field: english(field) for field in CODED} if settings.lang == "en" else None
            with read_news(conn, *owned, events, said) as news:
                book = Book(config, settings.lang, news, f"{on:%Y%m%d}", link=lead_links(settings, config.rules, as_of))
                teller = _Teller(book, on, owned[1], events[1])
                written = _write(conn, teller.letters(), config, as_of)
            _keep(conn, "told", owned)
            _keep(conn, "told_event", events)
            reached("telling")
            return written
    return 0


def _span(conn: Connection, counter: str, table: str) -> Span:
    """The last row told and the last one there is; a second teller waits here."""
    start = "INSERT INTO counter (name, value) VALUES (:name, 0) ON CONFLICT (name) DO NOTHING"
    conn.execute(text(start), {"name": counter})
    lock = " FOR UPDATE" if conn.dialect.name == "postgresql" else ""
    low = conn.execute(text(f"SELECT value FROM counter WHERE name = :name{lock}"), {"name": counter}).scalar_one()
    return low, conn.execute(text(f"SELECT COALESCE(MAX(id), 0) FROM {table}")).scalar_one()


def _keep(conn: Connection, counter: str, span: Span) -> None:
    change = "UPDATE counter SET value = :high WHERE name = :name"
    conn.execute(text(change), {"name": counter, "high": span[1]})


class _Teller:
    """Who is written to, and what."""

    def __init__(self, book: Book, on: date, upto: int, upto_event: int) -> None:
        self.book, self.on, self.upto, self.upto_event = book, on, upto, upto_event
        self.lang, self.t = book.lang, words(book.lang)
        self.roster = {person.id: person for person in book.config.roster.people}
        self.codes = {code: number for number, code in enumerate(book.news.people.values)}
        self.teams = self._teams()

    def letters(self) -> Iterator[Letter]:
        """Every letter; those to supervisors last, when all of their teams have been seen."""
        held: dict[str, Section] = {}
        unowned: Section | None = None
        best: dict[str, list[pa.Table]] = {boss: [] for boss in self.teams}
        for number, rows in self.book.news.by_person(self.book.workbook_rows):
            person = self.book.news.people.values[number]
            section = self._section(person or "nobody", number, rows)
            if person == NOBODY:
                unowned = section
                continue
            boss = self.roster[person].reports_to if person in self.roster else None
            if boss is not None:
                best[boss].append(self._best(rows))
            if person in self.teams:
                held[person] = section
            else:
                yield from self._to_owner(person, section, None)
        for boss in self.teams:
            team = self._team(boss, best[boss])
            if boss in held:
                yield from self._to_owner(boss, held[boss], team)
            else:
                yield self._letter("digest", boss, boss, None, team)
        yield from self._handovers()
        if unowned is not None:
            yield from self._unowned(unowned)

    def _teams(self) -> dict[str, list[int]]:
        """Supervisors and the person codes of their people who received something."""
        teams: dict[str, list[int]] = {}
        for person in self.roster.values():
            number = self.codes.get(person.id)
            if person.reports_to and number is not None and self._counts(number).any():
                teams.setdefault(person.reports_to, []).append(number)
        return teams

    def _counts(self, number: int) -> np.ndarray:
        counts = self.book.news.counts
        return counts[number] if number < len(counts) else np.zeros(counts.shape[1], dtype=np.int64)

    def _section(self, person: str, number: int, rows: pa.Table) -> Section:
        file = (self.book.file_name("new-leads", person), self.book.workbook(rows))
        leads = self.book.leads(rows.slice(0, self.book.listed), masked=False)
        return Section(self._counts(number), leads, file, rows.num_rows)

    def _best(self, rows: pa.Table) -> pa.Table:
        """The most urgent A leads, which come first."""
        first = rows.slice(0, self.book.listed)
        return first.filter(self._grade_a.take(first["decision"].combine_chunks()))

    @cached_property
    def _grade_a(self) -> pa.Array:
        """Whether each decision code is one of grade A."""
        return pa.array([words_["grade"] == "A" for words_ in self.book.decisions])

    def _to_owner(self, person: str, section: Section, team: dict[str, Any] | None) -> Iterator[Letter]:
        yield self._letter("new_leads", person, person, section, team)
        deputy = self._deputy(person)
        if deputy is not None:
            yield self._letter("new_leads", person, deputy, section, None)

    def _deputy(self, person: str) -> str | None:
        """Who stands in for somebody on leave, along the chain of deputies to one who is there."""
        seen = {person}
        at = self.roster.get(person)
        if at is None or not at.is_away(self.on):
            return None
        while at is not None and (deputy := at.deputy_on(self.on)) is not None and deputy not in seen:
            seen.add(deputy)
            at = self.roster[deputy]
            if at.active and not at.is_away(self.on):
                return at.id
        return None

    def _letter(
        self, kind: str, person: str, recipient: str, section: Section | None, team: dict[str, Any] | None
    ) -> Letter:
        stands_in = recipient != person
        own = None if section is None else self._own(section, self.book.name(person) if stands_in else None)
        if own is not None:
            own["leads"] = self.book.linked(own["leads"], recipient)
        told = own or team or {}
        form = self.t["mail.team_subject" if own is None else "mail.new_subject"]
        subject = form.format(n=told["n"], grades=told["grades"])
        key = f"{kind}:{person}:{self.upto}"
        if stands_in:
            subject = self.t["mail.deputy_subject"].format(name=self.book.name(person)) + subject
            key += f":deputy:{recipient}"
        values = {"name": self.book.name(recipient), "subject": subject, "own": own, "team": team}
        body, html = render("new_leads", self.lang, **values)
        files = () if section is None else (section.file,)
        urgent = section is not None and self.book.counted(section.counts)[0][0] > 0
        return Letter(key, kind, recipient, subject, body, html, files, urgent)

    def _own(self, section: Section, instead_of: str | None) -> dict[str, Any]:
        grades, unsure = self.book.counted(section.counts)
        n = int(section.counts.sum())
        said = self._said(n, grades, unsure)
        intro = self.t["mail.own_intro" if instead_of is None else "mail.deputy_intro"]
        attached = self.t["mail.attached" if section.kept == n else "mail.capped"]
        return said | {
            "intro": intro.format(name=instead_of, n=n, grades=said["grades"]),
            "listed": self._listed(section, n),
            "leads": section.leads,
            "attached": attached.format(n=n, kept=section.kept, file=section.file[0]),
        }

    def _listed(self, section: Section, n: int) -> str:
        """The line above the leads: how many of all are listed."""
        return self.t["mail.listed" if len(section.leads) < n else "mail.listed_all"].format(n=len(section.leads))

    def _team(self, boss: str, best: list[pa.Table]) -> dict[str, Any]:
        members, total = [], np.zeros(self.book.news.counts.shape[1], dtype=np.int64)
        for number in self.teams[boss]:
            counts = self._counts(number)
            total += counts
            members.append({"name": self.book.formers[number], "counts": self._figures(counts)})
        grades, unsure = self.book.counted(total)
        said = self._said(int(total.sum()), grades, unsure)
        leads = self.book.leads(self._most_urgent(best), masked=True)
        heads = [*(self.book.priority(grade) for grade in "ABC"), self.t["verdict.to_verify"], self.t["mail.total"]]
        lead_teams = any(
            self.roster[self.book.news.people.values[number]].id in self.teams for number in self.teams[boss]
        )
        intro = self.t["mail.direct_intro" if lead_teams else "mail.team_intro"]
        return said | {
            "intro": intro.format(n=said["n"], grades=said["grades"]),
            "heads": heads,
            "members": members,
            "sums": self._figures(total),
            "leads": leads,
            "listed": self.t["mail.team_a"].format(n=len(leads)),
        }

    def _most_urgent(self, best: list[pa.Table]) -> pa.Table:
        rows = pa.concat_tables(best)
        rank = self.book.news.ranks()[rows["decision"].to_numpy()]
        order = np.lexsort((rows["lead_id"].to_numpy(), rows["contact_at"].to_numpy(), rank))
        return rows.take(pa.array(order[: self.book.listed]))

    def _figures(self, counts: np.ndarray) -> list[int]:
        grades, unsure = self.book.counted(counts)
        return [*grades[:3], unsure, int(counts.sum())]

    def _said(self, n: int, grades: list[int], unsure: int) -> dict[str, Any]:
        to_verify = self.t["mail.to_verify"].format(n=unsure) if unsure else ""
        return {"n": n, "grades": self.book.grades(grades), "to_verify": to_verify}

    def _unowned(self, section: Section) -> Iterator[Letter]:
        """What nobody took, to those who answer to nobody, or else to every supervisor and manager."""
        n = int(section.counts.sum())
        grades, _ = self.book.counted(section.counts)
        said = {"n": n, "grades": self.book.grades(grades)}
        attached = self.t["mail.attached" if section.kept == n else "mail.capped"]
        values = {
            "subject": self.t["mail.nobody_subject"].format(**said),
            "intro": self.t["mail.nobody_intro"].format(**said),
            "listed": self._listed(section, n),
            "leads": section.leads,
            "attached": attached.format(n=n, kept=section.kept, file=section.file[0]),
        }
        for person in dict.fromkeys(self._deputy(leader) or leader for leader in self._leaders()):
            body, html = render("unassigned", self.lang, name=self.book.name(person), **values)
            key = f"unassigned:{person}:{self.upto_event}"
            yield Letter(key, "unassigned", person, str(values["subject"]), body, html, (section.file,))

    def _leaders(self) -> list[str]:
        active = [person for person in self.roster.values() if person.active]
        bosses = {person.reports_to for person in active}
        top = [person.id for person in active if person.id in bosses and not person.reports_to]
        return top or [person.id for person in active if person.role in LEADING]

    def _handovers(self) -> Iterator[Letter]:
        """One letter a former owner, naming what was handed over and to whom."""
        rows = self.book.news.handed_over()
        for number in pc.unique(rows["lifted_from"]).sort().to_pylist():
            former = self.book.news.people.values[number]
            yield self._handover(former, rows.filter(pc.equal(rows["lifted_from"], number)))

    def _handover(self, former: str, rows: pa.Table) -> Letter:
        n = rows.num_rows
        rows = rows.slice(0, self.book.workbook_rows).combine_chunks()
        listed = [
            lead | {"reason": self.book.decisions[code]["whose"]}
            for lead, code in zip(
                self.book.leads(rows.slice(0, self.book.listed), masked=True),
                rows["decision"].to_pylist(),
                strict=False,
            )
        ]
        file = (self.book.file_name("handover", former), self._handover_book(rows))
        attached = self.t["mail.attached" if rows.num_rows == n else "mail.capped"]
        values = {
            "name": self.book.name(former),
            "subject": self.t["mail.handover_subject"].format(n=n),
            "intro": self.t["mail.handover_intro"].format(n=n),
            "leads": listed,
            "attached": attached.format(n=n, kept=rows.num_rows, file=file[0]),
        }
        body, html = render("handover", self.lang, **values)
        return Letter(f"handover:{former}:{self.upto}", "handover", former, str(values["subject"]), body, html, (file,))

    def _handover_book(self, rows: pa.Table) -> bytes:
        """Number, company and new owner: whoever hands over needs no phone number any more."""
        parts = [row.split(SEPARATOR) for row in rows["text"].to_pylist()]
        kept = [FIELDS.index(name) for name in ("number", "company")]
        told = pa.array([SEPARATOR.join(part[place] for place in kept) for part in parts], pa.large_string())
        owner = self.book.former_cells.take(rows["person"].combine_chunks())
        header = [self.t[f"column.{name}"] for name in ("number", "company", "owner")]
        joined = join_rows([], told, [owner])
        return write_workbook(header[0], header, (16, 36, 14), joined, rows.num_rows, self.book.shared)


def _write(conn: Connection, letters: Iterable[Letter], config: Config, as_of: datetime) -> int:
    """Put letters into the outbox, some at a time, so that memory holds few workbooks."""
    address = {person.id: person.email for person in config.roster.people}
    letters, written = iter(letters), 0
    while some := list(islice(letters, _WRITTEN_AT_ONCE)):
        # the id is part of a mail file's name, so a run that died must not have used one up
        ids = take_numbers(conn, "message_id", len(some)).tolist()
        numbered = list(zip(ids, some, strict=True))
        conn.execute(
            insert(Message),
            [letter.message(number, address.get(letter.recipient) or "", as_of) for number, letter in numbered],
        )
        files = [
            {"message_id": number, "name": name, "content": content}
            for number, letter in numbered
            for name, content in letter.files
        ]
        if files:
            conn.execute(insert(MessageFile), files)
        written += len(some)
    return written
