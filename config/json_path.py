"""A place in a JSON value: steps from the outside in, joined by dots.

A step is a key, an index of a list, `*` (each item of a list), or `type=mobile` (the items of a list whose `type` is
`mobile`): `contacts.type=mobile.value`. A key that holds a dot itself is found where it ends the path.
"""

from __future__ import annotations

from typing import Any, Final


class _Missing:
    """Nothing is there; null would be something."""

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


def at(value: Any, path: str) -> Any:
    """What stands at a path, or MISSING; the empty path is the value itself, several found places are a list."""
    if not path:
        return value
    step, _, rest = path.partition(".")
    if isinstance(value, dict):
        if path in value:
            return value[path]
        return at(value[step], rest) if step in value else MISSING
    if not isinstance(value, list):
        return MISSING
    if step.isdecimal():
        return at(value[int(step)], rest) if int(step) < len(value) else MISSING
    found = [one for item in _chosen(value, step) if (one := at(item, rest)) is not MISSING]
    return found or MISSING


def _chosen(items: list[Any], step: str) -> list[Any]:
    """The items of a list that a step means: all, or those of which a key has a value."""
    if step == "*":
        return items
    key, mark, wanted = step.partition("=")
    return [item for item in items if mark and isinstance(item, dict) and key in item and _text(item[key]) == wanted]


def one_at(value: Any, path: str) -> Any:
    """What stands at a path that means one place; of the items that a step like `rel=next` chooses, the first's."""
    found = at(value, path)
    return found[0] if isinstance(found, list) and _chooses(path) else found


def items_at(value: Any, path: str) -> Any:
    """The list at a path; where a step chooses among items, the lists of all of them as one."""
    found = at(value, path)
    if not isinstance(found, list) or not _chooses(path):
        return found
    return [item for part in found for item in (part if isinstance(part, list) else [part])]


def _chooses(path: str) -> bool:
    return any(step == "*" or "=" in step for step in path.split("."))


def text_at(value: Any, path: str) -> str:
    """What stands at a path as a cell would hold it; blank where nothing does, lists joined by ' / '."""
    return _text(at(value, path))


def _text(found: Any) -> str:
    if found is None or found is MISSING:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, list):
        return " / ".join(filter(None, map(_text, found)))
    if isinstance(found, dict):
        return " ".join(filter(None, map(_text, found.values())))
    return str(int(found)) if isinstance(found, float) and found.is_integer() else str(found)
