"""Shares with what they are worth: Wilson's interval, and no rate where there is too little to tell."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]


def wilson(part: pd.Series, whole: pd.Series, z: float) -> tuple[Numbers, Numbers]:
    """The interval in which the true share lies (Wilson 1927); NaN where there is nothing to share.

    z: how sure, as a number of standard deviations (1.96: 95 %).
    """
    n = whole.to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = part.to_numpy(dtype=np.float64) / n
        middle = p + z * z / (2 * n)
        spread = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        low, high = (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)
    nothing = n <= 0
    low[nothing], high[nothing] = np.nan, np.nan
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """A share, NaN where there is nothing to share."""
    return part / whole.where(whole > 0).astype("float64")
