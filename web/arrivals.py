"""Internal pages about what arrived: batches and their receipts, channels and their quality."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from tasks.batch_list import BatchLine, list_batches
from tasks.i18n import words
from tasks.quality import Quality, measure
from tasks.rules.quality import OUTCOMES, VERDICTS
from web.desk import Desk
from web.problems import PROBLEMS, Problem
from web.shown import shown, words_of

_LAST, _LINES, _ROWS = 100, 200, 50
_SHOWN = ("created", "merged", "updated", "rejected")
_COLUMNS = ("rows", *OUTCOMES, "late", "leads", *VERDICTS)


def routes(desk: Desk) -> APIRouter:
    """The routes of the pages about what arrived."""
    router = APIRouter(tags=["arrivals"])
    page: dict[str, Any] = {"response_class": HTMLResponse}
    missing: dict[int | str, dict[str, Any]] = {404: PROBLEMS[404]}

    @router.get("/batches", **page)
    def batches(request: Request) -> Response:
        """The newest batches."""
        lines = [_line(desk, one) for one in list_batches(desk.engine, last=_LAST)]
        return shown(desk, request, "batches", "batches", lines=lines, outcomes=_SHOWN)

    @router.get("/batches/{number}", responses=missing, **page)
    def batch(number: int, request: Request) -> Response:
        """One batch, what became of it, and its receipts."""
        one = _batch(desk, number)
        names = [path.name for path in _receipts(desk, one)]
        return shown(desk, request, "batch", "batches", one=_line(desk, one), receipts=names, outcomes=OUTCOMES)

    @router.get("/batches/{number}/receipts/{place}", responses=missing, response_class=FileResponse)
    def receipt(number: int, place: int) -> Response:
        """A file of a batch's receipt, to be kept."""
        found = _receipts(desk, _batch(desk, number))
        if not 1 <= place <= len(found):
            raise Problem(404, "unknown", words_of(desk)["no_batch"])
        path = found[place - 1]
        return FileResponse(path, filename=path.name, media_type="application/octet-stream")

    @router.get("/channels", **page)
    def channels(request: Request, month: str = "") -> Response:
        """What each channel brought, and how complete it was."""
        return _quality(desk, request, "", month, ("channel", "team", "entrant", "month"))

    @router.get("/channels/{name}", responses=missing, **page)
    def channel(name: str, request: Request, month: str = "") -> Response:
        """What one channel brought, by team, entrant and month."""
        if name not in desk.config.channels:
            raise Problem(404, "unknown", words_of(desk)["nothing"])
        return _quality(desk, request, name, month, ("team", "entrant", "month"))

    return router


def _batch(desk: Desk, number: int) -> BatchLine:
    # more digits than a database counts name no batch
    found = list_batches(desk.engine, last=1, number=number) if 0 < number < 2**53 else []
    if not found:
        raise Problem(404, "unknown", words_of(desk)["no_batch"])
    return found[0]


def _line(desk: Desk, one: BatchLine) -> dict[str, Any]:
    return one.as_dict() | {"received": f"{one.received_at.astimezone(desk.settings.zone):%Y-%m-%d %H:%M}"}


def _receipts(desk: Desk, one: BatchLine) -> list[Path]:
    folder = desk.settings.receipts / one.channel
    return sorted(path for path in folder.glob(f"{one.batch:06d}_*") if path.is_file())


def _quality(desk: Desk, request: Request, channel: str, month: str, by: tuple[str, ...]) -> Response:
    zone, now = desk.settings.zone, datetime.now(UTC)
    months = _months(now.astimezone(zone).date())
    chosen = month if month in months else ""
    with desk.engine.connect() as conn:
        found = measure(conn, desk.rules, zone, now, by, chosen or None, channel or None)
    lang = desk.settings.lang
    named = [str(one).removeprefix("omission:") for one in _columns(found, "omission:")]
    fields = [(one, words(lang).get(f"column.{one}", one)) for one in named]
    parts = {key: _rows(frame, named) for key, frame in found.figures.items() if len(frame)}
    waiting = desk.inbox.counts()
    inbox = {name: counts for name, counts in waiting.items() if channel in ("", name)}
    return shown(
        desk, request, "channels", "channels", name=channel, month=chosen, months=months, parts=parts, inbox=inbox,
        columns=_COLUMNS, fields=fields, more=max(0, len(found.missing) - _ROWS), teams=found.teams.to_dict("records"),
        missing=[_missing(row, lang) for row in found.missing.tail(_ROWS).to_dict("records")],
    )  # fmt: skip


def _months(today: date, many: int = 24) -> list[str]:
    months = []
    for _ in range(many):
        months.append(f"{today:%Y-%m}")
        today = today.replace(day=1) - timedelta(days=1)
    return months


def _columns(found: Quality, start: str) -> list[str]:
    return [str(one) for one in next(iter(found.figures.values())).columns if str(one).startswith(start)]


def _rows(frame: pd.DataFrame, fields: list[str]) -> list[dict[str, Any]]:
    """The figures of one dimension, and the share of rows that have each required field."""
    ordered = frame.sort_values("rows", ascending=False).head(_LINES)
    return [
        {
            "value": value,
            **{name: int(row[name]) for name in _COLUMNS},
            "filled": {one: 1 - row[f"omission:{one}"] / max(1, row["rows"]) for one in fields},
        }
        for value, row in ordered.iterrows()
    ]


def _missing(row: dict[Any, Any], lang: str) -> dict[Any, Any]:
    said = [words(lang).get(f"column.{one}", one) for one in str(row["fields"]).split("|")]
    return {**row, "fields": words(lang)["list"].join(dict.fromkeys(said))}
