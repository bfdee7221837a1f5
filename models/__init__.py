"""What exists and what happened: the tables, and how they are reached."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.tables import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """Give a table; all of them come with the first, so that a process which only moves rows carries none."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("models.tables"), name)
