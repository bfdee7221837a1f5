"""Places in a JSON value of any shape: keys, list items, all of them, or those that say something.

    data.phone                        keys from the outside in; a number is the place in a list
    answers[field.id=Qx7].text        of a list (or the values of a mapping) those where field.id is Qx7
    entry.*.changes.*.value           every item
    "Work Email" or data."a.b"        a key with dots, blanks or brackets
    $.form_id                         from the outermost value, where a message holds several records

Text that holds JSON itself is looked into. A path may find any number of values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator

_NAME = r'"[^"]+"|[^\s."\[\]=]+'
_PATH = rf"(?:{_NAME})(?:\.(?:{_NAME}))*"
_TOKEN = re.compile(rf'(?P<name>{_NAME})|\[(?P<where>{_PATH})=(?P<word>"[^"]*"|[^"\]]+)\]')
# text longer than this is no answer to a form that holds JSON
_MOST_JSON = 200_000


@dataclass(frozen=True)
class Step:
    """One step down: a key (`*`: every item), or the items of which `where` says `word`."""

    key: str = ""
    where: tuple[str, ...] = ()
    word: str = ""


def _checked(path: str) -> str:
    steps(path)
    return path


#: A path, checked when it is loaded.
Selector = Annotated[str, AfterValidator(_checked)]


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[Step, ...]:
    """Read a path; ValueError says where it is none."""
    found: list[Step] = []
    place = 0
    while place < len(path):
        if path[place] == "." and found:
            place += 1
        token = _TOKEN.match(path, place)
        if token is None or (token["where"] and not found and place):
            raise ValueError(f"{path!r} is no path: what stands at {path[place:]!r} cannot be read")
        if token["where"]:
            keys = tuple(_bare(part) for part in re.findall(_NAME, token["where"]))
            found.append(Step("", keys, _bare(token["word"])))
        else:
            found.append(Step(_bare(token["name"])))
        place = token.end()
        if place < len(path) and path[place] not in ".[":
            raise ValueError(f"{path!r} is no path: what stands at {path[place:]!r} cannot be read")
    if path.endswith("."):
        raise ValueError(f"{path!r} is no path: it ends in a dot")
    return tuple(found)


def select(value: Any, path: str, root: Any = None) -> list[Any]:
    """All that stands at a path, in order; the empty path is the value itself, one that begins with `$` starts at
    the root."""
    found: list[Any] = [value]
    for step in steps(path):
        if step.key == "$":
            found = [root if root is not None else value]
        else:
            found = [below for one in found for below in _below(_opened(one), step)]
    return found


def text_of(found: Any) -> str:
    """A value as a cell would hold it: blank for null, lists joined by ' / ', what a mapping holds by blanks."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, list):
        return " / ".join(filter(None, map(text_of, found)))
    if isinstance(found, dict):
        return " ".join(filter(None, map(text_of, found.values())))
    return str(int(found)) if isinstance(found, float) and found.is_integer() else str(found)


def _bare(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name


def _opened(value: Any) -> Any:
    """What a text holds, where that is JSON of some shape."""
    if isinstance(value, str) and value[:1] in ("{", "[") and len(value) <= _MOST_JSON:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _below(value: Any, step: Step) -> Iterator[Any]:
    if step.where:
        yield from (item for item in _items(value) if _says(item, step))
    elif step.key == "*":
        yield from _items(value)
    elif isinstance(value, dict):
        if step.key in value:
            yield value[step.key]
    elif isinstance(value, list) and step.key.isascii() and step.key.isdecimal() and int(step.key) < len(value):
        yield value[int(step.key)]


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _says(item: Any, step: Step) -> bool:
    found: list[Any] = [item]
    for key in step.where:
        found = [below for one in found for below in _below(_opened(one), Step(key))]
    return any(text_of(one) == step.word for one in found)
