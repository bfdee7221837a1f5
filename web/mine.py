"""A person's own leads: what his day asks first, then all that is open; by a signed link, and inside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from config.people import Person
from config.schema import Config
from models import Account, Contact, Lead
from tasks.day import SECTIONS, here_on
from tasks.day_words import words as day_words
from tasks.i18n import local_time, mask_phone, word
from tasks.letters import dialled
from tasks.links import Link, sign
from tasks.plan_letters import plan_link
from tasks.plan_words import words as plan_words
from tasks.plans import asked_of, foreseen, next_working_day
from tasks.pool_words import words as pool_words
from web.desk import Desk
from web.internal_words import internal_words
from web.signed import Visit, typed_form, visit

OPENS = "mine"
# open leads that one page shows
MOST = 300


@dataclass(frozen=True)
class Mine:
    """The leads of one person: rows as a page shows them, and how much each section of his day has."""

    rows: list[dict[str, Any]]
    counts: list[tuple[str, str, int]]


def routes(desk: Desk) -> APIRouter:
    """The routes of a person's own page."""
    router = APIRouter(tags=["signed links"])

    @router.get("/m/{token}", response_class=HTMLResponse)
    def show(token: str) -> HTMLResponse:
        """A person's due and open leads."""
        return _shown(desk, token, "")

    @router.post("/m/{token}", response_class=HTMLResponse)
    async def find(token: str, request: Request) -> HTMLResponse:
        """Find among them; what is looked for never stands in an address."""
        q = (await typed_form(request)).get("q", "").strip()[:200]
        return await run_in_threadpool(_shown, desk, token, q)

    return router


def _shown(desk: Desk, token: str, q: str) -> HTMLResponse:
    came = visit(desk, token, OPENS)
    if isinstance(came, HTMLResponse):
        return came
    lang = desk.settings.lang
    found = leads_of(desk, came.config, came.person, q, came.now, lambda number: _other(desk, came, "p", number))
    links = [
        (plan_words(lang)["title"].format(day=on), _other(desk, came, "d", plan_link(on)))
        for on in _planned(desk, came)
    ]
    links.append((pool_words(lang)["title"], _other(desk, came, "g", "pool")))
    return desk.page(
        "mine_own", w=internal_words(lang), heading=plan_words(lang)["mine"], person=came.person.name, q=q,
        none_open=plan_words(lang)["none_open"],
        rows=found.rows, counts=found.counts, links=links, most=MOST,
    )  # fmt: skip


def _planned(desk: Desk, came: Visit) -> list[str]:
    """The days of which he can confirm a plan: today and the next working day, where he works on them."""
    tz, today = desk.settings.tz, came.now.astimezone(desk.settings.zone).date()
    with desk.engine.connect() as conn:
        days = (today, next_working_day(conn, came.config, came.now, tz))
        return [on.isoformat() for on in days if came.person.id in here_on(conn, came.config, on, tz)]


def leads_of(
    desk: Desk, config: Config, person: Person, q: str, now: datetime, link: Callable[[str], str] | None
) -> Mine:
    """Read what a person has to do and what is open with him, what the day asks for first, also of those for whom he
    stands in; q: only what it names."""
    with desk.engine.connect() as conn:
        today = now.astimezone(desk.settings.zone).date()
        day = foreseen(conn, config, now, desk.settings.tz, today, person.id)
        others = asked_of(day, config)
        others = others[((others["person"] == person.id) & others["instead_of"].notna()).to_numpy(dtype=bool)]
        asked = pd.concat([day.of(person.id), others], ignore_index=True)
        query = (
            select(Lead.id, Lead.number, Lead.grade, Lead.status, Lead.tier, Lead.owner, Account.name.label("company"),
                   Contact.name, Contact.phone)
            .join(Contact, Contact.id == Lead.contact_id).outerjoin(Account, Account.id == Lead.account_id)
            .where(Lead.closed_at.is_(None))
        )  # fmt: skip
        due = list(dict.fromkeys(asked["lead_id"].astype("int64").tolist()))[:MOST]
        query = query.where((Lead.owner == person.id) | Lead.id.in_(due))
        if q:
            like = f"%{q.replace('%', '').replace('_', '')}%"
            query = query.where(Account.name.like(like) | Contact.name.like(like) | Lead.number.like(like.upper()))
        order = (Lead.id.in_(due).desc(), Lead.grade, Lead.id.desc())
        leads = [dict(one) for one in conn.execute(query.order_by(*order).limit(MOST)).mappings()]
    w = day_words(desk.settings.lang)
    counts = [(name, w[f"section.{name}"], n) for name, n in day.counts(person.id).items() if n]
    return Mine(_ordered(desk, config, asked, leads, link, person), counts)


def _ordered(
    desk: Desk, config: Config, asked: pd.DataFrame, leads: list[dict[str, Any]], link: Callable[[str], str] | None,
    person: Person,
) -> list[dict[str, Any]]:  # fmt: skip
    """The open leads, those that the day asks for first, each with what is to be done of it."""
    lang, w = desk.settings.lang, day_words(desk.settings.lang)
    of: dict[int, list[Any]] = {}
    for lead, row in zip(asked["lead_id"].tolist(), asked.itertuples(), strict=True):
        of.setdefault(lead, []).append(row)
    rows = []
    for one in leads:
        mine = sorted(of.get(one["id"], []), key=lambda row: SECTIONS.index(row.section))
        due = next((row.due_at for row in mine if pd.notna(row.due_at)), None)
        other = next((row.instead_of for row in mine if isinstance(row.instead_of, str)), None)
        known = config.roster.person(other) if other else None
        rows.append(one | {
            "rank": SECTIONS.index(mine[0].section) if mine else len(SECTIONS),
            "tags": [(row.section, w[f"section.{row.section}"]) for row in mine],
            "due": local_time(due.to_pydatetime().replace(tzinfo=UTC), desk.settings.zone) if due is not None else "",
            "said": word(lang, "status", one["status"]), "masked": mask_phone(one["phone"] or ""),
            "dial": dialled(one["phone"] or ""), "link": link(one["number"]) if link else "",
            "own": one["owner"] == person.id or known is not None,
            "instead_of": plan_words(lang)["instead_of"].format(name=known.name) if known else "",
        })  # fmt: skip
    return sorted(rows, key=lambda row: (row["rank"], row["due"] or "9", row["grade"] or "Z"))


def _other(desk: Desk, came: Visit, page: str, opens: str) -> str:
    """Another signed page of the same person, which opens no longer than the one that leads there."""
    return f"../{page}/{sign(desk.secret, Link(opens, came.person.id, came.link.until))}"
