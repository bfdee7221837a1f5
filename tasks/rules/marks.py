"""Marketing's own mark («高意向», «预算50万+») beside what the rules made of the lead (H1-5.3-handover).

The mark decides nothing: it is shown as it was written, with how it compares.
"""

import numpy as np
import pyarrow as pa

from config.schema import Rules
from tasks.rules.clean.budgets import read_budgets
from tasks.rules.clean.lexicon import lexicon
from tasks.rules.clean.texts import TEXT
from tasks.rules.clean.vocabulary import Vocabulary

#: What a comparison may say, in the order in which it is said.
CODES = ("agrees", "higher", "lower", "budget_agrees", "budget_differs", "budget_new")
_LEVELS = ("低", "中", "高")
_RANK = {"A": 2, "B": 1, "C": 0}


def compare_mark(mark: str, grade: str | None, low: float | None, high: float | None, rules: Rules) -> tuple[str, ...]:
    """Return the codes of how a mark compares with the grade and the budget (yuan; None = open) of its lead.

    A lead without a grade stands below every level but the lowest; a mark that says nothing of either gives no code.
    """
    level = Vocabulary.of(rules.value("V-MARK")).find(mark)
    found = [_by_level(level, grade)] if level else []
    budget = read_budgets(pa.array([mark], TEXT), lexicon(rules).budgets)
    if budget["budget_state"][0].as_py() in ("stated", "open"):
        said = float(budget["budget_min"][0]), float(budget["budget_max"][0])
        found.append(_by_budget(said, (_number(low), _number(high))))
    return tuple(found)


def _by_level(level: str, grade: str | None) -> str:
    apart = _LEVELS.index(level) - _RANK.get(grade or "", 0)
    return "agrees" if apart == 0 else "higher" if apart > 0 else "lower"


def _by_budget(said: tuple[float, float], stated: tuple[float, float]) -> str:
    """Two budgets agree where one amount could be both."""
    if np.isnan(stated).all():
        return "budget_new"
    low = np.nanmax([said[0], stated[0], 0.0])
    high = np.nanmin([said[1], stated[1], np.inf])
    return "budget_agrees" if low <= high else "budget_differs"


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
