"""In which turn people take leads, so that each has his share at any moment.

The quota method: of those who are still under their upper quota, whoever must have his next lead soonest (Tijdeman
1980, The chairman assignment problem; Steiner and Yeomans 1993). Each person is within one lead of his share after
every lead since the set of available people last changed; the largest deficit, or a sort of virtual deadlines, is not.

A changed set begins a new count. What each had too little or too much of the counts before is owed to him: wherever
more than one person may have a lead without anybody's quota being missed later, it goes to whoever is owed most. So a
set that changes after every few leads (leave, full lists, newcomers, leavers) neither starves nor floods anybody: over
any time each is within two leads of the sum of his shares, unless somebody lets the set change after each lead so that
it always leaves out those who are owed most.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

_NOBODY = -1
# what is too little to be owed, and makes no difference: what reckoning leaves
_DECIMALS, _NOTHING = 6, 1e-6
# beyond so many leads until the smallest share has its next one, what is owed is not looked at
_MOST_AHEAD = 5_000
# of so many leads at once the last ones are given by what is owed: it costs more than the turns alone
_LAST = 16


@dataclass(frozen=True)
class Standing:
    """Who shares a group's leads, and what each has had since this set of people was made; ties go in its order.

    weights: the shares, whole numbers above nought; given: leads; owed: what each person who ever shared had too
    little (below nought: too much) before, in leads; round: of which roster it is. Where people of a role share by one
    rule in several groups, what they are owed in all is the standing of the role: people without weights.
    """

    people: tuple[str, ...] = ()
    weights: tuple[int, ...] = ()
    given: tuple[int, ...] = ()
    owed: Mapping[str, float] = field(default_factory=dict)
    round: int = 0

    def among(self, people: Sequence[str], weights: Sequence[int]) -> Standing:
        """The standing of these people: as it is where they are the same, else from nought, ties by who waits most."""
        now = dict(zip(people, weights, strict=True))
        if now == dict(zip(self.people, self.weights, strict=True)):
            return self
        owed = self.closed().owed
        # whoever comes anew has neither waited nor been served
        order = sorted(range(len(people)), key=lambda at: (-round(owed.get(people[at], 0.0), _DECIMALS), at))
        return replace(
            self, people=tuple(people[at] for at in order), weights=tuple(weights[at] for at in order),
            given=(0,) * len(people), owed=owed,
        )  # fmt: skip

    def closed(self) -> Standing:
        """The standing with its count at an end: nobody shares, and what each is owed stands."""
        owed = {one: self.owed.get(one, 0.0) + due for one, due in self._deficits().items()}
        return replace(self, people=(), weights=(), given=(), owed=_stated({**self.owed, **owed}))

    def owing(self, owed: Mapping[str, float]) -> Standing:
        """The standing where so much is owed in all, what it owes by its own count included."""
        before = {one: owed.get(one, 0.0) - due for one, due in self._deficits().items()}
        return replace(self, owed=_stated({**owed, **before}))

    def of_roster(self, members: Sequence[str]) -> Standing:
        """What is owed, for the people of a roster: a newcomer is owed what the others are at the mean; who is gone
        takes no part, and is known when he comes back."""
        if self.people == tuple(members):
            return self
        known = {one: self.owed.get(one, 0.0) for one in members if one in self.people or one in self.owed}
        mean = sum(known.values()) / len(known) if known else 0.0
        owed = {**self.owed, **{one: due - mean for one, due in known.items()}}
        return Standing(tuple(members), owed=_stated(owed), round=self.round + 1)

    def shares(self) -> dict[str, float]:
        """What each should have had by now, in leads."""
        total, whole = sum(self.given), sum(self.weights)
        return {one: total * weight / whole for one, weight in zip(self.people, self.weights, strict=False)}

    def _deficits(self) -> dict[str, float]:
        return {one: share - had for (one, share), had in zip(self.shares().items(), self.given, strict=True)}


def _stated(owed: Mapping[str, float]) -> dict[str, float]:
    """What is owed where it is more than what reckoning leaves."""
    return {one: due for one, due in owed.items() if not -_NOTHING < due < _NOTHING}


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
        ahead = _ahead(standing)
        end = max(at, len(units) - _LAST) if ahead else len(units)
        turns = _Turns(standing) if end > at else _Repaying(standing, ahead, room)
        at = turns.go_on(units[: end if end > at else len(units)], at, taken, room)
        standing = replace(standing, given=tuple(turns.given))
    return taken, standing


def _ahead(standing: Standing) -> int:
    """Within how many leads everybody has his next one; 0 where nobody is owed anything, or it is too many."""
    if not any(standing.owed.get(one) for one in standing.people):
        return 0
    ahead = -(-sum(standing.weights) // min(standing.weights)) + 1
    return ahead if ahead <= _MOST_AHEAD else 0


class _Turns:
    """One set of people; each waits until his upper quota lets him take a lead, and is then asked by his deadline."""

    def __init__(self, standing: Standing) -> None:
        self.people, self.weights = standing.people, standing.weights
        self.given = list(standing.given)
        self.total, self.whole = sum(standing.given), sum(standing.weights)
        self._begin()

    def _begin(self) -> None:
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
            self._give(who, leads)
            room[one] -= leads
            if room[one] <= 0:
                return place + 1
        return len(units)

    def _give(self, who: int, leads: int) -> None:
        self.given[who] += leads
        self.total += leads
        heapq.heappush(self.waiting, self._release(who))

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


class _Repaying(_Turns):
    """The same by another choice: of those who may have the next lead so that nobody's deadline is missed later, the
    one who is owed most.

    slack: for each lead of the group ahead, how many leads until then nobody must have. Where it is used up, only those
    whose deadline comes until then may have the next one; Hall's condition says that there always is one.
    """

    def __init__(self, standing: Standing, ahead: int, room: Mapping[str, int]) -> None:
        self.owed = np.array([standing.owed.get(one, 0.0) for one in standing.people])
        self.weight = np.array(standing.weights, dtype=np.int64)
        self.free = np.array([room[one] for one in standing.people], dtype=np.int64)
        self.ahead = ahead
        super().__init__(standing)

    def _begin(self) -> None:
        self.had = np.array(self.given, dtype=np.int64)
        self.first, self.slack = self.total + 1, np.empty(0, dtype=np.int64)

    def _give(self, who: int, leads: int) -> None:
        if leads == 1:
            self.slack[: max(self._deadline(who) - self.first, 0)] -= 1
        else:
            self.slack = self.slack[:0]
        self.had[who] += leads
        self.free[who] -= leads
        self.given[who] += leads
        self.total += leads

    def _next(self, leads: int, room: dict[str, int]) -> int:
        fits = self.free >= leads
        if not fits.any():
            return _NOBODY
        share = (self.total + 1) * self.weight
        deadline = -(-(self.had + 1) * self.whole // self.weight)
        ready = fits & (self.had * self.whole < share)
        may = ready & (deadline <= self._used_up())
        if may.any():
            due = np.where(may, self.owed + share / self.whole - self.had, -np.inf)
            # what differs by rounding alone is equal: ties go in the order of the people
            return int(np.argmax(due >= due.max() - _NOTHING))
        # his room is too little for this unit alone
        return int(np.argmin(np.where(ready if ready.any() else fits, deadline, np.iinfo(np.int64).max)))

    def _used_up(self) -> int:
        """The first lead ahead until which every lead is somebody's who must have it."""
        at = self.total + 1 - self.first
        if at + self.ahead > len(self.slack):
            self.first, at = self.total + 1, 0
            self.slack = self._slack(self.ahead + _LAST)
        tight = self.slack[at : at + self.ahead] <= 0
        place = int(tight.argmax())
        return self.first + at + place if tight[place] else self.total + 1 + 2 * self.ahead

    def _slack(self, leads: int) -> NDArray[np.int64]:
        """How many of the next leads until each of them nobody must have."""
        end = self.total + leads
        due = np.maximum(end * self.weight // self.whole - self.had, 0)
        who = np.repeat(np.arange(len(due)), due)
        nth = np.arange(len(who)) - np.repeat(np.cumsum(due) - due, due) + 1
        deadlines = -(-(self.had[who] + nth) * self.whole // self.weight[who])
        must = np.bincount(np.maximum(deadlines - self.first, 0), minlength=leads)[:leads].cumsum()
        slack: NDArray[np.int64] = np.arange(1, leads + 1) - must
        return slack
