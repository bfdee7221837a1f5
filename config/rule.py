"""What every rule of every family has, and the frozen models that rules are made of."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Frozen(BaseModel):
    """A model that never changes and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Statement(Frozen):
    """One sentence in both languages; `{S-FLOOR}` in it is replaced by the value of that rule."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def of(self, lang: str) -> str:
        """The sentence in a language; anything but English is Chinese."""
        return self.en if lang == "en" else self.zh


def listed(value: Any) -> Any:
    """One text where several may stand."""
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(listed)]


class Rule(Frozen):
    """What every rule of every family has."""

    id: str = Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$")
    statement: Statement
    source: Words = Field(min_length=1)
    effective: date
    enabled: bool = True
