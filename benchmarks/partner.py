"""A partner as partners are: a real HTTP server with paged JSON, every kind of sign-in, and every kind of fault."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Record = dict[str, Any]
#: What may go wrong with one answer.
FAULTS = ("429", "500", "503", "half", "half_json", "no_json", "shape", "hang_up", "null")


@dataclass
class Partner:
    """The records that it serves and how; `fault` names what goes wrong with the n-th request (None: nothing).

    kind: page, offset, cursor, link, next_url or none; seen: path and query of each request for records.
    """

    records: list[Record] = field(default_factory=list)
    kind: str = "cursor"
    size: int = 2
    fault: Callable[[int], str | None] = lambda number: None
    # called before a page is made: records may come and go while they are read
    before: Callable[[int], None] = lambda number: None
    allowed: Callable[[Any], bool] = lambda headers: True
    elsewhere: str = ""
    token_seconds: int = 3600
    seen: list[dict[str, str]] = field(default_factory=list)
    tokens: int = 0
    clock: Callable[[], float] = time.time
    url: str = ""

    def page(self, query: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """One page as a value and its headers."""
        chosen = self.records
        if "since" in query:
            chosen = [one for one in chosen if str(one["updated_at"]) >= query["since"]]
        start = self._start(query)
        some = chosen[start : start + self.size] if self.kind != "none" else chosen
        more = start + self.size < len(chosen) and self.kind != "none"
        following = str(start + self.size)
        said: dict[str, Any] = {"data": {"items": some}, "paging": {}}
        headers: dict[str, str] = {}
        onward = f"{self.elsewhere or self.url}?at={following}"
        if "since" in query:
            onward += f"&since={query['since']}"
        if more and self.kind == "cursor":
            said["paging"]["next"] = f"c{following}"
        if more and self.kind == "next_url":
            said["paging"]["next"] = onward
        if more and self.kind == "link":
            headers["Link"] = f'<{onward}>; rel="next", <{self.url}>; rel="first"'
        return said, headers

    def _start(self, query: dict[str, str]) -> int:
        if self.kind == "page":
            return (int(query.get("page", "1")) - 1) * self.size
        if self.kind == "offset":
            return int(query.get("offset", "0"))
        return int((query.get("cursor") or query.get("at") or "0").lstrip("c"))


@contextmanager
def serving(partner: Partner, tls: ssl.SSLContext | None = None) -> Iterator[Partner]:
    """Serve on a free port of this machine."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"partner": partner, "lock": threading.Lock()}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    partner.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/leads"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield partner
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of one who hung up: he was killed, or does not trust the certificate."""
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """What the server does with a request; `partner` is set by `serving`."""

    protocol_version = "HTTP/1.1"
    partner: Partner
    lock: threading.Lock

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The partner's own clock."""
        return super().date_time_string(self.partner.clock() if timestamp is None else timestamp)

    def do_POST(self) -> None:
        """Give a token to whom it knows."""
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        known = self.headers.get("Authorization") == f"Basic {base64.b64encode(b'me:secret').decode()}"
        known = known or (form.get("client_id"), form.get("client_secret")) == ("me", "secret")
        if not known or form.get("grant_type") != "client_credentials":
            self._send(401, b"{}")
            return
        self.partner.tokens += 1
        token = {"access_token": f"token{self.partner.tokens}", "expires_in": self.partner.token_seconds}
        self._send(200, json.dumps(token).encode())

    def do_GET(self) -> None:
        """Give a page, or what is to go wrong with it."""
        query = dict(parse_qsl(urlsplit(self.path).query))
        with self.lock:
            number = len(self.partner.seen)
            self.partner.seen.append(query)
        self.partner.before(number)
        if not self.partner.allowed(self):
            self._send(401, b"{}")
            return
        fault = self.partner.fault(number)
        said, headers = self.partner.page(query)
        body = json.dumps(said).encode()
        if fault is None:
            self._send(200, body, headers)
        else:
            self._fail(fault, body)

    def _fail(self, fault: str, body: bytes) -> None:
        half = body[: len(body) // 2]
        if fault.startswith("retry:"):
            self._send(429, b"{}", {"Retry-After": fault.removeprefix("retry:")})
        elif fault.startswith("to:"):
            self._send(302, b"", {"Location": fault.removeprefix("to:")})
        elif fault.isdecimal():
            self._send(int(fault), b"{}", {"Retry-After": "0"} if fault == "429" else {})
        elif fault == "hang_up":
            self.close_connection = True
        elif fault == "half":
            self._send(200, half, length=len(body))
            self.close_connection = True
        else:
            self._send(200, {"half_json": half, "no_json": b"<html>", "null": b"null"}.get(fault, b'{"error": 1}'))

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int = -1) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)


def signed(request: BaseHTTPRequestHandler, key: bytes) -> bool:
    """Whether a request bears the signature of its method, path, query and time."""
    parts = urlsplit(request.path)
    text = f"{request.command}\n{parts.path}\n{parts.query}\n{request.headers['X-Timestamp']}"
    wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, request.headers.get("X-Signature", ""))


def some_leads(count: int, start: int = 0, updated: str = "2024-03-01T08:00:00Z") -> list[Record]:
    """Records of leads that are all different people."""
    return [
        {
            "id": f"L{number}",
            "updated_at": updated,
            "deleted": False,
            "account": {"name": f"第{number}机械厂"},
            "person": {"name": "王经理", "mobiles": [f"138{12_340_000 + number}"]},
            "want": "想了解报修管理系统",
        }
        for number in range(start, start + count)
    ]


def in_turn(faults: Sequence[str | None]) -> Callable[[int], str | None]:
    """What goes wrong with each request in turn; nothing with those behind."""
    return lambda number: faults[number] if number < len(faults) else None
