"""Conditions of a mapping on the cells of a column: one of some texts, filled or blank, a number within bounds."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.history import Needs
from tasks.rules.foreign.amounts import read_amounts
from tasks.rules.foreign.tables import Problems, column_key

Mask = npt.NDArray[np.bool_]
_TRUE = {"true", "yes", "y", "t", "1", "1.0", "是", "x", "√", "on", "ja", "sí", "si", "sim", "oui"}
_FALSE = {"false", "no", "n", "f", "0", "0.0", "否", "off", "nein", "não", "non"}


def meets(rows: pd.DataFrame, column: str, cells: pd.Series, needs: Needs, problems: Problems) -> Mask:
    """Where the cells of a column are as the mapping needs them; rows: file and line of each."""
    fits = np.ones(len(cells), dtype=bool)
    if needs.among is not None:
        wanted = set().union(*({*_same(word)} for word in needs.among))
        fits &= cells.map({text: column_key(text) in wanted for text in cells.unique()}).to_numpy(dtype=bool)
    if needs.filled is not None:
        fits &= ((cells != "") == needs.filled).to_numpy()
    if needs.at_least is not None or needs.at_most is not None:
        amounts = read_amounts(cells.str.rstrip("%"))
        problems.add_rows(rows, amounts.unread, column, "{} is no number", cells)
        with np.errstate(invalid="ignore"):
            fits &= amounts.values >= (needs.at_least if needs.at_least is not None else -np.inf)
            fits &= amounts.values <= (needs.at_most if needs.at_most is not None else np.inf)
    return fits


def _same(word: str) -> set[str]:
    """The texts that mean the same as a word of a mapping: true is also yes, 1 …; 1 is also 1.0."""
    key = column_key(word)
    if key in ("true", "false"):
        return _TRUE if key == "true" else _FALSE
    return {key, f"{key}.0"} if key.isdigit() else {key}
