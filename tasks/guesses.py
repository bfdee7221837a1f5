"""What a column may mean whose header nobody knows: by its values, read as every field at once, and by its name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from config.schema import Rules
from tasks.headers import Headers, header_key, is_field
from tasks.rules.clean import clean

# Share of the values, of those that are not blank, that must read as a field: to say so; to mention it.
SURE, LIKELY = 0.8, 0.4
_FORMS = (
    r"公司|集团|企业|厂|研究院|研究所|银行|医院|大学|学院|事务所|合作社"
    r"|(?i:\b(?:co|ltd|inc|llc|corp|gmbh|company|group)\b)"
)
_MONEY = r"[万亿千wWkK元圆￥¥$]"
_PEOPLE = r"\d\s*人|人以[上下]|员工"
_NAME = r"^[\u4e00-\u9fff·]{2,4}$"
_WORDY = 12
_LONG = 8
_NO_BUDGET = ("bad", "blank")


class Guess(NamedTuple):
    """What a column may be: the field, the share of its values that read so, and why (values, name or none)."""

    field: str | None
    share: float
    why: str


def guess_columns(cells: pd.DataFrame, headers: Headers, rules: Rules, now: datetime, zone: str) -> list[Guess]:
    """Guess the meaning of each column of a sample of rows (texts, blank is '')."""
    return [_guess(cells.columns[at], cells.iloc[:, at], headers, rules, now, zone) for at in range(len(cells.columns))]


def _guess(name: str, values: pd.Series, headers: Headers, rules: Rules, now: datetime, zone: str) -> Guess:
    by_name = named(name, headers)
    filled = values[values.str.strip() != ""].reset_index(drop=True)
    found = _shares(filled, rules, now, zone) if len(filled) else {}
    field, share = max(found.items(), key=lambda item: item[1], default=("", 0.0))
    if share >= SURE:
        return Guess(field, share, "values")
    if by_name:
        return Guess(by_name, found.get(by_name, 0.0), "name")
    return Guess(field, share, "values") if share >= LIKELY else Guess(None, share, "none")


def named(text: str, headers: Headers) -> str | None:
    """The field whose header, the longest that there is, is a part of a header: 您的手机号码是?"""
    key = header_key(text)
    inner = [known for known, meaning in headers.names.items() if len(known) > 1 and known in key and is_field(meaning)]
    return headers.names[max(inner, key=len)] if inner else None


def _shares(values: pd.Series, rules: Rules, now: datetime, zone: str) -> dict[str, float]:
    """How many of the values read as each field; of several that fit the more telling one comes first."""
    read = clean(pd.DataFrame(dict.fromkeys(_FIELDS, values)), rules, now, zone)
    short = values.str.len() <= _WORDY
    company = values.str.contains(_FORMS)
    told: dict[str, np.ndarray | pd.Series] = {
        "email": read["email"].notna(),
        "phone": read["phone"].notna(),
        "created": read["created"].notna(),
        "company": company,
        "size": values.str.contains(_PEOPLE) & short,
        "budget": ~read["budget_state"].isin(_NO_BUDGET) & values.str.contains(_MONEY) & ~company,
        "region": read["region"].notna() & ~company,
        "industry": read["industry"].notna() & short & ~company,
        "source": read["source"].notna() & short,
        "urgency": read["urgency"].notna() & short & read["created"].isna(),
        "need": (values.str.len() > _LONG) & ~company & values.str.contains(r"[\u4e00-\u9fff]{4}| "),
        "contact": values.str.contains(_NAME) & (read["industry"].isna() & read["region"].isna()),
    }
    return {name: float(found.mean()) for name, found in told.items()}


_FIELDS: Sequence[str] = ("email", "phone", "created", "budget", "region", "industry", "source", "urgency")
