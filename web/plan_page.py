"""The page of a person's plan of a day (H1-5.2-remind): a GET shows it, the button confirms it, edited or not."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from tasks.day import Day
from tasks.i18n import local_time
from tasks.orders import Order, OrderError
from tasks.plan_letters import OPENS, shown_items
from tasks.plan_words import words
from tasks.plans import CONFIRMED, Edited, confirm, current, foreseen, plans_of
from web.desk import Desk
from web.signed import Visit, told, typed_form, visit

_MOST_CHARACTERS = 300


def routes(desk: Desk) -> APIRouter:
    """The routes of the page."""
    router = APIRouter(tags=["signed links"])

    @router.get("/d/{token}", response_class=HTMLResponse)
    def show(token: str) -> HTMLResponse:
        """A person's plan of a day."""
        came = visit(desk, token, OPENS)
        return came if isinstance(came, HTMLResponse) else _shown(desk, came)

    @router.post("/d/{token}", response_class=HTMLResponse)
    async def say(token: str, request: Request) -> HTMLResponse:
        """Confirm the plan, as it is shown or edited."""
        return await run_in_threadpool(_said, desk, token, await typed_form(request))

    return router


def _shown(
    desk: Desk, came: Visit, typed: Mapping[str, str] | None = None, error: str = "", status: int = 200
) -> HTMLResponse:
    w = words(desk.settings.lang)
    found = _planned(desk, came)
    if isinstance(found, HTMLResponse):
        return found
    day, items, state, at = found
    rows = shown_items(items, came.config, desk.settings)
    kept, typed = items["kept"].tolist(), typed or {}
    notes = [note if isinstance(note, str) else "" for note in items["note"]]
    for row, keeps, note in zip(rows, kept, notes, strict=True):
        ticked = row["number"] in typed.get("keep", "").split(",") if typed else keeps
        row |= {"kept": ticked, "note": typed.get(f"note-{row['number']}", note)}
    said = w["confirmed_at"].format(at=local_time(at, desk.settings.zone)) if state == CONFIRMED else w["proposed"]
    return desk.page(
        "plan", status, w=w, person=came.person.name, rows=rows, state=said, error=error, add=typed.get("add", ""),
        heading=w["title"].format(day=day.on), most=_MOST_CHARACTERS,
    )  # fmt: skip


def _planned(desk: Desk, came: Visit) -> tuple[Day, pd.DataFrame, str | None, Any] | HTMLResponse:
    """The plan that the link opens, as it stands; or why there is none any more."""
    w, on = words(desk.settings.lang), _day(came)
    with desk.engine.connect() as conn:
        try:
            day = foreseen(conn, came.config, came.now, desk.settings.tz, on, came.person.id)
        except OrderError:
            return told(desk, 410, w["over"].format(day=on), heading=w["title"].format(day=on))
        items, state = current(conn, day, came.person.id, came.config, came.now)
        plans = plans_of(conn, day.on, came.now)
    if came.person.id not in day.here:
        return told(desk, 409, w["away"].format(day=on), heading=w["title"].format(day=on))
    mine = plans.loc[(plans["person"] == came.person.id).to_numpy(dtype=bool), "at"]
    at = mine.iloc[0].to_pydatetime().replace(tzinfo=came.now.tzinfo) if len(mine) else None
    return day, items, state, at


def _said(desk: Desk, token: str, typed: Mapping[str, str]) -> HTMLResponse:
    """Store what was said; said twice it is stored once."""
    came, w = visit(desk, token, OPENS), words(desk.settings.lang)
    if isinstance(came, HTMLResponse):
        return came
    listed = [one for one in typed.get("listed", "").split(",") if one]
    kept = [one for one in typed.get("keep", "").split(",") if one]
    notes = {one: typed.get(f"note-{one}", "").strip() for one in listed}
    if any(len(note) > _MOST_CHARACTERS for note in notes.values()):
        return _shown(desk, came, typed, w["shorter"].format(n=_MOST_CHARACTERS), 400)
    added = [one.upper() for one in typed.get("add", "").replace("、", " ").replace(",", " ").split()]
    found = _planned(desk, came)
    if isinstance(found, HTMLResponse):
        return found
    if not listed and len(found[1]):
        # a body that was lost on its way is no word of anybody
        return _shown(desk, came, None, w["again"], 400)
    # a lead that was closed or went to somebody else meanwhile is no longer anybody's to plan
    known = set(found[1]["number"])
    edited = Edited(
        [*(one for one in kept if one in known), *added],
        [one for one in listed if one in known and one not in kept],
        {one: note for one, note in notes.items() if note and one in known},
    )
    order = Order(came.person.id, "plan", came.now, came.now, desk.settings.tz)
    try:
        on, items, new = confirm(desk.engine, came.person.id, edited, came.config, order, on=_day(came))
    except OrderError as why:
        strange = str(why).rpartition(": ")[2]
        return _shown(desk, came, typed, w["strange"].format(numbers=strange), 400)
    said = w["saved" if new else "known"].format(day=on, n=int(items["kept"].sum()))
    return told(desk, 200, said, heading=w["title"].format(day=on))


def _day(came: Visit) -> date:
    return date.fromisoformat(came.link.number.removeprefix(OPENS))
