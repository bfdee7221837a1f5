"""Stored times (naive UTC) as a zone's clocks show them."""

from zoneinfo import ZoneInfo

import pandas as pd


def local_times(times: pd.Series, zone: str | ZoneInfo) -> pd.Series:
    """Naive UTC times as the zone's own, naive too."""
    local: pd.Series = times.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    return local
