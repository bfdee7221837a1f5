"""Decision tables: rows of conditions over named facts, evaluated a column at a time.

A fact column is turned into small codes once, whatever the number of rules that ask for it. A rule fits where
all its conditions hold; a rule without conditions always fits; a null fits nothing.
"""

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from config.schema import Condition, TableRule
from tasks.rules.clean.texts import flat

Mask = NDArray[np.bool_]
Codes = NDArray[np.int16]
_BOUNDS: dict[str, Callable[[Any, float], Any]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}


def first_match(facts: pd.DataFrame, table: Sequence[TableRule]) -> NDArray[np.int64]:
    """The place of the first rule that fits each row, -1 where none does."""
    columns = _Columns(facts)
    found = np.full(len(facts), -1, dtype=np.int16)
    for place in range(len(table) - 1, -1, -1):
        found[columns.fits(table[place])] = place
    return found.astype(np.int64)


def all_matches(facts: pd.DataFrame, table: Sequence[TableRule]) -> Mask:
    """A column per rule: where it fits; shape (rows, rules), column-contiguous."""
    columns = _Columns(facts)
    fits = np.zeros((len(facts), len(table)), dtype=bool, order="F")
    for place, rule in enumerate(table):
        fits[:, place] = columns.fits(rule)
    return fits


class _Columns:
    """The facts of a frame as codes or numbers, each converted when it is first asked for."""

    def __init__(self, facts: pd.DataFrame) -> None:
        self.facts = facts
        self.coded: dict[str, tuple[Codes, list[str]]] = {}
        self.numbers: dict[str, NDArray[np.float64]] = {}
        self.held: dict[tuple[str, Condition], Mask] = {}

    def fits(self, rule: TableRule) -> Mask:
        """Where every condition of a rule holds."""
        if not rule.when:
            return np.ones(len(self.facts), dtype=bool)
        return reduce(operator.and_, [self._holds(fact, condition) for fact, condition in rule.when.items()])

    def _holds(self, fact: str, condition: Condition) -> Mask:
        key = (fact, condition)
        if key not in self.held:
            if fact not in self.facts:
                raise KeyError(f"the table asks for the fact {fact!r}, which the frame does not have")
            self.held[key] = self._within(fact, condition) if condition.bounds else self._among(fact, condition)
        return self.held[key]

    def _within(self, fact: str, condition: Condition) -> Mask:
        if fact not in self.numbers:
            self.numbers[fact] = self.facts[fact].to_numpy(dtype=np.float64, na_value=np.nan)
        numbers = self.numbers[fact]
        return reduce(operator.and_, [_BOUNDS[name](numbers, bound) for name, bound in condition.bounds.items()])

    def _among(self, fact: str, condition: Condition) -> Mask:
        codes, words = self._codes(fact)
        wanted = set(condition.among or condition.has or ())
        if condition.among:
            hits = [word in wanted for word in words]
        else:
            hits = [not wanted.isdisjoint(word.split("|")) for word in words]
        return np.array([*hits, False], dtype=bool)[codes]

    def _codes(self, fact: str) -> tuple[Codes, list[str]]:
        if fact not in self.coded:
            self.coded[fact] = _encoded(self.facts[fact])
        return self.coded[fact]


def _encoded(column: pd.Series) -> tuple[Codes, list[str]]:
    """Small codes and the words they stand for; null is -1, which picks the last place of a look-up."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes: Codes = column.cat.codes.to_numpy().astype(np.int16)
        return codes, [str(word) for word in column.cat.categories]
    coded = flat(pa.array(column, from_pandas=True)).dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int16)
    return codes, coded.dictionary.to_pylist()
