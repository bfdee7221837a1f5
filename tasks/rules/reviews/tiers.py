"""The customer tiers of a period: who stands in which, who moved on, and how long it took (H2-4-funnel). Pure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tasks.rules.reviews.activity import Activity, days_of, end_of
from tasks.rules.reviews.shares import share
from tasks.rules.reviews.spans import Span

COLUMNS = (
    "tier", "before", "entered", "now", "share", "of_stock", "stood", "moved", "flow", "days_mean", "days_median",
    "days_to_mean",
)  # fmt: skip


def stays(tiers: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Each stay of a lead in a tier until `end`: lead_id, tier, at, left (NaT: still there)."""
    own = tiers[(tiers["at"] < end).to_numpy()].sort_values(["lead_id", "at"], kind="stable")
    same = own["tier"].eq(own["tier"].groupby(own["lead_id"]).shift())
    own = own[~same.to_numpy(dtype=bool)]
    return own.assign(left=own.groupby("lead_id")["at"].shift(-1)).reset_index(drop=True)


def tier_at(tiers: pd.DataFrame, moment: pd.Timestamp) -> pd.Series:
    """Lead → the tier in which it stands at a moment (what happened at that very moment is later)."""
    own = tiers[(tiers["at"] < moment).to_numpy()].sort_values(["lead_id", "at"], kind="stable")
    found: pd.Series = own.drop_duplicates("lead_id", keep="last").set_index("lead_id")["tier"]
    return found


def tiers(facts: pd.DataFrame, activity: Activity, span: Span, order: Sequence[str]) -> pd.DataFrame:
    """A line a tier: COLUMNS. The last two tiers end a lead: from 高意向 one is won, and none moves on from there.

    before, now: leads in it at the start and the end of the period; of_stock: now ÷ now of the tier before; stood,
    moved, flow: of those who were in the tier before or came into it, those who went further up in the period.
    """
    start, end = pd.Timestamp(span.first), end_of(span, activity.now)
    every = stays(activity.tiers, end)
    place = {tier: at for at, tier in enumerate(order)}
    before, now = (tier_at(activity.tiers, moment).value_counts() for moment in (start, end))
    fresh = every[(every["at"] >= start).to_numpy()]
    counts = pd.DataFrame({"before": before, "now": now, "entered": fresh["tier"].value_counts()})
    found = counts.reindex(list(order)).fillna(0).astype("int64")
    found["share"] = share(found["now"], pd.Series(int(found["now"].sum()), index=found.index))
    stock = found["now"].shift().fillna(0)
    flows = [_flow(every, start, place, tier) for tier in order[: max(len(order) - 2, 0)]]
    moved = pd.DataFrame(flows, columns=["stood", "moved"], index=list(order[1 : len(flows) + 1]))
    found = found.join(moved).astype({"stood": "Int64", "moved": "Int64"})
    found["of_stock"] = share(found["now"], stock).where(found.index.isin(moved.index))
    found["flow"] = (found["moved"] / found["stood"].where(found["stood"] > 0)).astype("Float64").astype("float64")
    found = found.join(_days(every, end)).join(_to(facts, fresh))
    return found.reset_index(names="tier")[list(COLUMNS)]


def _flow(every: pd.DataFrame, start: pd.Timestamp, place: dict[str, int], tier: str) -> tuple[int, int]:
    """Of those who stood in a tier in the period, who went further up; the lost are no progress."""
    own = every[(every["tier"] == tier) & (every["left"].isna() | (every["left"] >= start))]
    after = every["tier"].map(place).groupby(every["lead_id"]).shift(-1).reindex(own.index)
    lost = max(place.values())
    up = (after > place[tier]) & (after < lost) & (own["left"] >= start)
    return int(own["lead_id"].nunique()), int(own.loc[up.to_numpy(dtype=bool), "lead_id"].nunique())


def _days(every: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    days = days_of(every["left"].fillna(end) - every["at"])
    left = every["left"].notna()
    medians = {
        str(tier): kaplan_meier_median(own.to_numpy(), left.loc[own.index].to_numpy(dtype=bool))
        for tier, own in days.groupby(every["tier"])
    }
    means = days[left].groupby(every.loc[left, "tier"]).mean()
    return pd.DataFrame({"days_mean": means, "days_median": pd.Series(medians, dtype="float64")})


def kaplan_meier_median(days: np.ndarray, ended: np.ndarray) -> float:
    """The time after which half have left, those who are still there censored; NaN where it never comes to that."""
    order = np.lexsort((~ended, days))
    days, ended = days[order], ended[order]
    risk = len(days) - np.arange(len(days))
    remaining = np.cumprod(np.where(ended, 1 - 1 / np.maximum(risk, 1), 1.0))
    under = np.flatnonzero(remaining <= 0.5 + 1e-12)
    return float(days[under[0]]) if len(under) else float("nan")


def _to(facts: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    """Mean days from the first contact to coming into each tier, of those who came into it."""
    about = facts.set_index("lead_id").reindex(fresh["lead_id"])
    since = about["contact_on"].fillna(about["created_on"])
    days = (fresh["at"].dt.normalize() - since.set_axis(fresh.index)).dt.days.astype("float64")
    days = days.where(days >= 0)
    return pd.DataFrame({"days_to_mean": days.groupby(fresh["tier"]).mean()})
