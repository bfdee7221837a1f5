"""A place in a JSON value: keys and list indexes from the outside in, joined by dots."""

from __future__ import annotations

from typing import Any, Final


class _Missing:
    """Nothing is there; null would be something."""

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


def at(value: Any, path: str) -> Any:
    """What stands at a path, or MISSING; the empty path is the value itself."""
    for key in path.split(".") if path else ():
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return MISSING
    return value


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
