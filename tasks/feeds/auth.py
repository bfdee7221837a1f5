"""Signing in to a partner: what is added to each request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Session
from requests.auth import AuthBase, HTTPBasicAuth

from config.feed import Auth, BasicAuth, HeaderAuth, Hmac, NoAuth, OAuth2
from tasks.feeds.errors import FeedError

# a token that runs out so soon (seconds) is not used any more
_EARLY = 60.0
_TOKEN_BYTES = 1_000_000
_OK = 200

Now = Callable[[], float]


def sign_in(name: str, auth: Auth, session: Session, now: Now = time.time) -> AuthBase:
    """What signs the requests of a feed; FeedError where a secret is not set."""
    match auth:
        case NoAuth():
            return _Nothing()
        case HeaderAuth():
            return _Header(auth.header, auth.prefix + _secret(name, auth.key))
        case BasicAuth():
            return HTTPBasicAuth(_secret(name, auth.user), _secret(name, auth.password))
        case Hmac():
            return _Signature(auth, _secret(name, auth.key), now)
        case OAuth2():
            return Token(name, auth, session, now)


def _secret(name: str, variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value or not value.isascii() or not value.isprintable():
        raise FeedError(name, "secret", variable)
    return value


class _Nothing(AuthBase):
    """Adds nothing, and so keeps requests from looking for a password in a .netrc."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


class _Header(AuthBase):
    def __init__(self, header: str, value: str) -> None:
        self.header, self.value = header, value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers[self.header] = self.value
        return request


class _Signature(AuthBase):
    def __init__(self, how: Hmac, key: str, now: Now) -> None:
        self.how, self.key, self.now = how, key, now

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        parts, stamp = urlsplit(request.url or ""), str(int(self.now()))
        text = self.how.text.format(
            method=request.method, path=parts.path, query=parts.query, url=request.url, timestamp=stamp
        )
        digest = hmac.new(self.key.encode(), str(text).encode(), getattr(hashlib, self.how.algorithm)).digest()
        signed = digest.hex() if self.how.encoding == "hex" else base64.b64encode(digest).decode()
        request.headers[self.how.header] = self.how.prefix + signed
        if self.how.timestamp_header:
            request.headers[self.how.timestamp_header] = stamp
        return request


class Token(AuthBase):
    """A bearer token, fetched when it is first needed and again when it runs out."""

    def __init__(self, name: str, how: OAuth2, session: Session, now: Now) -> None:
        self.name, self.how, self.session, self.now = name, how, session, now
        self.client = _secret(name, how.client_id), _secret(name, how.client_secret)
        self.token, self.until = "", 0.0

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if self.now() >= self.until:
            self._fetch()
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def forget(self) -> None:
        """Ask for a new token next time: the partner did not take this one."""
        self.until = 0.0

    def _fetch(self) -> None:
        form = {"grant_type": "client_credentials", "scope": self.how.scope, "audience": self.how.audience}
        in_form = self.how.credentials == "form"
        if in_form:
            form |= {"client_id": self.client[0], "client_secret": self.client[1]}
        try:
            answer = self.session.post(
                self.how.token_url,
                data={key: value for key, value in form.items() if value is not None},
                auth=_Nothing() if in_form else HTTPBasicAuth(*self.client),
                timeout=(10, 30),
                allow_redirects=False,
                stream=True,
            )
            body = answer.raw.read(_TOKEN_BYTES, decode_content=True)
        except (RequestException, OSError) as error:
            # passing, as any other fault of the way there
            raise ConnectionError(f"{type(error).__name__} at the token's address") from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ConnectionError(f"HTTP {answer.status_code} at the token's address")
        told = _token_of(body) if answer.status_code == _OK else None
        if told is None:
            raise FeedError(self.name, "sign_in", f"HTTP {answer.status_code} at the token's address")
        self.token, lasts = told
        self.until = self.now() + max(lasts - _EARLY, lasts / 2)


def _token_of(body: bytes) -> tuple[str, float] | None:
    """The token, and for how many seconds it holds; an hour where that is not said."""
    import json

    try:
        told = json.loads(body)
        return str(told["access_token"]), float(told.get("expires_in") or 3600)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
