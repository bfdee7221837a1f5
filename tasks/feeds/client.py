"""Asking a partner for one page: within limits, again after passing faults, and never anybody else."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from requests import RequestException, Response, Session
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import parse_url

from config.feed import Feed
from config.json_path import MISSING
from tasks.feeds.auth import Token, sign_in
from tasks.feeds.errors import FeedError

_PIECE = 1 << 16
# neither user nor backslash nor blank
_PLAIN = re.compile(r"https?://[^@\\\s/?#]+(?:[/?#][^\\\s]*)?", re.IGNORECASE)
#: What is kept of an answer that holds nothing.
NOTHING = b"null"
_NO_CONTENT = 204
_REDIRECTS = 5
_FIRST_WAIT = 0.5
_UNAUTHORIZED, _SLOW, _TOO_MANY, _SERVER = 401, 408, 429, 500
_SIGN_IN = (_UNAUTHORIZED, 403)
_PASSING = (_SLOW, 425, _TOO_MANY)


@dataclass(frozen=True)
class Answer:
    """What the partner sent: the body as received, what it says, and where and when."""

    url: str
    body: bytes
    said: Any
    headers: Mapping[str, str]

    @property
    def at(self) -> datetime | None:
        """The partner's own time of the answer."""
        return _moment(self.headers.get("Date"))


@dataclass
class Client:
    """Asks for the pages of one feed. `wait` is called with seconds, `clock` and `now` give them."""

    name: str
    feed: Feed
    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    session: Session = field(default_factory=Session)
    requests: int = 0
    retries: int = 0
    _next: float = 0.0
    _renewed: bool = False

    def __post_init__(self) -> None:
        self._signed = sign_in(self.name, self.feed.auth, self.session, self.now)
        self.session.headers.update({"Accept": "application/json", **self.feed.headers})

    def get(self, url: str, parameters: Mapping[str, str], check: Callable[[Any], object]) -> Answer:
        """Ask for a page until it is there whole and passes `check`; FeedError when it will not come."""
        fault, self._renewed = FeedError(self.name, "unreachable"), False
        for turn in range(self.feed.limits.tries):
            asked_to_wait = None
            try:
                return self._whole(url, parameters, check)
            except FeedError as why:
                # an error page that calls itself a success may be gone in a moment
                if why.code not in ("shape", "bad_json", "slow"):
                    raise
                fault = why
            except _Refused as why:
                fault, asked_to_wait = self._refused(why), why.wait
            except (RequestException, HTTPError, OSError) as error:
                # its kind alone: its words hold the address with all parameters
                detail = str(error) if type(error) is ConnectionError else type(error).__name__
                fault = FeedError(self.name, "unreachable", detail)
            if turn + 1 < self.feed.limits.tries:
                self._back_off(turn, asked_to_wait, fault.detail)
        raise fault

    def _whole(self, url: str, parameters: Mapping[str, str], check: Callable[[Any], object]) -> Answer:
        answer = self._once(url, parameters)
        body, said = self._read(answer)
        check(said)
        return Answer(answer.url, body, said, answer.headers)

    def _refused(self, why: _Refused) -> FeedError:
        """The fault of a refusal that may pass; raises it where asking again is of no use."""
        detail = f"HTTP {why.status}"
        if why.status == _UNAUTHORIZED and isinstance(self._signed, Token) and not self._renewed:
            self._signed.forget()
            self._renewed = True
        elif why.status not in _PASSING and why.status < _SERVER:
            raise FeedError(self.name, "sign_in" if why.status in _SIGN_IN else "refused", detail) from None
        return FeedError(self.name, "unreachable", detail)

    def _once(self, url: str, parameters: Mapping[str, str]) -> Response:
        """One request, with redirects within the partner's own address followed."""
        limits = self.feed.limits
        for _ in range(_REDIRECTS):
            self._keep_rate()
            self.requests += 1
            answer = self.session.get(
                url,
                params=dict(parameters),
                auth=self._signed,
                timeout=(limits.connect_seconds, limits.read_seconds),
                allow_redirects=False,
                stream=True,
            )
            if not answer.is_redirect:
                if answer.status_code >= 300:
                    answer.close()
                    raise _Refused(answer.status_code, _retry_after(answer.headers.get("Retry-After"), self.now()))
                return answer
            answer.close()
            url, parameters = self.here(answer.url, answer.headers["Location"]), {}
        raise FeedError(self.name, "loop", "redirects")

    def here(self, base: str, url: str) -> str:
        """An address that an answer gave, whole; FeedError where it is not the partner's."""
        try:
            whole = urljoin(base, url)
            origin = _origin(whole)
        except (ValueError, LocationParseError):
            raise FeedError(self.name, "elsewhere", "no address") from None
        # what two readers of addresses may read differently is not asked at all
        if origin != _origin(self.feed.url) or not _PLAIN.fullmatch(whole):
            raise FeedError(self.name, "elsewhere", origin[1] or "no address")
        return whole

    def _read(self, answer: Response) -> tuple[bytes, Any]:
        """The body and the JSON in it."""
        limits, parts, size = self.feed.limits, [], 0
        end = self.clock() + limits.page_seconds
        with answer:
            for piece in answer.iter_content(_PIECE):
                parts.append(piece)
                size += len(piece)
                if size > limits.page_bytes:
                    raise FeedError(self.name, "too_large", f"{limits.page_bytes} bytes")
                if self.clock() > end:
                    raise FeedError(self.name, "slow", f"{limits.page_seconds:.0f} seconds")
        body = b"".join(parts)
        if answer.status_code == _NO_CONTENT:
            return NOTHING, MISSING
        try:
            return body, json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise FeedError(self.name, "bad_json", f"{size} bytes") from None

    def _keep_rate(self) -> None:
        if self.feed.rate is None:
            return
        pause = self._next - self.clock()
        if pause > 0:
            self.wait(pause)
        self._next = self.clock() + self.feed.rate.seconds / self.feed.rate.requests

    def _back_off(self, turn: int, asked: float | None, detail: str) -> None:
        """Wait as long as the partner asks, else twice as long each time, with jitter so that not all come at once."""
        longest = self.feed.limits.wait_seconds
        if asked is not None and asked > longest:
            raise FeedError(self.name, "asked_to_wait", f"{detail}, {asked:.0f} seconds")
        # spread over the upper half: equal jitter
        own = min(longest, _FIRST_WAIT * 2**turn) * random.uniform(0.5, 1)
        self.retries += 1
        self.wait(own if asked is None else asked)


class _Refused(Exception):  # noqa: N818 - an answer
    def __init__(self, status: int, wait: float | None) -> None:
        self.status, self.wait = status, wait


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _origin(url: str) -> tuple[str | None, str | None, int | None]:
    """Whom an address leads to, by the parser of what connects to it."""
    parts = parse_url(url)
    return parts.scheme, parts.host, parts.port or {"https": 443, "http": 80}.get(parts.scheme or "")


def _retry_after(text: str | None, now: float) -> float | None:
    """Seconds to wait, given as such or as a time (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    moment = _moment(text)
    return max(0.0, moment.timestamp() - now) if moment else None


def _moment(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
