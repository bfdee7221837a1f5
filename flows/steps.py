"""How long each step of a run took, added up over its chunks and files."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar

Item = TypeVar("Item")


@dataclass
class Steps:
    """Seconds by step, in the order in which the steps were first done."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, step: str, seconds: float) -> None:
        """Add to a step."""
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds

    @contextmanager
    def timed(self, step: str, inner: Mapping[str, float] | None = None) -> Iterator[None]:
        """Add the seconds of the block to a step, less those that `inner` then tells by steps of their own."""
        started = perf_counter()
        yield
        spent = perf_counter() - started
        for name, seconds in (inner or {}).items():
            self.add(name.replace(" ", "_"), seconds)
            spent -= seconds
        self.add(step, spent)

    def waiting(self, step: str, items: Iterable[Item]) -> Iterator[Item]:
        """Give the items, and add to a step the seconds until each of them was there."""
        coming = iter(items)
        while True:
            started = perf_counter()
            try:
                item = next(coming)
            except StopIteration:
                return
            finally:
                self.add(step, perf_counter() - started)
            yield item
