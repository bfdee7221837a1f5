"""Who may see the internal pages: this machine alone, or whoever knows the password or the token."""

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response

from config.people import Person
from web.desk import Desk
from web.limits import key_of
from web.problems import Problem

#: Wrong answers of one address in so many seconds, after which it waits.
_WRONG, _WRONG_SECONDS = 20, 600.0
_OPEN = ("/healthz",)


def keep_out_strangers(app: FastAPI, desk: Desk) -> None:
    """Let only those in who may see the pages, and only their own pages change anything."""

    @app.middleware("http")
    async def gate(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.url.path not in _OPEN:
            try:
                request.state.person = _let_in(request, desk)
                if request.method not in ("GET", "HEAD", "OPTIONS"):
                    _refuse_other_sites(request)
            except Problem as problem:
                return _refused(problem, desk, request.headers.get("accept", ""))
        return await go_on(request)


def person_of(request: Request) -> Person | None:
    """Who signed in; None for this machine itself and for programs."""
    found: Person | None = getattr(request.state, "person", None)
    return found


def _let_in(request: Request, desk: Desk) -> Person | None:
    settings = desk.settings
    if not (settings.password or settings.token):
        # a page elsewhere may let its own name lead to this machine
        if not is_here(urlsplit(f"//{request.headers.get('host', '')}").hostname or ""):
            raise Problem(403, "elsewhere", "the internal pages are for this machine alone")
        return None
    kind, _, code = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and settings.token and _same(code, settings.token):
        return None
    if kind.lower() == "basic" and settings.password:
        user, password = _user(code)
        person = desk.config.roster.person(user)
        if _same(password, settings.password) and person is not None and person.active:
            return person
    if kind:
        address = request.client.host if request.client else ""
        if wait := desk.rates.wait(f"w:{key_of(address)}", _WRONG, _WRONG_SECONDS):
            raise Problem(429, "too_often", "too many wrong answers", wait=wait)
    raise Problem(401, "sign_in", "sign in")


def is_here(host: str) -> bool:
    """Whether a name is that of this machine to itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _user(code: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(code, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _refuse_other_sites(request: Request) -> None:
    """A page of another site may not press our buttons with the password that a browser keeps."""
    origin = request.headers.get("origin")
    strange = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if strange or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "origin", "only a page of this application may do that")


def _refused(problem: Problem, desk: Desk, accept: str) -> Response:
    answer = problem.response(accept)
    if problem.status == 401 and desk.settings.password:
        answer.headers["WWW-Authenticate"] = 'Basic realm="leadflow", charset="UTF-8"'
    elif problem.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="leadflow"'
    return answer
