"""Follow-ups by program: one address that takes records as JSON, under the same check as the page and the command."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from tasks.follow_up_words import FIELDS, fault_text
from tasks.follow_ups import FollowUpError, Said, method_of, record_follow_ups
from tasks.orders import Order
from tasks.rules.follow_up_check import AHEAD, DAYS, NUMBERS, OUTCOMES
from tasks.rules.lifecycle.records import CONFIRMED
from tasks.rules.objections import SETTLED
from web.bodies import kind_of, read_json
from web.desk import Desk
from web.gate import person_of
from web.limits import read_body
from web.problems import PROBLEMS, Problem
from web.typed import read_day, read_moment

_MOST_BYTES, _MOST_RECORDS = 4_000_000, 1_000
_NEEDED = ("number", "at", "method", "summary")
_WHO = "by"
_TIMES = ("at", *AHEAD)


def routes(desk: Desk) -> APIRouter:
    """The routes of the address."""
    router = APIRouter(tags=["follow-ups"])
    problems: dict[int | str, dict[str, Any]] = {code: PROBLEMS[code] for code in (400, 413, 415, 422)}

    @router.post("/api/follow-ups", openapi_extra={"requestBody": _BODY}, responses=problems)
    async def record(request: Request) -> dict[str, Any]:
        """Record follow-ups, all or none; the same `key`, or the same content, is recorded once."""
        if kind_of(request.headers.get("content-type", "")) != "application/json":
            raise Problem(415, "media_type", "send application/json")
        sent = read_json(await read_body(request, _MOST_BYTES))
        signed_in = person_of(request)
        return await run_in_threadpool(_recorded, desk, sent, signed_in.id if signed_in else None)

    return router


def _recorded(desk: Desk, sent: Any, signed_in: str | None) -> dict[str, Any]:
    records = sent.get("follow_ups") if isinstance(sent, Mapping) else None
    if not isinstance(records, list) or not 1 <= len(records) <= _MOST_RECORDS:
        raise _invalid([_error("follow_ups", "type", f"a list of 1 to {_MOST_RECORDS} records")])
    errors: list[dict[str, str]] = []
    said = [_read(one, place, desk, signed_in, errors) for place, one in enumerate(records)]
    if errors:
        raise _invalid(errors)
    now = datetime.now(UTC)
    order = Order(signed_in or "api", "", now, now, desk.settings.tz)
    try:
        found = record_follow_ups(desk.engine, [one for one in said if one], desk.config, order)
    except FollowUpError as refused:
        raise _invalid(
            [
                {"field": f"follow_ups.{one.row}.{_sent_as(one.field)}", "code": one.code, "detail": one.said("en")}
                for one in refused.faults
            ]
        ) from None
    return {
        "recorded": [
            {
                "number": one.number, "follow_up": one.follow_up_id, "before": one.before,
                "hints": [{"field": _sent_as(hint.field), "code": hint.code, "detail": hint.said("en")}
                          for hint in one.hints],
            }
            for one in found
        ]
    }  # fmt: skip


def _read(one: Any, place: int, desk: Desk, signed_in: str | None, errors: list[dict[str, str]]) -> Said | None:
    """Read one record; what is wrong of it goes to `errors`."""
    at = f"follow_ups.{place}"
    if not isinstance(one, Mapping):
        errors.append(_error(at, "type", "an object"))
        return None
    given = {name: value for name, value in one.items() if value is not None}
    if signed_in is not None:
        # who signs in with his own name speaks for himself
        given = {_WHO: signed_in} | given
    wrong = [_error(f"{at}.{name}", "unknown_field") for name in given if name not in _PLACES]
    wrong += [_error(f"{at}.{name}", "blank") for name in (*_NEEDED, _WHO) if name not in given]
    if signed_in is not None and given[_WHO] != signed_in:
        wrong.append(_error(f"{at}.{_WHO}", "type", "who signed in"))
    read: dict[str, Any] = {}
    for name, value in given.items():
        if name in _PLACES:
            reader, wanted = _reader(name)
            read[_PLACES[name]] = found = reader(value, desk)
            if found is None:
                wrong.append(_error(f"{at}.{name}", "type", wanted))
    errors.extend(wrong)
    if wrong:
        return None
    # as the command, the page and a file read it
    for name in ("number", "corrects_lead"):
        if name in read:
            read[name] = read[name].strip().upper()
    read["method"] = method_of(read["method"], desk.config) or read["method"]
    return Said(**read, channel="api")


def _reader(name: str) -> tuple[Callable[[Any, Desk], Any], str]:
    """How a field is read, and what it is."""
    if name in _TIMES:
        return _moment, "a time such as 2024-03-18T10:30 or 2024-03-18T10:30:00+08:00"
    if name in DAYS:
        return _day, "a day such as 2024-03-18"
    if name in NUMBERS:
        return _number, "a number"
    if name == "corrects":
        return _whole, "a whole number"
    if name == "confirmed":
        return _facts, "a list of words"
    return _text, "a text"


def _text(value: Any, _desk: Desk) -> str | None:
    # a NUL cannot be stored, a lone surrogate not be written
    return value if isinstance(value, str) and _fits(value) else None


def _fits(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _facts(value: Any, desk: Desk) -> str | None:
    parts = value if isinstance(value, list) else [value]
    return "|".join(parts) if all(_text(part, desk) is not None for part in parts) else None


def _number(value: Any, _desk: Desk) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
    return float(value) if fits else None


def _whole(value: Any, _desk: Desk) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15 else None


def _day(value: Any, _desk: Desk) -> date | None:
    return read_day(value) if isinstance(value, str) else None


def _moment(value: Any, desk: Desk) -> datetime | None:
    found = read_moment(value, desk.settings.zone) if isinstance(value, str) else None
    return found if found is not None and 1900 < found.year < 9000 else None


def _sent_as(field: str) -> str:
    return _WHO if field == "person" else field


def _error(field: str, code: str, value: str = "") -> dict[str, str]:
    wanted = f": it is not {value}" if value else ""
    return {"field": field, "code": code, "detail": fault_text(code, field, wanted, "en", {})}


def _invalid(errors: list[dict[str, str]]) -> Problem:
    return Problem(422, "invalid", "nothing was recorded: some fields are not as they should be", errors)


#: Name of a field as it is sent -> field of a record.
_PLACES = {_sent_as(one.name): one.name for one in fields(Said) if one.name != "channel"}


def _schema(name: str) -> dict[str, Any]:
    about = {"description": FIELDS[_PLACES[name]][1]} if _PLACES[name] in FIELDS else {}
    if name in _TIMES:
        return {"type": "string", "format": "date-time"} | about
    if name in DAYS:
        return {"type": "string", "format": "date"} | about
    if name in NUMBERS:
        return {"type": "number"} | about
    if name == "corrects":
        return {"type": "integer", "minimum": 1} | about
    if name == "outcome":
        return {"type": "string", "enum": list(OUTCOMES)} | about
    if name == "settled":
        return {"type": "string", "enum": list(SETTLED)} | about
    if name == "confirmed":
        return {"type": "array", "items": {"type": "string", "enum": list(CONFIRMED)}} | about
    return {"type": "string"} | about


_RECORD = {
    "type": "object", "required": list(_NEEDED), "additionalProperties": False,
    "properties": {name: _schema(name) for name in _PLACES},
}  # fmt: skip
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object", "required": ["follow_ups"],
                "properties": {
                    "follow_ups": {"type": "array", "minItems": 1, "maxItems": _MOST_RECORDS, "items": _RECORD}
                },
            }
        }
    },
}  # fmt: skip
