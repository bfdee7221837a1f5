"""What a webhook is: how its sender proves himself, what his message means, and how he is answered.

A secret is never written here: `key: ACME_SECRET` names the environment variable that holds it.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from config.feed import Secret
from config.selector import Selector

_LOCAL = ("localhost", "127.0.0.1", "::1")
#: What the text of a signature may hold, beside {header:NAME}, {query:NAME} and {field:PATH}.
SIGNED = ("body", "timestamp", "id", "method", "path", "query", "url", "key", "sorted", "fields")
_HOLE = re.compile(r"\{([^{}]*)\}")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


#: One secret, or several while an old one is still in use.
Keys = Annotated[tuple[Secret, ...], BeforeValidator(_listed), Field(min_length=1, max_length=5)]


class Place(_Part):
    """Where a message says something: a header, a parameter of the address, or a path in its body."""

    header: str | None = None
    query: str | None = None
    field: Selector | None = None
    #: Of a header such as `t=12,v1=ab` the element of that name.
    element: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(part is not None for part in (self.header, self.query, self.field)) != 1:
            raise ValueError("name one of header, query, field")
        return self


class Unsigned(_Part):
    """Nobody proves anything: only for senders who cannot, on an address that nobody guesses."""

    kind: Literal["none"]


class SharedSecret(_Part):
    """The secret itself is sent along; `prefix` stands before it."""

    kind: Literal["secret"]
    key: Keys
    at: Place
    prefix: str = ""


class BasicSecret(_Part):
    """User and password (RFC 7617)."""

    kind: Literal["basic"]
    user: Secret
    password: Secret


class StandardWebhooks(_Part):
    """Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature; keys such as whsec_…"""

    kind: Literal["standard"]
    key: Keys
    tolerance_seconds: int = Field(default=300, ge=1, le=86_400)


class SignedFields(_Part):
    """All fields of a message as one text, by their names: what `{fields}` is in a signed text."""

    #: Of the body, or the parameters of the address.
    of: Literal["body", "query"] = "body"
    #: Between a name and its value, and between two fields.
    assign: str = "="
    join: str = "&"
    #: Fields that are not signed, such as the signature itself.
    without: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    #: Fields that say nothing are signed, too.
    blank: bool = True


class Signature(_Part):
    """An HMAC over `text` with the key (`hmac`), or a plain digest of a text that holds the key (`digest`)."""

    kind: Literal["hmac", "digest"]
    key: Keys
    key_encoding: Literal["text", "hex", "base64"] = "text"
    algorithm: Literal["sha256", "sha1", "sha512", "sha384", "md5"] = "sha256"
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    at: Place
    prefix: str = ""
    text: str = "{body}"
    #: Pieces such as {key} and {query:nonce} that are put in order and joined: what `{sorted}` is in the text.
    sorted: tuple[str, ...] = ()
    fields: SignedFields = SignedFields()
    timestamp: Place | None = None
    #: How old (or how far ahead) a message may be.
    tolerance_seconds: int = Field(default=300, ge=1, le=86_400)

    @field_validator("text", "sorted")
    @classmethod
    def _can_be_filled_in(cls, text: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for hole in _HOLE.findall(text if isinstance(text, str) else "".join(text)):
            kind, named, _ = hole.partition(":")
            if hole not in SIGNED and not (named and kind in ("header", "query", "field")):
                known = ", ".join(SIGNED)
                raise ValueError(f"{{{hole}}}: what can be signed is {known}, header:NAME, query:NAME, field:PATH")
            if hole == "sorted" and not isinstance(text, str):
                raise ValueError("{sorted} cannot be a piece of itself")
        return text

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        holes = _HOLE.findall(self.text + "".join(self.sorted))
        if bool(self.sorted) != ("sorted" in holes):
            raise ValueError("{sorted} in the text and its pieces (sorted) belong together")
        if self.kind == "digest" and "key" not in holes:
            raise ValueError("a plain digest proves something only where {key} stands in its text")
        if "timestamp" in holes and self.timestamp is None:
            raise ValueError("{timestamp} is signed, so timestamp must say where it stands")
        return self


Sign = Annotated[Unsigned | SharedSecret | BasicSecret | StandardWebhooks | Signature, Field(discriminator="kind")]


class Taken(_Part):
    """A field's value: paths (of which the first filled one counts), and how what stands there is read."""

    path: Annotated[tuple[Selector, ...], BeforeValidator(_listed)]
    #: Put together from all paths, with this between them.
    join: str | None = None
    #: What codes mean: {"1": 制造业}; a code that is not named stands for itself.
    values: dict[str, str] = {}
    #: The sign between several codes in one text.
    split: str | None = Field(default=None, min_length=1)


def _taken(value: object) -> object:
    return {"path": value} if isinstance(value, str | list | tuple) else value


Field_ = Annotated[Taken, BeforeValidator(_taken)]


class When(_Part):
    """A path and the values that it must have there; without values anything that is not blank, false or null."""

    path: Selector
    values: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()


class Reply(_Part):
    """What the sender is answered once his message is kept; `{reference}` is its reference number."""

    status: int = Field(default=200, ge=200, le=299)
    body: str = Field(default="ok", max_length=2000)
    type: Literal["text/plain", "application/json", "application/xml"] = "text/plain"


class Challenge(_Part):
    """How an address is confirmed: what is sent (`at`) comes back in `body`, where the token is the right one.

    Some vendors want what they sent sealed with the secret: `{hmac}` in the body, by `key`.
    """

    at: Place
    body: str = "{challenge}"
    key: Secret | None = None
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    type: Literal["text/plain", "application/json"] = "text/plain"
    token_at: Place | None = None
    token: Secret | None = None

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.token is None) != (self.token_at is None):
            raise ValueError("token and token_at belong together")
        if ("{hmac}" in self.body) != (self.key is not None):
            raise ValueError("{hmac} in the body and the key by which it is made belong together")
        return self


class Lookup(_Part):
    """Where the record itself is fetched, where a message brings only its id: its answer stands under `lookup`.

    `{path}` in the address is filled in from the record.
    """

    url: str
    allow_http: bool = False
    token: Secret | None = None
    header: str = "Authorization"
    prefix: str = "Bearer "
    #: The token as a parameter of the address instead of a header.
    parameter: str | None = None
    seconds: float = Field(default=10, gt=0, le=60)
    answer_bytes: int = Field(default=1_000_000, ge=1)
    tries: int = Field(default=8, ge=1, le=20)

    @field_validator("url")
    @classmethod
    def _names_its_host(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address such as https://api.example.com/leads/{{id}}")
        if "{" in parts.netloc or parts.username or parts.password:
            raise ValueError("the host stands fixed in the address, and no password does")
        return url

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme == "http" and parts.hostname not in _LOCAL and not self.allow_http:
            raise ValueError(f"{self.url!r} is not encrypted; write https, or allow_http: true if it must be")
        return self


class HookLimits(_Part):
    """What a webhook bears: messages a minute of one address, bytes and records a message."""

    per_minute: int = Field(default=600, ge=1)
    body_bytes: int = Field(default=1_000_000, ge=1024, le=20_000_000)
    records: int = Field(default=500, ge=1, le=10_000)


class Webhook(_Part):
    """A vendor's messages."""

    sign: Sign
    #: What makes a message one: it is never taken twice. Without it what the message says.
    message_id: Place | None = None
    #: Where the records are in a message, each one a lead; an empty path is the whole.
    items: Selector = ""
    #: What a record is known by: one that comes again is an update.
    id: Annotated[tuple[Selector, ...], BeforeValidator(_listed)] = ()
    #: Only such records become leads; the others are kept and counted.
    only: tuple[When, ...] = ()
    #: Tests of the vendor: answered as usual, kept, and no lead.
    test: When | None = None
    fields: dict[str, Field_] = Field(min_length=1)
    #: More that a vendor says of the campaign, kept with the source.
    campaign: dict[str, Field_] = {}
    reply: Reply = Reply()
    challenge: Challenge | None = None
    lookup: Lookup | None = None
    limits: HookLimits = HookLimits()
    paused: bool = False
