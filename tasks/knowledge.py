"""The small knowledge base: words that worked, solutions, profiles, won and lost cases, found by kind, tag or word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, insert, or_, select, update

from models import Knowledge, Lead
from models.db import begin, take_ids, take_turn
from tasks.coded import Coded

KINDS = ("words", "solution", "profile", "won", "lost")
_MOST = 200
# signs of a title and of a text
_TITLE, _BODY = 200, 10_000


class KnowledgeError(Coded):
    """The entry cannot be kept; the message says why."""


@dataclass(frozen=True)
class Entry:
    """One entry: what it is, its title and text, its tags, and the lead that shows it."""

    kind: str
    title: str
    body: str
    tags: tuple[str, ...] = ()
    lead: str | None = None
    id: int = 0
    actor: str = ""
    at: datetime | None = None


def add(engine: Engine, entry: Entry, actor: str, at: datetime) -> int:
    """Keep an entry at a moment (aware), in place of one of its kind and title; gives its id. KnowledgeError."""
    if entry.kind not in KINDS:
        raise KnowledgeError("kind", "{kind} is none of {known}", kind=entry.kind, known=", ".join(KINDS))
    if not (entry.title.strip() and entry.body.strip()):
        raise KnowledgeError("blank", "title and text must say something")
    if len(entry.title) > _TITLE or len(entry.body) > _BODY:
        raise KnowledgeError("long", "a title has at most {title} signs, a text {body}", title=_TITLE, body=_BODY)
    if any(not (sign.isprintable() or sign in "\n\r\t") for sign in entry.title + entry.body + "".join(entry.tags)):
        raise KnowledgeError("signs", "title, text or tags have signs that cannot be shown")
    with begin(engine) as conn:
        take_turn(conn)
        if entry.lead and conn.execute(select(Lead.id).where(Lead.number == entry.lead)).first() is None:
            raise KnowledgeError("lead", "there is no lead {lead}", lead=entry.lead)
        values = {
            "kind": entry.kind, "title": entry.title.strip(), "body": entry.body.strip(), "tags": _tags(entry.tags),
            "lead_number": entry.lead or None,
        }  # fmt: skip
        live = (Knowledge.until.is_(None), Knowledge.kind == entry.kind, Knowledge.title == values["title"])
        known = conn.execute(select(Knowledge.__table__).where(*live)).mappings().one_or_none()
        if known is not None and all(known[name] == value for name, value in values.items()):
            return int(known["id"])
        conn.execute(update(Knowledge).where(*live).values(until=at))
        number = int(take_ids(conn, "knowledge", 1)[0])
        conn.execute(insert(Knowledge).values(id=number, actor=actor, at=at, until=None, **values))
        return number


def find(conn: Connection, text: str = "", kind: str = "", tag: str = "") -> list[Entry]:
    """The entries that have every word of a text in title, text or tags, are of a kind and have a tag; newest first."""
    asked = select(Knowledge.__table__).where(Knowledge.until.is_(None))
    if kind:
        asked = asked.where(Knowledge.kind == kind)
    if tag:
        asked = asked.where(("|" + Knowledge.tags + "|").contains(f"|{tag.strip()}|", autoescape=True))
    for word in text.split():
        asked = asked.where(or_(*(
            column.icontains(word, autoescape=True) for column in (Knowledge.title, Knowledge.body, Knowledge.tags)
        )))  # fmt: skip
    return [_entry(row) for row in conn.execute(asked.order_by(Knowledge.at.desc(), Knowledge.id.desc()).limit(_MOST))]


def tags_of(entries: Sequence[Entry]) -> list[str]:
    """All tags of some entries, in order."""
    return sorted({tag for entry in entries for tag in entry.tags})


def _tags(tags: Sequence[str]) -> str:
    return "|".join(sorted({tag.strip().replace("|", "/") for tag in tags if tag.strip()}))


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    found = row._mapping
    tags = tuple(filter(None, found["tags"].split("|")))
    return Entry(
        found["kind"],
        found["title"],
        found["body"],
        tags,
        found["lead_number"],
        found["id"],
        found["actor"],
        found["at"],
    )
