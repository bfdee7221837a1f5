"""What a partner feed is: where it is, how to sign in, how it is paged, and what its records mean.

A secret is never written here: `client_secret: ACME_SECRET` names the environment variable that holds it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

#: The name of an environment variable.
Secret = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", description="the name of an environment variable")]
#: Steps from the outside in, as `data.items`, `phones.0.number` or `contacts.type=mobile.value` (config.json_path); an
#: empty one is the whole.
Path = Annotated[str, Field(pattern=r"^([^\s.]([^.\n]*[^\s.])?(\.[^\s.]([^.\n]*[^\s.])?)*)?$")]
#: What the text of a signature may hold.
SIGNED = ("method", "path", "query", "url", "timestamp")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def _single(path: str) -> str:
    if "*" in path.split("."):
        raise ValueError(f"{path}: * means many places, and this is one; choose an item as in links.rel=next.href")
    return path


#: One place, as `next.cursor` or `links.rel=next.href`.
Single = Annotated[Path, AfterValidator(_single)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoAuth(_Part):
    """Nobody has to sign in."""

    kind: Literal["none"] = "none"


class HeaderAuth(_Part):
    """A key in a header: `Authorization: Bearer …` with `prefix: "Bearer "`."""

    kind: Literal["header"]
    header: str = "Authorization"
    prefix: str = ""
    key: Secret


class BasicAuth(_Part):
    """User and password (RFC 7617)."""

    kind: Literal["basic"]
    user: Secret
    password: Secret


class OAuth2(_Part):
    """Client credentials (RFC 6749, 4.4); the token is asked for anew when it has run out or is refused."""

    kind: Literal["oauth2"]
    token_url: str
    client_id: Secret
    client_secret: Secret
    scope: str | None = None
    audience: str | None = None
    #: Where the credentials stand: in the header (as RFC 6749 demands of servers), or in the form.
    credentials: Literal["header", "form"] = "header"


class Hmac(_Part):
    """Every request signed with a shared key; `text` is what is signed."""

    kind: Literal["hmac"]
    key: Secret
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    header: str = "X-Signature"
    prefix: str = ""
    timestamp_header: str | None = "X-Timestamp"
    text: str = "{method}\n{path}\n{query}\n{timestamp}"

    @field_validator("text")
    @classmethod
    def _can_be_filled_in(cls, text: str) -> str:
        try:
            text.format(**dict.fromkeys(SIGNED, ""))
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ValueError(f"{text!r}: what can be signed is {', '.join(SIGNED)}") from error
        return text


Auth = Annotated[NoAuth | HeaderAuth | BasicAuth | OAuth2 | Hmac, Field(discriminator="kind")]


class OnePage(_Part):
    """All records come at once."""

    kind: Literal["none"] = "none"


class PagePaging(_Part):
    """Pages by number."""

    kind: Literal["page"]
    parameter: str = "page"
    first: int = Field(default=1, ge=0)
    size_parameter: str | None = None
    size: int | None = Field(default=None, ge=1)


class OffsetPaging(_Part):
    """Records by their place."""

    kind: Literal["offset"]
    parameter: str = "offset"
    size_parameter: str = "limit"
    size: int = Field(ge=1)


class CursorPaging(_Part):
    """Each answer names what to ask for next; `more` is a flag that says whether there is any."""

    kind: Literal["cursor"]
    parameter: str = "cursor"
    next: Single
    more: Single | None = None
    size_parameter: str | None = None
    size: int | None = Field(default=None, ge=1)


class LinkPaging(_Part):
    """The header Link names the next page (RFC 8288)."""

    kind: Literal["link"]
    size_parameter: str | None = None
    size: int | None = Field(default=None, ge=1)


class NextUrlPaging(_Part):
    """Each answer holds the address of the next page."""

    kind: Literal["next_url"]
    next: Single
    size_parameter: str | None = None
    size: int | None = Field(default=None, ge=1)


Paging = Annotated[
    OnePage | PagePaging | OffsetPaging | CursorPaging | LinkPaging | NextUrlPaging, Field(discriminator="kind")
]


class Since(_Part):
    """Only what changed: the newest stamp seen so far, as the partner wrote it, less an overlap, is sent along."""

    parameter: str
    overlap_minutes: float = Field(default=10, ge=0)


class Deleted(_Part):
    """What marks a record as deleted: a value at a path, or anything there that is not null, false or blank."""

    path: Single
    values: tuple[str | bool | int, ...] = ()


class Rate(_Part):
    """At most so many requests in so many seconds."""

    requests: int = Field(ge=1)
    seconds: float = Field(default=60, gt=0)


class Limits(_Part):
    """What a feed may cost: seconds to connect and between bytes, seconds and bytes a page, tries, pages a round."""

    connect_seconds: float = Field(default=10, gt=0, le=120)
    read_seconds: float = Field(default=30, gt=0, le=600)
    page_seconds: float = Field(default=120, gt=0, le=3600)
    page_bytes: int = Field(default=20_000_000, ge=1)
    tries: int = Field(default=6, ge=1, le=20)
    #: The longest that one Retry-After or back-off is waited for (seconds); longer ones end the round until the next.
    wait_seconds: float = Field(default=60, ge=0, le=3600)
    pages: int = Field(default=10_000, ge=1)


class Feed(_Part):
    """A partner's JSON API."""

    url: str
    #: http:// to another machine shows secrets and personal data to everybody between.
    allow_http: bool = False
    auth: Auth = NoAuth()
    headers: dict[str, str] = {}
    parameters: dict[str, str] = {}
    paging: Paging = OnePage()
    #: Where the records are in an answer.
    items: Path = ""
    #: What a record is known by, and when it was last changed (ISO 8601, seconds since 1970, and others: README).
    id: Single
    updated: Single | None = None
    since: Since | None = None
    deleted: Deleted | None = None
    #: Field of a lead -> its place in a record; of several the first that is filled, phones and chains all.
    fields: dict[str, Path | tuple[Path, ...]]
    rate: Rate | None = None
    #: When it is pulled (cron, in the business time zone).
    schedule: str = "*/15 * * * *"
    limits: Limits = Limits()
    paused: bool = False

    @field_validator("schedule")
    @classmethod
    def _is_cron(cls, text: str) -> str:
        from datetime import UTC, datetime

        try:
            CronSim(text, datetime(2024, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f"{text!r} is no cron expression: {error}") from error
        return text

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        urls = [self.url, *([self.auth.token_url] if isinstance(self.auth, OAuth2) else ())]
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"{url!r} is no address such as https://api.example.com/leads")
            if parts.username or parts.password:
                raise ValueError("an address holds no password: name environment variables under auth")
            if parts.scheme == "http" and parts.hostname not in _LOCAL and not self.allow_http:
                raise ValueError(f"{url!r} is not encrypted; write https, or allow_http: true if it must be")
        if self.since and not self.updated:
            raise ValueError("since needs updated: where a record says when it was last changed")
        return self
