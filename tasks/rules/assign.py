"""Whose lead: the account's owner first, then a named one, then by capacity share, as whose turn it is.

Pure and column-wise: loops go over groups of units and over people, never over units. An account
keeps its owner while he is active and his role suffices for the grade. His leave and his full
list do not take it from him: one company is never called by two sales people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.schema import ConfigError, OwnerRule, Person, Rules
from tasks.rules.eligible import (
    ELIGIBLE,
    FULL,
    FULL_TODAY,
    NO_RANK,
    ON_LEAVE,
    OTHER_ROLE,
    STATES,
    Crew,
    Limits,
    Objects,
    Positions,
    crew_of,
    places,
    territories,
)
from tasks.rules.owner_rules import lowest_ranks, needed_rank, place_of_rule, rank_asked
from tasks.rules.share import Standing, take_turns

# The rules beside the table of roles, in assignment.yaml by these ids.
STICKY, HINT, LIFT = "A-STICKY", "A-HINT", "A-LIFT"
STICKY_DAYS = "A-STICKY-DAYS"
OPEN_CAP, DAY_CAP, RAMP_DAYS, RAMP_FROM = "A-OPEN-CAP", "A-DAY-CAP", "A-RAMP-DAYS", "A-RAMP-FROM"

# What of a group is named in the explanation of a choice.
NAMED = ("verdict", "grade", "region", "industry")
NO_ELIGIBLE, ALL_FULL, ALL_ON_LEAVE = "no_eligible", "all_full", "all_on_leave"


def limits_of(rules: Rules) -> Limits:
    """What the rules say of how much anybody may have."""
    return Limits(*(int(rules.value(name)) for name in (OPEN_CAP, DAY_CAP, RAMP_DAYS, RAMP_FROM)))


@dataclass(frozen=True)
class AssignResult:
    """Who owns each unit and why.

    `frame` has the units' index: owner and the rule that gave it, or the reason why nobody took it; lifted_from, who
    had the account before; choice, a place in `choices`, -1 where nobody was compared. A choice names the group that
    was shared out and how each person of the roles asked stood at that moment. `loads`: open leads after it;
    `today`: leads given today; `standings`: those of the groups that were shared out, and what their people are owed.
    """

    frame: pd.DataFrame
    choices: list[dict[str, Any]]
    loads: dict[str, int]
    today: dict[str, int]
    standings: dict[str, Standing]


def assign(
    units: pd.DataFrame,
    people: Sequence[Person],
    rules: Rules,
    on: date,
    *,
    loads: Mapping[str, int] | None = None,
    today: Mapping[str, int] | None = None,
    standings: Mapping[str, Standing] | None = None,
) -> AssignResult:
    """Give each unit (an account with `leads` to be owned) an owner; `loads`: open leads now, `today`: given today.

    Units: RangeIndex in arrival order; leads, verdict, grade, region, industry, owner, hint, and held: the leads
    that its present owner has and that go with it to another.
    Rules A-STICKY, A-HINT, A-LIFT, A-OPEN-CAP, A-DAY-CAP, A-RAMP-DAYS, A-RAMP-FROM and the table of roles.
    """
    crew = crew_of(people, loads or {}, today or {}, limits_of(rules), on)
    run = _Run(crew, units, standings or {})
    rule_of = place_of_rule(units, rules.assignment)
    present = _keep_owners(run, units, rule_of, rules)
    for group in _groups(run, units, people, rule_of, rules.assignment):
        _share_group(run, group, present)
    return run.result(units.index)


class _Run:
    """What is decided so far, a place per unit."""

    def __init__(self, crew: Crew, units: pd.DataFrame, standings: Mapping[str, Standing]) -> None:
        self.crew = crew
        self.standings = standings
        self.shared: dict[str, Standing] = {}
        # the last one, -1: nobody
        self.rank: Positions = np.array([*crew.rank, NO_RANK], dtype=np.int64)
        # none where all leads of the account are owned already and only its need has changed
        self.leads: Positions = units["leads"].to_numpy(dtype=np.int64)
        self.held: Positions = units["held"].to_numpy(dtype=np.int64)
        self.owner: Positions = np.full(len(units), -1, dtype=np.int64)
        self.rule: Objects = np.full(len(units), None, dtype=object)
        self.lifted_from: Objects = np.full(len(units), None, dtype=object)
        self.reason: Objects = np.full(len(units), None, dtype=object)
        self.choice: Positions = np.full(len(units), -1, dtype=np.int64)
        self.choices: list[dict[str, Any]] = []
        # how those stand who are not compared by load: many, and the same in every choice
        self.others = [[{"id": code, "state": state} for code in crew.ids] for state in STATES]

    def standing(self, family: str, key: str, people: Positions) -> tuple[Standing, Standing]:
        """What is owed to the people of a role (the family), and the standing of some of them (the key) with it.

        After a change of the roster a count goes on only where the same people are there as before, whichever others
        came or went; else what each was owed is all that stays of it.
        """
        crew = self.crew
        codes, weights = crew.ids[people].tolist(), crew.weight[people].tolist()
        ledger = self._known(family).of_roster(crew.ids[crew.role == crew.role[people[0]]].tolist())
        standing = self._known(key)
        if standing.round != ledger.round:
            last = self._latest(family, key, dict(zip(codes, weights, strict=True)))
            standing = self._known(last) if last else Standing()
            if last:
                self.shared[last] = Standing(round=ledger.round)
        return ledger, replace(standing.owing(ledger.owed), round=ledger.round).among(codes, weights)

    def _latest(self, family: str, key: str, now: Mapping[str, int]) -> str:
        """The name of the newest count of a family where these people share; blank where others did, or nobody."""
        mine = [one for one in {**self.standings, **self.shared} if one.rpartition("/")[0] == family]
        newest = max((self._known(one).round for one in mine), default=0)
        found = [one for one in mine if (known := self._known(one)).round == newest
                 and dict(zip(known.people, known.weights, strict=False)) == now and known.weights]  # fmt: skip
        return key if key in found else min(found, default="")

    def _known(self, name: str) -> Standing:
        return self.shared.get(name, self.standings.get(name, Standing()))

    def give(self, units: Positions, people: Positions, rule: str) -> None:
        """Note the people as owners of the units, one each, and add to their load."""
        self.owner[units] = people
        self.rule[units] = rule
        np.add.at(self.crew.load, people, self.leads[units])
        np.add.at(self.crew.today, people, self.leads[units])

    def hand_over(self, units: Positions, people: Positions, rule: str, present: Positions) -> None:
        """Give units to others than those who have them now: what these held goes with the units."""
        self.give(units, people, rule)
        np.add.at(self.crew.load, people, self.held[units])
        left = present[units] >= 0
        np.subtract.at(self.crew.load, present[units][left], self.held[units][left])

    def result(self, index: pd.Index) -> AssignResult:
        owner = np.array([*self.crew.ids, None], dtype=object)[self.owner]
        # without a new owner nothing was handed over
        self.lifted_from[(self.owner < 0) | (owner == self.lifted_from)] = None
        texts = {"owner": owner, "rule": self.rule, "lifted_from": self.lifted_from, "reason": self.reason}
        frame = pd.DataFrame({k: pd.array(v, dtype="str") for k, v in texts.items()}, index=index)
        loads, today = (
            dict(zip(self.crew.ids, had.tolist(), strict=True)) for had in (self.crew.load, self.crew.today)
        )
        return AssignResult(frame.assign(choice=self.choice), self.choices, loads, today, self.shared)


@dataclass(frozen=True)
class _Group:
    """Units of one rule to which everybody stands alike, in arrival order."""

    rule: OwnerRule
    units: Positions
    territory: NDArray[np.int8]
    named: dict[str, Any]


def _keep_owners(run: _Run, units: pd.DataFrame, rule_of: Positions, rules: Rules) -> Positions:
    """Leave accounts with the owner that they have or that a trusted channel names.

    Gives the place of the present owner where he is there, but must hand over.
    """
    crew = run.crew
    owner, hint = places(units["owner"], crew.by_id), places(units["hint"], crew.by_id)
    hint = np.where(hint >= 0, hint, places(units["hint"], crew.by_name))
    active = np.array([*crew.active, False], dtype=bool)
    here = active & ~np.array([*crew.away, True], dtype=bool)
    had = units["owner"].notna().to_numpy()
    run.lifted_from[had] = units["owner"].to_numpy(dtype=object)[had]

    needed = np.array([*(needed_rank(rule) for rule in rules.assignment), NO_RANK], dtype=np.int64)
    there = active[owner]
    suffices = run.rank[owner] >= needed[rule_of]
    bound = there & _holds(rules, STICKY)
    stays = bound & (suffices | (not _holds(rules, LIFT)))
    # whoever is named must be there, and of a role that the rule asks
    named = ~there & here[hint] & (run.rank[hint] >= lowest_ranks(rules.assignment)[rule_of])
    for rule, mask, people in ((STICKY, stays, owner), (HINT, named & _holds(rules, HINT), hint)):
        run.give(np.flatnonzero(mask), people[mask], rule)
    run.lifted_from[stays] = None
    return np.where(bound & ~stays, owner, -1)


def _holds(rules: Rules, rule_id: str) -> bool:
    """Whether a rule that is on or off is on; one switched off in the files is not found."""
    try:
        return bool(rules.value(rule_id))
    except ConfigError:
        return False


def _groups(
    run: _Run,
    units: pd.DataFrame,
    people: Sequence[Person],
    rule_of: Positions,
    table: Sequence[OwnerRule],
) -> Iterator[_Group]:
    """The groups of the units without an owner: rules in their order, few candidates first.

    Who has the fewest to choose from goes first, so that the others leave him somebody.
    """
    run.reason[run.owner < 0] = NO_ELIGIBLE
    waiting = np.flatnonzero((run.owner < 0) & (rule_of >= 0))
    if not len(waiting):
        return
    rest = units.iloc[waiting]
    codes, kinds = _alike(run.crew, rule_of[waiting], territories(rest, people), table)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(kinds)))
    members = np.split(waiting[order], bounds[1:])
    shared = {fact: _shared(rest[fact], order, bounds) for fact in NAMED}
    turn = sorted((rule, int((stand == ELIGIBLE).sum()), at) for at, (rule, stand) in enumerate(kinds))
    for place, _, at in turn:
        rule = table[place]
        named = {fact: values[at] for fact, values in shared.items()} | {"roles": list(rule.then)}
        yield _Group(rule, members[at], kinds[at][1], named)


def _alike(
    crew: Crew,
    rule_of: Positions,
    territory: tuple[Positions, list[NDArray[np.int8]]],
    table: Sequence[OwnerRule],
) -> tuple[Positions, list[tuple[int, NDArray[np.int8]]]]:
    """A code per unit, alike where the same people of the rule's roles stand alike to it."""
    codes, stands = territory
    keys, pair_of = np.unique(rule_of * len(stands) + codes, return_inverse=True)
    in_role = [np.isin(crew.role, rule.then) for rule in table]
    known: dict[tuple[int, bytes], int] = {}
    kinds: list[tuple[int, NDArray[np.int8]]] = []
    code_of = np.empty(len(keys), dtype=np.int64)
    for at, key in enumerate(keys.tolist()):
        rule, stand = divmod(key, len(stands))
        seen = np.where(in_role[rule], stands[stand], OTHER_ROLE).astype(np.int8)
        code_of[at] = known.setdefault((rule, seen.tobytes()), len(known))
        if code_of[at] == len(kinds):
            kinds.append((rule, seen))
    return code_of[pair_of], kinds


def _shared(values: pd.Series, order: Positions, bounds: Positions) -> list[str | None]:
    """For each group the value that all its units share; None where they differ or none is known."""
    codes, uniques = pd.factorize(values)
    low, high = (at.reduceat(codes[order], bounds) for at in (np.minimum, np.maximum))
    names = [*uniques.tolist(), None]
    return [names[one] if one == other else None for one, other in zip(low, high, strict=True)]


def _share_group(run: _Run, group: _Group, present: Positions) -> None:
    """Share a group out among the people of its first role, the rest among the next role, …"""
    crew, waiting = run.crew, group.units
    before = crew.load.copy()
    people = states = np.empty(0, dtype=np.int64)
    turns: dict[str, tuple[float, int, int]] = {}
    for step, role in enumerate(group.rule.then):
        # Only upward: whoever has the account is no worse than those who come next.
        stays = run.rank[present[waiting]] >= max(rank_asked(group.rule, step), 0)
        if stays.any():
            keeping, waiting = waiting[stays], waiting[~stays]
            run.give(keeping, present[keeping], STICKY)
            run.lifted_from[keeping] = None
            _note_choice(run, group, before, people, states, turns, keeping)
        people = np.concatenate([people, crew.with_role(role)])
        # anew for all: whoever is full by now was not when his role was asked
        states = crew.states(people, group.territory)
        able = people[(states == ELIGIBLE) & (crew.role[people] == role)]
        given, waiting, turns = _share_step(run, group, role, waiting, able, present)
        if len(given):
            _note_choice(run, group, before, people, states, turns, given)
        if not len(waiting):
            return
    run.reason[waiting] = _why_nobody(states)
    _note_choice(run, group, before, people, states, turns, waiting)


def _share_step(
    run: _Run, group: _Group, role: str, waiting: Positions, people: Positions, present: Positions
) -> tuple[Positions, Positions, dict[str, tuple[float, int, int]]]:
    """Let `people` of one role take the waiting units in turn; gives the units given, those left, and their turns.

    Units that are handed over have turns of their own: they do not count against whom they come to.
    """
    crew, given, turns = run.crew, [waiting[:0]], {}
    for handed in (False, True) if len(people) else ():
        units = waiting[(present[waiting] >= 0) == handed]
        if not len(units):
            continue
        family, key = _names(run.crew, group, role, handed)
        codes = crew.ids[people].tolist()
        ledger, standing = run.standing(family, key, people)
        left = np.minimum(crew.cap[people] - crew.load[people], crew.day_cap[people] - crew.today[people])
        room = dict(zip(codes, left.tolist(), strict=True))
        leads = np.maximum(run.leads[units] + run.held[units], 1)
        taken, after = take_turns(leads.tolist(), standing, room)
        run.shared |= {key: replace(after, owed={}), family: replace(ledger, owed=after.closed().owed)}
        if not handed:
            turns = _turns(standing, taken, leads)
        got = np.array([one is not None for one in taken], dtype=bool)
        takers = np.array([crew.by_id[one] for one in taken[got]], dtype=np.int64)
        run.hand_over(units[got], takers, group.rule.id, present)
        given.append(units[got])
    done = np.concatenate(given)
    run.rule[done[present[done] >= 0]] = LIFT
    return done, waiting[run.owner[waiting] < 0], turns


def _names(crew: Crew, group: _Group, role: str, handed: bool) -> tuple[str, str]:
    """The names of what is owed to the people of a role by a rule, and of those who share: everybody to whose territory
    the group belongs, there today or not, and also who has left: nobody's turn begins anew because of that."""
    fitting = crew.ids[(crew.role == role) & (group.territory == ELIGIBLE)]
    digest = hashlib.blake2s("\n".join(fitting.tolist()).encode(), digest_size=8).hexdigest()
    family = f"{group.rule.id}/{role}{'/handed' if handed else ''}"
    return family, f"{family}/{digest}"


def _turns(standing: Standing, taken: Objects, leads: Positions) -> dict[str, tuple[float, int, int]]:
    """For each person what is due to him with the next lead (his share, and what he is owed of earlier rounds), and how
    many he had of it before and after."""
    total, whole = sum(standing.given) + 1, sum(standing.weights)
    got: dict[str, int] = {}
    for one, count in zip(taken.tolist(), leads.tolist(), strict=True):
        got[one] = got.get(one, 0) + count
    return {
        one: (round(total * weight / whole + standing.owed.get(one, 0.0), 2), had, had + got.get(one, 0))
        for one, weight, had in zip(standing.people, standing.weights, standing.given, strict=True)
    }


def _why_nobody(states: Positions) -> str:
    """Why a group found nobody: of those whose role and territory fit."""
    if np.isin(states, (ELIGIBLE, FULL, FULL_TODAY)).any():
        return ALL_FULL
    return ALL_ON_LEAVE if (states == ON_LEAVE).any() else NO_ELIGIBLE


def _note_choice(
    run: _Run,
    group: _Group,
    before: Positions,
    people: Positions,
    states: Positions,
    turns: Mapping[str, tuple[float, int, int]],
    units: Positions,
) -> None:
    """Keep for the explanation how the people asked so far stood, and point the units to it."""
    crew = run.crew
    run.choice[units] = len(run.choices)
    run.reason[units[run.owner[units] >= 0]] = None
    asked = list(zip(people.tolist(), states.tolist(), strict=True))
    notes = [run.others[state][person] for person, state in asked]
    for place in np.flatnonzero(states <= FULL_TODAY).tolist():
        person, state = asked[place]
        code = crew.ids[person]
        note = {
            "id": code,
            "state": STATES[state],
            "load_before": int(before[person]),
            "load_after": int(crew.load[person]),
            "capacity": int(crew.capacity[person]),
            "weight": int(crew.weight[person]),
            "cap": int(crew.cap[person]),
        }
        if code in turns:
            note |= dict(zip(("due", "given_before", "given_after"), turns[code], strict=True))
        notes[place] = note
    run.choices.append({"group": group.named, "rule": group.rule.id, "people": notes})
