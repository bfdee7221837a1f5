"""What is promised about leads: for each lead and rule, from when, until when, and within which time.

A fact frame has one row a lead (RangeIndex, times naive UTC): lead_id, at (the event), open, verdict, grade, tier,
source, owner, opened_at, verified_at, first_contact_at, last_contact_at, plan_at, progress_at, case_at, changed_at,
pause_until, status, closed_at, owner_since, missing, week_contacts (in the week of the last one; NaN: not known),
week_from (the day from which that week counts).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from config.schema import ClockRule, Rules
from config.sla import SUBJECTS, TargetWhen
from tasks.rules.due import in_week, written
from tasks.rules.zones import local_times

VERIFICATION = "S-VERIFICATION"
CHECKED_VERDICTS = ("valid", "to_verify")
#: Statuses of a lead to which promises are made.
OPEN = ("new", "owned", "in_progress")
#: Of which statuses promises are made that are not about open leads.
_STATUSES = {"care": ("won",), "archive": ("won", "lost"), "pool": ("pool",)}
_NEVER = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class Promised:
    """One rule over a fact frame: start, stop (NaT: not yet), whether it is promised at present, and the target.

    A resetting promise begins anew whenever its start moves on; `stops` is then what ended the one before.
    """

    starts: np.ndarray
    stops: np.ndarray
    scope: np.ndarray
    target: np.ndarray
    resets: bool


def promised(facts: pd.DataFrame, rule: ClockRule, rules: Rules) -> Promised:
    """What a rule promises about each lead; a rule about single follow-ups promises nothing of a lead."""
    starts, stops, scope, resets = _KINDS[rule.watches](facts, rules)
    target = _with_week(targets_of(facts, rule), facts, rule)
    return Promised(_times(starts), _times(stops), scope & (target != ""), target, resets)


def about_leads(rules: Rules) -> list[ClockRule]:
    """The rules that promise something about a lead as a whole."""
    return [rule for rule in rules.sla if rule.watches not in SUBJECTS]


def alive(facts: pd.DataFrame, rule: ClockRule) -> np.ndarray:
    """Which leads a rule's promises are about at all: open ones, or those that ended or lie in the pool."""
    wanted = _STATUSES.get(rule.watches)
    if wanted is None:
        return facts["open"].to_numpy(dtype=bool)
    return alive_of(facts, rule.watches)


def targets_of(facts: pd.DataFrame, rule: ClockRule) -> np.ndarray:
    """The target of each lead (grade, tier, source): the first that fits, as text; empty where none does."""
    found = np.full(len(facts), "", dtype=object)
    for target in rule.targets:
        fits = (found == "") & _fits(facts, target.when)
        found[fits] = written(target.within)
    return found


def _fits(facts: pd.DataFrame, when: TargetWhen) -> np.ndarray:
    fits = np.ones(len(facts), dtype=bool)
    for fact, words in when:
        if words is not None:
            fits &= facts[fact].isin(words).to_numpy(dtype=bool)
    return fits


def _with_week(target: np.ndarray, facts: pd.DataFrame, rule: ClockRule) -> np.ndarray:
    """Targets with what the week of the last contact still needs (H1-3.4-cadence: twice a week)."""
    if rule.weekly is None:
        return target
    needs = (target != "") & (facts["week_contacts"] < rule.weekly.contacts).to_numpy(dtype=bool)
    needs &= _fits(facts, rule.weekly.when)
    found = target.copy()
    if needs.any():
        since = facts["week_from"].to_numpy("datetime64[D]")[needs]
        found[needs] = found[needs] + in_week(rule.weekly.days, since)
    return found


def keep_week(target: np.ndarray, before: np.ndarray, facts: pd.DataFrame) -> np.ndarray:
    """Targets that go on asking what the week needs where nothing is known of its contacts."""
    unknown = facts["week_contacts"].isna().to_numpy(dtype=bool)
    week = np.array([str(text).partition(" week ")[2] for text in before], dtype=object)
    kept = unknown & (week != "") & (target != "")
    found = target.copy()
    found[kept] = found[kept] + " week " + week[kept]
    return found


def week_of_last(facts: pd.DataFrame, zone: str) -> pd.Series:
    """The day (naive, local) from which the week of each lead's last contact counts: its Monday, or when it came."""
    days = [local_times(facts[name], zone).dt.normalize() for name in ("last_contact_at", "opened_at")]
    monday = days[0] - pd.to_timedelta(days[0].dt.day_of_week, unit="D")
    found: pd.Series = monday.where(~(days[1] > monday), days[1])
    return found


Found = tuple[np.ndarray, np.ndarray, np.ndarray, bool]


def _verification(facts: pd.DataFrame, rules: Rules) -> Found:
    """From receipt until a person has verified it, or has had a contact."""
    checked = _first(_times(facts["verified_at"]), _times(facts["first_contact_at"]))
    return _times(facts["opened_at"]), checked, _to_check(facts, rules), False


def _first_contact(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the event that brings the lead into it, also while nobody owns it."""
    scope = facts["verdict"].isin(CHECKED_VERDICTS).to_numpy(dtype=bool)
    return _times(facts["at"]), _times(facts["first_contact_at"]), scope, False


def _cadence(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the last contact or the verification; from receipt where no verification is asked."""
    last = _last(_times(facts["last_contact_at"]), _times(facts["verified_at"]))
    waits = _to_check(facts, rules) & bool(rules.watching("verification"))
    start = np.where(np.isnat(last) & ~waits, _times(facts["opened_at"]), last)
    return start, start, facts["owner"].notna().to_numpy(), True


def _plan(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the first contact, or from when the lead came into it later, until a plan is written."""
    first = _times(facts["first_contact_at"])
    start = np.where(np.isnat(first), _NEVER, _last(first, _times(facts["at"])))
    return start, _times(facts["plan_at"]), np.ones(len(facts), dtype=bool), False


def _stall(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the first contact, and from each progress anew."""
    first = _times(facts["first_contact_at"])
    start = np.where(np.isnat(first), _NEVER, _last(first, _times(facts["progress_at"])))
    return start, start, np.ones(len(facts), dtype=bool), True


def _entry(facts: pd.DataFrame, rules: Rules) -> Found:
    """What is stored has been entered: no promise is left."""
    none = np.full(len(facts), _NEVER)
    return none, none, np.zeros(len(facts), dtype=bool), False


def _silence(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the last contact or attempt, or from when the lead came to its owner later; nothing before the first one."""
    last = _times(facts["last_contact_at"])
    start = np.where(np.isnat(last), _NEVER, _last(last, _times(facts["owner_since"])))
    return start, start, facts["owner"].notna().to_numpy(), True


def _recycle(facts: pd.DataFrame, rules: Rules) -> Found:
    """From when the lead came to its owner, and from each contact or attempt anew."""
    start = _last(_times(facts["last_contact_at"]), _times(facts["owner_since"]))
    start = np.where(np.isnat(start), _times(facts["opened_at"]), start)
    return start, start, facts["owner"].notna().to_numpy(), True


def _change(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the follow-up that speaks of the change until one has confirmed the chain."""
    changed = _times(facts["changed_at"])
    stops = np.where(np.isnat(changed), _times(facts["at"]), _NEVER)
    return changed, stops, ~np.isnat(changed), False


def _case(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the last case, else from the verification or first contact."""
    first = _first(_times(facts["verified_at"]), _times(facts["first_contact_at"]))
    start = _last(first, _times(facts["case_at"]))
    return start, start, facts["owner"].notna().to_numpy(), True


def _care(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the win, and from each contact after it anew."""
    start = _last(_times(facts["closed_at"]), _times(facts["last_contact_at"]))
    return start, start, alive_of(facts, "care"), True


def _archive(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the end of the lead until nothing is missing."""
    lacks = (facts["missing"].fillna("") != "").to_numpy(dtype=bool)
    stops = np.where(lacks, _NEVER, _times(facts["at"]))
    return _times(facts["closed_at"]), stops, alive_of(facts, "archive"), False


def _pool(facts: pd.DataFrame, rules: Rules) -> Found:
    """From the event that brought the lead into the pool until it has left it."""
    there = alive_of(facts, "pool")
    return _times(facts["at"]), np.where(there, _NEVER, _times(facts["at"])), there, False


def alive_of(facts: pd.DataFrame, watches: str) -> np.ndarray:
    """Whether each lead has one of the statuses that are watched in this way."""
    return facts["status"].isin(_STATUSES[watches]).to_numpy(dtype=bool)


_KINDS: dict[str, Callable[[pd.DataFrame, Rules], Found]] = {
    "entry": _entry,
    "silence": _silence,
    "recycle": _recycle,
    "change": _change,
    "case": _case,
    "care": _care,
    "archive": _archive,
    "pool": _pool,
    "verification": _verification,
    "first_contact": _first_contact,
    "cadence": _cadence,
    "plan": _plan,
    "stall": _stall,
}


def _to_check(facts: pd.DataFrame, rules: Rules) -> np.ndarray:
    """Which leads a person must verify: all, or those of which a hard criterion is open."""
    verdicts = CHECKED_VERDICTS if rules.value(VERIFICATION) == "all" else ("to_verify",)
    return facts["verdict"].isin(verdicts).to_numpy(dtype=bool)


def _times(values: pd.Series | np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype="datetime64[us]")


def _first(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    first: np.ndarray = np.fmin(one, two)
    return first


def _last(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    last: np.ndarray = np.fmax(one, two)
    return last
