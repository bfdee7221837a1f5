"""In which turn people take leads, so that each has his share at any moment.

The quota method: of those who are still under their upper quota, whoever must have his next lead soonest (Tijdeman
1980, The chairman assignment problem; Steiner and Yeomans 1993). Each person is within one lead of his share after
every lead since the set of available people last changed; the largest deficit, or a sort of virtual deadlines, is not.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

_NOBODY = -1


@dataclass(frozen=True)
class Standing:
    """Who shares a group's leads, and what each has had since this set of people was made; ties go in its order.

    weights: the shares, whole numbers above nought; given: leads.
    """

    people: tuple[str, ...] = ()
    weights: tuple[int, ...] = ()
    given: tuple[int, ...] = ()

    def among(self, people: Sequence[str], weights: Sequence[int]) -> Standing:
        """The standing of these people: as it is where they are the same, else from nought, ties by who waits most."""
        now = dict(zip(people, weights, strict=True))
        if now == dict(zip(self.people, self.weights, strict=True)):
            return self
        waits = self._deficits()
        # whoever comes anew has neither waited nor been served
        order = sorted(range(len(people)), key=lambda at: (-waits.get(people[at], 0.0), at))
        return Standing(tuple(people[at] for at in order), tuple(weights[at] for at in order), tuple([0] * len(people)))

    def shares(self) -> dict[str, float]:
        """What each should have had by now, in leads."""
        total, whole = sum(self.given), sum(self.weights)
        return {one: total * weight / whole for one, weight in zip(self.people, self.weights, strict=True)}

    def _deficits(self) -> dict[str, float]:
        return {one: share - had for (one, share), had in zip(self.shares().items(), self.given, strict=True)}


def take_turns(
    units: Sequence[int] | NDArray[np.int64], standing: Standing, room: dict[str, int]
) -> tuple[NDArray[np.object_], Standing]:
    """Who takes each unit (of so many leads), None where nobody has room for it, and the standing after it.

    room: how many leads each person of the standing may still take; who has none left leaves the set.
    """
    taken: NDArray[np.object_] = np.full(len(units), None, dtype=object)
    at = 0
    while at < len(units):
        left = [(one, weight) for one, weight in zip(standing.people, standing.weights, strict=True) if room[one] > 0]
        if not left:
            break
        standing = standing.among([one for one, _ in left], [weight for _, weight in left])
        turns = _Turns(standing)
        at = turns.go_on(units, at, taken, room)
        standing = replace(standing, given=tuple(turns.given))
    return taken, standing


class _Turns:
    """One set of people; each waits until his upper quota lets him take a lead, and is then asked by his deadline."""

    def __init__(self, standing: Standing) -> None:
        self.people, self.weights = standing.people, standing.weights
        self.given = list(standing.given)
        self.total, self.whole = sum(standing.given), sum(standing.weights)
        self.waiting = [self._release(place) for place in range(len(self.people))]
        heapq.heapify(self.waiting)
        self.ready: list[tuple[int, int]] = []

    def go_on(
        self,
        units: Sequence[int] | NDArray[np.int64],
        at: int,
        taken: NDArray[np.object_],
        room: dict[str, int],
    ) -> int:
        """Give units from `at` on until somebody has no room left; gives how far that is."""
        for place in range(at, len(units)):
            leads = max(int(units[place]), 1)
            who = self._next(leads, room)
            if who == _NOBODY:
                continue
            one = self.people[who]
            taken[place] = one
            self.given[who] += leads
            self.total += leads
            room[one] -= leads
            heapq.heappush(self.waiting, self._release(who))
            if room[one] <= 0:
                return place + 1
        return len(units)

    def _next(self, leads: int, room: dict[str, int]) -> int:
        """Take the person who must have his next lead soonest out of the heaps."""
        waiting, ready = self.waiting, self.ready
        while waiting and waiting[0][0] <= self.total + 1:
            _, who = heapq.heappop(waiting)
            heapq.heappush(ready, (self._deadline(who), who))
        passed: list[tuple[int, int]] = []
        for heap in (ready, waiting):
            while heap:
                first = heapq.heappop(heap)
                if room[self.people[first[1]]] >= leads:
                    for one in passed:
                        heapq.heappush(ready, one)
                    return first[1]
                # his room is too little for this unit alone
                passed.append((self._deadline(first[1]), first[1]))
        for one in passed:
            heapq.heappush(ready, one)
        return _NOBODY

    def _release(self, who: int) -> tuple[int, int]:
        """The first lead of the group that may be his next one: before it he would be above his upper quota."""
        return self.given[who] * self.whole // self.weights[who] + 1, who

    def _deadline(self, who: int) -> int:
        """The last lead of the group that may be his next one: after it he would be below his lower quota."""
        return -(-(self.given[who] + 1) * self.whole // self.weights[who])
