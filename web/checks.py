"""Internal pages for those who look after what arrives: unknown words, and the supervisor's spot check."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from tasks.spot import SPOT_SIZE, Spot, SpotError, first_day, note_finding, sample, week_of
from tasks.unknown import unknown_words
from web.desk import Desk
from web.problems import PROBLEMS, Problem
from web.shown import actor, form_body, people, sent_form, shown, words_of

_DAYS = 90


def routes(desk: Desk) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(tags=["checks"])
    page: dict[str, Any] = {"response_class": HTMLResponse}
    missing: dict[int | str, dict[str, Any]] = {404: PROBLEMS[404]}

    @router.get("/unknown", **page)
    def unknown(request: Request) -> Response:
        """The words that the vocabulary does not know, with the line that adds each."""
        with desk.engine.connect() as conn:
            found = unknown_words(conn, desk.rules, datetime.now(UTC) - timedelta(days=_DAYS))
        return shown(desk, request, "unknown", "unknown", found=found)

    @router.get("/spot", responses=missing, **page)
    def spot(request: Request, week: str = "") -> Response:
        """The week's sample for the supervisor's spot check."""
        return _spot(desk, request, week)

    @router.post("/spot", openapi_extra=form_body("week", "number", "result", "finding", "by"),
                 responses={422: PROBLEMS[422]}, **page)  # fmt: skip
    async def note(request: Request) -> Response:
        """Note what the check of a lead gave."""
        return await run_in_threadpool(_noted, desk, request, await sent_form(request))

    return router


def _spot(desk: Desk, request: Request, week: str, error: str = "") -> Response:
    zone = desk.settings.zone
    today = datetime.now(zone).date()
    week = week or week_of(today)
    try:
        monday = first_day(week)
        before, after = week_of(monday - timedelta(days=7)), week_of(monday + timedelta(days=7))
        with desk.engine.connect() as conn:
            spots = sample(conn, week, int(desk.rules.value(SPOT_SIZE)), zone)
    except (ValueError, OverflowError):
        raise Problem(404, "unknown", words_of(desk)["no_week"]) from None
    later = after if after <= week_of(today) else ""
    names = {person.id: person.name for person in desk.config.roster.people}
    return shown(
        desk, request, "spot", "spot", 422 if error else 200, week=week, before=before, after=later, spots=spots,
        people=people(desk), names=names, error=error,
    )  # fmt: skip


def _noted(desk: Desk, request: Request, typed: dict[str, str]) -> Response:
    week, by = typed.get("week", ""), actor(desk, request, typed.get("by", ""))
    if by is None:
        return _spot(desk, request, week, words_of(desk)["who"])
    finding = Spot(typed.get("number", ""), typed.get("result", ""), typed.get("finding", ""), by.id)
    try:
        first_day(week)
        note_finding(desk.engine, week, finding.number, finding, datetime.now(UTC))
    except SpotError as why:
        return _spot(desk, request, week, words_of(desk)[f"spot.{why.code}"].format(**why.said))
    except ValueError:
        raise Problem(404, "unknown", words_of(desk)["no_week"]) from None
    return RedirectResponse(f"/spot?week={week}", 303)
