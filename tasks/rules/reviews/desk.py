"""Leads to talk about: what A leads need, A and B leads, stalled ones, plans (H1-5.3-handover, H3-2-monday). Pure."""

import pandas as pd

from tasks.rules.reviews.activity import Activity, days_of, end_of, looked_up
from tasks.rules.reviews.facts import OPEN
from tasks.rules.reviews.spans import Span
from tasks.rules.reviews.tiers import tier_at

SUPPORT = ("number", "grade", "owner", "at", "support", "support_at")
DISCUSS = ("number", "grade", "tier", "stage", "owner", "team", "last_at", "silent_days", "next_at", "open_objections")
STALLED = ("number", "grade", "owner", "team", "due_at", "over_days")
PLANS = ("number", "grade", "owner", "due_at", "plan")
#: Grades whose leads are talked about each week.
TALKED = ("A", "B")
# days whose plans a pack shows
_AHEAD = 7


def support(facts: pd.DataFrame, activity: Activity) -> pd.DataFrame:
    """What open A leads were promised help with and still wait for: SUPPORT, the oldest first."""
    waits = _running(activity, "support")
    asked = activity.support[activity.support["id"].isin(waits["subject_id"])]
    found = asked.merge(_open(facts, ("A",)), on="lead_id")
    return found.sort_values(["at", "number"], ignore_index=True)[list(SUPPORT)]


def discuss(facts: pd.DataFrame, activity: Activity, span: Span) -> pd.DataFrame:
    """The open A and B leads as they stand at the end of the period: DISCUSS; A first, the longest silent first."""
    end = end_of(span, activity.now)
    own = _open(facts, TALKED)
    own = own[(own["created_on"] < end).to_numpy()].reset_index(drop=True)
    last = looked_up(own["lead_id"], activity.last.set_index("lead_id")["at"])
    plans = activity.plans[activity.plans["due_at"] >= end].groupby("lead_id")["due_at"].min()
    waits = _running(activity, "objection").groupby("lead_id").size()
    found = own.assign(
        tier=looked_up(own["lead_id"], tier_at(activity.tiers, end)).fillna("").astype("str"),
        last_at=last,
        silent_days=days_of(end - last.fillna(own["created_on"])).round(1),
        next_at=looked_up(own["lead_id"], plans),
        open_objections=looked_up(own["lead_id"], waits).fillna(0).astype("int64"),
    )
    return found.sort_values(
        ["grade", "silent_days", "number"], ascending=[True, False, True], ignore_index=True
    )[list(DISCUSS)]  # fmt: skip


def stalled(facts: pd.DataFrame, activity: Activity, span: Span) -> pd.DataFrame:
    """Open leads without progress for longer than is promised: STALLED, the longest first."""
    end = end_of(span, activity.now)
    late = _running(activity, "stall")
    late = late[(late["due_at"] < end).to_numpy(dtype=bool)][["lead_id", "due_at"]]
    found = late.merge(_open(facts), on="lead_id")
    found["over_days"] = days_of(end - found["due_at"]).round(1)
    return found.sort_values(["over_days", "number"], ascending=[False, True], ignore_index=True)[list(STALLED)]


def plans(facts: pd.DataFrame, activity: Activity, span: Span) -> pd.DataFrame:
    """What is agreed for the week after the period: PLANS, by time."""
    end = pd.Timestamp(span.last) + pd.Timedelta(days=1)
    own = activity.plans[(activity.plans["due_at"] < end + pd.Timedelta(days=_AHEAD)).to_numpy(dtype=bool)]
    own = own.sort_values(["at", "id"]).drop_duplicates(["lead_id", "due_at", "plan"])
    # a later contact has kept the promise, or made another
    last = looked_up(own["lead_id"], activity.last.set_index("lead_id")["at"])
    own = own[(last.isna() | (last <= own["at"])).to_numpy()]
    found = own.drop(columns="at").merge(_open(facts), on="lead_id")
    return found.sort_values(["due_at", "number"], ignore_index=True)[list(PLANS)]


def _running(activity: Activity, watched: str) -> pd.DataFrame:
    policies = [policy for policy, one in activity.watches.items() if one == watched]
    every = activity.promises
    return every[every["policy"].isin(policies) & every["ended_at"].isna()]


def _open(facts: pd.DataFrame, grades: tuple[str, ...] = ()) -> pd.DataFrame:
    own = facts[(facts["result"] == OPEN) & (facts["system"] == "")]
    own = own[own["grade"].isin(grades)] if grades else own
    return own[["lead_id", "number", "grade", "stage", "owner", "team", "created_on"]]
