"""How the files of a foreign system become leads: the mapping that `leads import-history` reads."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from config.errors import ConfigError
from config.yaml_file import read_yaml

#: What a lead of a foreign history may have, beside its result and its stage; `id` is all that it must have.
TEXT_FIELDS = (
    "id", "company", "source", "industry", "region", "size", "need_type", "product", "grade", "owner", "team",
    "reason", "competitor", "currency", "contract_number",
)  # fmt: skip
DATE_FIELDS = ("created", "first_contact", "closed", "contract_date", "first_payment")
FIELDS = (*TEXT_FIELDS, *DATE_FIELDS, "amount")
RESULTS = ("won", "lost", "open")


class Frozen(BaseModel):
    """A part of the mapping: it never changes and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _word(value: Any) -> Any:
    """A value as cells have it: numbers and truth values of YAML are text there."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else "" if value is None else value


def _words(value: Any) -> Any:
    return tuple(map(_word, value)) if isinstance(value, list | tuple) else (_word(value),)


def _worded(value: Any) -> Any:
    return {_word(key): _word(item) for key, item in value.items()} if isinstance(value, dict) else value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
WordMap = Annotated[dict[str, str], BeforeValidator(_worded)]


class Needs(Frozen):
    """What a column must be: one of some texts, filled or blank, or a number within bounds."""

    among: Words | None = None
    filled: bool | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Needs) else {"among": value}


class HistoryFile(Frozen):
    """One kind of file; the first has a row for each lead, the others are joined to it."""

    name: str = Field(pattern=r"^[^.\s]+$")
    #: Which of the files given it is, as a pattern of names (default: the name with any ending).
    file: str = ""
    sheet: str | None = None
    #: Column -> a cell's text -> what is meant: spelling that would break a join.
    replace: dict[str, WordMap] = {}
    #: A column of this file -> the column of the files before it that has the same value.
    join: dict[str, str] = {}
    #: What parts several keys in one cell of the other files, of which the first counts: «17;23».
    split: str | None = Field(default=None, min_length=1)
    #: Which rows of the file count: column -> what it must be.
    only: dict[str, Needs] = {}
    #: Where several rows fit one: refuse them, take the first or last, or make each a lead; or that of the furthest
    #: stage. In the first file these are rows of one id.
    several: Literal["refuse", "first", "last", "furthest", "all"] = "refuse"
    #: The column by which first and last are told, of dates or numbers (default: as the rows stand).
    order: str | None = None

    @property
    def pattern(self) -> str:
        """The pattern that the file's name must fit."""
        return Path(self.file).name if self.file else f"{self.name}.*"


class FieldMap(Frozen):
    """Where a field's value comes from: the first of some columns that is not blank, or a fixed value."""

    columns: Names = Field(default=(), validation_alias=AliasChoices("column", "columns"))
    #: All of the columns are put together with this between them, instead of taking the first: name and surname.
    separator: str | None = None
    value: str | None = None
    #: The place of the row is the value: the id where a file has none.
    line: bool = False
    #: A cell's text -> the field's value; what is not named goes by `others`.
    map: WordMap = {}
    others: Literal["keep", "blank", "refuse"] = "keep"
    #: How days and months are written, for dates only.
    dates: Names | None = None
    #: Lower bounds of the groups of a number: [0, 50, 200] makes 0-49, 50-199 and 200+.
    bands: tuple[float, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str | list | tuple) else value

    @field_validator("value", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return None if value is None else _word(value)

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (bool(self.columns), self.value is not None, self.line).count(True) != 1:
            raise ValueError("must have a column, or a value, or (the id alone) line: true, and no two of them")
        if list(self.bands) != sorted(set(self.bands)):
            raise ValueError("bands must grow")
        return self


class ResultRule(Frozen):
    """A result, and what columns must be for it; without a condition it always fits."""

    when: dict[str, Needs] = {}
    then: Literal["won", "lost", "open"]


class StageMap(FieldMap):
    """Where the stage stands, and all stages from the first to the last.

    Instead of a column with the stage there may be one for each stage, which is filled where it was entered.
    """

    order: Words = Field(default=(), validate_default=True)
    entered: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _order_of_entered(cls, value: Any) -> Any:
        """Without an order the stages stand in that of their columns."""
        if isinstance(value, dict) and isinstance(value.get("entered"), dict):
            return {"order": list(value["entered"]), **value}
        return value

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if bool(self.columns) == bool(self.entered) or self.value is not None:
            raise ValueError("must have a column with the stage, or entered with a column for each stage, not both")
        if not self.order:
            raise ValueError("order is missing: all stages from the first to the last")
        strange = [stage for stage in self.entered if stage not in self.order]
        if strange:
            raise ValueError(f"{strange[0]!r} of entered is not in its order")
        return self


class History(Frozen):
    """A whole mapping."""

    #: Whose ids these are: the same id of the same system is the same lead, whatever file it comes in.
    system: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    #: The zone of times that name none (default: the business time zone).
    zone: str | None = None
    dates: Names = ("auto",)
    decimal: Literal["auto", ".", ","] = "auto"
    #: Cells that are as good as blank, small letters or capital ones.
    blank: Words = ("null", "none", "nan", "nat", "n/a", "#n/a", "\\N", "-", "--", "0000-00-00", "0000-00-00 00:00:00")
    files: tuple[HistoryFile, ...] = (HistoryFile(name="leads", file="*"),)
    fields: dict[str, FieldMap]
    #: Tried in order, the first that fits decides.
    result: tuple[ResultRule, ...] = ()
    stage: StageMap | None = None

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: dict[str, FieldMap]) -> dict[str, FieldMap]:
        strange = [name for name in fields if name not in FIELDS]
        if strange:
            raise ValueError(
                f"{strange[0]!r} is no field; known: {', '.join(FIELDS)}, and beside them result and stage"
            )
        if "id" not in fields:
            raise ValueError("id is missing: by it a lead is known again; {line: true} where the files have none")
        placed = next((name for name, field in fields.items() if field.line and name != "id"), None)
        if placed:
            raise ValueError(f"{placed}: line: true is for the id alone")
        return fields

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, zone: str | None) -> str | None:
        try:
            return zone if zone is None or ZoneInfo(zone) else None
        except (KeyError, ValueError, OSError):
            raise ValueError("is no time zone such as Europe/Berlin") from None

    @field_validator("result", mode="before")
    @classmethod
    def _short_result(cls, value: Any) -> Any:
        """One column and the texts of each result: {column: Stage, won: [Closed Won], lost: [Closed Lost]}."""
        if not isinstance(value, dict):
            return value
        strange = [key for key in value if key not in ("column", *RESULTS)]
        if strange or "column" not in value:
            raise ValueError(f"has column, won, lost and open; {strange[0] if strange else 'column'!r} does not fit")
        rules = [{"when": {value["column"]: value[one]}, "then": one} for one in RESULTS if one in value]
        return rules if "open" in value else [*rules, {"then": "open"}]

    @model_validator(mode="after")
    def _joined(self) -> Self:
        names = [file.name for file in self.files]
        if len(set(names)) < len(names):
            raise ValueError("two files have one name")
        if self.files[0].several == "all":
            raise ValueError(f"{names[0]} is the first file: of several rows with one id it takes one, not all")
        bare = [file.name for file in self.files if file.several == "furthest" and self.stage is None]
        if bare:
            raise ValueError(f"{bare[0]} takes the row of the furthest stage, and there is no stage with its order")
        if self.files[0].join:
            raise ValueError(f"{names[0]} is the first file: it has a row for each lead and is joined to nothing")
        bare = [file.name for file in self.files[1:] if not file.join]
        if bare:
            raise ValueError(f"{bare[0]} is joined to nothing: join names its column and that of a file before it")
        return self


def load_history(path: Path) -> History:
    """Read a mapping; anything wrong is a ConfigError that names file, line and key."""
    located = read_yaml(path)
    if not isinstance(located.data, dict):
        raise ConfigError("must be a mapping of keys to values", file=path, line=located.first_line)
    try:
        return History.model_validate(located.data)
    except ValidationError as error:
        item = error.errors()[0]
        keys = tuple(part for part in item["loc"] if part != "[key]")
        texts = {"extra_forbidden": "unknown key", "missing": "is missing"}
        text = texts.get(item["type"], str(item["msg"]).removeprefix("Value error, "))
        key = ".".join(map(str, keys)) or None
        raise ConfigError(text, file=path, key=key, line=located.line(keys)) from error
