"""HTTP as uvicorn speaks it, with a limit on how long the head of a request may take: slow senders hold no place."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds from a connection's start, or from the end of the last answer, to the end of a request's head.
HEAD_SECONDS = 15.0


class Patient(H11Protocol):
    """Closes a connection whose request does not come."""

    _head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request, for a while."""
        super().connection_made(transport)
        self._head_due = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget about it."""
        if self._head_due is not None:
            self._head_due.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request, for a while."""
        super().on_response_complete()
        if self._head_due is not None:
            self._head_due.cancel()
        if not self.transport.is_closing():
            self._head_due = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
            self.transport.close()
