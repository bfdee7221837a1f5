"""Promises kept, objections answered, follow-ups made: figures of what people did in a period. Pure.

H1-5.2-remind, H1-3.4-objection, H4-3-review, H4-4-rhythm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from config.objections import OTHER
from config.schema import Rules
from tasks.rules.quality import neglect_rules
from tasks.rules.reviews.activity import Activity, days_of, during, end_of, looked_up
from tasks.rules.reviews.facts import OPEN
from tasks.rules.reviews.shares import share
from tasks.rules.reviews.spans import Span
from tasks.rules.reviews.tiers import tier_at

#: By whom figures are told apart: all in one line, teams, people.
BY = ("all", "team", "person")
PROMISES = ("policy", "by", "value", "due", "met", "late", "missed", "share", "small")
OBJECTIONS = ("theme", "objections", "share", "planned", "planned_in_time", "in_time_share", "worked", "won", "lost")
FOLLOW_UPS = (
    "by", "value", "contacts", "leads", "answered", "answered_share", "with_next", "next_share", "record_hours",
    "intent", "intent_share", "small",
)  # fmt: skip
PATTERNS = ("pattern", "by", "value", "leads")
_KINDS = ("a_day", "silent", "unanswered", "no_progress", "no_next", "neglected")


@dataclass(frozen=True)
class Habits:
    """The values of the rules by which what people do is judged."""

    small: int
    a_day: int
    silent_days: int
    unanswered: int
    no_progress: int
    intent: tuple[str, ...]
    themes: Mapping[str, Sequence[str]]
    #: rules by which a lead goes to the pool because nobody followed it
    neglect: frozenset[str] = frozenset()

    @classmethod
    def of(cls, rules: Rules) -> "Habits":
        """The values in force."""
        small, a_day, silent, unanswered, no_progress = (
            int(rules.value(one))
            for one in ("R-SMALL", "R-CALLS-A-DAY", "R-SILENT-DAYS", "R-UNANSWERED", "R-NO-PROGRESS")
        )
        intent, themes = tuple(rules.value("R-INTENT")), rules.value("R-THEMES")
        return cls(small, a_day, silent, unanswered, no_progress, intent, themes, neglect_rules(rules))


def promises(activity: Activity, span: Span, small: int) -> pd.DataFrame:
    """A line a policy, for all and for each team and person: PROMISES; void ones and those not yet due do not count."""
    every = activity.promises
    due = during(every["due_at"], span.first, span.last) & (every["ending"] != "void").to_numpy()
    due &= (every["due_at"] <= activity.now).to_numpy(dtype=bool) | every["ended_at"].notna().to_numpy()
    own = every[due].reset_index(drop=True)
    counted = pd.DataFrame(
        {"due": 1, "met": own["ending"] == "met", "late": own["ending"] == "late", "missed": own["ended_at"].isna()}
    ).astype("int64")
    parts = []
    for by, value in _by(own["person"], activity):
        sums = counted.groupby([own["policy"].to_numpy(), value.to_numpy()]).sum()
        parts.append(sums.rename_axis(["policy", "value"]).reset_index().assign(by=by))
    found = _stacked(parts, ["policy"])
    found["share"] = share(found["met"], found["due"])
    return found.assign(small=found["due"] < small)[list(PROMISES)]


def themes_of(objections: pd.DataFrame, themes: Mapping[str, Sequence[str]]) -> pd.Series:
    """The theme of each objection: its category, else the first theme whose words it contains, else 其他."""
    text = objections["text"].str.lower()
    found = objections["category"].copy()
    for theme, words in themes.items():
        says = np.zeros(len(text), dtype=bool)
        for word in words:
            says |= text.str.contains(str(word).lower(), regex=False).to_numpy(dtype=bool)
        found = found.mask((found == "").to_numpy() & says, theme)
    return found.mask(found == "", OTHER)


def objections(facts: pd.DataFrame, activity: Activity, span: Span, habits: Habits) -> pd.DataFrame:
    """A line a theme of the period's objections: OBJECTIONS; won and lost by the cut-off, of their leads."""
    own = activity.objections[during(activity.objections["at"], span.first, span.last)].reset_index(drop=True)
    policies = [policy for policy, watched in activity.watches.items() if watched == "objection"]
    kept = activity.promises[activity.promises["policy"].isin(policies) & (activity.promises["ending"] == "met")]
    result = facts.set_index("lead_id")["result"].reindex(own["lead_id"]).to_numpy()
    counted = pd.DataFrame(
        {
            "theme": themes_of(own, habits.themes),
            "objections": 1,
            "planned": own["planned_at"].notna(),
            "planned_in_time": own["id"].isin(kept["subject_id"]) & own["planned_at"].notna(),
            "worked": own["worked"] == "yes",
            "won": result == "won",
            "lost": result == "lost",
        }
    )
    sums = counted.groupby("theme").sum().astype("int64").reset_index()
    sums["share"] = share(sums["objections"], pd.Series(len(own), index=sums.index))
    sums["in_time_share"] = share(sums["planned_in_time"], sums["objections"])
    sums = sums.sort_values(["objections", "theme"], ascending=[False, True], ignore_index=True)
    return sums[list(OBJECTIONS)]


def follow_ups(activity: Activity, span: Span, habits: Habits) -> pd.DataFrame:
    """What all, each team and each person did in the period: FOLLOW_UPS; record_hours: the median until recorded."""
    own = activity.contacts
    tier = tier_at(activity.tiers, end_of(span, activity.now))
    intent = looked_up(own["lead_id"], tier).isin(habits.intent)
    late = days_of(own["recorded_at"] - own["at"]) * 24
    parts = []
    for by, value in _by(own["person"], activity):
        frame = own.assign(value=value.to_numpy(), answered=own["outcome"] != "not_reached", intent=intent, late=late)
        groups = frame.groupby("value")
        found = pd.DataFrame(
            {
                "contacts": groups.size(),
                "leads": groups["lead_id"].nunique(),
                "answered": groups["answered"].sum(),
                "with_next": groups["next"].sum(),
                "record_hours": groups["late"].median(),
                "intent": frame[intent].groupby("value")["lead_id"].nunique(),
            }
        )
        parts.append(found.reset_index().assign(by=by))
    found = _stacked(parts, [])
    found["intent"] = found["intent"].fillna(0)
    found = found.astype(dict.fromkeys(("contacts", "leads", "answered", "with_next", "intent"), "int64"))
    found["answered_share"] = share(found["answered"], found["contacts"])
    found["next_share"] = share(found["with_next"], found["contacts"])
    # where no lead has a tier there is nothing to say about intent
    found["intent_share"] = share(found["intent"], found["leads"]) if len(tier) else np.nan
    return found.assign(small=found["contacts"] < habits.small)[list(FOLLOW_UPS)]


def inefficient(facts: pd.DataFrame, activity: Activity, span: Span, habits: Habits) -> pd.DataFrame:
    """The leads that show a pattern of inefficiency, once a pattern: pattern, lead_id, person."""
    own = activity.contacts
    owner = facts.set_index("lead_id")["owner"]
    days = own.groupby(["lead_id", own["at"].dt.normalize()]).size()
    of_lead = own.groupby("lead_id")
    counts = of_lead.size()
    reached = (own["outcome"] != "not_reached").groupby(own["lead_id"]).any()
    moved = own["moves"].groupby(own["lead_id"]).any()
    end = end_of(span, activity.now)
    open_ = facts[(facts["result"] == OPEN) & (facts["owner"] != "") & (facts["system"] == "")]
    last = looked_up(open_["lead_id"], activity.last.set_index("lead_id")["at"]).fillna(open_["created_on"])
    silent = open_.loc[((end - last) > pd.Timedelta(days=habits.silent_days)).to_numpy(), "lead_id"]
    gone = activity.pool[during(activity.pool["at"], span.first, span.last)]
    gone = gone[gone["rule"].isin(habits.neglect)].drop_duplicates("lead_id", keep="last")
    found: dict[str, Any] = {
        "a_day": days[days >= habits.a_day].index.get_level_values("lead_id").unique(),
        "silent": silent.to_numpy(),
        "unanswered": counts.index[(counts >= habits.unanswered) & ~reached],
        "no_progress": counts.index[(counts >= habits.no_progress) & ~moved],
        "no_next": own.loc[~own["next"], "lead_id"].unique(),
        "neglected": gone["lead_id"].to_numpy(),
    }
    parts = [pd.DataFrame({"pattern": kind, "lead_id": np.sort(found[kind])}) for kind in _KINDS]
    whole = pd.concat(parts, ignore_index=True)
    had = looked_up(whole["lead_id"], gone.set_index("lead_id")["person"]).where(whole["pattern"] == "neglected")
    return whole.assign(person=had.fillna(looked_up(whole["lead_id"], owner)).fillna("").astype("str"))


def patterns(facts: pd.DataFrame, activity: Activity, span: Span, habits: Habits) -> pd.DataFrame:
    """Leads by pattern of inefficiency, for all, each team and each owner: PATTERNS."""
    found = inefficient(facts, activity, span, habits)
    parts = []
    for by, value in _by(found["person"], activity):
        counted = found.groupby(["pattern", value.to_numpy()]).size().rename("leads")
        parts.append(counted.rename_axis(["pattern", "value"]).reset_index().assign(by=by))
    return _stacked(parts, ["pattern"])[list(PATTERNS)]


def _by(person: pd.Series, activity: Activity) -> list[tuple[str, pd.Series]]:
    """The values by which rows are told apart: all, the team of their person, the person."""
    team = looked_up(person, pd.Series(activity.teams, dtype="str")).fillna("")
    return [("all", pd.Series("", index=person.index, dtype="str")), ("team", team), ("person", person)]


def _stacked(parts: Sequence[pd.DataFrame], first: list[str]) -> pd.DataFrame:
    whole = pd.concat(parts, ignore_index=True).astype(dict.fromkeys([*first, "value"], "str"))
    place = whole["by"].map({by: at for at, by in enumerate(BY)})
    return whole.assign(place=place).sort_values([*first, "place", "value"], ignore_index=True).drop(columns="place")
