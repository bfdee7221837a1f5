"""The page that a reminder's link opens: log a follow-up, or say that it is known; a GET shows, only buttons change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import ColumnElement, select
from starlette.concurrency import run_in_threadpool

from config.errors import ConfigError
from config.people import Person
from models import Clock, Escalation
from tasks.acknowledge import acknowledge
from tasks.follow_up_words import field_name
from tasks.follow_ups import METHODS, Fault, FollowUpError, faults_in, record_follow_ups
from tasks.i18n import local_time
from tasks.letters import dialled
from tasks.links import Link, LinkError, opened
from tasks.notice_words import words as notice_words
from tasks.orders import NotHisError, Order, OrderError
from tasks.pool import give_back
from tasks.snooze import snooze
from web.bodies import sent_form
from web.desk import Desk
from web.earlier import as_typed, earlier
from web.promise_words import words
from web.record_form import FORM, MOVED_TO, read_record, shown_answers, shown_form, wrong_fields
from web.support import shown_support
from web.typed import read_day

# of a form with a few short texts
_MOST_BYTES, _MOST_CHARACTERS = 65_536, 1_000
_LEADING = ("supervisor", "manager")
_FIELDS = (*FORM, "until", "snooze_reason", "give_back_reason")


@dataclass(frozen=True)
class _Opened:
    """What a link opens: a lead for one person, and what was promised of it."""

    link: Link
    person: Person
    lead: Mapping[str, Any]


def routes(desk: Desk) -> APIRouter:
    """The routes of the page."""
    router = APIRouter()

    @router.get("/p/{token}", response_class=HTMLResponse)
    def show(token: str, corrects: str = "") -> HTMLResponse:
        found = _found(desk, token)
        if isinstance(found, HTMLResponse):
            return found
        asked = int(corrects) if corrects.isascii() and corrects.isdigit() and len(corrects) < 16 else 0
        return _shown(desk, found, as_typed(desk, found.lead["id"], found.person.id, asked) if asked else None)

    @router.post("/p/{token}", response_class=HTMLResponse)
    async def say(token: str, request: Request) -> HTMLResponse:
        return await run_in_threadpool(_said, desk, token, await sent_form(request, _MOST_BYTES))

    return router


def _said(desk: Desk, token: str, typed: dict[str, str]) -> HTMLResponse:
    """Carry out what was said; said twice it is said once."""
    found = _found(desk, token)
    if isinstance(found, HTMLResponse):
        return found
    now = datetime.now(UTC)
    if typed.get("do") == "acknowledge":
        known = acknowledge(desk.engine, found.link.number, found.person.id, desk.config, now, desk.settings.tz)
        return _message(desk, 200, "acknowledged" if known.notices else "known", number=found.link.number)
    if typed.get("do") in ("snooze", "give_back"):
        return _let_go(desk, found, typed, now)
    if typed.get("do") != "log":
        return _shown(desk, found, typed, "choose", 400)
    return _logged(desk, found, typed, now)


def _logged(desk: Desk, found: _Opened, typed: Mapping[str, str], now: datetime) -> HTMLResponse:
    """Record a follow-up, or say what is wrong of it."""
    said, unread = read_record(typed, found.link.number, found.person.id, desk)
    order = Order(found.person.id, "", now, now, desk.settings.tz)
    moves = said.number != found.link.number
    if moves:
        right = desk.lead(said.number)
        if right is None or not _may(desk, found.person, right):
            # of a lead that is not his to see he does not learn whether there is one
            unread[MOVED_TO] = words(desk.settings.lang)["moved_to.not"]
    if unread:
        wrong = wrong_fields(faults_in(said, desk.config, order), desk.settings.lang) | unread
        return _shown(desk, found, typed, "mend", 400, wrong)
    try:
        [recorded] = record_follow_ups(desk.engine, [said], desk.config, order)
    except FollowUpError as refused:
        wrong = wrong_fields(refused.faults, desk.settings.lang)
        if moves and "number" in wrong:
            wrong[MOVED_TO] = wrong.pop("number")
        if "number" in wrong:
            return _message(desk, 409, "closed", number=found.link.number)
        return _shown(desk, found, typed, "mend", 400, wrong)
    return _message(desk, 200, "known" if recorded.before else "recorded", recorded.hints, number=said.number)


def _let_go(desk: Desk, found: _Opened, typed: Mapping[str, str], now: datetime) -> HTMLResponse:
    """Put the lead off until a day, or give it back to the pool; each with a reason, and once."""
    number, does = found.link.number, typed["do"]
    if found.person.role == "tech" and found.lead["owner"] != found.person.id:
        # who helps with a lead answers; what becomes of it is its owner's to say
        return _message(desk, 403, "not_yours", number=number)
    reason = typed.get(f"{does}_reason", "").strip()
    if len(reason) > _MOST_CHARACTERS:
        return _shown(desk, found, typed, "shorter", 400)
    if not reason:
        return _shown(desk, found, typed, "reason", 400)
    order = Order(found.person.id, reason, now, now, desk.settings.tz)
    try:
        if does == "give_back":
            give_back(desk.engine, number, desk.config, order)
            return _message(desk, 200, "given_back", number=number)
        until = read_day(typed.get("until", "").strip())
        today = now.astimezone(desk.settings.zone).date()
        if until is None or not today < until < today.replace(year=today.year + 5, day=1):
            return _shown(desk, found, typed, "until.wrong", 400)
        method = next(iter(desk.config.rules.value(METHODS)))
        [recorded] = snooze(desk.engine, [number], until, method, order, desk.config, channel="page")
    except NotHisError:
        return _message(desk, 403, "not_his", number=number)
    except (FollowUpError, OrderError):
        return _message(desk, 409, "closed", number=number)
    return _message(desk, 200, "known" if recorded.before else "snoozed", number=number)


def _shown(
    desk: Desk, found: _Opened, typed: Mapping[str, str] | None = None, error: str = "", status: int = 200,
    wrong: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    """The page, with what was typed and what is wrong of it: `error` at its top, `wrong` by field."""
    lang, w = desk.settings.lang, words(desk.settings.lang)
    n = notice_words(lang)
    local = datetime.now(desk.settings.zone)
    fresh = {"at": f"{local:%Y-%m-%dT%H:%M}", "answered": "yes"}
    typed = dict.fromkeys(_FIELDS, "") | dict(typed or fresh)
    lead = {**found.lead, "dial": dialled(found.lead["phone"] or "")}
    return desk.page(
        "promises", status, w=w, n=n, lead=lead, person=found.person.name, typed=typed,
        error=w[error].format(n=_MOST_CHARACTERS) if error else "", promises=_promises(desk, found),
        support=shown_support(desk, found.lead["id"]), wrong=wrong or {}, form=shown_form(desk, typed),
        answers=shown_answers(desk, found.lead["id"]), earlier=earlier(desk, found.lead["id"], found.person.id),
        methods=list(desk.config.rules.value(METHODS)), knowledge=desk.settings.internal_url or "",
    )  # fmt: skip


def _promises(desk: Desk, found: _Opened) -> list[dict[str, str]]:
    """The promises of the lead that run, and whether this person has something to acknowledge."""
    asked = select(Clock.__table__).where(Clock.lead_id == found.lead["id"], Clock.ended_at.is_(None))
    with desk.engine.connect() as conn:
        rows = conn.execute(asked.order_by(Clock.due_at)).mappings().all()
    n = notice_words(desk.settings.lang)
    shown = []
    for row in rows:
        try:
            statement = desk.config.rules.statement(row["policy"], desk.settings.lang)
        except ConfigError:  # a rule that is no more
            statement = row["policy"]
        due = local_time(row["due_at"], desk.settings.zone) if row["due_at"] else ""
        state = "paused" if row["paused_at"] else "breached" if row["breached_at"] else "running"
        shown.append({"statement": statement, "due": due, "state": n[f"state.{state}"], "code": state})
    return shown


def _found(desk: Desk, token: str) -> _Opened | HTMLResponse:
    """What the link opens, or the page that says why it opens nothing."""
    try:
        link = opened(desk.secret, token, datetime.now(UTC))
    except LinkError as refused:
        return _message(desk, 410 if refused.why == "expired" else 404, refused.why)
    person = desk.config.roster.person(link.person)
    lead = desk.lead(link.number)
    if person is None or not person.active or lead is None:
        return _message(desk, 404, "forged")
    if not _may(desk, person, lead):
        return _message(desk, 403, "not_yours", number=link.number)
    return _Opened(link, person, lead)


def _may(desk: Desk, person: Person, lead: Mapping[str, Any]) -> bool:
    """Whether the lead is this person's to see: his, his people's, or one of which he was told something open."""
    roster = desk.config.roster
    at = roster.person(lead["owner"]) if lead["owner"] else None
    if at is None:
        # of one that nobody has, those who see to it that somebody gets it
        return person.role in _LEADING or _told_of(desk, lead, Escalation.recipient == person.id)
    if person.id in {at.id, *at.deputies}:
        return True
    if person.id in roster.above(at.id):
        return True
    mine = (Escalation.instead_of.is_not(None)) | (Clock.person == person.id)
    if _told_of(desk, lead, (Escalation.recipient == person.id) & mine):
        return True
    return person.role == "tech" and bool(shown_support(desk, lead["id"]))


def _told_of(desk: Desk, lead: Mapping[str, Any], who: ColumnElement[bool]) -> bool:
    """Whether somebody was told of a promise of the lead that is still open."""
    told = (
        select(Escalation.id)
        .join(Clock, Clock.id == Escalation.clock_id)
        .where(Clock.lead_id == lead["id"], Clock.ended_at.is_(None), who)
    )
    with desk.engine.connect() as conn:
        return conn.execute(told.limit(1)).first() is not None


def _message(desk: Desk, status: int, word: str, hints: Sequence[Fault] = (), **values: str) -> HTMLResponse:
    """What came of it, and what is hinted at of a record."""
    lang = desk.settings.lang
    w = words(lang)
    told = [f"{field_name(one.field, lang)}{w['colon']}{one.said(lang)}" for one in hints]
    return desk.page(
        "message", status, text=w[word].format(**values), heading=w["title"], hints=told, hinted=w["hinted"],
        back=w["back"],
    )  # fmt: skip
