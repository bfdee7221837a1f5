"""What the environment says: database, folders, mail, language; from LEADS_… or a .env file."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.errors import SettingsError

_LANGUAGES = {"zh_cn": "zh_CN", "zh": "zh_CN", "en": "en", "en_us": "en", "en_gb": "en"}
_DATABASE = re.compile(r"sqlite:///.|postgres(ql)?://|postgresql\+psycopg://")
_MAIL_MODE = re.compile(r"file|send|redirect:[^@\s:]+@[^@\s:]+")


class Settings(BaseSettings):
    """One reading of the environment; built by get_settings(), passed down, never changed."""

    model_config = SettingsConfigDict(
        env_prefix="LEADS_", env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True,
        extra="ignore", frozen=True, validate_default=True,
    )  # fmt: skip

    home: Path = Path("var")
    # Both URLs may hold a password, so they stay out of every repr.
    database_url: str = Field(default="", repr=False)
    smtp_url: str | None = Field(default=None, repr=False)
    mail_mode: str = "file"
    lang: Literal["zh_CN", "en"] = "zh_CN"
    tz: str = "Asia/Shanghai"
    config: Path | None = None
    chunk_rows: int = Field(default=40_000, ge=1)
    engine_seconds: int = Field(default=60, ge=0)
    # where people reach the pages that mails link to; without it mails have no links
    base_url: str | None = Field(
        default=None, validation_alias=AliasChoices("LEADS_BASE_URL", "LEADS_WEB_URL", "base_url", "web_url")
    )
    # where people reach the internal pages; without it review packs have no links
    internal_url: str | None = None
    secret: str | None = Field(default=None, repr=False, min_length=32)
    # the webhook of a WeCom robot; its address holds its key
    wecom_url: str | None = Field(default=None, repr=False)
    # who may see the pages of the company; without either only this machine may
    password: str | None = Field(default=None, repr=False, min_length=8)
    token: str | None = Field(default=None, repr=False, min_length=16)
    # networks of proxies whose X-Forwarded-For is believed, with commas between
    trusted_proxy: str = ""

    @field_validator("home", "config")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("lang", mode="before")
    @classmethod
    def _language(cls, value: Any) -> Any:
        return _LANGUAGES.get(str(value).lower().replace("-", "_").split(".")[0], value)

    @field_validator("mail_mode")
    @classmethod
    def _mail_mode(cls, value: str) -> str:
        if not _MAIL_MODE.fullmatch(value):
            raise ValueError("must be file, send or redirect:ADDRESS")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url(cls, value: str | None) -> str | None:
        if value and not value.startswith(("smtp://", "smtps://")):
            raise ValueError("must begin with smtp:// or smtps://")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_kind(cls, value: str) -> str:
        # the address itself is not repeated: it may hold a password
        if value and not _DATABASE.match(value):
            raise ValueError("must begin with sqlite:///PATH, postgresql:// or postgresql+psycopg://")
        try:
            urlsplit(value).port  # noqa: B018 - reading it is the check
        except ValueError:
            raise ValueError("has a port that is no number") from None
        return value

    @field_validator("trusted_proxy")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            for one in value.split(","):
                ip_network(one.strip() or "127.0.0.1", strict=False)
        except ValueError as error:
            raise ValueError("must be addresses or networks such as 10.0.0.0/8, with commas between") from error
        return value

    @field_validator("base_url", "internal_url")
    @classmethod
    def _base_url(cls, value: str | None) -> str | None:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value.rstrip("/") if value else None

    @field_validator("wecom_url")
    @classmethod
    def _wecom_url(cls, value: str | None) -> str | None:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value or None

    @field_validator("tz")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is no time zone name such as Asia/Shanghai") from error
        return value

    @model_validator(mode="after")
    def _database(self) -> Self:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.home}/leadflow.db")
        if self.mail_mode != "file":
            mode = self.mail_mode.partition(":")[0]
            if not self.smtp_url:
                raise ValueError(f"LEADS_MAIL_MODE is {mode}, so LEADS_SMTP_URL must say through which server")
            if not sender_of(self.smtp_url):
                raise ValueError(
                    f"LEADS_MAIL_MODE is {mode}, so LEADS_SMTP_URL must say who mails are from: ?from=ADDRESS"
                )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return ZoneInfo(self.tz)

    @property
    def intake(self) -> Path:
        """Where marketing drops files, a sub-folder per channel."""
        return self.home / "intake"

    @property
    def processing(self) -> Path:
        """Files that a run has claimed."""
        return self.home / "processing"

    @property
    def done(self) -> Path:
        """Files whose rows all have an outcome, exactly as they were received."""
        return self.home / "done"

    @property
    def refused(self) -> Path:
        """Files that could not be read at all."""
        return self.home / "refused"

    @property
    def receipts(self) -> Path:
        """The answers to the senders of files."""
        return self.home / "receipts"

    @property
    def mails(self) -> Path:
        """Mails written as files while LEADS_MAIL_MODE is file."""
        return self.home / "mails"

    @property
    def up(self) -> Path:
        """What `leads up` notes about its processes, and their logs."""
        return self.home / "up"


def get_settings(**overrides: Any) -> Settings:
    """Read the environment and .env of the working directory; a bad setting is a SettingsError naming it."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_input=False, include_url=False)]
        raise SettingsError("; ".join(problems)) from error


def sender_of(smtp_url: str) -> str:
    """Who mails are from: the `from` of the mail server's URL, else its user where that is an address, else nobody."""
    parts = urlsplit(smtp_url)
    given = parse_qs(parts.query).get("from", [""])[0]
    user = unquote(parts.username or "")
    return given or (user if "@" in user else "")


def _problem(item: Any) -> str:
    name = "".join(f"LEADS_{str(part).upper().removeprefix('LEADS_')}" for part in item["loc"][:1])
    text = str(item["msg"]).removeprefix("Value error, ")
    return f"{name}: {text}" if name else text
