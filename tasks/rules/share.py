"""How many of the waiting units each eligible person gets, and in which turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_EXACT = 1e-9  # below this two shares count as equal: they differ by rounding only


def share_out(
    units: int, load: NDArray[np.float64], capacity: NDArray[np.float64], room: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Who takes the first, second, … unit: positions of people, at most as many as there is room.

    `load` and `room` count units; `capacity` is a share weight above nought. Each person ends within one unit of
    his fair level: the load per capacity that is the same for all who still have room. Equal claims go in the
    order of the people.
    """
    units = min(units, int(room.sum()))
    if units == 0:
        return np.empty(0, dtype=np.int64)
    fair = _fair_shares(units, load, capacity, room)
    counts = np.floor(fair + _EXACT).astype(np.int64)
    missing = units - int(counts.sum())
    left_over = (fair - counts).round(9)
    # Largest remainder first: it keeps everyone within one unit of his share.
    counts[(-left_over).argsort(kind="stable")[:missing]] += 1
    return _turns(counts, load, capacity)


def _fair_shares(
    units: int, load: NDArray[np.float64], capacity: NDArray[np.float64], room: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Each person's exact share when `units` fill all up to one level of load per capacity, within their room."""
    # Between two marks, where somebody begins to get units or is full, what is given grows evenly with the level.
    marks = np.concatenate([load / capacity, (load + room) / capacity])
    rates = np.concatenate([capacity, -capacity])
    order = marks.argsort(kind="stable")
    marks, rates = marks[order], rates[order].cumsum()
    given = (rates[:-1] * (marks[1:] - marks[:-1])).cumsum()  # up to the second, third, … mark
    at = min(int(given.searchsorted(units - _EXACT)), len(given) - 1)
    before = float(given[at - 1]) if at else 0.0
    level = marks[at] + ((units - before) / rates[at] if rates[at] > _EXACT else 0.0)
    shares: NDArray[np.float64] = (level * capacity - load).clip(0, room)
    return shares


def _turns(counts: NDArray[np.int64], load: NDArray[np.float64], capacity: NDArray[np.float64]) -> NDArray[np.int64]:
    """The people in turn: the k-th unit of a person is due at (k + 0.5) / capacity."""
    who = np.arange(len(counts)).repeat(counts)
    nth = np.arange(len(who)) - (counts.cumsum() - counts)[who]
    due = (load[who] + nth + 0.5) / capacity[who]
    return who[due.argsort(kind="stable")]
