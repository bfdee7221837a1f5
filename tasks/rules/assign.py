"""Whose lead: the account's owner first, then a named one, then by capacity share.

Pure and column-wise: loops go over groups of units and over people, never over units. An account
keeps its owner while he is active and his role suffices for the grade. His leave and his full
list do not take it from him: one company is never called by two sales people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.schema import ConfigError, OwnerRule, Person, Rules
from tasks.rules.eligible import (
    ELIGIBLE,
    FULL,
    NO_RANK,
    ON_LEAVE,
    OTHER_ROLE,
    RANKS,
    STATES,
    Crew,
    Objects,
    Positions,
    crew_of,
    places,
    territories,
)
from tasks.rules.share import share_out

# The rules beside the table of roles, in assignment.yaml by these ids.
STICKY, HINT, LIFT, OPEN_CAP = "A-STICKY", "A-HINT", "A-LIFT", "A-OPEN-CAP"

# What of a group is named in the explanation of a choice.
NAMED = ("verdict", "grade", "region", "industry")
NO_ELIGIBLE, ALL_FULL, ALL_ON_LEAVE = "no_eligible", "all_full", "all_on_leave"


@dataclass(frozen=True)
class AssignResult:
    """Who owns each unit and why.

    `frame` has the units' index: owner and the rule that gave it, or the reason why nobody took it; lifted_from, who
    had the account before; choice, a place in `choices`, -1 where nobody was compared. A choice names the group that
    was shared out and how each person of the roles asked stood at that moment. `loads`: open leads after it.
    """

    frame: pd.DataFrame
    choices: list[dict[str, Any]]
    loads: dict[str, int]


def assign(
    units: pd.DataFrame,
    people: Sequence[Person],
    rules: Rules,
    on: date,
    *,
    loads: Mapping[str, int] | None = None,
) -> AssignResult:
    """Give each unit (an account with `leads` to be owned) an owner; `loads`: open leads now.

    Units: RangeIndex in arrival order; leads, verdict, grade, region, industry, owner, hint, and held: the leads
    that its present owner has and that go with it to another.
    Rules A-STICKY, A-HINT, A-LIFT, A-OPEN-CAP and the table of roles.
    """
    crew = crew_of(people, loads or {}, rules.value(OPEN_CAP), on)
    run = _Run(crew, units)
    rule_of = _rule_of(units, rules.assignment)
    present = _keep_owners(run, units, rule_of, rules)
    for group in _groups(run, units, people, rule_of, rules.assignment):
        _share_group(run, group, present)
    return run.result(units.index)


class _Run:
    """What is decided so far, a place per unit."""

    def __init__(self, crew: Crew, units: pd.DataFrame) -> None:
        self.crew = crew
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

    def give(self, units: Positions, people: Positions, rule: str) -> None:
        """Note the people as owners of the units, one each, and add to their load."""
        self.owner[units] = people
        self.rule[units] = rule
        np.add.at(self.crew.load, people, self.leads[units])

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
        loads = dict(zip(self.crew.ids.tolist(), self.crew.load.tolist(), strict=True))
        return AssignResult(frame.assign(choice=self.choice), self.choices, loads)


@dataclass(frozen=True)
class _Group:
    """Units of one rule to which everybody stands alike, in arrival order."""

    rule: OwnerRule
    units: Positions
    territory: NDArray[np.int8]
    named: dict[str, Any]


def _rule_of(units: pd.DataFrame, table: Sequence[OwnerRule]) -> Positions:
    """For each unit the place of the first owner rule that fits its verdict and grade, or -1."""
    pairs = units["verdict"].fillna("") + "|" + units["grade"].fillna("")
    codes, uniques = pd.factorize(pairs)
    first = [next((at for at, rule in enumerate(table) if _fits(rule, *pair.split("|"))), -1) for pair in uniques]
    return np.array([*first, -1], dtype=np.int64)[codes]


def _fits(rule: OwnerRule, verdict: str, grade: str) -> bool:
    said = {"verdict": verdict, "grade": grade}
    return all(said[fact] in (wanted.among or ()) for fact, wanted in rule.when.items())


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

    needed = np.array([*(_needed_rank(rule) for rule in rules.assignment), NO_RANK], dtype=np.int64)
    there = active[owner]
    suffices = run.rank[owner] >= needed[rule_of]
    bound = there & _holds(rules, STICKY)
    stays = bound & (suffices | (not _holds(rules, LIFT)))
    # whoever is named must be there, and of a role that the rule asks
    named = ~there & here[hint] & (run.rank[hint] >= _lowest(rules.assignment)[rule_of])
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


def _needed_rank(rule: OwnerRule) -> int:
    """The lowest rank that may keep an account under this rule.

    That of the first role of the rule; any sales role while the lead is still to be verified.
    """
    verdict = rule.when.get("verdict")
    unverified = verdict is not None and "to_verify" in (verdict.among or ())
    return min(RANKS.values()) if unverified else _rank(rule, 0)


def _lowest(table: Sequence[OwnerRule]) -> Positions:
    """For each rule the lowest rank that it asks; for no rule (-1) one that nobody has."""
    ranks = [min(RANKS.get(role, NO_RANK) for role in rule.then) for rule in table]
    return np.array([*(max(rank, min(RANKS.values())) for rank in ranks), max(RANKS.values()) + 1], dtype=np.int64)


def strength(leads: pd.DataFrame, rules: Rules) -> Positions:
    """How high a role each lead (verdict, grade) needs: the strongest of a company's leads decides its owner."""
    table = rules.assignment
    # of rules that ask the same role first, the one that stands first
    steps = [max(_rank(rule, 0), NO_RANK) * len(table) - place for place, rule in enumerate(table)]
    return np.array([*steps, (NO_RANK - 1) * len(table)], dtype=np.int64)[_rule_of(leads, table)]


def may_have(leads: pd.DataFrame, owner: pd.Series, people: Sequence[Person], rules: Rules) -> NDArray[np.bool_]:
    """Whether each lead (verdict, grade) may be with this person (code): he is there and of a role that is asked."""
    rank = {person.id: RANKS.get(person.role, NO_RANK) for person in people if person.active}
    has = owner.map(rank).fillna(NO_RANK).to_numpy(dtype=np.int64)
    may: NDArray[np.bool_] = has >= _lowest(rules.assignment)[_rule_of(leads, rules.assignment)]
    return may


def _rank(rule: OwnerRule, step: int) -> int:
    return RANKS.get(rule.then[step], NO_RANK)


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
    for step, role in enumerate(group.rule.then):
        # Only upward: whoever has the account is no worse than those who come next.
        stays = run.rank[present[waiting]] >= max(_rank(group.rule, step), 0)
        if stays.any():
            keeping, waiting = waiting[stays], waiting[~stays]
            run.give(keeping, present[keeping], STICKY)
            run.lifted_from[keeping] = None
            _note_choice(run, group, before, people, states, keeping)
        people = np.concatenate([people, crew.with_role(role)])
        # anew for all: whoever is full by now was not when his role was asked
        states = crew.states(people, group.territory)
        able = people[(states == ELIGIBLE) & (crew.role[people] == role)]
        given, waiting = _share_step(run, group.rule, waiting, able, present)
        if len(given):
            _note_choice(run, group, before, people, states, given)
        if not len(waiting):
            return
    run.reason[waiting] = _why_nobody(states)
    _note_choice(run, group, before, people, states, waiting)


def _share_step(
    run: _Run, rule: OwnerRule, waiting: Positions, people: Positions, present: Positions
) -> tuple[Positions, Positions]:
    """Share the waiting units among `people` of one role; gives the units given and those left."""
    crew, leads = run.crew, np.maximum(run.leads[waiting] + run.held[waiting], 1)
    given = [waiting[:0]]
    # Heavy units first: what is left over of each person's room still fits a light one.
    for weight in sorted(set(leads.tolist()), reverse=True) if len(people) else ():
        same = waiting[leads == weight]
        load = crew.load[people]
        room = np.minimum((crew.cap[people] - load) // weight, len(same))
        turns = share_out(len(same), load / weight, crew.capacity[people] / weight, room)
        taken = same[: len(turns)]
        run.hand_over(taken, people[turns], rule.id, present)
        given.append(taken)
    done = np.concatenate(given)
    run.rule[done[present[done] >= 0]] = LIFT
    return done, waiting[run.owner[waiting] < 0]


def _why_nobody(states: Positions) -> str:
    """Why a group found nobody: of those whose role and territory fit."""
    if np.isin(states, (ELIGIBLE, FULL)).any():
        return ALL_FULL
    return ALL_ON_LEAVE if (states == ON_LEAVE).any() else NO_ELIGIBLE


def _note_choice(
    run: _Run, group: _Group, before: Positions, people: Positions, states: Positions, units: Positions
) -> None:
    """Keep for the explanation how the people asked so far stood, and point the units to it."""
    crew = run.crew
    run.choice[units] = len(run.choices)
    run.reason[units[run.owner[units] >= 0]] = None
    asked = list(zip(people.tolist(), states.tolist(), strict=True))
    notes = [run.others[state][person] for person, state in asked]
    for place in np.flatnonzero(states <= FULL).tolist():
        person, state = asked[place]
        notes[place] = {
            "id": crew.ids[person],
            "state": STATES[state],
            "load_before": int(before[person]),
            "load_after": int(crew.load[person]),
            "capacity": int(crew.capacity[person]),
            "cap": int(crew.cap[person]),
        }
    run.choices.append({"group": group.named, "rule": group.rule.id, "people": notes})
