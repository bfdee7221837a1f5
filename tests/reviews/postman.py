"""A real mail server that refuses one recipient."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

REFUSED = "gao.wenbo"


@contextmanager
def listening() -> Iterator[tuple[list[Any], str]]:
    """What it has got, and the address of the server."""
    got: list[Any] = []

    class Handler:
        """Keeps what comes; nobody of that one name is known here."""

        async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
            if address.startswith(REFUSED):
                return "550 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            got.append(envelope)
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(Handler(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield got, f"smtp://127.0.0.1:{port}?from=leads@example.com&starttls=false"
    finally:
        server.stop()
