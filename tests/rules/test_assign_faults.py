"""What goes wrong with assignment elsewhere, each test beside the fault that it would find."""

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from config.people import Person
from tasks.rules.assign import assign
from tasks.rules.share import Standing
from tests.rules.test_assign import DAY, frame, given_to, person, rules

CAP = 10**9
#: Who takes the next lead: from the people, and everything that was given so far, oldest first.
Choice = Callable[[list[Person], list[str]], str]


def crew(*capacities: int) -> list[Person]:
    return [person(f"p{place}", role="senior", capacity=one) for place, one in enumerate(capacities)]


class Desk:
    """Leads given one delivery after the other, as leadflow keeps its turns between them."""

    def __init__(self) -> None:
        self.standings: dict[str, Standing] = {}
        self.loads: Counter[str] = Counter()

    def give(self, people: Sequence[Person], leads: int) -> list[str]:
        result = assign(
            frame([{"grade": "B"}] * leads), people, rules(CAP), DAY, loads=self.loads, standings=self.standings
        )
        self.standings |= result.standings
        owners = [one for one in given_to(result) if one]
        self.loads.update(owners)
        return owners


def by(choose: Choice, people: list[Person], leads: int, given: list[str] | None = None) -> list[str]:
    """The same with another way of choosing."""
    given = given or []
    begun = len(given)
    for _ in range(leads):
        given = [*given, choose(people, given)]
    return given[begun:]


def at_random(people: list[Person], _given: list[str]) -> str:
    return random.choice(people).id


def after_the_newest(people: list[Person], given: list[str]) -> str:
    """A ring whose place is that of the newest record: it moves when that record is deleted, or its owner goes."""
    ids = [one.id for one in people]
    last = given[-1] if given else None
    return ids[(ids.index(last) + 1) % len(ids)] if last in ids else ids[0]


def by_monthly_quota(people: list[Person], given: list[str]) -> str:
    """Whole leads a day out of a month's capacity: what is smaller than fifteen in thirty days rounds to none."""
    quota = {one.id: round(one.capacity / 30) for one in people}
    had = Counter(given)
    return min(quota, key=lambda one: (quota[one] == 0, had[one] / max(quota[one], 1)))


def test_two_runs_over_the_same_leads_choose_the_same_people() -> None:
    people = crew(3, 4, 1)
    assert Desk().give(people, 60) == Desk().give(people, 60)
    assert by(at_random, people, 60) != by(at_random, people, 60), "the fault"


def test_a_small_capacity_gets_its_share_in_time() -> None:
    people, desk = crew(10, 300), Desk()
    had = Counter(one for _ in range(310) for one in desk.give(people, 1))
    assert had == {"p0": 10, "p1": 300}
    assert Counter(by(by_monthly_quota, people, 310))["p0"] == 0, "the fault"


@pytest.mark.parametrize("leads", [1, 7, 30])
def test_one_delivery_of_many_and_many_of_one_load_people_alike(leads: int) -> None:
    people, one, many = crew(2, 3, 5), Desk(), Desk()
    one.give(people, leads)
    for _ in range(leads):
        many.give(people, 1)
    assert one.loads == many.loads
    in_bulk = Counter([people[0].id] * leads)
    assert in_bulk != many.loads or leads == 1, "the fault: one person gets all of a delivery"


def test_a_lead_that_is_deleted_does_not_move_the_turn() -> None:
    people, kept, deleted = crew(1, 1, 1), Desk(), Desk()
    for desk in (kept, deleted):
        desk.give(people, 4)
    newest = deleted.give(people, 1)[0]
    kept.give(people, 1)
    deleted.loads[newest] -= 1
    assert deleted.give(people, 3) == kept.give(people, 3)
    given = by(after_the_newest, people, 5)
    assert by(after_the_newest, people, 3, given[:-1]) != by(after_the_newest, people, 3, given), "the fault"


@pytest.mark.parametrize("before", range(1, 9))
def test_who_leaves_takes_nobodys_turn(before: int) -> None:
    """The others go on where they were, whoever was last: who has had fewer comes first."""
    people, desk = crew(1, 1, 1, 1), Desk()
    given = desk.give(people, before)
    rest = [one.model_copy(update={"active": one.id != given[-1]}) for one in people]
    earlier = Counter(given)
    left = [one.id for one in rest if one.active]
    fewer = {one for one in left if earlier[one] == min(earlier[two] for two in left)}
    then = desk.give(rest, 7)
    assert then[0] in fewer
    had = Counter(then)
    assert set(had) == set(left)
    assert max(had.values()) - min(had.values()) <= 1


def test_a_ring_that_hangs_on_the_newest_record_begins_anew_when_its_owner_goes() -> None:
    people = crew(1, 1, 1, 1)
    ring = by(after_the_newest, people, 2)
    gone = [one for one in people if one.id != ring[-1]]
    assert after_the_newest(gone, ring) == ring[0], "the fault that the test above finds"


def test_people_on_leave_or_gone_do_not_hold_up_the_ring() -> None:
    people = crew(1, 1, 1)
    people[1] = people[1].model_copy(update={"active": False})
    desk = Desk()
    assert Counter(one for _ in range(6) for one in desk.give(people, 1)) == {"p0": 3, "p2": 3}
    assert pd.notna(desk.give(people, 1)[0])
