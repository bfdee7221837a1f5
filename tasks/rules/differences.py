"""Where what is said now differs from what is stored."""

from collections.abc import Iterable

import numpy as np
import pandas as pd


def said_otherwise(now: pd.DataFrame, stored: pd.DataFrame, columns: Iterable[str]) -> np.ndarray:
    """In which rows one of some columns (no times) says something else; both in one order, missing is as blank."""
    other = np.zeros(len(now), dtype=bool)
    for name in columns:
        one, two = (side[name].to_numpy(dtype=object, na_value="") for side in (now, stored))
        other |= one != two
    return other
