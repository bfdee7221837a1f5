"""What a web form is: its fields and texts, how it looks, who may embed it, and what it bears."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from config.texts import Said, Text

#: Fields of a lead that a form may ask for.
FORM_FIELDS = (
    "company", "industry", "contact", "title", "phone", "email", "need", "budget", "chain", "region", "urgency",
    "size", "note",
)  # fmt: skip
#: What is kept of the campaign that brought somebody, with the source.
CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_COLOUR = r"^#[0-9A-Fa-f]{6}$"
_NAME = r"^[a-z][a-z0-9_]{0,39}$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(_Part):
    """One choice: what a person reads, and what a file would say (the same where nothing is said)."""

    label: Text
    value: str = Field(default="", max_length=200)

    @property
    def code(self) -> str:
        """What is sent and stored."""
        return self.value or self.label.zh


def _option(value: object) -> object:
    return {"label": value} if isinstance(value, str) else value


class FormField(_Part):
    """One question; `field` is the lead's field that the answer becomes, `name` how it is sent."""

    field: str
    name: str = Field(default="", pattern=rf"^$|{_NAME}")
    label: Text
    hint: Text | None = None
    kind: Literal["", "text", "tel", "email", "textarea", "select", "radio"] = ""
    required: bool = False
    options: Annotated[tuple[Annotated[Option, BeforeValidator(_option)], ...], Field(max_length=100)] = ()
    most: int = Field(default=0, ge=0, le=10_000)

    @field_validator("field")
    @classmethod
    def _known(cls, field: str) -> str:
        if field not in FORM_FIELDS:
            raise ValueError(f"{field!r} is nothing that a form asks for; known: {', '.join(FORM_FIELDS)}")
        return field

    @model_validator(mode="after")
    def _has_options(self) -> Self:
        if (self.kind in ("select", "radio")) != bool(self.options):
            raise ValueError("select and radio have options, and nothing else has")
        return self

    @property
    def key(self) -> str:
        """The name under which it is sent."""
        return self.name or self.field

    @property
    def shape(self) -> str:
        """How it is asked for."""
        usual = {"phone": "tel", "email": "email", "need": "textarea", "note": "textarea"}
        return self.kind or usual.get(self.field, "text")

    @property
    def longest(self) -> int:
        """How many characters it may have."""
        return self.most or (2000 if self.shape == "textarea" else 200)


class Consent(_Part):
    """What somebody agrees to by sending the form; a link leads to the whole text."""

    text: Text
    link: str | None = Field(default=None, pattern=r"^https?://\S+$")
    required: bool = True


class Thanks(_Part):
    """What the answer page says; `{reference}` is the reference number."""

    title: Text = Said(zh="提交成功", en="Thank you")
    text: Text = Said(
        zh="我们已收到您的需求，专属顾问会尽快与您联系。", en="We have received your request and will contact you soon."
    )


class Colours(_Part):
    """Colours as #RRGGBB."""

    accent: str = Field(default="#0b5cad", pattern=_COLOUR)
    on_accent: str = Field(default="#ffffff", pattern=_COLOUR)
    background: str = Field(default="#f4f6f8", pattern=_COLOUR)
    card: str = Field(default="#ffffff", pattern=_COLOUR)
    text: str = Field(default="#1f2328", pattern=_COLOUR)


class FormLimits(_Part):
    """What a form bears: posts of one address and of one phone in so many minutes, bytes, and a person's time."""

    per_address: int = Field(default=30, ge=1)
    per_phone: int = Field(default=5, ge=1)
    minutes: float = Field(default=60, gt=0, le=1440)
    body_bytes: int = Field(default=65_536, ge=1024, le=10_000_000)
    #: Nobody fills a form in fewer seconds; a page is good for so many hours.
    least_seconds: float = Field(default=2, ge=0, le=60)
    most_hours: float = Field(default=24, gt=0, le=720)
    #: The same answers without a token, again within so many minutes, are one post.
    again_minutes: float = Field(default=10, gt=0, le=1440)


class Form(_Part):
    """A form that anybody may fill in."""

    title: Text
    intro: Text | None = None
    button: Text = Said(zh="提交", en="Send")
    fields: tuple[FormField, ...] = Field(min_length=1, max_length=40)
    consent: Consent | None = None
    thanks: Thanks = Thanks()
    colours: Colours = Colours()
    #: Sites whose pages may send this form by script, as https://www.example.com; one that posts a plain form needs no
    #: entry here.
    origins: tuple[str, ...] = ()
    lang: Literal["zh_CN", "en", ""] = ""
    limits: FormLimits = FormLimits()
    paused: bool = False

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.hostname
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError(f"{origin!r} is no origin such as https://www.example.com")
        return origins

    @model_validator(mode="after")
    def _can_reach_somebody(self) -> Self:
        keys = [one.key for one in self.fields]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} is asked for twice; give one of them a name of its own")
        reserved = sorted({"website", "token", "consent", "page", *CAMPAIGN} & set(keys))
        if reserved:
            raise ValueError(f"{reserved[0]!r} is a name that every form uses itself")
        if not {"phone", "email"} & {one.field for one in self.fields}:
            raise ValueError("ask for phone or email: a lead that nobody can reach is none")
        return self
