"""Messages of vendors at /hooks/CHANNEL: proved, kept once, answered as the vendor wants it; rows are made later."""

import hashlib
import hmac
import os
import re
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from config.schema import Channel
from config.webhook import Challenge, StandardWebhooks, Webhook
from tasks.posts.inbox import LOOKING, TEST, WAITING, NewPost
from tasks.posts.rows import holds
from tasks.posts.signing import Message, Refused, sealed, verify
from web.bodies import read_any
from web.desk import Desk
from web.limits import address_of, key_of, read_body
from web.problems import PROBLEMS, Problem

# letters, digits, and what base64 has beside them: no JSON and no filled field of a form
_TOKEN = re.compile(r"[A-Za-z0-9_+/-]{1,300}={0,2}")
_ANSWERS: dict[int | str, dict[str, Any]] = {code: PROBLEMS[code] for code in (400, 401, 404, 408, 413, 415, 429)}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {}},
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "additionalProperties": {"type": "string"}}
            },
        },
    }
}


def routes(desk: Desk) -> APIRouter:
    """The routes of the webhooks."""
    router = APIRouter(tags=["webhooks"])

    @router.get("/hooks/{channel}", responses={code: PROBLEMS[code] for code in (401, 404)})
    def confirm(channel: str, request: Request) -> Response:
        """Answer the question by which a vendor confirms an address."""
        found = _found(desk, channel)
        message = _message(desk, request, b"")
        answer = _challenged(found.challenge, message) if found.challenge else None
        if answer is None:
            raise Problem(404, "unknown", "nothing is confirmed here")
        return answer

    @router.post("/hooks/{channel}", responses={202: {"description": "Kept"}, **_ANSWERS}, openapi_extra=_BODY)
    async def take(channel: str, request: Request) -> Response:
        """Take a message."""
        found = _found(desk, channel)
        address = key_of(address_of(request, desk.settings.trusted_proxy))
        if wait := desk.rates.wait(f"h:{channel}:{address}", found.limits.per_minute, 60):
            raise Problem(429, "too_often", f"at most {found.limits.per_minute} messages a minute", wait=wait)
        body = await read_body(request, found.limits.body_bytes)
        return await run_in_threadpool(_taken, desk, desk.config.channels[channel], request, body)

    return router


def _found(desk: Desk, name: str) -> Webhook:
    channel = desk.channel(name, "webhook")
    if channel is None or channel.webhook is None or channel.webhook.paused:
        raise Problem(404, "unknown", "there is no such webhook")
    return channel.webhook


def _message(desk: Desk, request: Request, body: bytes, said: Any = None) -> Message:
    headers = {name.lower(): value for name, value in request.headers.items()}
    url = request.url
    # behind a proxy the sender knows another address than the one at which his message arrives
    base = desk.settings.base_url
    full = f"{base.rstrip('/')}{url.path}{f'?{url.query}' if url.query else ''}" if base else str(url)
    return Message(request.method, url.path, url.query, full, headers, dict(request.query_params), body, said)


def _taken(desk: Desk, channel: Channel, request: Request, body: bytes) -> Response:
    webhook = channel.webhook
    assert webhook is not None
    now = datetime.now(UTC)
    said = read_any(body, request.headers.get("content-type", ""))
    message = _message(desk, request, body, said)
    try:
        verify(webhook.sign, message, os.environ.get, now)
    except Refused as why:
        raise Problem(401, "unproved", str(why)) from None
    if webhook.challenge and (answer := _challenged(webhook.challenge, message)) is not None:
        return answer
    post = NewPost(channel.name, _id_of(webhook, message), {"message": said}, _state(webhook, said))
    try:
        kept = desk.inbox.put(post, now)
    except SQLAlchemyError:
        raise Problem(503, "busy", "it could not be kept just now; send it again") from None
    text = webhook.reply.body.replace("{reference}", kept.reference)
    return Response(text, webhook.reply.status, media_type=webhook.reply.type)


def _state(webhook: Webhook, said: Any) -> str:
    if webhook.test and holds(webhook.test, said, said):
        return TEST
    return LOOKING if webhook.lookup else WAITING


def _id_of(webhook: Webhook, message: Message) -> str:
    """What makes a message one: what its sender calls it, else what it says."""
    given = message.at(webhook.message_id) if webhook.message_id else ""
    if not given and isinstance(webhook.sign, StandardWebhooks):
        given = message.headers.get("webhook-id", "")
    if given:
        return f"i:{given}" if len(given) <= 200 else f"i:{hashlib.sha256(given.encode()).hexdigest()}"
    return f"b:{hashlib.sha256(message.body).hexdigest()}"


def _challenged(challenge: Challenge, message: Message) -> Response | None:
    """The answer to a vendor's question; None where none is asked, Problem where the token is another one."""
    asked = message.at(challenge.at)
    if not asked or len(asked) > 1000:
        return None
    if challenge.token and challenge.token_at:
        token = os.environ.get(challenge.token, "")
        if not token or not hmac.compare_digest(message.at(challenge.token_at).encode(), token.encode()):
            raise Problem(401, "unproved", "the token is not the right one")
    quoted = asked.replace("\\", "\\\\").replace('"', '\\"') if challenge.type == "application/json" else asked
    body = _sealed_body(challenge, asked) if challenge.key else challenge.body
    return Response(body.replace("{challenge}", quoted), media_type=challenge.type)


def _sealed_body(challenge: Challenge, asked: str) -> str:
    """The body with what was asked sealed; never of a text that could be a message, which it would sign."""
    secret = os.environ.get(challenge.key or "", "")
    if not secret:
        raise Problem(401, "unproved", f"the environment has no {challenge.key}")
    if not _TOKEN.fullmatch(asked):
        raise Problem(400, "bad_challenge", "what is to be confirmed is no plain token")
    return challenge.body.replace("{hmac}", sealed(asked, secret, challenge.algorithm, challenge.encoding))
