"""Turns by share: what must hold for any people, any arrivals, any absence."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.assign import assign
from tasks.rules.eligible import Limits, crew_of
from tasks.rules.share import Standing, take_turns
from tests.rules.test_assign import DAY, frame, person, rules

PLENTY = 10**9
weights = st.lists(st.sampled_from([1, 2, 3, 5, 7, 25, 100]), min_size=1, max_size=12)


def _names(count: int) -> list[str]:
    return [f"p{place}" for place in range(count)]


def _off(had: Counter[str], total: int, shares: dict[str, int]) -> float:
    """How far the one who is farthest from his share is."""
    whole = sum(shares.values())
    return max(abs(had[one] - total * weight / whole) for one, weight in shares.items())


@given(weights, st.lists(st.integers(0, 40), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_each_is_within_one_lead_of_his_share_after_every_lead(shares: list[int], batches: list[int]) -> None:
    names = _names(len(shares))
    stated, standing, had, total = dict(zip(names, shares, strict=True)), Standing().among(names, shares), Counter(), 0
    for units in batches:
        taken, standing = take_turns([1] * units, standing.among(names, shares), dict.fromkeys(names, PLENTY))
        for one in taken:
            had[one], total = had[one] + 1, total + 1
            assert _off(had, total, stated) < 1
    assert dict(zip(standing.people, standing.given, strict=True)) == {name: had[name] for name in names}


@given(weights, st.lists(st.integers(0, 30), min_size=12, max_size=12), st.integers(0, 200))
@settings(max_examples=150, deadline=None)
def test_who_is_full_leaves_the_set_and_the_others_share_on(shares: list[int], rooms: list[int], units: int) -> None:
    names = _names(len(shares))
    room = dict(zip(names, rooms, strict=False))
    left = dict(room)
    taken, _ = take_turns([1] * units, Standing().among(names, shares), room)
    assert [one is None for one in taken] == [place >= sum(left.values()) for place in range(units)]
    present = [one for one in names if left[one] > 0]
    had: Counter[str] = Counter()
    for one in taken[: sum(left.values())]:
        assert one in present
        had[one], left[one] = had[one] + 1, left[one] - 1
        assert _off(had, had.total(), {name: shares[names.index(name)] for name in present}) < 1
        if not left[one]:
            present.remove(one)
            had.clear()


def test_of_equals_the_one_who_waited_longest_is_first_after_a_change() -> None:
    everybody = Standing().among(["a", "b", "c"], [1, 1, 1])
    taken, standing = take_turns([1], everybody, {"a": 9, "b": 9, "c": 9})
    assert list(taken) == ["a"]
    for _ in range(3):  # c comes and goes: each change begins anew, and a is not first each time
        taken, standing = take_turns([1], standing.among(["a", "b"], [1, 1]), {"a": 9, "b": 9})
        both = [*taken]
        taken, standing = take_turns([1], standing.among(["a", "b", "c"], [1, 1, 1]), {"a": 9, "b": 9, "c": 9})
        assert "b" in [*both, *taken]


def test_a_unit_for_which_nobody_has_room_leaves_the_smaller_ones_their_turns() -> None:
    taken, _ = take_turns([1, 5, 1], Standing().among(["a", "b"], [1, 1]), {"a": 3, "b": 3})
    assert list(taken) == ["a", None, "b"]


days = st.lists(
    st.fixed_dictionaries({"leads": st.integers(0, 25), "away": st.sets(st.integers(0, 5), max_size=4)}),
    min_size=1,
    max_size=8,
)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), days)
@settings(max_examples=100, deadline=None)
def test_whoever_comes_back_is_not_flooded_and_nobody_is_off_his_share(
    capacities: list[int], said: list[dict[str, Any]]
) -> None:
    """From day to day, with whoever is on leave: since the people there last changed, each is within one lead."""
    spans = [
        [{"from": DAY + timedelta(n), "to": DAY + timedelta(n)} for n, one in enumerate(said) if place in one["away"]]
        for place in range(len(capacities))
    ]
    crew = [
        person(f"p{place}", role="senior", capacity=capacity, leave=spans[place])
        for place, capacity in enumerate(capacities)
    ]
    kept: dict[str, Standing] = {}
    present, had = {}, Counter()
    for offset, one in enumerate(said):
        day = DAY + timedelta(offset)
        result = assign(frame([{"grade": "B"}] * one["leads"]), crew, rules(PLENTY), day, standings=kept)
        kept |= result.standings
        there = {member.id: member.capacity for member in crew if not member.is_away(day)}
        if one["leads"] and there:
            if there != present:
                present, had = there, Counter()
            for owner in result.frame["owner"]:
                had[owner] += 1
                assert owner in there
                assert _off(had, had.total(), there) < 1


def test_leads_that_are_handed_over_are_no_turn_of_the_one_who_gets_them() -> None:
    crew = [person("rep", role="representative"), person("a", role="supervisor"), person("b", role="supervisor")]
    lifted = frame([{"grade": "A", "owner": "rep", "held": 3}] * 2 + [{"grade": "A"}] * 4)
    result = assign(lifted, crew, rules(PLENTY), DAY)
    owners = pd.Series(result.frame["owner"])
    assert Counter(owners[2:]) == {"a": 2, "b": 2}
    assert Counter(owners[:2]) == {"a": 1, "b": 1}


class Ledger:
    """What each had against his shares, whoever shared: the farthest over any time, and since the people changed."""

    def __init__(self) -> None:
        self.due: dict[str, float] = {}
        self.low: dict[str, float] = {}
        self.high: dict[str, float] = {}
        self.shares: dict[str, int] = {}
        self.had: Counter[str] = Counter()
        self.farthest = 0.0
        self.present: list[str] = []

    def give(self, owner: str, shares: dict[str, int]) -> None:
        if shares != self.shares:
            self.shares, self.had = dict(shares), Counter()
        self.had[owner] += 1
        self.farthest = max(self.farthest, _off(self.had, self.had.total(), shares))
        whole = sum(shares.values())
        for one, weight in shares.items():
            due = self.due.get(one, 0.0)
            self.low[one], self.high[one] = min(self.low.get(one, due), due), max(self.high.get(one, due), due)
            self.due[one] = due = due + weight / whole - (one == owner)
            self.low[one], self.high[one] = min(self.low[one], due), max(self.high[one], due)

    def roster(self, members: list[str]) -> None:
        """Whoever leaves takes along what he had too much or too little: nobody can give it back any more."""
        known = [one for one in self.due if one in members]
        if known and set(self.present) != set(members):
            mean = sum(self.due[one] for one in known) / len(known)
            for kept in (self.due, self.low, self.high):
                kept |= {one: kept[one] - mean for one in known}
        self.present = members
        for one in members:
            for kept in (self.due, self.low, self.high):
                kept.setdefault(one, 0.0)

    def widest(self) -> float:
        """The most that anybody got too much or too little between two moments."""
        return max((self.high[one] - self.low[one] for one in self.due), default=0.0)


changes = st.lists(
    st.tuples(st.sets(st.integers(0, 5), min_size=1), st.integers(1, 25)), min_size=1, max_size=25
)  # fmt: skip


@given(st.lists(st.integers(1, 3), min_size=6, max_size=6), changes)
@settings(max_examples=150, deadline=None)
def test_however_the_people_change_each_is_near_his_share_over_any_time(
    shares: list[int], said: list[tuple[set[int], int]]
) -> None:
    names, kept, standing = _names(6), Ledger(), Standing()
    for there, leads in said:
        now = {names[one]: shares[one] for one in sorted(there)}
        taken, standing = take_turns([1] * leads, standing.among([*now], [*now.values()]), dict.fromkeys(now, PLENTY))
        for one in taken:
            kept.give(one, now)
    assert kept.farthest < 1
    assert kept.widest() < 2.5


@pytest.mark.parametrize("leads", [1, 2, 3, 7])
def test_people_who_come_and_go_starve_nobody(leads: int) -> None:
    """Two sets in turn: where each begins from nought and nothing is owed, the same people come first for ever."""
    found = {}
    for remembers in (True, False):
        kept, standing = Ledger(), Standing()
        for turn in range(120):
            now = {"a": 3, "b": 1, "c": 1} if turn % 2 else {"a": 3, "b": 1}
            standing = standing.among([*now], [*now.values()])
            standing = standing if remembers else replace(standing, owed={})
            taken, standing = take_turns([1] * leads, standing, dict.fromkeys(now, PLENTY))
            for one in taken:
                kept.give(one, now)
        found[remembers] = (kept.farthest < 1, kept.widest())
    assert found[True][0]
    assert found[True][1] < 2
    assert found[False][1] > 5, "the fault"


roster_days = st.lists(
    st.fixed_dictionaries({
        "leads": st.integers(0, 14), "away": st.sets(st.integers(0, 6), max_size=3),
        "new": st.booleans(), "gone": st.none() | st.integers(0, 6), "closed": st.integers(0, 20),
    }),
    min_size=2, max_size=14,
)  # fmt: skip


@given(st.lists(st.integers(1, 3), min_size=2, max_size=4), roster_days, st.integers(6, 30), st.sampled_from([0, 3]))
@settings(max_examples=120, deadline=None)
def test_newcomers_leavers_leave_and_caps_take_nobodys_turn(
    capacities: list[int], said: list[dict[str, Any]], cap: int, day_cap: int
) -> None:
    """Whoever is deleted from the roster or comes into it: the others go on with what each is owed."""
    people = [person(f"p{n}", role="senior", capacity=one, day_cap=day_cap or None) for n, one in enumerate(capacities)]
    limits, kept, standings, loads = Limits(cap, 0, 28, 25), Ledger(), {}, Counter[str]()
    for offset, one in enumerate(said):
        day = DAY + timedelta(offset)
        if one["gone"] is not None and len(people) > 1:
            people = [who for place, who in enumerate(people) if place != one["gone"] % len(people)]
        if one["new"]:
            people = [*people, person(f"n{offset}", role="senior", capacity=2, starts=day, day_cap=day_cap or None)]
        kept.roster([who.id for who in people])
        crew = [
            who.model_copy(update={"leave": person("x", role="senior", leave=[{"from": day, "to": day}]).leave})
            if place in one["away"] else who for place, who in enumerate(people)
        ]  # fmt: skip
        for owner in [*loads]:
            loads[owner] = max(loads[owner] - one["closed"], 0)
        result = assign(frame([{"grade": "B"}] * one["leads"]), crew, rules(cap), day, loads=loads, standings=standings)
        standings |= result.standings
        held, today = Counter(loads), Counter[str]()
        for owner in result.frame["owner"].dropna():
            there = crew_of(crew, held, today, limits, day)
            free = ~there.away & (there.load < there.cap) & (there.today < there.day_cap)
            kept.give(owner, dict(zip(there.ids[free].tolist(), there.weight[free].tolist(), strict=True)))
            held[owner], today[owner] = held[owner] + 1, today[owner] + 1
        loads = Counter(result.loads)
    assert kept.farthest < 1
    assert kept.widest() < 3


def test_a_newcomer_takes_part_of_a_share_at_once_and_nobody_elses_turn() -> None:
    crew = [person(f"p{n}", role="senior") for n in range(3)]
    first = assign(frame([{"grade": "B"}] * 4), crew, rules(PLENTY), DAY)
    more = [*crew, person("new", role="senior", starts=DAY)]
    # one lead at a time, and each day somebody else comes into the roster and goes again
    standings, had = first.standings, Counter(first.frame["owner"])
    for turn in range(96):
        other = [] if turn % 2 else [person("guest", role="senior", starts=DAY)]
        result = assign(frame([{"grade": "B"}]), [*more, *other], rules(PLENTY), DAY, standings=standings)
        standings = {**standings, **result.standings}
        had.update(result.frame["owner"])
    # a quarter of a share among three and a quarter, and at times three and a half
    assert 6 <= had["new"] <= 9
    assert max(had[one.id] for one in crew) - min(had[one.id] for one in crew) <= 2
