"""The word lists of V-BUDGET, compiled into the patterns of the budget grammar."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.rules.clean.texts import one_of

_FIGURE = r"\d+(?:\.\d+)?|\.\d+"
_TO = r"(?:-|~|到|至|或|和|与|or|to|and)+"


@dataclass(frozen=True)
class BudgetWords:
    """What the grammar of a budget is made of."""

    units: Mapping[str, float]
    unit: str
    at_most: str
    at_least: str
    fillers: str
    foreign: str
    unknown: str
    currency: str
    bare_from: float
    below: float
    grammar: str
    amount: re.Pattern[str]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "BudgetWords":
        """Compile the value of V-BUDGET."""
        units = {str(unit): float(factor) for unit, factor in value["units"].items()}
        most, least, unit = value["at_most"], value["at_least"], one_of(units)
        bounds = [*most["before"], *most["after"], *least["before"], *least["after"]]
        before, after = one_of([*most["before"], *least["before"]]), one_of([*most["after"], *least["after"]])
        low, high = (
            rf"(?P<{end}>{_FIGURE})(?P<{end}_vague>来|多|余|几|\+)?(?P<{end}_unit>{unit})?" for end in ("low", "high")
        )
        grammar = rf"(?P<before>{before})?{low}(?:{_TO}{high})?(?P<after>多|余|来|{after})?"
        return cls(
            units=units,
            unit=unit,
            at_most=one_of([*most["before"], *most["after"]]),
            at_least=one_of([*least["before"], *least["after"]]),
            fillers=_fillers(value["about"], [*bounds, *value["unknown"]]),
            foreign=one_of(value["foreign"]),
            unknown=_unknown(value["unknown"]),
            currency=one_of(value["currency"]),
            bare_from=float(value["bare_from"]),
            below=float(value["below"]),
            grammar=f"^{grammar}$",
            # The middle of 20-25-30 is no amount of its own.
            amount=re.compile(r"(?<![\d.~×*-])" + re.sub(r"\?P<\w+>", "?:", grammar)),
        )


def _fillers(words: tuple[str, ...], kept: list[str]) -> str:
    """Match what changes no figure, and as group 1 what must stay («以上» ends in 上, «上下» begins with it)."""
    long = one_of(word for word in words if len(word) > 1)
    short = one_of(word for word in words if len(word) == 1)
    return rf"(?:{long})|({one_of(word for word in kept if len(word) > 1)})|(?:{short})"


def _unknown(words: tuple[str, ...]) -> str:
    short = one_of(word for word in words if len(word) == 1)
    return f"{one_of(word for word in words if len(word) > 1)}|^(?:{short})$"
