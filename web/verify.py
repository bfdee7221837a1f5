"""The page on which a lead's owner says what checking it gave (H1-3.2-verify): a GET shows, only the button changes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from config.people import Person
from config.schema import Config, DecisionRule
from models import LeadEvent
from tasks.chain import ChainWords
from tasks.i18n import budget_words, mark_words, word
from tasks.judge import JudgeError, Said, judge
from tasks.letters import LEVELS, dialled
from tasks.links import Link, LinkError, opened
from tasks.need_words import with_words, words_found
from tasks.orders import Order
from tasks.rules.marks import compare_mark
from tasks.story_facts import facts_of, tells_decision
from tasks.story_words import words as story_words
from web.bodies import sent_form
from web.desk import Desk
from web.problems import PROBLEMS
from web.words import words

# of a form with two short fields
_MOST_BYTES, _MOST_CHARACTERS = 16_384, 500
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **{code: {"description": "Nothing is shown", "content": {"text/html": {}}} for code in (403, 404, 410)},
    **{code: PROBLEMS[code] for code in (408, 413)},
}
_FIELDS = {"verdict": {"enum": ["valid", "invalid"]}, "reason": {"type": "string"}}
_BODY = {
    "requestBody": {
        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": _FIELDS}}}
    }
}


def routes(desk: Desk) -> APIRouter:
    """The routes of the page."""
    router = APIRouter(tags=["signed links"])

    @router.get("/v/{token}", response_class=HTMLResponse, responses=_ANSWERS)
    def show(token: str) -> HTMLResponse:
        """What a signed link opens: one lead, for one person, for a time."""
        return _shown(desk, token)

    @router.post("/v/{token}", response_class=HTMLResponse, responses=_ANSWERS, openapi_extra=_BODY)
    async def say(token: str, request: Request) -> HTMLResponse:
        """Say what checking the lead gave."""
        return await run_in_threadpool(_said, desk, token, await sent_form(request, _MOST_BYTES))

    return router


def _shown(desk: Desk, token: str, typed: dict[str, str] | None = None, error: str = "") -> HTMLResponse:
    found = _found(desk, token)
    if isinstance(found, HTMLResponse):
        return found
    _, person, lead = found
    return desk.page("verify", 400 if error else 200, lead=lead, person=person.name, typed=typed or {}, error=error)


def _said(desk: Desk, token: str, typed: dict[str, str]) -> HTMLResponse:
    """Carry out what the owner said; said twice it is said once."""
    t = words(desk.settings.lang)
    found = _found(desk, token)
    if isinstance(found, HTMLResponse):
        return found
    link, person, lead = found
    verdict, reason = typed.get("verdict", ""), " ".join(typed.get("reason", "").split())
    now = datetime.now(UTC)
    order = Order(person.id, reason, now, now, desk.settings.tz)
    if verdict not in ("valid", "invalid"):
        return _shown(desk, token, typed, t["choose"])
    if verdict == "invalid" and not reason:
        return _shown(desk, token, typed, t["why"])
    if len(reason) > _MOST_CHARACTERS:
        return _shown(desk, token, typed, t["shorter"].format(n=_MOST_CHARACTERS))
    if lead["verified"] and lead["verdict_code"] == verdict:
        return desk.page("message", text=t["known"].format(number=link.number), lead=lead)
    said = Said(link.number, {"verdict": verdict}, verified=True)
    try:
        judged = judge(desk.engine, said, desk.config, order)
    except JudgeError:
        return desk.page("message", 409, text=t["closed"].format(number=link.number))
    owner = desk.config.roster.person(judged.after["owner"]) if judged.after["owner"] else None
    told = t["done_valid" if verdict == "valid" else "done_invalid"]
    grade, name = judged.after["grade"] or "–", owner.name if owner else t["nobody"]
    return desk.page("message", text=told.format(number=link.number, grade=grade, owner=name))


def _found(desk: Desk, token: str) -> tuple[Link, Person, dict[str, Any]] | HTMLResponse:
    """What the link opens, or the page that says why it opens nothing."""
    t = words(desk.settings.lang)
    try:
        link = opened(desk.secret, token, datetime.now(UTC))
    except LinkError as refused:
        return desk.page("message", 410 if refused.why == "expired" else 404, text=t[refused.why])
    person = desk.config.roster.person(link.person)
    lead = _lead(desk, link.number)
    if person is None or not person.active or lead is None:
        return desk.page("message", 404, text=t["forged"])
    if not _may(desk.config, person, lead["owner_id"]):
        return desk.page("message", 403, text=t["not_yours"].format(number=link.number))
    return link, person, lead


def _may(config: Config, person: Person, owner: str | None) -> bool:
    """Whether a lead is this person's: his own, or his whom he stands in for or leads; one of nobody is free."""
    known = config.roster.person(owner) if owner else None
    return known is None or person.id in {known.id, known.reports_to, *known.deputies}


def _lead(desk: Desk, number: str) -> dict[str, Any] | None:
    """The lead as the page shows it."""
    found = desk.lead(number)
    if found is None:
        return None
    lang = desk.settings.lang
    return {
        **found,
        "owner_id": found["owner"],
        "owner": found["owner_name"],
        "verdict_code": found["verdict"],
        "verdict": word(lang, "verdict", found["verdict"]),
        "verified": found["verified_at"] is not None,
        "budget": budget_words(lang, found["budget_min"], found["budget_max"], found["budget_state"]),
        "members": ChainWords(desk.config.rules, lang).said(found["chain"]),
        "mark_said": _marked(desk, found),
        "dial": dialled(found["phone"] or ""),
        "created": (found["created"] or "").replace("T", " "),
        "questions": [*_questions(desk, found["reasons"] or ""), *_signals(desk, found)],
    }


def _marked(desk: Desk, lead: Mapping[Any, Any]) -> str:
    """How marketing's mark compares with grade and budget."""
    if not lead["mark"] or not _known(desk.config, LEVELS):
        return ""
    codes = compare_mark(lead["mark"], lead["grade"], lead["budget_min"], lead["budget_max"], desk.config.rules)
    return mark_words(desk.settings.lang, codes)


def _questions(desk: Desk, reasons: str) -> list[str]:
    """What is to be found out: the open points that the rules name."""
    rules = [desk.config.rules.find(rule) for rule in reasons.split("|") if rule and _known(desk.config, rule)]
    asked = [rule for rule in rules if isinstance(rule, DecisionRule) and rule.then == "to_verify"]
    return [desk.config.rules.statement(rule.id, desk.settings.lang) for rule in asked]


def _signals(desk: Desk, lead: Mapping[Any, Any]) -> list[str]:
    """Why the need looks like nobody's who buys, in the words that stand in it."""
    if lead["verdict"] != "to_verify":
        return []
    query = select(LeadEvent.kind, LeadEvent.facts).where(LeadEvent.lead_id == lead["id"], LeadEvent.facts != "")
    with desk.engine.connect() as conn:
        events = conn.execute(query.order_by(LeadEvent.id.desc())).all()
    decided = next((event.facts for event in events if tells_decision(event.kind, event.facts)), "")
    found = words_found(facts_of(decided).get("junk", ""), lead["need"], (desk.config.rules,))
    return [with_words(signal, some, story_words(desk.settings.lang)) for signal, some in found.items()]


def _known(config: Config, rule: str) -> bool:
    from config.errors import ConfigError

    try:
        config.rules.find(rule)
    except ConfigError:
        return False
    return True
