"""The forms that anybody may fill in: shown at /f/CHANNEL, sent by a page or by script, answered with a reference.

It works without JavaScript. A GET changes nothing; what is typed never stands in an address.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from config.form import CAMPAIGN, Form
from config.schema import Channel
from tasks.posts.form import CONSENT, Typed, message_id, read_typed
from tasks.posts.inbox import TRAP, WAITING, Kept, NewPost
from tasks.posts.stamp import Stamp, read_stamp, stamped
from web.bodies import kind_of, read_any
from web.desk import Desk
from web.form_words import form_words
from web.limits import address_of, key_of, read_body
from web.problems import PROBLEMS, Problem

_REFERENCE = re.compile(r"\d{6}-[0-9A-Z]{5}-[0-9A-Z]{5}")
_ID = re.compile(r"[\x21-\x7e]{1,200}")
_ANSWERS: dict[int | str, dict[str, Any]] = {code: PROBLEMS[code] for code in (400, 403, 404, 408, 413, 415, 422, 429)}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
            for kind in ("application/json", "application/x-www-form-urlencoded")
        },
    }
}


@dataclass(frozen=True)
class Sent:
    """A form as it was sent: its fields, whose request it is, and whether a program asks."""

    channel: Channel
    fields: Mapping[str, str]
    address: str
    lang: str
    as_json: bool
    key: str

    @property
    def form(self) -> Form:
        """The form that it answers."""
        assert self.channel.form is not None
        return self.channel.form

    @property
    def t(self) -> Mapping[str, str]:
        """The words of its language."""
        return form_words(self.lang)


def routes(desk: Desk) -> APIRouter:
    """The routes of the forms."""
    router = APIRouter(tags=["forms"])

    @router.get("/f/{channel}", response_class=HTMLResponse, responses={404: PROBLEMS[404]})
    def show(channel: str, request: Request) -> Response:
        """Show a form; utm_… parameters of the address are kept with what is sent."""
        found, lang = _found(desk, channel, request)
        campaign = {name: value[:200] for name in CAMPAIGN if (value := request.query_params.get(name))}
        return _form(desk, found, lang, Typed({}, campaign))

    @router.get("/f/{channel}/token", responses=_ANSWERS)
    def token(channel: str, request: Request) -> Response:
        """A stamp for a form that is sent by script; it makes a double click one post."""
        found, _ = _found(desk, channel, request)
        made = stamped(desk.secret, channel, datetime.now(UTC))
        return _allowing(JSONResponse({"token": made}), found, request)

    @router.get("/f/{channel}/thanks/{reference}", response_class=HTMLResponse, responses={404: PROBLEMS[404]})
    def thanks(channel: str, reference: str, request: Request) -> Response:
        """The answer page; it says nothing but the reference."""
        found, lang = _found(desk, channel, request)
        if not _REFERENCE.fullmatch(reference):
            raise Problem(404, "unknown", form_words(lang)["unknown"])
        return _page(desk, found, lang, "form_thanks", 200, reference=reference, again=_address(found, lang))

    @router.options("/f/{channel}", status_code=204, responses={404: PROBLEMS[404]})
    def preflight(channel: str, request: Request) -> Response:
        """Whether a page of another site may send this form by script."""
        found, _ = _found(desk, channel, request)
        return _allowing(Response(status_code=204), found, request)

    @router.post("/f/{channel}", responses={202: {"description": "Kept"}, 303: {"description": "Kept"}, **_ANSWERS},
                 openapi_extra=_BODY, status_code=202)  # fmt: skip
    async def send(channel: str, request: Request) -> Response:
        """Send a form: JSON is answered with JSON, a page's form with a page."""
        found, lang = _found(desk, channel, request)
        sent = await _read(desk, found, lang, request)
        answer = await run_in_threadpool(_answered, desk, sent)
        return _allowing(answer, found, request)

    return router


def _found(desk: Desk, name: str, request: Request) -> tuple[Channel, str]:
    channel = desk.channel(name, "form")
    asked = request.query_params.get("lang", "")
    usual = (channel.form.lang if channel and channel.form else "") or desk.settings.lang
    lang = {"en": "en", "zh": "zh_CN", "zh-CN": "zh_CN"}.get(asked, usual)
    if channel is None or channel.form is None or channel.form.paused:
        raise Problem(404, "unknown", form_words(lang)["paused" if channel else "unknown"])
    return channel, lang


async def _read(desk: Desk, channel: Channel, lang: str, request: Request) -> Sent:
    assert channel.form is not None
    _refuse_strangers(channel.form, request, lang)
    content_type = request.headers.get("content-type", "")
    body = await read_body(request, channel.form.limits.body_bytes)
    found = read_any(body, content_type)
    if not isinstance(found, dict):
        raise Problem(400, "bad_json", "send one object")
    accept = request.headers.get("accept", "")
    # who posts as a page does is a page, unless he says otherwise
    as_json = kind_of(content_type).endswith("json") or ("json" in accept and "text/html" not in accept)
    fields = {str(name): value if isinstance(value, str) else _text(value) for name, value in found.items()}
    address = address_of(request, desk.settings.trusted_proxy)
    return Sent(channel, fields, address, lang, as_json, request.headers.get("idempotency-key", ""))


def _text(value: Any) -> str:
    """A value of JSON as it would be typed."""
    if value is None or value is False:
        return ""
    return "yes" if value is True else json.dumps(value, ensure_ascii=False)


def _refuse_strangers(form: Form, request: Request, lang: str) -> None:
    """A page of a site that is not named may not send the form for its visitors; some pages hide whose they are."""
    origin = request.headers.get("origin", "null")
    if origin != "null" and origin not in form.origins and urlsplit(origin).netloc != request.headers.get("host"):
        raise Problem(403, "origin", form_words(lang)["elsewhere"])


def _answered(desk: Desk, sent: Sent) -> Response:
    """Look at what was sent, keep it, answer."""
    limits, now = sent.form.limits, datetime.now(UTC)
    if wait := desk.rates.wait(
        f"f:{sent.channel.name}:{key_of(sent.address)}", limits.per_address, limits.minutes * 60
    ):
        return _often(desk, sent, wait)
    typed = read_typed(sent.form, sent.fields, desk.rules, sent.lang)
    stamp, notice = _stamp_of(desk, sent, now)
    if typed.faults or notice:
        return _wrong(desk, sent, typed, notice)
    try:
        reference = _kept(desk, sent, typed, stamp, now)
    except SQLAlchemyError:
        return _refused(desk, sent, 503, "busy", sent.t["busy"])
    if isinstance(reference, int):
        return _often(desk, sent, reference)
    if sent.as_json:
        said = {"reference": reference, "message": sent.t["thanks_for"].format(reference=reference)}
        return JSONResponse(said, 202)
    address = f"/f/{sent.channel.name}/thanks/{reference}"
    return RedirectResponse(address + _language(sent.channel, sent.lang), 303)


def _kept(desk: Desk, sent: Sent, typed: Typed, stamp: Stamp | None, now: datetime) -> str | int:
    """Keep a post and give its reference; the seconds to wait where its phone has posted too often."""
    name, limits = sent.channel.name, sent.form.limits
    reference = stamp.reference if stamp else ""
    ids = message_id(typed, reference, now, limits.again_minutes)
    if not stamp and _ID.fullmatch(sent.key):
        ids = [f"k:{sent.key}"]
    for one in ids:
        if known := desk.inbox.find(name, one):
            return known
    for phone in typed.phones:
        if wait := desk.rates.wait(f"p:{name}:{phone}", limits.per_phone, limits.minutes * 60):
            return wait
    state = TRAP if typed.trapped else WAITING
    kept: Kept = desk.inbox.put(NewPost(name, ids[0], typed.body, state, reference), now)
    return kept.reference


def _stamp_of(desk: Desk, sent: Sent, now: datetime) -> tuple[Stamp | None, str]:
    """The stamp of the page, and what is wrong with it."""
    text = sent.fields.get("token", "")
    if not text:
        return None, ""
    stamp = read_stamp(desk.secret, sent.channel.name, text)
    if stamp is None or now - stamp.at > timedelta(hours=sent.form.limits.most_hours):
        return None, "stale"
    if (now - stamp.at).total_seconds() < sent.form.limits.least_seconds:
        return stamp, "too_fast"
    return stamp, ""


def _wrong(desk: Desk, sent: Sent, typed: Typed, notice: str) -> Response:
    """What is to be mended, each point at its field; what was typed is kept."""
    # who has something to mend takes his time anyway
    notice = "" if typed.faults and notice == "too_fast" else notice
    said = sent.t[notice] if notice else ""
    if sent.as_json:
        errors = [{"field": one.field, "code": one.code, "detail": one.detail} for one in typed.faults]
        return Problem(422, notice or "invalid", said or sent.t["wrong"].format(n=len(errors)), errors).response()
    # the stamp stays where it is good, so that all that is sent with it is one post
    token = "" if notice == "stale" else sent.fields.get("token", "")
    consented = bool(sent.fields.get(CONSENT))
    return _form(desk, sent.channel, sent.lang, typed, 422, notice=said, token=token, consented=consented)


def _often(desk: Desk, sent: Sent, wait: int) -> Response:
    text = sent.t["often"].format(minutes=-(-wait // 60))
    answer = _refused(desk, sent, 429, "too_often", text, wait)
    answer.headers["Retry-After"] = str(wait)
    return answer


def _refused(desk: Desk, sent: Sent, status: int, code: str, text: str, wait: int = 0) -> Response:
    if sent.as_json:
        return Problem(status, code, text, wait=wait).response()
    return _page(desk, sent.channel, sent.lang, "form_message", status, text=text)


def _form(
    desk: Desk, channel: Channel, lang: str, typed: Typed, status: int = 200, *, notice: str = "", token: str = "",
    consented: bool = False,
) -> Response:  # fmt: skip
    assert channel.form is not None
    faults = {one.field: one.detail for one in typed.faults}
    fields = {one.key: typed.fields.get(one.key, "") for one in channel.form.fields}
    return _page(
        desk, channel, lang, "form", status, typed=fields, campaign=typed.campaign, faults=faults, notice=notice,
        first=next(iter(faults), ""), consented=consented, action=_address(channel, lang),
        token=token or stamped(desk.secret, channel.name, datetime.now(UTC)),
    )  # fmt: skip


def _page(desk: Desk, channel: Channel, lang: str, name: str, status: int, **values: Any) -> HTMLResponse:
    form = channel.form
    assert form is not None
    text = desk.render(
        name, form=form, c=form.colours, t=form_words(lang), lang="en" if lang == "en" else "zh-CN",
        title=form.title.of(lang), **values,
    )  # fmt: skip
    return HTMLResponse(text, status)


def _address(channel: Channel, lang: str) -> str:
    return f"/f/{channel.name}{_language(channel, lang)}"


def _language(channel: Channel, lang: str) -> str:
    return "?" + urlencode({"lang": "en" if lang == "en" else "zh"})


def _allowing(answer: Response, channel: Channel, request: Request) -> Response:
    """Let scripts of the sites that the form names read the answer."""
    assert channel.form is not None
    origin = request.headers.get("origin", "")
    answer.headers["Vary"] = "Origin"
    if origin and origin in channel.form.origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST"
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        answer.headers["Access-Control-Max-Age"] = "600"
    return answer
