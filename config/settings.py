"""What the environment says: database, folders, mail, language; from LEADS_… or a .env file."""

import re
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.errors import SettingsError

_LANGUAGES = {"zh_cn": "zh_CN", "zh": "zh_CN", "en": "en", "en_us": "en", "en_gb": "en"}
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
    chunk_rows: int = Field(default=50_000, ge=1)
    engine_seconds: int = Field(default=60, ge=0)

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
        if self.mail_mode == "send" and not self.smtp_url:
            raise ValueError("LEADS_MAIL_MODE is send, so LEADS_SMTP_URL must say through which server")
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
        """Files whose rows all have an outcome."""
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
    def raw(self) -> Path:
        """Input kept exactly as it was received."""
        return self.home / "raw"


def get_settings(**overrides: Any) -> Settings:
    """Read the environment and .env of the working directory; a bad setting is a SettingsError naming it."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_input=False, include_url=False)]
        raise SettingsError("; ".join(problems)) from error


def _problem(item: Any) -> str:
    name = "".join(f"LEADS_{str(part).upper()}" for part in item["loc"][:1])
    text = str(item["msg"]).removeprefix("Value error, ")
    return f"{name}: {text}" if name else text
