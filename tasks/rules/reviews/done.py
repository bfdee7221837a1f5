"""The datasets of a review about what people did: made of the facts of leads and of what was done with them. Pure."""

from collections.abc import Mapping, Sequence

import pandas as pd

from config.cost import Cost
from config.schema import Rules
from tasks.rules.check import omissible
from tasks.rules.reviews import desk, kept, yields
from tasks.rules.reviews.activity import Activity
from tasks.rules.reviews.spans import Span
from tasks.rules.reviews.tiers import tiers
from tasks.rules.reviews.wins import wins

MISSES = "C-MISSES"


def activity_datasets(
    facts: pd.DataFrame, activity: Activity, span: Span, rules: Rules, costs: Mapping[str, Sequence[Cost]]
) -> dict[str, pd.DataFrame]:
    """Each dataset by its name; costs: what each channel costs."""
    habits = kept.Habits.of(rules)
    return {
        "tiers": tiers(facts, activity, span, rules.value("R-TIERS")),
        "wins": wins(facts, span, habits.small),
        "channels": yields.channels(facts, activity, span, costs, habits.small),
        "promises": kept.promises(activity, span, habits.small),
        "objections": kept.objections(facts, activity, span, habits),
        "follow_ups": kept.follow_ups(activity, span, habits),
        "patterns": kept.patterns(facts, activity, span, habits),
        "entries": yields.entries(activity, omissible(rules), int(rules.value(MISSES))),
        "pool": yields.pool(facts, activity, span, habits.small),
        "marks": yields.marks(facts, activity, span, rules, habits.small),
        "support": desk.support(facts, activity),
        "discuss": desk.discuss(facts, activity, span),
        "stalled": desk.stalled(facts, activity, span),
        "plans": desk.plans(facts, activity, span),
    }
