"""Whether somebody is ours already: leads that one phone, address or company leads to, with who owns them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Row, select, text

from config.schema import Config
from models import Account, Contact, Lead
from tasks.i18n import mask_email, mask_phone, word
from tasks.rules.clean import clean
from tasks.rules.keys import identity_keys, known_by

_COLUMNS = (
    Lead.id, Lead.number, Lead.status, Lead.verdict, Lead.grade, Lead.owner, Lead.opened_at, Lead.closed_at,
    Account.name.label("company"), Contact.name.label("contact"), Contact.phone, Contact.email,
)  # fmt: skip
_MOST = 50
_REFERENCE = re.compile(r"\d{6}-?[0-9A-Z]{5}-?[0-9A-Z]{5}")
_BY_REFERENCE = """SELECT DISTINCT m.lead_id FROM submission s JOIN membership m ON m.submission_id = s.id
AND m.until IS NULL WHERE s.external_id = :said"""


@dataclass(frozen=True)
class Hit:
    """A lead that was found: what led to it, and how it stands; phone and e-mail are masked."""

    number: str
    by: str
    company: str
    contact: str
    phone: str
    email: str
    status: str
    verdict: str
    grade: str
    owner: str
    opened_on: str
    open: bool

    def as_dict(self) -> dict[str, Any]:
        """The hit as data."""
        return asdict(self)


@dataclass(frozen=True)
class Asker:
    """How is asked: the configuration of the day, the language, the business zone, the moment."""

    config: Config
    lang: str
    zone: str
    now: datetime


def already_ours(conn: Connection, typed: Mapping[str, str], asker: Asker) -> list[Hit]:
    """The leads of whoever is typed (phone, email, company, contact), the surest sign first."""
    row = _cleaned(typed, asker)
    found: dict[int, str] = {}
    keys = identity_keys(row, known_by(asker.config.rules))
    for key, kind in zip(keys["key"], keys["kind"], strict=True):
        if kind in ("phone", "email"):
            asked = "SELECT l.id FROM identity i JOIN lead l ON l.contact_id = i.contact_id WHERE i.key = :key"
            for number in conn.execute(text(asked), {"key": key}).scalars():
                found.setdefault(number, kind)
    company = row["company_key"].iloc[0]
    if isinstance(company, str):
        wanted = select(Lead.id).join(Account, Account.id == Lead.account_id).where(Account.key == company)
        for number in conn.execute(
            wanted.order_by(Lead.closed_at.is_(None).desc(), Lead.id.desc()).limit(_MOST)
        ).scalars():
            found.setdefault(number, "company")
    return _hits(conn, found, asker)


def search(conn: Connection, said: str, asker: Asker) -> list[Hit]:
    """The leads that a number, a reference, a phone, an address, a company or a name leads to."""
    said = " ".join(said.split())[:200]
    if not said:
        return []
    found: dict[int, str] = {}
    exact = select(Lead.id).where(Lead.number == said.upper())
    _add(found, conn.execute(exact).scalars(), "number")
    if said and (_REFERENCE.fullmatch(said.upper()) or not found):
        _add(found, conn.execute(text(_BY_REFERENCE), {"said": said}).scalars(), "reference")
    typed = {"phone": said, "email": said if "@" in said else "", "company": said}
    for hit in already_ours(conn, typed, asker):
        found.setdefault(_id_of(conn, hit.number), hit.by)
    if len(found) < _MOST:
        pattern = "%" + said.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        like = (Account.name.like(pattern, escape="\\")) | (Contact.name == said)
        named = select(Lead.id).join(Contact, Contact.id == Lead.contact_id)
        named = named.outerjoin(Account, Account.id == Lead.account_id).where(like).order_by(Lead.id.desc())
        _add(found, conn.execute(named.limit(_MOST)).scalars(), "name")
    return _hits(conn, dict(list(found.items())[:_MOST]), asker)


def latest(conn: Connection, asker: Asker, many: int = 20) -> list[Hit]:
    """The newest leads."""
    newest = conn.execute(select(Lead.id).where(Lead.joined_into.is_(None)).order_by(Lead.id.desc()).limit(many))
    return _hits(conn, dict.fromkeys(newest.scalars(), "newest"), asker)


def _cleaned(typed: Mapping[str, str], asker: Asker) -> pd.DataFrame:
    fields = ("phone", "email", "company", "contact")
    frame = pd.DataFrame([{name: typed.get(name, "") for name in fields}], dtype="str")
    return clean(frame, asker.config.rules, asker.now, asker.zone)


def _add(found: dict[int, str], numbers: Any, by: str) -> None:
    for number in numbers:
        found.setdefault(number, by)


def _id_of(conn: Connection, number: str) -> int:
    return int(conn.execute(select(Lead.id).where(Lead.number == number)).scalar_one())


def _hits(conn: Connection, found: Mapping[int, str], asker: Asker) -> list[Hit]:
    """The leads of some ids in their order; one that was joined into another is told by that one's number."""
    joined = conn.execute(select(Lead.id, Lead.joined_into).where(Lead.id.in_(list(found))))
    into = {row.id: row.joined_into for row in joined}
    by: dict[int, str] = {}
    for number in found:
        by.setdefault(into.get(number) or number, found[number])
    wanted = select(*_COLUMNS).join(Contact, Contact.id == Lead.contact_id)
    wanted = wanted.outerjoin(Account, Account.id == Lead.account_id).where(Lead.id.in_(list(by)))
    rows = {row.id: row for row in conn.execute(wanted)}
    return [_hit(rows[number], by[number], asker) for number in by if number in rows]


def _hit(row: Row[Any], by: str, asker: Asker) -> Hit:
    person = asker.config.roster.person(row.owner) if row.owner else None
    return Hit(
        row.number, by, row.company or "", row.contact or "", mask_phone(row.phone), mask_email(row.email),
        word(asker.lang, "status", row.status), word(asker.lang, "verdict", row.verdict), row.grade or "",
        (person.name if person else row.owner) or "", f"{row.opened_at.astimezone(ZoneInfo(asker.zone)):%Y-%m-%d}",
        row.closed_at is None,
    )  # fmt: skip


__all__ = ["Asker", "Hit", "already_ours", "latest", "search"]
