"""The steps of a promise: when each is due, which one applies now, and when a clock must be looked at next."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from config.schema import ClockRule
from tasks.rules.due import NEVER, Reckoner


@dataclass(frozen=True)
class Look:
    """What a sweep finds of clocks of one rule, row by row.

    breached: the due time has passed; fires: the number of the step that applies now, 0 for none; passed: how many
    steps are behind afterwards; scheduled: when each step was due (a column a step); next_at: the next look.
    """

    breached: np.ndarray
    fires: np.ndarray
    passed: np.ndarray
    scheduled: np.ndarray
    next_at: np.ndarray


def step_times(clocks: pd.DataFrame, rule: ClockRule, reckoner: Reckoner) -> np.ndarray:
    """When each step of each clock is due (UTC), a column a step; NaT where it never is."""
    due, started = _at(clocks, "due_at"), _at(clocks, "started_at")
    key = clocks["key"].to_numpy(object)
    columns = [reckoner.step(due, started, key, step.before, step.after) for step in rule.ladder]
    return np.stack(columns, axis=1) if columns else np.empty((len(clocks), 0), "datetime64[s]")


def next_look(clocks: pd.DataFrame, rule: ClockRule, reckoner: Reckoner) -> np.ndarray:
    """When each clock must be looked at next (UTC): at its next step, or at its due time until the breach is noted.

    A clock whose time was held back waits with its steps, never with its breach.
    """
    times, step = step_times(clocks, rule, reckoner), clocks["step"].to_numpy(np.int64)
    waits = _first_open(times, step)
    held = _at(clocks, "held_until")
    waits = np.where(np.isnat(waits) | np.isnat(held), waits, np.maximum(waits, held))
    breach = np.where(np.isnat(_at(clocks, "breached_at")), _at(clocks, "due_at"), NEVER)
    first: np.ndarray = np.fmin(waits, breach)
    return first


def look(clocks: pd.DataFrame, rule: ClockRule, reckoner: Reckoner, as_of: np.datetime64) -> Look:
    """What applies now: of several steps that are due only the last; outside its working time a clock waits."""
    as_of = as_of.astype("datetime64[s]")
    times, step = step_times(clocks, rule, reckoner), clocks["step"].to_numpy(np.int64)
    due = _at(clocks, "due_at")
    breached = ~np.isnat(due) & (due <= as_of) & np.isnat(_at(clocks, "breached_at"))
    number = np.arange(times.shape[1])
    ready = (times <= as_of) & (number[None, :] >= step[:, None])
    last = (
        np.where(ready.any(axis=1), times.shape[1] - ready[:, ::-1].argmax(axis=1), 0) if times.shape[1] else step * 0
    )
    key, held = clocks["key"].to_numpy(object), _at(clocks, "held_until")
    open_ = reckoner.is_open(as_of, key)
    waits = (last > 0) & (~open_ | (held > as_of))
    fires = np.where(waits, 0, last)
    passed = np.where(fires > 0, fires, step)
    after = clocks.assign(step=passed, breached_at=np.where(breached, due, _at(clocks, "breached_at")))
    next_at = next_look(after, rule, reckoner)
    again = np.where(held > as_of, held, np.where(open_, NEVER, reckoner.next_open(as_of, key)))
    next_at = np.where(waits, np.where(np.isnat(again), next_at, np.fmax(next_at, again)), next_at)
    return Look(breached, fires, passed, times, next_at)


@dataclass(frozen=True)
class Coming:
    """What the next look at each clock does: a kind of step, `resume`, or `breached` (only noted); which step of the
    ladder, 0 for none; when (UTC)."""

    kind: np.ndarray
    step: np.ndarray
    at: np.ndarray


def coming(clocks: pd.DataFrame, rule: ClockRule, reckoner: Reckoner, as_of: np.datetime64) -> Coming:
    """What the next look at each clock does, from a moment on; a step waits for the next working time."""
    at = np.fmax(_at(clocks, "next_at"), as_of.astype("datetime64[s]"))
    times, behind = step_times(clocks, rule, reckoner), clocks["step"].to_numpy(np.int64)
    number, key = np.arange(times.shape[1]), clocks["key"].to_numpy(object)
    ready = (times <= at[:, None]) & (number[None, :] >= behind[:, None])
    ready &= np.isnat(_at(clocks, "paused_at"))[:, None]
    last = np.where(ready.any(axis=1), times.shape[1] - ready[:, ::-1].argmax(axis=1), 0) if len(number) else behind * 0
    for moment in np.unique(at[last > 0]):
        mine = (at == moment) & (last > 0)
        at[mine] = np.fmax(moment, reckoner.next_open(moment, key[mine]))
    kinds = np.array(["breached", *(step.step for step in rule.ladder)], dtype=object)[last]
    return Coming(np.where(np.isnat(_at(clocks, "paused_at")), kinds, "resume"), last, at)


def _first_open(times: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The earliest time among the steps that are not behind."""
    if not times.shape[1]:
        return np.full(len(times), NEVER)
    ahead = np.where(np.arange(times.shape[1])[None, :] >= step[:, None], times, NEVER)
    first: np.ndarray = np.fmin.reduce(ahead, axis=1)
    return first


def _at(clocks: pd.DataFrame, column: str) -> np.ndarray:
    return np.asarray(clocks[column], dtype="datetime64[s]")
