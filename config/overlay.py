"""Entries of a rule file before they become models, and how a second file is laid over a first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.yaml_file import Located, read_yaml


@dataclass(frozen=True)
class Entry:
    """One entry of a rule file: what it states and where it stands."""

    id: str
    stated: dict[str, Any]
    located: Located
    before: str | None = None

    def line(self, key: str) -> int:
        """The line on which one of its keys stands."""
        return self.located.line((key,))

    def refused(self, message: str, key: str) -> ConfigError:
        """An error about one of its keys."""
        return ConfigError(message, file=self.located.file, rule=self.id, key=key, line=self.line(key))


def read_entries(path: Path) -> list[Entry]:
    """Read the entries of a rule file: a list, or a mapping with `rules`, beside it `reviewed` (a note)."""
    located = read_yaml(path)
    if located.data is None:
        return []
    if isinstance(located.data, dict):
        strange = [key for key in located.data if key not in ("rules", "reviewed")]
        if strange:
            raise ConfigError("unknown key", file=path, key=str(strange[0]), line=located.line((strange[0],)))
        if not located.data.get("rules"):
            return []
        located = located.get("rules")
    if not isinstance(located.data, list):
        raise ConfigError("the rules must be a list", file=path, line=located.first_line)
    entries = [_entry(located.item(index)) for index in range(len(located.data))]
    _refuse_doubles(entries)
    return entries


def lay_over(shipped: list[Entry], own: list[Entry]) -> list[Entry]:
    """Lay a company's entries over the shipped ones and return the whole list in its new order."""
    result = list(shipped)
    for rule_id in dict.fromkeys(entry.id for entry in own):
        result = _replaced(result, [entry for entry in own if entry.id == rule_id])
    return result


def _replaced(result: list[Entry], news: list[Entry]) -> list[Entry]:
    rule_id = news[0].id
    olds = [entry for entry in result if entry.id == rule_id]
    newest = max(olds, key=lambda entry: str(entry.stated.get("effective")), default=None)
    full = [_completed(entry, newest) for entry in news]
    place = next((i for i, entry in enumerate(result) if entry.id == rule_id), len(result))
    rest = [entry for entry in result if entry.id != rule_id]
    before = news[0].before
    if before is not None:
        place = next((i for i, entry in enumerate(rest) if entry.id == before), -1)
        if place < 0:
            raise news[0].refused(f"no rule {before!r} to stand before", "before")
    return [*rest[:place], *full, *rest[place:]]


def _completed(entry: Entry, old: Entry | None) -> Entry:
    if old is None:
        if entry.stated.get("enabled") is False and len(entry.stated) == 2:
            raise entry.refused("no shipped rule has this id, so there is nothing to switch off", "id")
        return entry
    # A rule named again is meant to hold, unless it says otherwise.
    return Entry(entry.id, {**old.stated, "enabled": True, **entry.stated}, entry.located)


def _entry(located: Located) -> Entry:
    if not isinstance(located.data, dict):
        raise ConfigError("an entry must be a mapping", file=located.file, line=located.first_line)
    stated = dict(located.data)
    rule_id = stated.get("id")
    if not isinstance(rule_id, str):
        raise ConfigError("an entry needs an id", file=located.file, key="id", line=located.first_line)
    before = stated.pop("before", None)
    return Entry(rule_id, stated, located, before)


def _refuse_doubles(entries: list[Entry]) -> None:
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        key = (entry.id, str(entry.stated.get("effective")))
        if key in seen:
            first = seen[key].located.first_line
            raise entry.refused(f"the same id and date already stand in line {first}", "id")
        seen[key] = entry
