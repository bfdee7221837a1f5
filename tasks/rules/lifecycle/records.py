"""What the follow-ups of leads say, a row a follow-up and a row a lead: answered, moved, confirmed, paused."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from config.schema import Rules
from tasks.rules.lifecycle.pauses import standing
from tasks.rules.zones import local_times

#: What a customer can confirm; a changed chain takes back the ones that speak of people.
CONFIRMED = ("need", "budget", "chain", "decider", "date", "offer")
_OF_PEOPLE = ("chain", "decider")
CALL, SILENT = "电话", "not_reached"
FACT_WORDS = "L-FACT-WORDS"
#: Columns of stored follow-ups that are asked for; times naive UTC.
COLUMNS = (
    "id", "lead_id", "at", "recorded_at", "outcome", "method", "summary", "feedback", "risk", "milestone", "result",
    "stage", "tier", "confirmed", "plan", "pause_until", "pause_kind", "pause_event",
)  # fmt: skip


def noted(records: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Follow-ups (COLUMNS) in their order, with what each did.

    answered, place (the stage that it brought its lead to, -1: none), moves (progress), changed (contact or chain),
    case, unanswered (its place in a run of unanswered ones, from 1), and for each of CONFIRMED whether it still says
    so: a later change of the chain takes it back.
    """
    rows = records.sort_values(["lead_id", "at", "id"], kind="stable").reset_index(drop=True)
    lead = rows["lead_id"]
    answered = (rows["outcome"] != SILENT).to_numpy(dtype=bool)
    changed = answered & _says(rows, ("milestone", "risk", "result"), rules.value("L-CHANGE-WORDS"))
    place = np.where(answered, _places(rows, rules), -1)
    reached = pd.Series(place).groupby(lead).cummax()
    before = reached.groupby(lead).shift(fill_value=-1).to_numpy()
    moves = place > np.maximum(before, 0)
    moves |= answered & (rows["milestone"].notna() | rows["stage"].notna() | rows["tier"].notna()).to_numpy(dtype=bool)
    era = pd.Series(changed.astype(np.int64)).groupby(lead).cumsum()
    last_era = era.groupby(lead).transform("max")
    said = _confirmed(rows, rules)
    for name in CONFIRMED:
        told = answered & said[name]
        if not told.any():
            rows[name] = told
            continue
        keys = [lead, era] if name in _OF_PEOPLE else [lead]
        moves |= told & (pd.Series(told.astype(np.int64)).groupby(keys).cumsum() == 1).to_numpy()
        rows[name] = told & (era == last_era).to_numpy() if name in _OF_PEOPLE else told
    runs = pd.Series(answered.astype(np.int64)).groupby(lead).cumsum()
    position = pd.Series((~answered).astype(np.int64)).groupby([lead, runs]).cumsum().to_numpy()
    case = answered | (rows["method"] != CALL).to_numpy(dtype=bool)
    case &= _says(rows, ("summary", "milestone", "result"), rules.value("K-CASE-WORDS"))
    unanswered = np.where(answered, 0, position)
    return rows.assign(answered=answered, place=place, moves=moves, changed=changed, case=case, unanswered=unanswered)


def told(rows: pd.DataFrame, spans: pd.DataFrame, zone: str) -> pd.DataFrame:
    """What `noted` follow-ups and their pauses say of each lead (index lead_id).

    follow_ups (how many), first_contact_at, last_contact_at, answered_at (the last), unanswered (the run at the end),
    calls (unanswered calls at the end), busy_day (calls on the last day), week_contacts (in the Monday–Sunday week of
    the last one), plan_at, progress_at, case_at, place, CONFIRMED as booleans, changed, changed_at; pause_until, pause,
    pause_kind, pause_since of the pause that no follow-up has ended, and resumed_at: when the last other one ended.
    """
    lead = rows["lead_id"]
    groups = rows.groupby("lead_id")
    marks = {
        "answered_at": ("answered", "max"), "plan_at": ("plans", "min"), "progress_at": ("moves", "max"),
        "case_at": ("case", "max"),
    }  # fmt: skip
    rows = rows.assign(plans=rows["plan"].notna())
    found = pd.DataFrame(
        {
            "follow_ups": groups.size(),
            "first_contact_at": groups["at"].min(),
            "last_contact_at": groups["at"].max(),
            "unanswered": groups["unanswered"].last(),
            "place": groups["place"].max(),
        }
    )
    for name, (mark, how) in marks.items():
        times = rows["at"].where(rows[mark].astype("bool"))
        found[name] = times.groupby(lead).agg(how)
    found[list(CONFIRMED)] = groups[list(CONFIRMED)].any()
    last_change = rows["at"].where(rows["changed"]).groupby(lead).max()
    chain = rows["at"].where(rows["chain"]).groupby(lead).max()
    found["changed"] = last_change.notna() & ~(chain >= last_change).fillna(False)
    found["changed_at"] = last_change.where(found["changed"])
    found["calls"] = _calls_at_end(rows)
    day = local_times(rows["at"], zone).dt.normalize()
    found["busy_day"] = _busiest_at_end(rows, day)
    found["week_contacts"] = _contacts_of_week(rows, day)
    return found.join(standing(spans), how="left")


def _places(rows: pd.DataFrame, rules: Rules) -> np.ndarray:
    """The furthest stage that each follow-up speaks of, by its words, its kind, or that it was answered; -1: none."""
    place = np.full(len(rows), -1, dtype=np.int64)
    for number, stage in enumerate(rules.stages):
        fits = np.zeros(len(rows), dtype=bool)
        for column, words in (("milestone", stage.milestones), ("result", stage.results), ("stage", (stage.stage,))):
            fits |= _says(rows, (column,), words)
        fits |= rows["method"].isin(stage.methods).to_numpy(dtype=bool)
        if "answered" in stage.enters:
            fits[:] = True
        place[fits] = number
    return place


def _says(rows: pd.DataFrame, columns: Iterable[str], words: Iterable[str]) -> np.ndarray:
    """Whether one of some texts contains one of some words."""
    wanted = [word.lower() for word in words]
    found = np.zeros(len(rows), dtype=bool)
    for column in columns:
        if not rows[column].notna().any():
            continue
        codes, uniques = pd.factorize(rows[column].astype("object"))
        hits = [any(word in str(text).lower() for word in wanted) for text in uniques]
        found |= np.array([*hits, False], dtype=bool)[codes]
    return found


def _confirmed(rows: pd.DataFrame, rules: Rules) -> dict[str, np.ndarray]:
    """For each of CONFIRMED whether a follow-up says it, by name or by its milestone."""
    words: Mapping[str, tuple[str, ...]] = rules.value(FACT_WORDS)
    milestones: Mapping[str, tuple[str, ...]] = rules.value("L-FACT-MILESTONES")
    codes, uniques = pd.factorize(rows["confirmed"].fillna("").astype("object"))
    named = [{part.strip().lower() for part in _split(str(text))} for text in uniques]
    found = {}
    for name in CONFIRMED:
        known = {name, *(word.lower() for word in words[name])}
        hits = np.array([*(bool(parts & known) for parts in named), False], dtype=bool)[codes]
        found[name] = hits | _says(rows, ("milestone",), milestones[name])
    return found


def unknown_facts(confirmed: str, rules: Rules) -> list[str]:
    """The words of a text of confirmed facts that name none."""
    words: Mapping[str, tuple[str, ...]] = rules.value(FACT_WORDS)
    known = {*CONFIRMED, *(word.lower() for name in CONFIRMED for word in words[name])}
    return [part.strip() for part in _split(confirmed) if part.strip() and part.strip().lower() not in known]


def _split(text: str) -> list[str]:
    for sign in "、,，;；":
        text = text.replace(sign, "|")
    return text.split("|")


def _calls_at_end(rows: pd.DataFrame) -> pd.Series:
    """How many unanswered calls in a row stand at the end of each lead."""
    calls = ((rows["unanswered"] > 0) & (rows["method"] == CALL)).to_numpy(dtype=bool)
    others = pd.Series((~calls).astype(np.int64)).groupby(rows["lead_id"]).cumsum()
    last = others.groupby(rows["lead_id"]).transform("max")
    return pd.Series(calls & (others == last).to_numpy()).groupby(rows["lead_id"]).sum()


def _contacts_of_week(rows: pd.DataFrame, day: pd.Series) -> pd.Series:
    """How many contacts each lead had in the week of its last one, as a float: a lead without any has none told."""
    week = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    last = week.groupby(rows["lead_id"]).transform("max")
    found: pd.Series = (week == last).groupby(rows["lead_id"]).sum().astype("float64")
    return found


def _busiest_at_end(rows: pd.DataFrame, day: pd.Series) -> pd.Series:
    """How many calls each lead had on the (local) day of its last follow-up."""
    last = day.groupby(rows["lead_id"]).transform("max")
    calls = ((day == last) & (rows["method"] == CALL)).to_numpy(dtype=bool)
    return pd.Series(calls).groupby(rows["lead_id"]).sum()
