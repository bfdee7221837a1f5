"""Internal pages about people: the roster of today with leave, and what each person's day asks of him."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from config.people import Leave as Away
from config.people import Person, role_name
from tasks.leave import LeaveError, add_leave, end_leave, leaves, staffed
from tasks.links import lead_links
from tasks.orders import Order
from tasks.ownership import loads_of
from tasks.rules.assign import DAY_CAP, OPEN_CAP
from tasks.standings import read_turns
from web.desk import Desk
from web.mine import MOST, leads_of
from web.problems import PROBLEMS, Problem
from web.shown import actor, form_body, people, sent_form, shown, words_of

_LEAVE_FIELDS = ("person", "first", "last", "hours", "deputy", "by")


def routes(desk: Desk) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(tags=["people"])
    page: dict[str, Any] = {"response_class": HTMLResponse}

    @router.get("/people", **page)
    def roster(request: Request) -> Response:
        """Who is here, on leave, how much each has, and who stands in."""
        return _roster(desk, request)

    @router.post("/people", openapi_extra=form_body(*_LEAVE_FIELDS, "remove"), responses={422: PROBLEMS[422]}, **page)
    async def leave(request: Request) -> Response:
        """Note somebody's leave, or take an added one back."""
        return await run_in_threadpool(_leave, desk, request, await sent_form(request))

    @router.get("/people/{person}", responses={404: PROBLEMS[404]}, **page)
    def mine(person: str, request: Request) -> Response:
        """What a person's day asks of him, and his open leads."""
        return _mine(desk, request, person, "")

    @router.post("/people/{person}", openapi_extra=form_body("q"), responses={404: PROBLEMS[404]}, **page)
    async def find(person: str, request: Request) -> Response:
        """Find among a person's open leads; what is looked for never stands in an address."""
        q = (await sent_form(request)).get("q", "").strip()[:200]
        return await run_in_threadpool(_mine, desk, request, person, q)

    return router


def _roster(desk: Desk, request: Request, typed: Mapping[str, str] | None = None, error: str = "") -> Response:
    now, t = datetime.now(UTC), words_of(desk)
    today = now.astimezone(desk.settings.zone).date()
    with desk.engine.connect() as conn:
        config = staffed(conn, desk.config, now)
        loads, given, away = loads_of(conn), read_turns(conn, today).today, leaves(conn, now)
    names = {person.id: person.name for person in config.roster.people}
    rows = [
        {
            "code": person.id, "name": person.name, "role": role_name(person.role, desk.settings.lang),
            "team": person.team, "state": _state(person, today, t), "load": loads.get(person.id, 0),
            "cap": desk.rules.value(OPEN_CAP) if person.open_cap is None else person.open_cap,
            "today": given.get(person.id, 0), "share": person.capacity,
            "day_cap": desk.rules.value(DAY_CAP) if person.day_cap is None else person.day_cap,
            "deputy": names.get(person.deputy_on(today) or "", ""),
        }
        for person in config.roster.people
    ]  # fmt: skip
    ahead = away[(away["last_on"] >= today).to_numpy(dtype=bool)] if len(away) else away
    plain = ahead.astype("object").where(ahead.notna(), None).to_dict("records")
    shown_leave = [row | {"name": names.get(row["person"], row["person"]), "stands_in": names.get(row["deputy"], "")}
                   for row in plain]  # fmt: skip
    fresh = dict.fromkeys(_LEAVE_FIELDS, "") | dict(typed or {})
    return shown(
        desk, request, "roster", "people", 422 if error else 200, rows=rows, leave=shown_leave, people=people(desk),
        typed=fresh, error=error,
    )  # fmt: skip


def _state(person: Person, today: date, t: Mapping[str, str]) -> str:
    if not person.active:
        return t["p_gone"]
    if person.is_to_come(today):
        return t["p_to_come"]
    if person.is_away(today):
        return t["p_away"]
    partly = any(span.start <= today <= span.end for span in person.leave)
    return t["p_partly_away"] if partly else t["p_present"]


def _leave(desk: Desk, request: Request, typed: dict[str, str]) -> Response:
    by, now, t = actor(desk, request, typed.get("by", "")), datetime.now(UTC), words_of(desk)
    if by is None:
        return _roster(desk, request, typed, t["p_who"])
    order = Order(by.id, "leave", now, now, desk.settings.tz)
    try:
        if typed.get("remove"):
            end_leave(desk.engine, int(typed["remove"]), order)
        else:
            said = {"from": date.fromisoformat(typed.get("first", "")), "to": date.fromisoformat(typed.get("last", "")),
                    "hours": tuple(typed.get("hours", "").split()), "deputy": typed.get("deputy") or None}  # fmt: skip
            add_leave(desk.engine, desk.config, typed.get("person", ""), Away.model_validate(said), order)
    except LeaveError as why:
        return _roster(desk, request, typed, t[f"p_leave.{why.code}"].format(**why.said))
    except (ValidationError, ValueError):
        return _roster(desk, request, typed, t["p_no_leave"])
    return RedirectResponse("/people", 303)


def _mine(desk: Desk, request: Request, code: str, q: str) -> Response:
    now = datetime.now(UTC)
    with desk.engine.connect() as conn:
        config = staffed(conn, desk.dated, now)
    person = config.roster.person(code)
    if person is None:
        raise Problem(404, "unknown", words_of(desk)["p_no_person"])
    link = lead_links(desk.settings, desk.rules, now, "p")
    to = (lambda number: link(number, person.id)) if link else None
    found = leads_of(desk, config, person, q, now, to)
    return shown(desk, request, "mine", "people", person=person, rows=found.rows, counts=found.counts, q=q, most=MOST)
