"""Internal pages about reviews: the last packs, each figure with the leads behind it, decisions, what was learnt."""

from datetime import UTC, date, datetime
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from tasks.decisions import STATES, Decided, DecisionError, decisions_at, note, settle
from tasks.knowledge import KINDS, Entry, KnowledgeError, add, find, tags_of
from tasks.need_types import NEED_TYPES
from tasks.review_pages import FIGURES, Kept, behind, pack, packs, rows_of
from tasks.review_sections import masked
from tasks.review_words import RATES, named, percent, review_words
from tasks.rules.reviews.facts import TRAITS
from tasks.rules.reviews.spans import UNIT_OF, Kind, Span, read_span
from web.answers import standard_answers
from web.desk import Desk
from web.problems import PROBLEMS, Problem
from web.shown import actor, form_body, people, sent_form, shown, words_of

_DECISION = ("scope", "decision", "who", "due", "number", "state", "outcome", "by")
_ENTRY = ("kind", "title", "text", "tags", "lead", "by")
# lines of a dataset that a page shows; the workbook has all
_LINES = 60
#: Datasets in the order of the page.
_ORDER = (
    "conversion", "decisions", "periods", "tiers", "funnel", "dimensions", "loss_reasons", "wins", "objections",
    "channels",
    "promises", "follow_ups", "patterns", "entries", "cohorts", "calibration", "screening", "marks", "pool", "support",
    "discuss", "stalled", "plans", "crosses", "restatements", "receipts", "impossible",
)  # fmt: skip


def routes(desk: Desk) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(tags=["reviews"])
    page: dict[str, Any] = {"response_class": HTMLResponse}
    missing: dict[int | str, dict[str, Any]] = {404: PROBLEMS[404]}

    @router.get("/reviews", **page)
    def listed(request: Request) -> Response:
        """The last packs, and what is decided and open."""
        with desk.engine.connect() as conn:
            found, decided = packs(conn), decisions_at(conn, datetime.now(UTC))
        rows = decided[decided["state"] == "open"].to_dict("records")
        return shown(
            desk, request, "reviews", "reviews", packs=found, decided=rows, zone=desk.settings.zone, w=_words(desk),
            people=people(desk), states=STATES,
        )  # fmt: skip

    @router.get("/reviews/{kind}/{period}", responses=missing, **page)
    def one(kind: str, period: str, request: Request, scope: str = "") -> Response:
        """A pack: its datasets, each figure a link to its leads; and the form by which a decision is noted."""
        return _pack(desk, request, kind, period, scope)

    @router.post("/reviews/{kind}/{period}", openapi_extra=form_body(*_DECISION),
                 responses={404: PROBLEMS[404], 422: PROBLEMS[422]}, **page)  # fmt: skip
    async def decide(kind: str, period: str, request: Request) -> Response:
        """Note a decision, or what became of one."""
        return await run_in_threadpool(_decided, desk, request, kind, period, await sent_form(request))

    @router.get("/reviews/{kind}/{period}/leads", responses=missing, **page)
    def leads(
        kind: str, period: str, request: Request, scope: str = "", figure: str = "leads", dimension: str = "",
        value: str = "", view: str = "event",
    ) -> Response:  # fmt: skip
        """The leads behind a figure, masked."""
        span, kept = _kept(desk, kind, period, scope)
        asked = {"figure": figure, "dimension": dimension, "value": value, "view": view}
        try:
            found = behind(desk.engine, desk.settings, kept, span, asked, desk.rules.value(NEED_TYPES))
        except LookupError:
            raise Problem(404, "unknown", _words(desk)["none"]) from None
        return shown(
            desk, request, "review_leads", "reviews", kept=kept, asked=asked, rows=found.to_dict("records"),
            every=found.attrs["all"], w=_words(desk), back=_address(kept),
        )  # fmt: skip

    _knowledge(router, desk, page)
    return router


def _knowledge(router: APIRouter, desk: Desk, page: dict[str, Any]) -> None:
    """Add the routes of the knowledge base."""

    @router.get("/knowledge", **page)
    def known(request: Request, q: str = "", kind: str = "", tag: str = "") -> Response:
        """What is known, by words, kind and tag."""
        return _known(desk, request, (q[:100], kind[:20], tag[:60]), {})

    @router.post("/knowledge", openapi_extra=form_body(*_ENTRY), responses={422: PROBLEMS[422]}, **page)
    async def learn(request: Request) -> Response:
        """Keep something that was learnt."""
        return await run_in_threadpool(_learnt, desk, request, await sent_form(request))


def _kept(desk: Desk, kind: str, period: str, scope: str) -> tuple[Span, Kept]:
    """The period and its newest build; a page's problem where there is none."""
    unknown = Problem(404, "unknown", words_of(desk)["no_review"])
    if kind not in UNIT_OF:
        raise unknown
    try:
        span = read_span(cast(Kind, kind), period)
    except ValueError:
        raise unknown from None
    with desk.engine.connect() as conn:
        found = pack(conn, kind, span.label, scope)
    if found is None:
        raise unknown
    return span, found


def _pack(desk: Desk, request: Request, kind: str, period: str, scope: str, error: str = "") -> Response:
    _, kept = _kept(desk, kind, period, scope)
    with desk.engine.connect() as conn:
        data = rows_of(conn, kept.id)
        decided = decisions_at(conn, datetime.now(UTC))
    own = decided[
        (decided["kind"] == kept.kind) & (decided["period"] == kept.period) & (decided["scope"] == kept.scope)
    ]
    tables = [_table(desk, kept, name, data[name]) for name in _ORDER if data.get(name)]
    rules = desk.config.rules
    said = [(rule.id, rule.statement.of(desk.settings.lang))
            for rule in rules.values["reviews"] if rule.id.startswith("R-")]  # fmt: skip
    return shown(
        desk, request, "review", "reviews", 422 if error else 200, kept=kept, tables=tables,
        decided=own.to_dict("records"), zone=desk.settings.zone, w=_words(desk), error=error, people=people(desk),
        states=STATES, rules=said,
    )  # fmt: skip


def _table(desk: Desk, kept: Kept, name: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    """A dataset as the page shows it: cells, and the address of the leads behind those that count leads."""
    lang = desk.settings.lang
    columns = list(rows[0])
    cells = [[_cell(desk, kept, name, column, row) for column in columns] for row in rows[:_LINES]]
    return {
        "name": name, "title": review_words(lang)[f"sheet.{name}"], "head": [named(column, lang) for column in columns],
        "rows": cells, "more": max(0, len(rows) - _LINES),
    }  # fmt: skip


def _cell(desk: Desk, kept: Kept, name: str, column: str, row: dict[str, str]) -> tuple[str, str]:
    words, text = _words(desk), row[column]
    if column == "number" and text.startswith("XL"):
        return text, f"/leads/{text}"
    link = _link(kept, name, column, row)
    if column in ("support", "plan", "text", "decision", "outcome"):
        text = masked(text)
    if column in RATES:
        return _rate(column, row, words), link
    if text in ("True", "False"):
        return ("✓" if text == "True" else ""), link
    person = desk.config.roster.person(text) if column in ("owner", "person", "value", "who") and text else None
    return (person.name if person else words.get(text, text)), link


def _rate(column: str, row: dict[str, str], words: Any) -> str:
    """A share as people read it; where there is too little to tell one, how little."""
    count = next((row[name] for name in ("leads", "due", "contacts", "ended") if name in row), "")
    if row.get("small") == "True" and count and column not in ("expected", "proposed"):
        return str(words["few"].format(n=count))
    return percent(float(row[column])) if row[column] else "—"


def _link(kept: Kept, name: str, column: str, row: dict[str, str]) -> str:
    """Where the leads behind a cell are; '' where it counts no leads of its period."""
    text = row[column]
    asked: dict[str, str] = {}
    if name in ("dimensions", "crosses") and column in FIGURES and text not in ("", "0"):
        asked = {"figure": column, "dimension": row["dimension"], "value": row["value"], "view": row["view"]}
        if any(part not in TRAITS for part in row["dimension"].split(" × ")):
            return ""
    elif name == "periods" and column in FIGURES and row["period"] == kept.period and text not in ("", "0"):
        asked = {"figure": column}
    elif name == "conversion" and row["月份"] == kept.period and column in _MANDATED:
        asked = {"figure": _MANDATED[column]}
    elif name == "loss_reasons" and column == "lost" and text != "0":
        asked = {"figure": "lost", "dimension": "reason", "value": row["reason"]}
    return f"{_address(kept, 'leads')}{'&' if kept.scope else '?'}{urlencode(asked)}" if asked else ""


_MANDATED = {"线索总数": "leads", "有效线索数": "valid", "成交客户数": "won"}


def _address(kept: Kept, part: str = "") -> str:
    path = f"/reviews/{kept.kind}/{kept.period}{'/' + part if part else ''}"
    return f"{path}?{urlencode({'scope': kept.scope})}" if kept.scope else path


def _decided(desk: Desk, request: Request, kind: str, period: str, sent: dict[str, str]) -> Response:
    """Note what was decided, or what became of it."""
    span, kept = _kept(desk, kind, period, sent.get("scope", ""))
    by, now = actor(desk, request, sent.get("by", "")), datetime.now(UTC)
    t = words_of(desk)
    if by is None:
        return _pack(desk, request, kind, period, kept.scope, t["who"])
    try:
        if sent.get("number"):
            settle(desk.engine, int(sent["number"]), sent.get("state", ""), sent.get("outcome", "")[:500], by.id, now)
        else:
            who = desk.config.roster.person(sent.get("who", ""))
            if who is None:
                return _pack(desk, request, kind, period, kept.scope, t["who_does"])
            due = date.fromisoformat(sent["due"]) if sent.get("due") else None
            text = sent.get("decision", "")[:500]
            note(desk.engine, Decided(span.kind, span.label, text, who.id, due, kept.scope), by.id, now)
    except DecisionError as why:
        return _pack(desk, request, kind, period, kept.scope, t[f"decision.{why.code}"].format(**why.said))
    except ValueError:
        return _pack(desk, request, kind, period, kept.scope, t["decision.unread"])
    return RedirectResponse(f"{_address(kept)}#decided", 303)


def _known(
    desk: Desk, request: Request, asked: tuple[str, str, str], typed: dict[str, str], error: str = ""
) -> Response:  # fmt: skip
    q, kind, tag = asked
    with desk.engine.connect() as conn:
        found, every = find(conn, q, kind if kind in KINDS else "", tag), find(conn)
    names = {person.id: person.name for person in desk.config.roster.people}
    values = {name: typed.get(name, "") for name in _ENTRY}
    return shown(
        desk, request, "knowledge", "knowledge", 422 if error else 200, found=found, tags=tags_of(every), kinds=KINDS,
        q=q, kind=kind, tag=tag, typed=values, error=error, people=people(desk), names=names, zone=desk.settings.zone,
        standard=standard_answers(desk),
    )  # fmt: skip


def _learnt(desk: Desk, request: Request, sent: dict[str, str]) -> Response:
    by = actor(desk, request, sent.get("by", ""))
    if by is None:
        return _known(desk, request, ("", "", ""), sent, words_of(desk)["who"])
    tags = tuple(sent.get("tags", "")[:300].replace("，", ",").replace("、", ",").split(","))
    lead = sent.get("lead", "").strip().upper()[:20] or None
    entry = Entry(sent.get("kind", ""), sent.get("title", "")[:200], sent.get("text", "")[:4_000], tags, lead)
    try:
        add(desk.engine, entry, by.id, datetime.now(UTC))
    except KnowledgeError as why:
        return _known(desk, request, ("", "", ""), sent, words_of(desk)[f"entry.{why.code}"].format(**why.said))
    return RedirectResponse("/knowledge", 303)


def _words(desk: Desk) -> Any:
    return review_words(desk.settings.lang)
