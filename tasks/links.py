"""Signed links: one lead, one person, for a time. Who has the link needs no password, so it opens nothing else."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.errors import SettingsError
from config.schema import Rules
from config.settings import Settings

#: The rule that says for how many days a link opens something.
LINK_DAYS = "N-LINK-DAYS"
_BYTES = 32


class LinkError(Exception):
    """The link opens nothing: `why` is forged or expired."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the link is {why}")
        self.why = why


@dataclass(frozen=True)
class Link:
    """What a link opens: a lead's number, for whom, until when (aware)."""

    number: str
    person: str
    until: datetime


def sign(secret: bytes, link: Link) -> str:
    """Make the token of a link."""
    said = f"{link.number}\n{link.person}\n{int(link.until.timestamp())}".encode()
    return f"{_text(said)}.{_text(_seal(secret, said))}"


def opened(secret: bytes, token: str, now: datetime) -> Link:
    """Read a token; LinkError when nobody here made it, or its time is over."""
    said, _, seal = token.partition(".")
    try:
        content, given = _bytes(said), _bytes(seal)
        number, person, until = content.decode().split("\n")
        link = Link(number, person, datetime.fromtimestamp(int(until), UTC))
    except (ValueError, OverflowError, binascii.Error):
        raise LinkError("forged") from None
    if not hmac.compare_digest(given, _seal(secret, content)):
        raise LinkError("forged")
    if link.until <= now:
        raise LinkError("expired")
    return link


def address(
    settings: Settings, secret: bytes, number: str, person: str, now: datetime, days: int, page: str = "v"
) -> str:
    """The address of a lead's page for one person, from now on for so many days; page: v (verify) or p (promises)."""
    token = sign(secret, Link(number, person, now + timedelta(days=days)))
    return f"{str(settings.base_url).rstrip('/')}/{page}/{token}"


def lead_links(settings: Settings, rules: Rules, now: datetime, page: str = "v") -> Callable[[str, str], str] | None:
    """What makes the address of a lead's page for a person (number, person); None where no address is set."""
    if settings.base_url is None:
        return None
    secret, days = load_secret(settings), int(rules.value(LINK_DAYS))
    return lambda number, person: address(settings, secret, number, person, now, days, page)


def load_secret(settings: Settings) -> bytes:
    """The secret that links are signed with: LEADS_SECRET, else one that is made once and kept in LEADS_HOME."""
    if settings.secret:
        return settings.secret.encode()
    path: Path = settings.home / "secret"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text("ascii").strip()
        if len(kept) < _BYTES:
            raise SettingsError(f"{path} holds no secret; remove it, and a new one is made") from None
        return kept.encode()
    made = secrets.token_hex(_BYTES)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(made)
    except OSError as error:
        # a file without a secret would be in the way of the next run
        path.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    return made.encode()


def _seal(secret: bytes, said: bytes) -> bytes:
    return hmac.new(secret, b"leadflow link\n" + said, hashlib.sha256).digest()[:18]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
