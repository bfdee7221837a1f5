"""Internal pages about leads: finding them, their story, and typing in a new one with a look at whether it is ours."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from models.db import read_frame
from tasks.explain import explain
from tasks.i18n import word
from tasks.known import Hit, already_ours, latest, search
from tasks.posts.hand import CHANNEL, FIELDS, ByHand, entered_by_others, faults_of
from web.bodies import read_json
from web.desk import Desk
from web.limits import read_body
from web.problems import PROBLEMS, Problem
from web.promise_words import words as promise_words
from web.shown import actor, asker, form_body, people, sent_form, shown, words_of
from web.support import shown_support

_MOST_BYTES = 16_384
_CHECKED = ("phone", "email", "company", "contact")
_SCRIPT = Path(__file__).parent / "static" / "new.js"
_VOCABULARY = {"source": "V-SOURCE", "industry": "V-INDUSTRY", "urgency": "V-URGENCY"}
_WHERE = """SELECT l.number, s.issues FROM submission s LEFT JOIN membership m ON m.submission_id = s.id
AND m.until IS NULL LEFT JOIN lead l ON l.id = m.lead_id JOIN batch b ON b.id = s.batch_id
WHERE b.channel = :channel AND s.external_id = :reference ORDER BY s.id DESC LIMIT 1"""


def routes(desk: Desk) -> APIRouter:
    """The routes of the pages about leads."""
    router = APIRouter(tags=["leads"])
    page: dict[str, Any] = {"response_class": HTMLResponse}

    @router.get("/", **page)
    def home(request: Request) -> Response:
        """The newest leads, and the search."""
        with desk.engine.connect() as conn:
            return shown(desk, request, "home", "home", q="", hits=latest(conn, asker(desk)))

    @router.post("/", openapi_extra=form_body("q"), **page)
    async def find(request: Request) -> Response:
        """Find leads; what is looked for never stands in an address."""
        q = (await sent_form(request)).get("q", "").strip()[:200]
        hits = await run_in_threadpool(_found, desk, q)
        return shown(desk, request, "home", "home", q=q, hits=hits)

    @router.get("/leads/{number}", responses={404: PROBLEMS[404]}, **page)
    def lead(number: str, request: Request) -> Response:
        """The whole story of a lead."""
        settings = desk.settings
        try:
            story = explain(
                desk.engine, number.upper(), desk.config, settings.lang, zone=settings.tz, now=datetime.now(UTC)
            )
        except LookupError:
            raise Problem(404, "unknown", words_of(desk)["no_lead"].format(number=number[:30])) from None
        found = desk.lead(number.upper())
        support = shown_support(desk, found["id"]) if found else []
        return shown(
            desk, request, "lead", "home", number=number.upper(), lines=_indented(story.lines), support=support,
            w=promise_words(settings.lang),
        )  # fmt: skip

    _by_hand(router, desk, page)
    return router


def _by_hand(router: APIRouter, desk: Desk, page: dict[str, Any]) -> None:
    """Add the routes by which a lead is typed in."""

    @router.get("/new", **page)
    def new(request: Request) -> Response:
        """The page on which a lead is typed in."""
        return _new(desk, request, {})

    @router.post("/new", openapi_extra=form_body(*FIELDS, "entrant", "mine", "key"), responses={422: PROBLEMS[422]},
                 **page)  # fmt: skip
    async def add(request: Request) -> Response:
        """Keep a lead that was typed in; with `check` only look whether it is ours already."""
        typed = await sent_form(request)
        return await run_in_threadpool(_added, desk, request, typed)

    @router.get("/new/{reference}", responses={404: PROBLEMS[404]}, **page)
    def kept(reference: str, request: Request) -> Response:
        """What became of a lead that was typed in."""
        return _kept(desk, request, reference)

    @router.post("/known", openapi_extra={"requestBody": {"content": {"application/json": {"schema": {
        "type": "object", "properties": {name: {"type": "string"} for name in _CHECKED}}}}}},
        responses={400: PROBLEMS[400], 413: PROBLEMS[413]})  # fmt: skip
    async def known(request: Request) -> Response:
        """Whether somebody is ours already: asked while he is typed in."""
        said = read_json(await read_body(request, _MOST_BYTES))
        if not isinstance(said, dict):
            raise Problem(400, "bad_json", "send one object")
        hits = await run_in_threadpool(_ours, desk, {name: str(said.get(name) or "")[:300] for name in _CHECKED})
        lines = zip(hits, _lines(desk, hits), strict=True)
        return JSONResponse(
            {"leads": [{"number": one.number, "line": line, "company": one.company} for one, line in lines]}
        )

    @router.get("/static/new.js")
    def script() -> Response:
        """The script of the page «new lead»."""
        return Response(_SCRIPT.read_text("utf-8"), media_type="text/javascript")


def _indented(lines: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(min(4, len(line) - len(line.lstrip())), line.strip()) for line in lines]


def _found(desk: Desk, q: str) -> list[Hit]:
    with desk.engine.connect() as conn:
        return search(conn, q, asker(desk)) if q else latest(conn, asker(desk))


def _ours(desk: Desk, typed: dict[str, str]) -> list[Hit]:
    with desk.engine.connect() as conn:
        return already_ours(conn, typed, asker(desk))[:10]


def _lines(desk: Desk, hits: list[Hit]) -> list[str]:
    t = words_of(desk)
    said = []
    for one in hits:
        owner = one.owner or t["nobody"]
        line = t["ours_line"].format(number=one.number, owner=owner, by=t[f"by.{one.by}"])
        said.append(line if one.open else f"{line} · {t['closed']}")
    return said


def _new(
    desk: Desk, request: Request, typed: dict[str, str], faults: dict[str, str] | None = None,
    hits: list[Hit] | None = None, remark: str = "",
) -> Response:  # fmt: skip
    values = {name: typed.get(name, "") for name in (*FIELDS, "entrant", "mine")}
    key = typed.get("key") or secrets.token_hex(8)
    lang = desk.settings.lang
    choices = {
        name: [(code, word(lang, name, code)) for code in desk.rules.value(rule)] for name, rule in _VOCABULARY.items()
    }
    choices["entrant"] = people(desk)
    lines = _lines(desk, hits or [])
    return shown(
        desk, request, "new", "new", 422 if faults else 200, typed=values, faults=faults or {}, hits=hits,
        lines=lines, remark=remark, key=key[:64], choices=choices,
    )  # fmt: skip


def _added(desk: Desk, request: Request, typed: dict[str, str]) -> Response:
    by = actor(desk, request, typed.get("entrant", ""))
    if "check" in request.query_params:
        hits = _ours(desk, {name: typed.get(name, "")[:300] for name in _CHECKED})
        source = typed.get("source", "")
        remark = entered_by_others(source, by, asker(desk).config, desk.settings.lang) if by and source else ""
        return _new(desk, request, typed, hits=hits, remark=remark)
    faults = {} if by else {"entrant": words_of(desk)["who"]}
    if by:
        hand = ByHand(typed, by, bool(typed.get("mine")))
        faults = {one.field: one.detail for one in faults_of(hand, asker(desk).config, desk.settings.lang)}
    if faults or by is None:
        return _new(desk, request, typed, faults)
    kept = desk.inbox.put(hand.post(typed.get("key", "")[:64]), datetime.now(UTC))
    return RedirectResponse(f"/new/{kept.reference}", 303)


def _kept(desk: Desk, request: Request, reference: str) -> Response:
    t = words_of(desk)
    with desk.engine.connect() as conn:
        found = read_frame(conn, _WHERE, channel=CHANNEL, reference=reference)
    if found.empty and desk.inbox.has_reference(CHANNEL, reference):
        text = t["saved_wait"].format(reference=reference)
        return shown(desk, request, "told", "new", title=t["saved"], text=text, number="", back="/new", again=True)
    if found.empty:
        raise Problem(404, "unknown", t["nothing"])
    number, issues = found.iloc[0]["number"], found.iloc[0]["issues"]
    if isinstance(number, str):
        return shown(
            desk, request, "told", "new", title=t["saved_as"], text=reference, number=number, back="/new", again=False
        )
    why = "、".join(desk.rules.statement(one, desk.settings.lang) for one in str(issues).split("|") if one)
    text = t["rejected"].format(why=why)
    return shown(desk, request, "told", "new", title=t["new"], text=text, number="", back="/new", again=False)
