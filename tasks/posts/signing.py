"""Whether a message is its sender's: signature recipes as the channel's YAML tells them, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.selector import select, text_of
from config.webhook import BasicSecret, Place, SharedSecret, Sign, Signature, SignedFields, StandardWebhooks, Unsigned

_HOLE = re.compile(r"\{([^{}]*)\}")
_STANDARD = Signature(
    kind="hmac", key=("K",), at=Place(header="webhook-signature"), text="{id}.{timestamp}.{body}", encoding="base64",
    timestamp=Place(header="webhook-timestamp"),
)  # fmt: skip
#: A name -> the secret in the environment, or None.
Secrets = Callable[[str], str | None]
# a number beyond this counts milliseconds
_MILLISECONDS = 1e11


class Refused(Exception):  # noqa: N818 - an answer
    """The message is not its sender's, as far as can be told; the message says what is wrong, and no secret."""


@dataclass(frozen=True)
class Message:
    """A request as a signature sees it; header names in lower case."""

    method: str
    path: str
    query_text: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    said: Any = None

    def at(self, place: Place) -> str:
        """What stands at a place; blank where nothing does."""
        if place.header is not None:
            text = self.headers.get(place.header.lower(), "")
        elif place.query is not None:
            text = self.query.get(place.query, "")
        else:
            text = next((text_of(one) for one in select(self.said, place.field or "")), "")
        return next(_elements(text, place.element), "") if place.element else text

    def all_at(self, place: Place) -> list[str]:
        """All that stands there: a header may hold several signatures."""
        if not place.element:
            return [self.at(place)]
        return list(_elements(self.headers.get((place.header or "").lower(), ""), place.element))


def verify(sign: Sign, message: Message, secrets: Secrets, now: datetime) -> None:
    """Refused unless the message proves itself."""
    if isinstance(sign, Unsigned):
        return
    if isinstance(sign, BasicSecret):
        _basic(sign, message, secrets)
    elif isinstance(sign, SharedSecret):
        given = message.at(sign.at)
        if not given.startswith(sign.prefix) or not _is_one(
            given.removeprefix(sign.prefix), [key.encode() for key in _known(sign.key, secrets)]
        ):
            raise Refused("the secret is not the right one")
    elif isinstance(sign, StandardWebhooks):
        _standard(sign, message, secrets, now)
    else:
        _signed(sign, message, secrets, now)


def _basic(sign: BasicSecret, message: Message, secrets: Secrets) -> None:
    kind, _, code = message.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(code, validate=True) if kind.lower() == "basic" else b""
    except binascii.Error:
        given = b""
    [user], [password] = _known((sign.user,), secrets), _known((sign.password,), secrets)
    if not hmac.compare_digest(given, f"{user}:{password}".encode()):
        raise Refused("user and password are not the right ones")


def _standard(sign: StandardWebhooks, message: Message, secrets: Secrets, now: datetime) -> None:
    """https://www.standardwebhooks.com: v1 signatures, any of several, over id, time and body."""
    _in_time(message.at(Place(header="webhook-timestamp")), sign.tolerance_seconds, now)
    if not message.headers.get("webhook-id"):
        raise Refused("webhook-id is missing")
    given = [one.partition(",")[2] for one in message.headers.get("webhook-signature", "").split() if one[:3] == "v1,"]
    for key in _known(sign.key, secrets):
        octets = _key(key.removeprefix("whsec_"), "base64")
        expected = _encoded(_seal(_STANDARD, octets, _text(_STANDARD, message, key, "webhook-id")), "base64")
        if any(_same(one, expected) for one in given):
            return
    raise Refused("no signature is the right one")


def _signed(sign: Signature, message: Message, secrets: Secrets, now: datetime) -> None:
    if sign.timestamp is not None:
        _in_time(message.at(sign.timestamp), sign.tolerance_seconds, now)
    given = [one.removeprefix(sign.prefix) for one in message.all_at(sign.at) if one.startswith(sign.prefix)]
    for key in _known(sign.key, secrets):
        expected = _encoded(_seal(sign, _key(key, sign.key_encoding), _text(sign, message, key)), sign.encoding)
        same = (one.lower() if sign.encoding == "hex" else one for one in given)
        if any(_same(one, expected) for one in same):
            return
    raise Refused("the signature is not the right one")


def sealed(text: str, key: str, algorithm: str, encoding: str) -> str:
    """A text sealed with a key: what some vendors want to be answered when they confirm an address."""
    return _encoded(hmac.new(key.encode(), text.encode(), algorithm).digest(), encoding)


def _text(sign: Signature, message: Message, key: str, id_header: str = "webhook-id") -> bytes:
    return _written(sign.text, sign, message, key, id_header)


def _written(text: str, sign: Signature, message: Message, key: str, id_header: str) -> bytes:
    """What is signed: the text with its holes filled in; the body goes in as it came, octet by octet."""
    parts: list[bytes] = []
    last = 0
    for hole in _HOLE.finditer(text):
        parts += [text[last : hole.start()].encode(), _filled(hole[1], sign, message, key, id_header)]
        last = hole.end()
    return b"".join([*parts, text[last:].encode()])


def _filled(hole: str, sign: Signature, message: Message, key: str, id_header: str) -> bytes:
    kind, _, name = hole.partition(":")
    if hole == "body":
        return message.body
    if hole == "sorted":
        return b"".join(sorted(_written(piece, sign, message, key, id_header) for piece in sign.sorted))
    if hole == "fields":
        return _all_fields(sign.fields, message).encode()
    said = {
        "key": key, "method": message.method, "path": message.path, "query": message.query_text, "url": message.url,
        "id": message.headers.get(id_header, ""), "timestamp": message.at(sign.timestamp) if sign.timestamp else "",
    }  # fmt: skip
    if hole in said:
        return said[hole].encode()
    place = Place(**{kind: name})
    return message.at(place).encode()


def _all_fields(signed: SignedFields, message: Message) -> str:
    """All fields by their names; a value that is no text stands as JSON does."""
    said = message.query if signed.of == "query" else message.said
    pairs = sorted(said.items()) if isinstance(said, Mapping) else []
    texts = [(name, value if isinstance(value, str) else _plain(value)) for name, value in pairs]
    kept = [(name, text) for name, text in texts if name not in signed.without and (text or signed.blank)]
    return signed.join.join(f"{name}{signed.assign}{text}" for name, text in kept)


def _plain(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _seal(sign: Signature, key: bytes, text: bytes) -> bytes:
    if sign.kind == "digest":
        return hashlib.new(sign.algorithm, text).digest()
    return hmac.new(key, text, sign.algorithm).digest()


def _key(text: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(text)
        if encoding == "base64":
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise Refused(f"the key in the environment is no {encoding}") from None
    return text.encode()


def _encoded(octets: bytes, encoding: str) -> str:
    if encoding == "hex":
        return octets.hex()
    if encoding == "base64url":
        return base64.urlsafe_b64encode(octets).decode().rstrip("=")
    return base64.b64encode(octets).decode()


def _known(names: Sequence[str], secrets: Secrets) -> list[str]:
    found = [value for name in names if (value := secrets(name))]
    if not found:
        raise Refused(f"the environment has no {names[0]}")
    return found


def _in_time(text: str, tolerance: float, now: datetime) -> None:
    try:
        seconds = float(text)
        seconds = seconds / 1000 if seconds > _MILLISECONDS else seconds
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Refused("the time stamp cannot be read") from None
        seconds = moment.timestamp() if moment.tzinfo else float("nan")
    if not abs(now.timestamp() - seconds) <= tolerance:
        raise Refused("the time stamp is too old, or ahead of the clock")


def _elements(text: str, name: str) -> Iterator[str]:
    for part in re.split(r"[,;]\s*", text):
        key, found, value = part.strip().partition("=")
        if found and key == name:
            yield value.strip('"')


def _is_one(given: str, keys: Sequence[bytes]) -> bool:
    return any(hmac.compare_digest(given.encode(), key) for key in keys)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.rstrip("=").encode(), expected.rstrip("=").encode())
