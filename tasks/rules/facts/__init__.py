"""Facts of each row: what its own words say, one fact a field, so that a fact survives with its field.

H1-3.2-hard, H1-3.2-soft, H1-3.3-grade; the words are in config/rules/facts.yaml.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from config.schema import Rules
from tasks.rules.facts.junk import junk_signals
from tasks.rules.facts.need import need_state
from tasks.rules.facts.people import chain_state, title_state
from tasks.rules.facts.urgency import urgency_state
from tasks.rules.facts.words import Folded

__all__ = ["chain_state", "junk_signals", "need_state", "row_facts", "title_state", "urgency_state"]


def row_facts(cleaned: pd.DataFrame, rules: Rules, received_at: datetime, zone: str) -> pd.DataFrame:
    """Give need_state, chain_state, urgency_state, title_state and junk of cleaned rows, same index.

    received_at: aware; zone: the business time zone, whose day of receipt counts where a row states no day.
    """
    rows = Folded(cleaned)
    return pd.DataFrame(
        {
            "need_state": need_state(rows, rules),
            "chain_state": chain_state(rows, rules),
            "urgency_state": urgency_state(rows, rules, received_at.astimezone(ZoneInfo(zone)).date()),
            "title_state": title_state(rows, rules),
            "junk": junk_signals(rows, rules),
        },
        index=cleaned.index,
    )
