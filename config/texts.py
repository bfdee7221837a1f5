"""Texts of a company's own that may stand in one language or in both."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Said(BaseModel):
    """A text in Chinese and English; one that is written as plain text is the same in both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str = Field(min_length=1, max_length=4000)
    en: str = Field(min_length=1, max_length=4000)

    def of(self, lang: str) -> str:
        """The text in a language; anything but English is Chinese."""
        return self.en if lang == "en" else self.zh


def _both(value: object) -> object:
    return {"zh": value, "en": value} if isinstance(value, str) else value


Text = Annotated[Said, BeforeValidator(_both)]
