"""The one error of configuration: it says where to look.

ConfigError
└── SettingsError   a LEADS_… setting (config.settings)
"""

from pathlib import Path


class ConfigError(Exception):
    """Something in the configuration is wrong; the message names file, line, rule and key."""

    def __init__(
        self,
        message: str,
        *,
        file: Path | str | None = None,
        rule: str | None = None,
        key: str | None = None,
        line: int | None = None,
    ) -> None:
        self.message, self.rule, self.key, self.line = message, rule, key, line
        self.file = str(file) if file is not None else None
        super().__init__(self._text())

    def _text(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        parts = [place, self.rule and f"rule {self.rule}", self.key and f"key {self.key}", self.message]
        return ": ".join(part for part in parts if part)


class SettingsError(ConfigError):
    """A setting of the environment or of .env is wrong; the message names it."""
