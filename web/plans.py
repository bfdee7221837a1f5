"""The internal page of plans: who has none, whose leaves a due lead out, and what was done of today's."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from tasks.leave import staffed
from tasks.plan_letters import standings
from tasks.plan_words import words
from tasks.plans import foreseen
from web.desk import Desk
from web.shown import shown


def routes(desk: Desk) -> APIRouter:
    """The routes of the page."""
    router = APIRouter(tags=["people"])

    @router.get("/plans", response_class=HTMLResponse)
    def plans(request: Request) -> Response:
        """How everybody stands with the plan of the next working day and with today's."""
        now, w = datetime.now(UTC), words(desk.settings.lang)
        with desk.engine.connect() as conn:
            config = staffed(conn, desk.dated, now)
            day = foreseen(conn, config, now, desk.settings.tz)
            stand = standings(conn, day, config, now, desk.settings.zone)
        rows = [one for one in stand if one.of or one.planned or one.state not in ("nothing", "away")]
        return shown(desk, request, "plans", "plans", w=w, day=day.on, rows=rows)

    return router
