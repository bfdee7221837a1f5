"""The promises of one lead that begin anew with each contact, as they would have run had it had other contacts: pure.

Where a record is taken back, what it ended goes on in the place of what it began; where one is told of an earlier time,
what ran then ends there and the next begins.
"""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from tasks.rules.clockwork import MET, VOID


@dataclass
class Span:
    """One promise: its clock (of a new one: the clock of which it is a part), from when until when (NaT: it runs)."""

    clock_id: int
    start: pd.Timestamp
    end: pd.Timestamp
    ending: str
    new: bool = False

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return bool(pd.isna(self.end))

    def void(self) -> None:
        """It was never promised."""
        self.end, self.ending = self.start, VOID


def told_anew(spans: list[Span], gone: Collection[pd.Timestamp], come: Collection[pd.Timestamp],
              starts: Collection[pd.Timestamp], wakes: Collection[pd.Timestamp]) -> list[Span]:  # fmt: skip
    """The promises of one kind about one lead with other borders; those that are other ones now are given.

    gone, come: the borders that are no more, and the new ones; starts: all that there are; wakes: when pauses ended.
    """
    every = sorted(spans, key=lambda one: (one.start, one.clock_id))
    before = [(one.start, one.end, one.ending) for one in every]
    left = set(come)
    for border in sorted(gone):
        _open(every, border, left, starts, wakes)
    for border in sorted(left):
        over = next((one for one in _live(every) if not one.runs and one.start < border < one.end), None)
        if over is not None:
            every.append(Span(over.clock_id, border, over.end, over.ending, new=True))
            over.end, over.ending = border, MET
    same = [
        not one.new and was[0] == one.start and _equal(was[1], one.end) and (was[2] == one.ending or one.runs)
        for one, was in zip(every, before, strict=False)
    ]
    return [one for one, stays in zip(every, [*same, *[False] * len(every)], strict=False) if not stays]


def _open(
    every: list[Span], border: pd.Timestamp, come: set[pd.Timestamp], starts: Collection[pd.Timestamp],
    wakes: Collection[pd.Timestamp],
) -> None:  # fmt: skip
    """Take one border away: shifted to a new one beside it, else what ended there goes on as what began there."""
    live = _live(every)
    ended = next((one for one in live if not one.runs and one.end == border), None)
    # what stood still has begun anew since
    begun = next((one for one in live if one is not ended and one.start >= border), None)
    if begun is not None and begun.start != border and ended is None:
        begun = None
    beside = [one for one in come if _beside(one, border, ended, begun, starts)]
    if begun is not None and beside:
        moved = max(beside)
        come.discard(moved)
        if begun.start == border:
            begun.start = moved
        if ended is not None:
            ended.end, ended.ending = moved, MET
    elif begun is not None and ended is not None:
        if begun.start in wakes:
            ended.start = max(ended.start, begun.start)
        ended.end, ended.ending = begun.end, begun.ending
        begun.void()
    elif begun is not None:
        later = [one for one in starts if one > border and (begun.runs or one < begun.end)]
        if later:
            begun.start = min(later)
            come.discard(begun.start)
        else:
            begun.void()
    elif ended is not None:
        ended.ending = VOID


def _beside(
    time: pd.Timestamp, border: pd.Timestamp, ended: Span | None, begun: Span | None, starts: Collection[pd.Timestamp]
) -> bool:
    """Whether no other border lies between, and both promises have room for it."""
    first, last = min(time, border), max(time, border)
    fits = ended is None or ended.start < time
    fits &= begun is None or begun.runs or time < begun.end
    return fits and not any(first < one < last for one in starts)


def _live(every: list[Span]) -> list[Span]:
    return [one for one in every if one.ending != VOID]


def _equal(one: pd.Timestamp, two: pd.Timestamp) -> bool:
    return bool((pd.isna(one) and pd.isna(two)) or one == two)
