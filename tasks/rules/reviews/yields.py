"""What channels, the pool and marketing's marks yield, and what teams leave out: figures of a period. Pure.

H1-3.2-verify, H1-5.1-checklist, H1-5.3-handover, H1-3.3-owner.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from config.cost import Cost
from config.schema import Rules
from tasks.rules.clean.vocabulary import Vocabulary
from tasks.rules.quality import often_missing
from tasks.rules.reviews.activity import Activity, during, looked_up
from tasks.rules.reviews.facts import WON
from tasks.rules.reviews.shares import share
from tasks.rules.reviews.spans import Span

CHANNELS = (
    "channel", "leads", "valid", "to_verify", "invalid", "valid_share", "won", "conversion", "cost", "cost_per_valid",
    "cost_per_won", "reasons", "small",
)  # fmt: skip
ENTRIES = ("team", "rows", "complete", "complete_share", "omissions", "often")
POOL = ("kind", "leads", "claimed", "contacted", "won", "won_share", "small")
MARKS = ("mark", "grade", "compared", "leads", "valid", "won", "conversion", "small")
_REASONS = 3
_LEVELS = ("低", "中", "高")
_RANK = {"A": 2, "B": 1, "C": 0}


def channels(
    facts: pd.DataFrame, activity: Activity, span: Span, costs: Mapping[str, Sequence[Cost]], small: int
) -> pd.DataFrame:
    """A line a channel of the leads created in the period: CHANNELS; reasons: the rules that found most invalid."""
    own = _created(facts, activity, span)
    counted = pd.DataFrame(
        {
            "leads": 1,
            **{name: own["verdict"] == name for name in ("valid", "to_verify", "invalid")},
            "won": own["result"] == WON,
        }
    ).astype("int64")
    found = counted.groupby(own["channel"]).sum()
    found = found.reindex(sorted({*found.index, *_paid(costs, span)})).fillna(0).astype("int64")
    bad = own[own["verdict"] == "invalid"].groupby(["channel", "verdict_rule"]).size().rename("n").reset_index()
    bad = bad.sort_values(["channel", "n", "verdict_rule"], ascending=[True, False, True])
    bad = bad.groupby("channel").head(_REASONS)
    bad["text"] = bad["verdict_rule"] + " " + bad["n"].astype("str")
    spent = pd.Series(
        {name: cost_of(costs.get(str(name), ()), span, int(n)) for name, n in found["leads"].items()}, dtype="float64"
    )
    found = found.assign(
        valid_share=share(found["valid"], found["leads"]),
        conversion=share(found["won"], found["leads"]),
        cost=spent,
        cost_per_valid=share(spent, found["valid"]),
        cost_per_won=share(spent, found["won"]),
        reasons=bad.groupby("channel")["text"].agg("、".join).reindex(found.index).fillna("").astype("str"),
        small=found["leads"] < small,
    )
    return found.rename_axis("channel").reset_index().astype({"channel": "str"})[list(CHANNELS)]


def cost_of(costs: Sequence[Cost], span: Span, leads: int) -> float:
    """What a channel cost in a period (yuan), by days; NaN where nothing is stated for it."""
    parts = [_part(one, span, leads) for one in costs if one.first <= span.last and one.last >= span.first]
    return float(sum(parts)) if parts else float("nan")


def _part(cost: Cost, span: Span, leads: int) -> float:
    first, last = max(cost.first, span.first), min(cost.last, span.last)
    if cost.per_lead is not None:
        return cost.per_lead * leads
    if cost.amount is not None:
        return cost.amount * ((last - first).days + 1) / ((cost.last - cost.first).days + 1)
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    return sum(float(cost.per_month or 0) / _days_of(day) for day in days)


def _days_of(day: date) -> int:
    after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (after - day.replace(day=1)).days


def _paid(costs: Mapping[str, Sequence[Cost]], span: Span) -> list[str]:
    """The channels that cost something in the period whatever comes of them."""
    return [
        name
        for name, parts in costs.items()
        if any(one.per_lead is None and one.first <= span.last and one.last >= span.first for one in parts)
    ]


def _created(facts: pd.DataFrame, activity: Activity, span: Span) -> pd.DataFrame:
    """The leads of the period that leadflow took in, with channel and mark."""
    own = facts[during(facts["created_on"], span.first, span.last) & (facts["system"] == "").to_numpy()]
    about = activity.origins.set_index("lead_id").reindex(own["lead_id"])
    return own.assign(**{name: about[name].fillna("").to_numpy() for name in ("channel", "mark")})


def entries(activity: Activity, omissible: Mapping[str, str], most: int) -> pd.DataFrame:
    """How complete what each team entered in the period was: ENTRIES; often: more than `most` fields left out."""
    rows = activity.entries.assign(month="", outcome="")
    listed = often_missing(rows, omissible, 0).set_index("team")["omissions"]
    complete = ~rows["issues"].str.split("|").map(lambda ids: any(one in omissible for one in ids)).astype(bool)
    found = pd.DataFrame(
        {"rows": rows.groupby("team")["n"].sum(), "complete": rows[complete].groupby("team")["n"].sum()}
    )
    found = found.assign(omissions=listed.reindex(found.index)).fillna(0).astype("int64")
    found["complete_share"] = share(found["complete"], found["rows"])
    found["often"] = (found["omissions"] > most) & (found.index != "")
    found = found.rename_axis("team").reset_index().astype({"team": "str"})
    return found.sort_values(["omissions", "team"], ascending=[False, True], ignore_index=True)[list(ENTRIES)]


def pool(facts: pd.DataFrame, activity: Activity, span: Span, small: int) -> pd.DataFrame:
    """What came of leads given back, claimed, or due for reactivation in the period: POOL."""
    events = activity.pool
    mine = events[during(events["at"], span.first, span.last)]
    back = mine[mine["kind"] == "pooled"].groupby("lead_id")["at"].min()
    taken = mine[mine["kind"] == "claimed"].groupby("lead_id")["at"].min()
    woken = activity.pauses[during(activity.pauses["until"], span.first, span.last)].groupby("lead_id")["until"].min()
    claims = events[events["kind"] == "claimed"].groupby("lead_id")["at"].max()
    last = activity.last.set_index("lead_id")["at"]
    answered = activity.last.set_index("lead_id")["answered_at"]
    won = facts.loc[facts["result"] == WON].set_index("lead_id")["closed_on"]
    lines = []
    for kind, since, contact in (("pooled", back, last), ("claimed", taken, last), ("reactivated", woken, answered)):
        lines.append(
            {
                "kind": kind,
                "leads": len(since),
                "claimed": int((claims.reindex(since.index) >= since).sum()),
                "contacted": int((contact.reindex(since.index) >= since).sum()),
                "won": int((won.reindex(since.index) >= since.dt.normalize()).sum()),
            }
        )
    found = pd.DataFrame(lines)
    found["won_share"] = share(found["won"], found["leads"])
    return found.assign(small=found["leads"] < small)[list(POOL)]


def marks(facts: pd.DataFrame, activity: Activity, span: Span, rules: Rules, small: int) -> pd.DataFrame:
    """Marketing's own mark beside the grade, of the leads of the period: MARKS; compared: agrees, higher, lower.

    A mark that names no level (a budget, anything else) is left out.
    """
    own = _created(facts, activity, span)
    words = Vocabulary.of(rules.value("V-MARK"))
    level = {mark: words.find(mark) or "" for mark in own["mark"].unique() if mark}
    own = own.assign(level=looked_up(own["mark"], pd.Series(level, dtype="str")).fillna(""))
    own = own[own["level"] != ""]
    counted = pd.DataFrame({"leads": 1, "valid": own["verdict"] == "valid", "won": own["result"] == WON}).astype(
        "int64"
    )
    found = counted.groupby([own["level"].rename("mark"), own["grade"]]).sum().reset_index()
    place = found["mark"].map({one: at for at, one in enumerate(_LEVELS)}).astype("int64")
    apart = place - found["grade"].map(_RANK).fillna(0).astype("int64")
    found["compared"] = pd.array(np.select([apart > 0, apart < 0], ["higher", "lower"], "agrees"), dtype="str")
    found["conversion"] = share(found["won"], found["leads"])
    found = found.assign(small=found["leads"] < small, place=-place)
    return found.sort_values(["place", "grade"], ignore_index=True)[list(MARKS)]
