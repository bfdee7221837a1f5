"""What is decided about a lead: its verdict with all reasons, and its grade, each with the rule that gave it.

Pure and column-wise. Lead facts come from the values that survived of its rows; the tables are
config/rules/screening.yaml and grading.yaml (H1-3.2-hard, H1-3.3-grade).
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from config.schema import Rules
from tasks.rules.clean.texts import TEXT, Mask, Text, column, mask_of, series, spread, stated
from tasks.rules.facts.words import pick
from tasks.rules.screen import screen
from tasks.rules.tables import first_match

#: Facts of the whole lead, made here; stored with the facts of its rows as evidence.
LEAD_FACTS = ("budget_state_fact", "industry_state")
#: The rules under which a person's own verdict and grade stand.
VERDICT_BY_HAND, GRADE_BY_HAND = "S-PERSON", "G-PERSON"
_ANY = "*"


def decide(
    leads: pd.DataFrame, rules: Rules, verdicts: pd.Series | None = None, grades: pd.Series | None = None
) -> pd.DataFrame:
    """Decide each lead: LEAD_FACTS, verdict, verdict_rule, reasons, grade (NA: none) and grade_rule; same index.

    verdicts, grades: what people decided, by the same index, NA where nobody did; a machine never overrules it.
    """
    facts = lead_facts(leads, rules)
    facts = facts.join(screen(facts, rules.screening))
    facts = _by_hand(facts, verdicts, {"verdict_rule": VERDICT_BY_HAND, "reasons": ""}, "verdict")
    if grades is not None:
        # an invalid lead has none, whatever was said before
        grades = grades.where(facts["verdict"] != "invalid")
    graded = _by_hand(grade_of(facts, rules), grades, {"grade_rule": GRADE_BY_HAND}, "grade")
    return facts[[*LEAD_FACTS, "verdict", "verdict_rule", "reasons"]].join(graded)


def _by_hand(frame: pd.DataFrame, said: pd.Series | None, beside: dict[str, str], column: str) -> pd.DataFrame:
    """Put what people decided in the place of what the tables gave."""
    if said is None or not said.notna().any():
        return frame
    told = said.notna()
    columns = {name: frame[name].mask(told, value) for name, value in beside.items()}
    return frame.assign(**{column: frame[column].mask(told, said)}, **columns)


def lead_facts(leads: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """All facts that the tables may ask for, by name (config.facts), same index."""
    kept = ("need_state", "chain_state", "urgency_state", "title_state", "phone_kind", "email_kind")
    facts = {name: _column(leads, name) for name in kept}
    junk = column(leads, "junk").fill_null("")
    return pd.DataFrame(
        {
            **facts,
            "budget_min": leads["budget_min"],
            "budget_max": leads["budget_max"],
            "budget_state_fact": budget_fact(leads, rules),
            "industry_state": industry_state(leads, rules),
            "junk": series(junk, leads.index),
            "junk_signals": _count(junk),
            "blocked": series(column(leads, "blocked").fill_null(""), leads.index),
        },
        index=leads.index,
    )


def budget_fact(leads: pd.DataFrame, rules: Rules) -> pd.Series:
    """below, straddles, sufficient or unknown: the range in yuan against S-FLOOR; an open side reaches on and on."""
    floor = float(rules.value("S-FLOOR"))
    lowest = leads["budget_min"].to_numpy(dtype=np.float64, na_value=np.nan)
    highest = leads["budget_max"].to_numpy(dtype=np.float64, na_value=np.nan)
    unknown = np.isnan(lowest) & np.isnan(highest)
    enough = lowest >= floor
    if rules.value("S-LIMIT-ONLY") == "highest":
        enough |= np.isnan(lowest) & (highest >= floor)
    masks = [unknown, highest < floor, enough]
    return pick(["unknown", "below", "sufficient"], masks, "straddles", leads.index)


def industry_state(leads: pd.DataFrame, rules: Rules) -> pd.Series:
    """target, other (not served) or unknown, by S-TARGET-INDUSTRIES and S-OTHER-INDUSTRIES."""
    industries = column(leads, "industry")
    targets = rules.value("S-TARGET-INDUSTRIES")
    other = _among(industries, rules.value("S-OTHER-INDUSTRIES"))
    target = stated(industries) if _ANY in targets else _among(industries, targets)
    return pick(["other", "target"], [other, target], "unknown", leads.index)


def grade_of(facts: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Grade and grade_rule of the table for facts as `lead_facts` gives them, with their verdict; same index."""
    place = first_match(facts, rules.grading)
    where = pa.array(place, mask=place < 0)
    given = pa.array([None if rule.then == "none" else rule.then for rule in rules.grading], TEXT)
    ids = pa.array([rule.id for rule in rules.grading], TEXT)
    return pd.DataFrame(
        {"grade": series(given.take(where), facts.index), "grade_rule": series(ids.take(where), facts.index)}
    )


def _column(leads: pd.DataFrame, name: str) -> pd.Series:
    return leads[name] if name in leads else series(pa.nulls(len(leads), TEXT), leads.index)


def _among(values: Text, words: tuple[str, ...]) -> Mask:
    return mask_of(pc.is_in(values, value_set=pa.array(words, TEXT)))


def _count(junk: Text) -> NDArray[np.int64]:
    """How many signals each text joins; 0 for the empty one."""

    def read(texts: Text) -> dict[str, NDArray[np.float64]]:
        lists = [text.split("|") if text else [] for text in texts.to_pylist()]
        return {"signals": np.array([len(found) for found in lists], dtype=np.float64)}

    return np.asarray(spread(junk, read)["signals"], dtype=np.int64)
