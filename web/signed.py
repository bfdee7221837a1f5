"""Pages that a signed link opens for one person: his plan, his leads, the pool of his regions; nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from config.people import Person
from config.schema import Config
from tasks.leave import staffed
from tasks.links import Link, LinkError, opened
from tasks.plan_words import words
from web.bodies import sent_form
from web.desk import Desk

# of a form with a tick and a note a lead
_MOST_BYTES = 262_144


@dataclass(frozen=True)
class Visit:
    """Who came by which link, and the company as it is staffed and ruled just now."""

    link: Link
    person: Person
    config: Config
    now: datetime


def visit(desk: Desk, token: str, opens: str) -> Visit | HTMLResponse:
    """Who comes by a link that opens this (`opens` begins what it says), or the page that says why it does not."""
    w, now = words(desk.settings.lang), datetime.now(UTC)
    heading = w["mine"]
    try:
        link = opened(desk.secret, token, now)
    except LinkError as refused:
        return told(desk, 410 if refused.why == "expired" else 404, w[refused.why], heading=heading)
    person = desk.config.roster.person(link.person)
    if person is None or not person.active or not link.number.startswith(opens):
        return told(desk, 404, w["forged"], heading=heading)
    with desk.engine.connect() as conn:
        config = staffed(conn, desk.dated, now)
    return Visit(link, config.roster.person(person.id) or person, config, now)


def told(desk: Desk, status: int, text: str, **values: Any) -> HTMLResponse:
    """A page that says one thing."""
    return desk.page("message", status, text=text, **values)


async def typed_form(request: Request) -> Mapping[str, str]:
    """The form that a page sent."""
    return await sent_form(request, _MOST_BYTES)
