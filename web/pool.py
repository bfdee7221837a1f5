"""The pages of the pool (公海): of one person's territory by a signed link, of any region inside; a POST claims."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from config.people import Person
from config.schema import Config
from tasks.i18n import local_time, mask_name, word
from tasks.leave import staffed
from tasks.orders import Order, OrderError
from tasks.pool import ClaimRefused, claim, room_of
from tasks.pool_offers import offered, offered_to
from tasks.pool_words import words
from web.desk import Desk
from web.problems import PROBLEMS
from web.shown import actor, form_body, people, sent_form, shown
from web.signed import Visit, told, typed_form, visit

OPENS = "pool"
# leads that one page shows
_MOST = 200


def signed_routes(desk: Desk) -> APIRouter:
    """The routes of a person's own page."""
    router = APIRouter(tags=["signed links"])

    @router.get("/g/{token}", response_class=HTMLResponse)
    def show(token: str) -> HTMLResponse:
        """The leads of a person's territory that nobody has."""
        came = visit(desk, token, OPENS)
        return came if isinstance(came, HTMLResponse) else _own(desk, came)

    @router.post("/g/{token}", response_class=HTMLResponse)
    async def take(token: str, request: Request) -> HTMLResponse:
        """Claim one of them."""
        return await run_in_threadpool(_taken, desk, token, await typed_form(request))

    return router


def routes(desk: Desk) -> APIRouter:
    """The routes of the internal page."""
    router = APIRouter(tags=["leads"])

    @router.get("/pool", response_class=HTMLResponse)
    def show(request: Request, region: str = "") -> Response:
        """The leads that nobody has, of all regions or of one."""
        return _inside(desk, request, region[:60])

    @router.post("/pool", response_class=HTMLResponse, openapi_extra=form_body("number", "by", "region"),
                 responses={422: PROBLEMS[422]})  # fmt: skip
    async def take(request: Request) -> Response:
        """Claim one of them for a person of the roster."""
        return await run_in_threadpool(_taken_inside, desk, request, await sent_form(request))

    return router


def _own(desk: Desk, came: Visit, error: str = "", status: int = 200) -> HTMLResponse:
    w = words(desk.settings.lang)
    with desk.engine.connect() as conn:
        found = offered_to(conn, came.person, came.config, came.now)
        room = room_of(conn, came.person, came.config, came.now, desk.settings.tz)
    said = w["room"].format(left=max(0, room.most - room.claimed), load=room.load, cap=room.cap)
    rows = _rows(desk, found.head(_MOST), came.config)
    return desk.page(
        "pool_own", status, w=w, person=came.person.name, rows=rows, room=said, error=error,
        more=w["more"].format(n=_MOST) if len(found) > _MOST else "",
    )  # fmt: skip


def _taken(desk: Desk, token: str, typed: Mapping[str, str]) -> HTMLResponse:
    came = visit(desk, token, OPENS)
    if isinstance(came, HTMLResponse):
        return came
    numbers, error = _claimed(desk, typed, came.person, came.config, came.now)
    if error:
        return _own(desk, came, error, 409)
    w = words(desk.settings.lang)
    return told(desk, 200, w["claimed"].format(numbers="、".join(numbers)), heading=w["title"])


def _inside(desk: Desk, request: Request, region: str, done: str = "", error: str = "") -> Response:
    w = words(desk.settings.lang)
    with desk.engine.connect() as conn:
        found = offered(conn)
    regions = {_province(one) for one in found["region"].dropna().unique()}
    mine = found[found["region"].fillna("").str.startswith(region).to_numpy(dtype=bool)] if region else found
    return shown(
        desk, request, "pool", "pool", 422 if error else 200, w=w, rows=_rows(desk, mine.head(_MOST), desk.config),
        region=region, regions=[(one, word(desk.settings.lang, "region", one)) for one in sorted(regions)],
        people=people(desk), done=done, error=error, more=w["more"].format(n=_MOST) if len(mine) > _MOST else "",
    )  # fmt: skip


def _taken_inside(desk: Desk, request: Request, typed: Mapping[str, str]) -> Response:
    w, now, region = words(desk.settings.lang), datetime.now(UTC), typed.get("region", "")[:60]
    by = actor(desk, request, typed.get("by", ""))
    if by is None:
        return _inside(desk, request, region, error=w["choose_who"])
    with desk.engine.connect() as conn:
        config = staffed(conn, desk.config, now)
    numbers, error = _claimed(desk, typed, by, config, now)
    done = "" if error else w["claimed"].format(numbers="、".join(numbers))
    return _inside(desk, request, region, done, error)


def _claimed(
    desk: Desk, typed: Mapping[str, str], person: Person, config: Config, now: datetime
) -> tuple[tuple[str, ...], str]:
    """Claim the lead that a form names: the numbers that went along, or the sentence that says why not."""
    w, number = words(desk.settings.lang), typed.get("number", "")[:30].upper()
    try:
        return claim(desk.engine, number, config, Order(person.id, "", now, now, desk.settings.tz)).numbers, ""
    except ClaimRefused as refused:
        return (), w[f"refused.{refused.code}"].format(**refused.said)
    except OrderError:
        return (), w["refused"].format(number=number)


def _rows(desk: Desk, found: pd.DataFrame, config: Config) -> list[dict[str, Any]]:
    """Leads of the pool as pages show them: masked, for whoever claims one sees all of it."""
    lang, w = desk.settings.lang, words(desk.settings.lang)
    found = found.reindex(columns=[*found.columns, *({"free"} - set(found.columns))])
    plain = found.astype("object").where(found.notna(), None)
    return [
        {
            "number": row["number"], "grade": row["grade"] or "", "company": row["company"] or w["unstated"],
            "contact": mask_name(row["contact"]),
            "region": word(lang, "region", row["region"]) if row["region"] else "",
            "industry": word(lang, "industry", row["industry"]) if row["industry"] else "",
            "since": w["since"].format(at=_time(desk, row["since"])),
            "former": w["former"].format(name=config.roster.name_of(row["former"])) if row["former"] else "",
            "cooling": w["cooling"].format(free=_time(desk, row["free"])) if row["free"] else "",
        }
        for row in plain.to_dict("records")
    ]  # fmt: skip


def _province(region: str) -> str:
    """The first level of a region: up to 省, 市 or 自治区."""
    ends = [region.find(mark) + len(mark) for mark in ("省", "自治区", "市") if mark in region]
    return region[: min(ends)] if ends else region


def _time(desk: Desk, at: pd.Timestamp) -> str:
    return local_time(pd.Timestamp(at).to_pydatetime().replace(tzinfo=UTC), desk.settings.zone)
