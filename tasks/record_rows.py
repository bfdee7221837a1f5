"""Follow-ups as they are stored, read as the rules take them."""

from typing import Any

import pandas as pd
from sqlalchemy import Connection

from models.db import look_up
from tasks.rules.lifecycle.deals import DEAL
from tasks.rules.lifecycle.records import COLUMNS

#: What of a follow-up is asked for.
RECORD_COLUMNS = (*COLUMNS, *DEAL, "person", "probability")
_RECORDS = f"""
SELECT {", ".join(f"f.{name}" for name in RECORD_COLUMNS)}
FROM wanted w JOIN follow_up f ON f.lead_id = w.key AND f.superseded_at IS NULL
"""


def follow_ups_of(conn: Connection, lead_ids: pd.Series) -> pd.DataFrame:
    """The follow-ups of leads (sorted ids) that stand."""
    return typed_records(look_up(conn, lead_ids, "BIGINT", _RECORDS))


def typed_records(records: pd.DataFrame) -> pd.DataFrame:
    """Follow-ups as the rules take them: texts `str`, days as text, amounts as numbers."""
    texts = ("contract_on", "first_payment_on")
    numbers = ("contract_amount", "first_payment", "probability")
    days = {name: records[name].astype("object").map(_day).astype("str") for name in texts}
    kinds: dict[str, str] = dict.fromkeys(numbers, "float64")
    return records.assign(**days).astype(kinds)


def _day(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)[:10]
