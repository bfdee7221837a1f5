"""Internal downloads: the handbooks' sheets of a lead, and of all leads that a person owns."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response

from tasks.handbook import MEDIA, make_handbook
from tasks.handbook_facts import Scope, unknown_numbers
from web.desk import Desk
from web.problems import PROBLEMS, Problem
from web.shown import words_of


def routes(desk: Desk) -> APIRouter:
    """The routes of the downloads."""
    router = APIRouter(tags=["sheets"])
    # declared, so that programs know what they get
    book: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA: {}}}, 404: PROBLEMS[404]}

    @router.get("/leads/{number}/sheets", response_class=Response, responses=book)
    def of_lead(number: str) -> Response:
        """The handbooks' sheets of one lead as a workbook."""
        number = number.upper()[:30]
        with desk.engine.connect() as conn:
            if unknown_numbers(conn, (number,)):
                raise Problem(404, "unknown", words_of(desk)["no_lead"].format(number=number))
        return _sent(desk, Scope(numbers=(number,)), number)

    @router.get("/people/{person}/sheets", response_class=Response, responses=book)
    def of_person(person: str) -> Response:
        """The handbooks' sheets of all leads that a person owns."""
        known = desk.config.roster.person(person)
        if known is None:
            raise Problem(404, "unknown", words_of(desk)["nothing"])
        return _sent(desk, Scope(people=(known.id,)), known.name)

    return router


def _sent(desk: Desk, scope: Scope, name: str) -> Response:
    out = BytesIO()
    with desk.engine.connect() as conn:
        make_handbook(conn, scope, desk.dated, desk.settings, out, datetime.now(UTC))
    named = f"attachment; filename*=UTF-8''{quote(name)}.xlsx"
    return Response(out.getvalue(), media_type=MEDIA, headers={"Content-Disposition": named})
