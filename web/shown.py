"""What the internal pages share: pages in the reader's words, forms as they were sent, who asks."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from config.people import Person
from tasks.known import Asker
from web import bodies
from web.desk import Desk
from web.gate import person_of
from web.internal_words import internal_words

_MOST_BYTES = 65_536


def words_of(desk: Desk) -> Mapping[str, str]:
    """The words of the internal pages."""
    return internal_words(desk.settings.lang)


def shown(desk: Desk, request: Request, page: str, here: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """Render a page; `here` is its place in the navigation."""
    t = words_of(desk)
    me = person_of(request)
    values = {"title": t.get(here, "leadflow"), "me": me.name if me else "", **values}
    lang = "en" if desk.settings.lang == "en" else "zh-CN"
    return HTMLResponse(desk.render(page, t=t, lang=lang, here=here, **values), status)


async def sent_form(request: Request) -> dict[str, str]:
    """A page's form as it was sent."""
    return await bodies.sent_form(request, _MOST_BYTES)


def asker(desk: Desk) -> Asker:
    """How the base is asked just now."""
    return Asker(desk.dated, desk.settings.lang, desk.settings.tz, datetime.now(UTC))


def actor(desk: Desk, request: Request, named: str) -> Person | None:
    """Who acts: whoever signed in, else the person of the roster who is named."""
    me = person_of(request) or desk.config.roster.person(named)
    return me if me is not None and me.active else None


def people(desk: Desk) -> list[tuple[str, str]]:
    """Everybody who may act: id, name and team."""
    return [(one.id, f"{one.name}（{one.team}）") for one in desk.config.roster.people if one.active]


def form_body(*names: str) -> dict[str, Any]:
    """How a page's form is told in the OpenAPI."""
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return {"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}}
