"""How clocks follow what happens: begun, stopped, paused, gone on with, aimed anew; the used time is kept."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from config.schema import ClockRule, Rules
from config.sla import SUBJECTS
from tasks.rules.differences import said_otherwise
from tasks.rules.due import NEVER, Reckoner, add_pause, same_times
from tasks.rules.ladder import next_look
from tasks.rules.promises import Promised, about_leads, alive, keep_week, promised, targets_of

MET, LATE, VOID = "met", "late", "void"
TIMES = ("started_at", "due_at", "paused_at", "next_at", "held_until", "breached_at", "ended_at")
#: What of a clock changes; the rest stays as it was begun.
CHANGING = (
    "started_at", "target", "due_at", "basis", "paused_at", "pauses", "next_at", "held_until", "breached_at",
    "ended_at", "ending", "used_minutes", "over_minutes", "rules_version",
)  # fmt: skip
_BEGUN = ("lead_id", "policy", "subject_id", "person", "step", *CHANGING)


@dataclass(frozen=True)
class Moved:
    """Clocks that begin (without id), and those that change (with id): columns of the table, times naive UTC."""

    begun: pd.DataFrame
    changed: pd.DataFrame


def follow(facts: pd.DataFrame, stored: pd.DataFrame, rules: Rules, reckoner: Reckoner) -> Moved:
    """What becomes of the clocks of leads after an event; `stored`: their running clocks, also those of subjects."""
    begun, changed = [], []
    live = stored[stored["ended_at"].isna()]
    there, none = set(live["policy"]), live.iloc[:0]
    for rule in about_leads(rules):
        mine = live[live["policy"] == rule.id] if rule.id in there else none
        moved = _follow_rule(facts, mine, rule, promised(facts, rule, rules), rules, reckoner)
        begun.append(moved.begun)
        changed.append(moved.changed)
    changed.append(_close_rest(facts, live, rules, reckoner))
    return Moved(*(_joined(parts) for parts in (begun, changed)))


def begin(rows: pd.DataFrame, rule: ClockRule, rules: Rules, reckoner: Reckoner) -> pd.DataFrame:
    """Begin clocks of a rule: lead_id, subject_id, person, started_at, target, key; due_at where it is fixed."""
    nothing = pd.array([pd.NA] * len(rows), dtype="Int64")
    clocks = rows.assign(
        policy=rule.id, pauses="", step=0, rules_version=rules.version, used_minutes=nothing, over_minutes=nothing,
        ending=pd.array([pd.NA] * len(rows), dtype="str"),
        **{column: NEVER for column in TIMES if column not in rows},
    )  # fmt: skip
    return timed(clocks, rule, reckoner, fixed=rule.watches == "next_action")


def timed(clocks: pd.DataFrame, rule: ClockRule, reckoner: Reckoner, *, fixed: bool = False) -> pd.DataFrame:
    """Reckon due times anew where a clock does not stand still, and when each must be looked at next."""
    key, pauses = clocks["key"].to_numpy(object), clocks["pauses"].to_numpy(object)
    if fixed:
        due = _at(clocks, "due_at")
    else:
        due = reckoner.due(_at(clocks, "started_at"), clocks["target"].to_numpy(object), key, pauses)
        due = np.where(np.isnat(_at(clocks, "paused_at")), due, NEVER)
    clocks = clocks.assign(due_at=due, basis=reckoner.basis(due))
    return clocks.assign(next_at=next_look(clocks, rule, reckoner))


def ended(clocks: pd.DataFrame, at: np.ndarray, ending: str | np.ndarray, reckoner: Reckoner) -> pd.DataFrame:
    """End clocks at times (UTC): what was used, how much more than allowed, and whether it was in time.

    ending: MET where it is kept (late ones become LATE), or VOID.
    """
    key, pauses = clocks["key"].to_numpy(object), clocks["pauses"].to_numpy(object)
    started, paused = _at(clocks, "started_at"), _at(clocks, "paused_at")
    at = np.maximum(at.astype("datetime64[s]"), started)
    stood = np.where(np.isnat(paused), at, np.minimum(at, paused))
    due = _at(clocks, "due_at")
    lost = np.isnat(due)
    if lost.any():
        again = reckoner.due(started, clocks["target"].to_numpy(object), key, pauses)
        due = np.where(lost, again, due)
    used = reckoner.used(started, stood, key, pauses)
    allowed = reckoner.used(started, np.maximum(due, started), key, pauses)
    ending = np.broadcast_to(np.asarray(ending, dtype=object), len(clocks))
    late = (ending != VOID) & (stood > due)
    # by how much: over closing time into the night, nothing of business time, but late it is
    breached = np.where(late & np.isnat(_at(clocks, "breached_at")), due, _at(clocks, "breached_at"))
    return clocks.assign(
        due_at=due, ended_at=at, ending=np.where(late, LATE, ending), next_at=NEVER, breached_at=breached,
        used_minutes=used // 60, over_minutes=(used - allowed) // 60,
    )  # fmt: skip


def aim_anew(facts: pd.DataFrame, live: pd.DataFrame, rules: Rules, reckoner: Reckoner) -> pd.DataFrame:
    """Reckon running clocks anew under other rules, calendars or leave; what was used stays used.

    facts: one row a clock, in its order: what tasks.rules.promises says of a lead, and `at`.
    """
    parts, known = [], np.zeros(len(live), dtype=bool)
    for rule in rules.sla:
        mine = (live["policy"] == rule.id).to_numpy()
        if not mine.any():
            continue
        known |= mine
        about, clocks = facts[mine].reset_index(drop=True), live[mine].reset_index(drop=True)
        asked = clocks["person"].fillna(about["owner"])
        clocks = clocks.assign(key=reckoner.calendars.keys(asked, np.full(len(clocks), rule.hours)))
        if rule.watches == "next_action":
            parts.append(timed(clocks, rule, reckoner, fixed=True).assign(rules_version=rules.version))
        elif rule.watches in SUBJECTS:
            target = targets_of(about, rule)
            now = clocks.assign(target=np.where(target == "", clocks["target"], target), rules_version=rules.version)
            parts.append(timed(now, rule, reckoner))
        else:
            said = promised(about, rule, rules)
            stands = ~said.scope | _pauses(about, rule)
            parts.append(_go_on(clocks, rule, said.target, stands, about, rules, reckoner))
    rest = live[~known].assign(key="")
    parts.append(ended(rest, np.asarray(facts["at"], "datetime64[s]")[~known], VOID, reckoner))
    return _joined(parts)


def resumed(clocks: pd.DataFrame, rule: ClockRule, reckoner: Reckoner) -> pd.DataFrame:
    """Let clocks go on whose pause has ended, at the time at which it did."""
    until = _at(clocks, "next_at")
    pauses = add_pause(clocks["pauses"].to_numpy(object), _at(clocks, "paused_at"), until)
    started = until if rule.pause == "restart" else _at(clocks, "started_at")
    paused = np.full(len(clocks), NEVER)
    clocks = clocks.assign(pauses=_since(pauses, started), started_at=started, paused_at=paused)
    return timed(clocks, rule, reckoner)


def otherwise(changed: pd.DataFrame, stored: pd.DataFrame) -> np.ndarray:
    """Which changed clocks differ from what is stored of them: most events change nothing of most clocks."""
    if changed.empty:
        return np.zeros(0, dtype=bool)
    before = stored.set_index("id").reindex(changed["id"])
    other = said_otherwise(changed, before, [name for name in ("step", *CHANGING) if name not in TIMES])
    for name in TIMES:
        other |= ~same_times(_at(before, name), _at(changed, name))
    return other


def _follow_rule(
    facts: pd.DataFrame, live: pd.DataFrame, rule: ClockRule, said: Promised, rules: Rules, reckoner: Reckoner
) -> Moved:
    """The clocks of one rule about leads: `live` has at most one a lead."""
    at, open_ = np.asarray(facts["at"], "datetime64[s]"), alive(facts, rule)
    if live.empty and not (open_ & said.scope & ~np.isnat(said.starts)).any():
        # most events touch no clock of most rules
        return Moved(pd.DataFrame(), pd.DataFrame())
    keys = reckoner.calendars.keys(facts["owner"], np.full(len(facts), rule.hours))
    waits = _pauses(facts, rule)
    place = pd.Series(np.arange(len(facts)), index=facts["lead_id"].to_numpy()).reindex(live["lead_id"]).to_numpy(int)
    has = np.zeros(len(facts), dtype=bool)
    has[place] = True
    started, stops = _at(live, "started_at"), said.stops[place]
    stopped = (stops > started) if said.resets else ~np.isnat(stops)
    closed = ~open_[place] & ~stopped
    parts = []
    clocks = live.assign(key=keys[place])
    if stopped.any():
        parts.append(ended(clocks[stopped], stops[stopped], MET, reckoner))
    if closed.any():
        parts.append(ended(clocks[closed], at[place][closed], VOID, reckoner))
    goes_on = ~stopped & ~closed
    if goes_on.any():
        on = place[goes_on]
        stands = ~said.scope[on] | waits[on]
        parts.append(_go_on(clocks[goes_on], rule, said.target[on], stands, facts.iloc[on], rules, reckoner))
    renewed = np.zeros(len(facts), dtype=bool)
    renewed[place] = stopped & said.resets
    fresh = open_ & said.scope & ~np.isnat(said.starts) & (~has | renewed)
    if not said.resets:
        fresh &= np.isnat(said.stops)
    begun = _begun(facts, rule, said, fresh, keys, waits, rules, reckoner) if fresh.any() else pd.DataFrame()
    return Moved(begun, _joined(parts))


def _begun(
    facts: pd.DataFrame, rule: ClockRule, said: Promised, fresh: np.ndarray, keys: np.ndarray, waits: np.ndarray,
    rules: Rules, reckoner: Reckoner,
) -> pd.DataFrame:  # fmt: skip
    rows = pd.DataFrame(
        {
            "lead_id": facts["lead_id"].to_numpy()[fresh],
            "subject_id": 0,
            "person": pd.array([pd.NA] * int(fresh.sum()), dtype="str"),
            "started_at": said.starts[fresh].astype("datetime64[s]"),
            "target": said.target[fresh],
            "key": keys[fresh],
        }
    )
    rows["paused_at"] = np.where(waits[fresh], rows["started_at"].to_numpy(), NEVER)
    clocks = begin(rows, rule, rules, reckoner)
    return _resuming(clocks, facts["pause_until"].to_numpy()[fresh])


def _go_on(
    clocks: pd.DataFrame, rule: ClockRule, target: np.ndarray, stands: np.ndarray, facts: pd.DataFrame, rules: Rules,
    reckoner: Reckoner,
) -> pd.DataFrame:  # fmt: skip
    """Clocks that neither begin nor end: they stand still, go on, or have another target, calendar or owner."""
    at, paused = np.asarray(facts["at"], "datetime64[s]"), _at(clocks, "paused_at")
    stops, wakes = stands & np.isnat(paused), ~stands & ~np.isnat(paused)
    pauses = clocks["pauses"].to_numpy(object).copy()
    since = _at(clocks, "started_at")
    if wakes.any():
        # one whose pause ended before anybody looked went on when it ended
        until = np.maximum(np.fmin(at, _at(clocks, "next_at")), paused)
        pauses[wakes] = add_pause(pauses[wakes], paused[wakes], until[wakes])
        if rule.pause == "restart":
            since = np.where(wakes, until, since)
    paused = np.where(stops, np.maximum(at, since), np.where(wakes, NEVER, paused))
    before = clocks["target"].to_numpy(object)
    target = keep_week(target, before, facts) if rule.weekly else target
    target = np.where(target == "", before, target)
    now = clocks.assign(
        paused_at=paused, pauses=_since(pauses, since), started_at=since, target=target, rules_version=rules.version
    )
    return _resuming(timed(now, rule, reckoner), facts["pause_until"].to_numpy())


def _since(pauses: np.ndarray, started: np.ndarray) -> np.ndarray:
    """Leave out pauses that ended before the clock began anew."""
    kept = pauses.copy()
    for place in np.flatnonzero(pauses != ""):
        spans = [span for span in pauses[place].split(";") if np.datetime64(span.split("/")[1], "s") > started[place]]
        kept[place] = ";".join(spans)
    return kept


def _resuming(clocks: pd.DataFrame, pause_until: np.ndarray) -> pd.DataFrame:
    """A clock that stands still because its lead is paused is looked at again when the pause ends."""
    stands = ~np.isnat(_at(clocks, "paused_at"))
    until = np.asarray(pause_until, "datetime64[s]")
    return clocks.assign(next_at=np.where(stands, until, _at(clocks, "next_at")))


def _pauses(facts: pd.DataFrame, rule: ClockRule) -> np.ndarray:
    """Whether each lead's pause stops this clock at present."""
    if rule.pause == "none":
        return np.zeros(len(facts), dtype=bool)
    return (facts["pause_until"] > facts["at"]).fillna(False).to_numpy(dtype=bool)


def _close_rest(facts: pd.DataFrame, live: pd.DataFrame, rules: Rules, reckoner: Reckoner) -> pd.DataFrame:
    """End what is promised about the follow-ups of closed leads, and what no rule in force promises any more."""
    about = {rule.id for rule in about_leads(rules)}
    rest = live[~live["policy"].isin(about)]
    if rest.empty:
        return rest
    place = pd.Series(np.arange(len(facts)), index=facts["lead_id"].to_numpy()).reindex(rest["lead_id"]).to_numpy(int)
    known = rest["policy"].isin([rule.id for rule in rules.sla]).to_numpy(dtype=bool)
    gone = ~facts["open"].to_numpy(dtype=bool)[place] | ~known
    hours = {rule.id: rule.hours for rule in rules.sla}
    asked = rest["policy"].map(hours).fillna("company").to_numpy(object)
    keys = reckoner.calendars.keys(facts["owner"].iloc[place].reset_index(drop=True), asked)
    return ended(rest.assign(key=keys)[gone], np.asarray(facts["at"], "datetime64[s]")[place][gone], VOID, reckoner)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=["id", *_BEGUN])


def _at(clocks: pd.DataFrame, column: str) -> np.ndarray:
    return np.asarray(clocks[column], dtype="datetime64[s]")
