"""Turns by share: what must hold for any people, any arrivals, any absence."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.assign import assign
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
