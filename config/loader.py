"""YAML files → frozen models; a company's own folder is laid over the shipped files.

Overlay of rule files: an entry of the same id replaces the shipped ones, from its `effective` day on where it states
one (keys not stated are taken from the newest shipped one), `enabled: false` switches off, `before: ID` moves in front,
a new id is appended.
Channels: the same file name replaces key by key, `enabled: false` removes. A roster replaces the shipped one.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config.errors import ConfigError
from config.gaps import DECIDING, refuse_gap
from config.objections import OTHER
from config.overlay import Entry, lay_over, read_entries
from config.schema import (
    FAMILIES,
    TABLES,
    Channel,
    CheckRule,
    Config,
    DecisionRule,
    Roster,
    Rule,
    Rules,
    ValueRule,
    placeholders,
)
from config.yaml_file import Located, read_yaml

SHIPPED = Path(__file__).parent
Model = TypeVar("Model", bound=BaseModel)


def load_config(folder: Path | None = None) -> Config:
    """Read the shipped files with a company's folder laid over them; anything wrong is a ConfigError.

    Files that did not change since are not read again.
    """
    if folder is not None and not folder.is_dir():
        raise ConfigError("LEADS_CONFIG names a folder that does not exist", file=folder)
    return _loaded(folder, _stamps(folder))


def _stamps(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    """What tells whether a file is still the one that was read."""
    bases = (SHIPPED,) if folder is None else (SHIPPED, folder)
    found = ((path, path.stat()) for base in bases for path in sorted(base.rglob("*.y*ml")))
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)


@lru_cache(maxsize=4)
def _loaded(folder: Path | None, _stamped: tuple[tuple[str, int, int], ...]) -> Config:
    try:
        return Config(rules=load_rules(folder), channels=load_channels(folder), roster=load_roster(folder))
    except ValidationError as error:
        raise ConfigError(_message(error.errors()[0]), file=folder or SHIPPED) from error


def load_rules(folder: Path | None = None) -> Rules:
    """Read every rule family."""
    _refuse_strange_files(folder)
    seen: dict[str, str] = {}
    parts: dict[str, Any] = {"values": {}, "off": {}, **dict.fromkeys(TABLES, ())}
    for family in FAMILIES:
        entries = _family(family, folder)
        _refuse_shared_ids(family, entries, seen)
        rules = [(entry, _rule(family, entry)) for entry in entries]
        ever = {rule.id for _, rule in rules if rule.enabled}
        on = [rule for _, rule in rules if rule.id in ever]
        if family in TABLES:
            parts[family] = tuple(rule for rule in on if not isinstance(rule, ValueRule))
        parts["values"][family] = tuple(rule for rule in on if isinstance(rule, ValueRule))
        parts["off"][family] = tuple(rule for _, rule in rules if rule.id not in ever)
    loaded = Rules(version=_version(parts), **parts)
    _refuse_unknown_values(loaded)
    _refuse_unknown_categories(loaded)
    if folder is not None:
        for family in DECIDING:
            refuse_gap(family, loaded, _rows(family, folder), _rows(family, None))
    return loaded


def load_channels(folder: Path | None = None) -> dict[str, Channel]:
    """Read channels/*.yaml; every channel gets the shipped header synonyms behind its own."""
    files = _files("channels", folder)
    headers: dict[str, tuple[str, ...]] = {}
    for path in files.pop("_headers", ()):
        headers = _merged_headers(_own_headers(read_yaml(path)), headers)
    channels = {}
    for name, paths in sorted(files.items()):
        stated: dict[str, Any] = {}
        for path in paths:
            located = read_yaml(path)
            stated |= _mapping(located)
        if stated.pop("enabled", True):
            channel = _build(Channel, {"name": name, **stated}, located, name)
            merged = _merged_headers(dict(channel.synonyms), headers)
            channels[channel.name] = channel.model_copy(update={"synonyms": merged})
    return channels


def load_roster(folder: Path | None = None) -> Roster:
    """Read roster.yaml: the company's own if there is one, else the shipped sample."""
    own = folder / "roster.yaml" if folder is not None else None
    located = read_yaml(own if own is not None and own.is_file() else SHIPPED / "roster.yaml")
    return _build(Roster, _mapping(located), located, None)


def _files(kind: str, folder: Path | None) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for base in (SHIPPED, folder):
        for path in sorted((base / kind).glob("*.yaml")) if base is not None else ():
            found.setdefault(path.stem, []).append(path)
    return found


#: Not a rule family: handbook ids that later parts of the project will claim.
_LATER = "later"


def _refuse_strange_files(folder: Path | None) -> None:
    if folder is not None:
        _refuse_unread_files(folder)
    for name, paths in _files("rules", folder).items():
        if name not in FAMILIES and name != _LATER:
            raise ConfigError(f"is no rule family; known: {', '.join(FAMILIES)}", file=paths[-1])


def _refuse_unread_files(folder: Path) -> None:
    """Refuse YAML that somebody means to count and that would not be read where it stands or as it is called."""
    for path in _yaml_of(folder):
        if path.name != "roster.yaml":
            place = (
                "belongs into rules/" if path.stem in FAMILIES else "only roster.yaml, rules/ and channels/ are read"
            )
            raise ConfigError(f"would not be read here: {place}", file=path)
    for kind in ("rules", "channels"):
        if (folder / kind).exists() and not (folder / kind).is_dir():
            raise ConfigError("must be a folder", file=folder / kind)
        for path in _yaml_of(folder / kind):
            if path.suffix != ".yaml":
                raise ConfigError(f"would not be read: its name must end in .yaml, not {path.suffix}", file=path)


def _yaml_of(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.suffix.lower() in (".yaml", ".yml"))


def _family(family: str, folder: Path | None) -> list[Entry]:
    paths = _files("rules", folder).get(family, [])
    shipped = [entry for path in paths[:1] for entry in read_entries(path)]
    for path in paths[1:]:
        shipped = lay_over(shipped, read_entries(path))
    return shipped


def _rows(family: str, folder: Path | None) -> list[tuple[Entry, DecisionRule]]:
    """The rows of a decision table, each with its entry."""
    pairs = [(entry, _rule(family, entry)) for entry in _family(family, folder)]
    return [(entry, rule) for entry, rule in pairs if isinstance(rule, DecisionRule)]


def _rule(family: str, entry: Entry) -> Rule:
    model = ValueRule if "value" in entry.stated else FAMILIES[family]
    rule = _build(model, entry.stated, entry.located, entry.id)
    if isinstance(rule, CheckRule) and (rule.completeness is None) == (rule.level == "required"):
        raise ConfigError("is stated for required fields, and only for them", file=entry.located.file,
                          rule=rule.id, key="completeness", line=entry.line("completeness"))  # fmt: skip
    return rule


def _build(model: type[Model], stated: dict[str, Any], located: Located, rule: str | None) -> Model:
    try:
        return model.model_validate(stated)
    except ValidationError as error:
        item = error.errors()[0]
        keys = tuple(part for part in item["loc"] if part != "[key]")
        key = ".".join(str(part) for part in keys) or None
        raise ConfigError(_message(item), file=located.file, rule=rule, key=key, line=located.line(keys)) from error


def _message(item: Any) -> str:
    text = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return "unknown key"
    if item["type"] == "missing":
        return "is missing"
    plain = isinstance(item.get("input"), str | int | float)
    return f"{text} (given: {item['input']!r})" if plain and not text.startswith("unknown fact") else text


def _refuse_shared_ids(family: str, entries: list[Entry], seen: dict[str, str]) -> None:
    for entry in entries:
        if seen.setdefault(entry.id, family) != family:
            raise ConfigError(f"the id is already used in {seen[entry.id]}.yaml", file=entry.located.file,
                              rule=entry.id, key="id", line=entry.line("id"))  # fmt: skip


def _refuse_unknown_values(rules: Rules) -> None:
    known = {rule.id for _, rule in rules.every() if isinstance(rule, ValueRule)}
    for family, rule in rules.every():
        texts = [rule.statement, *([rule.hint] if isinstance(rule, CheckRule) else [])]
        strange = sorted(set().union(*map(placeholders, texts)) - known)
        if strange:
            raise ConfigError(f"names the value of {', '.join(strange)}, which is no value rule in force",
                              file=f"{family}.yaml", rule=rule.id, key="statement")  # fmt: skip


def _refuse_unknown_categories(rules: Rules) -> None:
    """Refuse an answer to a kind of objection that no objection is ever counted as."""
    themes = [rule.value for rule in rules.values.get("reviews", ()) if rule.id == "R-THEMES"]
    known = {OTHER, *(theme for value in themes for theme in value)}
    for rule in rules.objections:
        if rule.category not in known:
            raise ConfigError(f"{rule.category} is no theme of R-THEMES", file="objections.yaml", rule=rule.id,
                              key="category")  # fmt: skip


def _version(parts: dict[str, Any]) -> str:
    def plain(rules: Iterable[Rule]) -> list[Any]:
        return [rule.model_dump(mode="json") for rule in rules]

    content = {family: plain([*parts.get(family, ()), *parts["values"][family]]) for family in FAMILIES}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _mapping(located: Located) -> dict[str, Any]:
    if located.data is None:
        return {}
    if not isinstance(located.data, dict):
        raise ConfigError("must be a mapping of keys to values", file=located.file, line=located.first_line)
    return dict(located.data)


def _own_headers(located: Located) -> dict[str, tuple[str, ...]]:
    stated = _mapping(located)
    for field, names in stated.items():
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise ConfigError(
                "must be a list of headers", file=located.file, key=str(field), line=located.line((field,))
            )
    return {field: tuple(names) for field, names in stated.items()}


def _merged_headers(own: dict[str, tuple[str, ...]], behind: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Own headers first; a header that the own ones give to a field is taken from every other field."""
    taken = {name for names in own.values() for name in names}
    left = {field: tuple(name for name in names if name not in taken) for field, names in behind.items()}
    return {field: own.get(field, ()) + left.get(field, ()) for field in {**own, **left}}
