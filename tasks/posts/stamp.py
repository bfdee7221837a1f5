"""The signed stamp of a form: when its page was made, and the reference that what is typed into it will have."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.posts.inbox import new_reference


@dataclass(frozen=True)
class Stamp:
    """What a stamp says."""

    reference: str
    at: datetime


def stamped(secret: bytes, channel: str, now: datetime) -> str:
    """Make a stamp for a page of a form."""
    said = f"{new_reference(now)}.{int(now.timestamp())}"
    return f"{said}.{_seal(secret, channel, said)}"


def read_stamp(secret: bytes, channel: str, text: str) -> Stamp | None:
    """Read a stamp; None where nobody here made it for this form."""
    said, _, seal = text.rpartition(".")
    if not seal.isascii() or not hmac.compare_digest(seal, _seal(secret, channel, said)):
        return None
    reference, _, at = said.partition(".")
    return Stamp(reference, datetime.fromtimestamp(int(at), UTC))


def _seal(secret: bytes, channel: str, said: str) -> str:
    return hmac.new(secret, f"leadflow form\n{channel}\n{said}".encode(), hashlib.sha256).hexdigest()[:32]
