"""Entries of a rule file before they become models, and how a second file is laid over a first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.fit import FORM_KEYS, LEAST, MOST, Form, misfit
from config.yaml_file import Located, read_yaml


@dataclass(frozen=True)
class Entry:
    """One entry of a rule file: what it states and where it stands."""

    id: str
    stated: dict[str, Any]
    located: Located
    before: str | None = None

    def line(self, *keys: Any) -> int:
        """The line on which one of its keys stands, or what the further keys lead to in it."""
        return self.located.line(keys)

    def refused(self, message: str, *keys: Any) -> ConfigError:
        """An error about one of its keys, or about what the further keys lead to in it."""
        key = ".".join(map(str, keys))
        return ConfigError(message, file=self.located.file, rule=self.id, key=key, line=self.line(*keys))


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
    """Put a company's entries of one id in the place of the shipped ones that hold from the same day or later."""
    rule_id = news[0].id
    olds = [entry for entry in result if entry.id == rule_id]
    full = [_completed(entry, olds) for entry in news]
    begins = min(map(_since, full))
    # What held before the first day that the company names goes on holding for the days before it.
    rest = [entry for entry in result if entry.id != rule_id or _since(entry) < begins]
    before = news[0].before
    if before is not None:
        place = next((i for i, entry in enumerate(rest) if entry.id == before), -1)
        if place < 0:
            raise news[0].refused(f"no rule {before!r} to stand before", "before")
    elif olds:
        kept = sum(entry.id == rule_id for entry in rest)
        place = next(i for i, entry in enumerate(result) if entry.id == rule_id) + kept
    else:
        place = len(rest)
    return [*rest[:place], *full, *rest[place:]]


def _completed(entry: Entry, olds: list[Entry]) -> Entry:
    """Fill what an entry leaves out from the newest shipped one; its day from the first, so that it always holds."""
    if not olds:
        if entry.stated.get("enabled") is False and len(entry.stated) == 2:
            raise entry.refused("no shipped rule has this id, so there is nothing to switch off", "id")
        return entry
    entry = _with_added(entry, max(olds, key=_since).stated)
    _refuse_other_form(entry, max(olds, key=_since).stated)
    first = {"effective": min(olds, key=_since).stated.get("effective")}
    # A rule named again is meant to hold, unless it says otherwise.
    return Entry(entry.id, {**max(olds, key=_since).stated, **first, "enabled": True, **entry.stated}, entry.located)


def _with_added(entry: Entry, shipped: dict[str, Any]) -> Entry:
    """Put what an entry adds behind what is shipped: `add: {meaning: [words]}`, or a list where the value is one."""
    if "add" not in entry.stated:
        return entry
    stated = dict(entry.stated)
    added, value = stated.pop("add"), shipped.get("value")
    if "value" in stated:
        raise entry.refused("says what is added, so it cannot say the whole value too", "value")
    if isinstance(value, list) and isinstance(added, list):
        return Entry(entry.id, {**stated, "value": [*value, *added]}, entry.located)
    lists = isinstance(value, dict) and isinstance(added, dict) and all(isinstance(one, list) for one in added.values())
    if not lists or not all(isinstance(value.get(key, []), list) for key in added):  # type: ignore[union-attr]
        raise entry.refused("adds to a list, or lists to a mapping of lists", "add")
    whole = {**value, **{key: [*value.get(key, []), *words] for key, words in added.items()}}  # type: ignore[union-attr,dict-item]
    return Entry(entry.id, {**stated, "value": whole}, entry.located)


def _refuse_other_form(entry: Entry, shipped: dict[str, Any]) -> None:
    """Refuse a value that the code which reads the shipped one could not read."""
    if "value" not in shipped:
        return
    for key in FORM_KEYS:
        if key in entry.stated:
            raise entry.refused("is told by the shipped rule and cannot be changed", key)
    if "value" in entry.stated:
        form = Form(shipped.get("least", LEAST), shipped.get("most", MOST), shipped.get("open", False))
        found = misfit(entry.stated["value"], shipped["value"], form)
        if found is not None:
            raise entry.refused(found[1], "value", *found[0])


def _since(entry: Entry) -> str:
    return str(entry.stated.get("effective"))


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
