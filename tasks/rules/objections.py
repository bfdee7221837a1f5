"""Objections and their standard answers: which answers a category has, which was used, and what came of it. Pure.

H1-3.4-objection, H4-3-review.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from config.objections import OTHER, AnswerRule
from config.schema import Rules
from tasks.rules.reviews.kept import themes_of
from tasks.rules.reviews.shares import share

#: What a follow-up can say of the objections that are open: they are settled, or still stand.
SETTLED = ("yes", "no")
CATEGORIES = (
    "category", "raised", "in_time", "in_time_share", "resolved", "resolved_share", "won", "lost", "small",
)  # fmt: skip
ANSWERS = ("answer", "category", "used", "resolved", "up", "won", "helped", "helped_share", "small")
#: How an id of a standard answer begins a text; what looks so and is none is a fault.
_ID = re.compile(r"^\s*(O(?:-[A-Z0-9]+){2,})(?![A-Za-z0-9-])")


def categories(rules: Rules) -> tuple[str, ...]:
    """The categories by which objections are told apart, in order."""
    return (*rules.value("R-THEMES"), OTHER)


def answers_by_category(rules: Rules, first: Sequence[str] = ()) -> list[tuple[str, tuple[AnswerRule, ...]]]:
    """The standard answers of each category that has some; the named categories come first."""
    order = dict.fromkeys((*(name for name in first if name), *categories(rules)))
    found = [(name, tuple(rule for rule in rules.objections if rule.category == name)) for name in order]
    return [(name, rules_) for name, rules_ in found if rules_]


def answer_id(text: object) -> str:
    """The id with which a planned answer begins, whether or not a rule has it; blank where it begins with none."""
    found = _ID.match(text) if isinstance(text, str) else None
    return found[1] if found else ""


def used_answers(texts: pd.Series, rules: Rules) -> pd.Series:
    """The standard answer that each planned answer names, blank where it is told in own words."""
    known = {rule.id for rule in rules.objections}
    codes, uniques = pd.factorize(texts.astype("object"))
    ids = np.array([*(one if (one := answer_id(text)) in known else "" for text in uniques), ""], dtype=object)
    return pd.Series(ids[codes], index=texts.index, dtype="str")


def answered_category(texts: pd.Series, rules: Rules) -> pd.Series:
    """The category of the standard answer that each planned answer names, blank where it is told in own words."""
    known = {rule.id: rule.category for rule in rules.objections} | {"": ""}
    return used_answers(texts, rules).map(known)


def plans_answer(rows: pd.DataFrame) -> pd.Series:
    """Whether a record says how an objection is answered: an answer, a next action with its time, or that it is."""
    says = rows["answer"].notna() | (rows["next_action"].notna() & rows["next_at"].notna())
    planned: pd.Series = says | (rows["settled"] == "yes").fillna(False).astype("bool")
    return planned


def categories_of(objections: pd.DataFrame, rules: Rules) -> pd.Series:
    """The category of each objection (category, text): as stated, else by the words of the themes."""
    asked = objections[["category", "text"]].astype("object").fillna("").astype("str")
    return themes_of(asked, rules.value("R-THEMES"))


def by_category(objections: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """A line a category in which something was raised: CATEGORIES; won and lost count leads, the rest objections.

    objections: lead_id, theme, in_time, worked (yes, no, blank), won, lost. small: too few for a rate.
    """
    rows = objections.assign(raised=1, resolved=objections["worked"] == "yes")
    sums = rows.groupby("theme")[["raised", "in_time", "resolved"]].sum().astype("int64")
    for name in ("won", "lost"):
        sums[name] = objections[objections[name]].groupby("theme")["lead_id"].nunique()
    sums = sums.fillna(0).astype("int64").rename_axis("category").reset_index()
    for name in ("in_time", "resolved"):
        sums[f"{name}_share"] = share(sums[name], sums["raised"])
    sums["small"] = sums["raised"] < int(rules.value("R-SMALL"))
    return sums.sort_values(["raised", "category"], ascending=[False, True], ignore_index=True)[list(CATEGORIES)]


def by_answer(objections: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """A line a standard answer, used or not: ANSWERS, in the order of the rules.

    used: objections that it was planned for; helped: of these the ones that were settled, or whose lead moved up a
    tier or was won afterwards. objections: answer_id, worked, up, won.
    """
    rows = objections[(objections["answer_id"] != "").to_numpy(dtype=bool)]
    counted = rows.assign(used=1, resolved=rows["worked"] == "yes", up=rows["up"], won=rows["won"])
    counted = counted.assign(helped=counted["resolved"] | counted["up"] | counted["won"])
    columns = ["used", "resolved", "up", "won", "helped"]
    sums = counted.groupby("answer_id")[columns].sum()
    known = pd.DataFrame(
        [(rule.id, rule.category) for rule in rules.objections], columns=["answer", "category"], dtype="str"
    )
    found = known.join(sums.reindex(known["answer"]).fillna(0).astype("int64").reset_index(drop=True))
    found["helped_share"] = share(found["helped"], found["used"])
    found["small"] = found["used"] < int(rules.value("R-SMALL"))
    return found[list(ANSWERS)]


def moved_up(objections: pd.DataFrame, tiers: pd.DataFrame, order: Sequence[str]) -> pd.Series:
    """Whether the lead of each objection came into a higher tier after it; the last of `order` ends a lead as lost.

    objections: lead_id, at. tiers: lead_id, at, tier, every change in the order in which it happened.
    """
    place = {tier: at for at, tier in enumerate(order[:-1])}
    ranks = tiers.assign(rank=tiers["tier"].map(place).fillna(-1).astype("int64"))
    pairs = objections[["lead_id", "at"]].reset_index(names="row").merge(ranks, on="lead_id", suffixes=("", "_tier"))
    after = (pairs["at_tier"] > pairs["at"]).to_numpy(dtype=bool)
    before = pairs[~after].groupby("row")["rank"].last()
    best = pairs[after].groupby("row")["rank"].max()
    found: pd.Series = best.reindex(objections.index).fillna(-1) > before.reindex(objections.index).fillna(0)
    return found
