"""YAML files read as plain data that still knows on which line each key stands."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import VersionedResolver

from config.errors import ConfigError

_SCALARS: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "timestamp": date.fromisoformat}


@dataclass(frozen=True)
class Located:
    """A piece of YAML: its plain data, the file it stands in and its node."""

    data: Any
    file: Path
    node: Node | None

    @property
    def first_line(self) -> int:
        """The line on which the piece begins, from 1."""
        return self.node.start_mark.line + 1 if self.node is not None else 1

    def line(self, keys: tuple[Any, ...]) -> int:
        """The line of the key that `keys` leads to, or of the last part of the way that exists."""
        node, line = self.node, self.first_line
        for key in keys:
            step = _step(node, key)
            if step is None:
                break
            line, node = step
        return line

    def item(self, index: int) -> "Located":
        """One entry of a sequence, with its own lines."""
        node = self.node.value[index] if isinstance(self.node, SequenceNode) else None
        return Located(self.data[index], self.file, node)

    def get(self, key: str) -> "Located":
        """The value of a key of a mapping, with its own lines."""
        step = _step(self.node, key)
        return Located(self.data[key], self.file, step[1] if step else None)


class _Resolver(VersionedResolver):
    """Finds the kind of a scalar; ruamel's own asks for the version of YAML anew at every word of a file."""

    @cached_property
    def versioned_resolver(self) -> Any:
        return super().versioned_resolver


def read_yaml(path: Path) -> Located:
    """Read one YAML file; a key written twice, or text that is no YAML, is a ConfigError.

    One that did not change since is not read again: what is given is for reading only.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error}", file=path) from error
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int, _size: int) -> Located:
    try:
        text = path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"cannot be read: {error}", file=path) from error
    try:
        reader = YAML(typ="safe")
        reader.Resolver = _Resolver
        node = reader.compose(text)
        return Located(None if node is None else _plain(node, path, ()), path, node)
    except YAMLError as error:
        problem, line = _told(error, text)
        raise ConfigError(f"not readable as YAML: {problem}", file=path, line=line) from error
    except RecursionError as error:
        raise ConfigError("not readable as YAML: too deeply nested", file=path) from error


def _told(error: YAMLError, text: str) -> tuple[str, int | None]:
    """What is wrong with a text, and on which line."""
    if isinstance(error, ReaderError):
        sign = error.character if isinstance(error.character, int) else ord(error.character)
        return f"the character U+{sign:04X} is not allowed", text.count("\n", 0, error.position) + 1
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return str(error.problem), mark.line + 1 if mark else None
    return str(error), None


def _step(node: Node | None, key: Any) -> tuple[int, Node] | None:
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        child = node.value[key]
        return child.start_mark.line + 1, child
    return None


def _plain(node: Node, path: Path, keys: tuple[Any, ...], above: tuple[Node, ...] = ()) -> Any:
    if any(node is one for one in above):
        line = node.start_mark.line + 1
        raise ConfigError("an anchor holds itself", file=path, key=_dotted(keys) or None, line=line)
    above = (*above, node)
    if isinstance(node, MappingNode):
        return _mapping(node, path, keys, above)
    if isinstance(node, SequenceNode):
        return [_plain(child, path, (*keys, i), above) for i, child in enumerate(node.value)]
    return _scalar(node, path, keys)


def _mapping(node: MappingNode, path: Path, keys: tuple[Any, ...], above: tuple[Node, ...]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, ScalarNode):
            raise ConfigError("a key must be a word", file=path, key=_dotted(keys) or None, line=line)
        key = _plain(name, path, keys)
        if key in found:
            raise ConfigError("the key is written twice", file=path, key=_dotted((*keys, key)), line=line)
        found[key] = _plain(value, path, (*keys, key), above)
    return found


def _scalar(node: Node, path: Path, keys: tuple[Any, ...]) -> Any:
    kind = str(node.tag).rsplit(":", 1)[-1]
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() == "true"
    text = node.value.replace("_", "") if kind in ("int", "float") else node.value
    try:
        return _SCALARS[kind](text) if kind in _SCALARS else text
    except ValueError as error:
        line = node.start_mark.line + 1
        raise ConfigError(f"{node.value!r} is no {kind}", file=path, key=_dotted(keys), line=line) from error


def _dotted(keys: tuple[Any, ...]) -> str:
    return ".".join(str(key) for key in keys)
