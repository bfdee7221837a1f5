"""Amounts of money as other systems write them: signs, thousands, decimal commas, negative ones in brackets."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

_CURRENCIES = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "₹": "INR", "R$": "BRL", "元": "CNY",
    "人民币": "CNY", "RMB": "CNY", "HK$": "HKD", "NT$": "TWD", "C$": "CAD", "A$": "AUD", "₽": "RUB", "₩": "KRW",
}  # fmt: skip
_UNITS = {"万": 1e4, "W": 1e4, "亿": 1e8, "K": 1e3, "M": 1e6, "MM": 1e6, "B": 1e9, "BN": 1e9}
_FORM = (
    r"^(?P<open>\()?\s*(?P<sign>-)?\s*(?P<before>[^\d\s().,+-]{1,4})?\s*(?P<minus>-)?\s*"
    r"(?P<number>\d[\d.,' \u00a0\u202f]*)\s*"
    r"(?P<unit>万|亿|[KkMmBbWw]|[Mm]{2}|[Bb][Nn])?\s*(?P<after>[^\d\s().,+-]{1,4})?\s*\)?$"
)


class Amounts(NamedTuple):
    """Numbers (NaN: none), the currency each is stated in, and where something is written that is no amount."""

    values: npt.NDArray[np.float64]
    currency: pd.Series
    unread: npt.NDArray[np.bool_]


def read_amounts(texts: pd.Series, decimal: Literal["auto", ".", ","] = "auto") -> Amounts:
    """Read amounts; of two kinds of marks the last is the decimal one, and a mark that stands twice parts thousands.

    By `auto` one mark before three digits, as in 1,234 or 1.234, is read as the others of the column are: as usual in
    English where nothing tells.
    """
    clean = texts.str.strip()
    stated = clean != ""
    parts = clean.str.extract(_FORM)
    digits = parts["number"].str.replace(r"[' \u00a0\u202f]", "", regex=True).str.rstrip(".,").fillna("")
    comma = decimal == "," or (decimal == "auto" and bool(_is_comma(digits).any()))
    values = pd.to_numeric(_plain(digits, comma=comma), errors="coerce").to_numpy(dtype=np.float64, copy=True)
    unit = parts["unit"].str.upper().map(_UNITS)
    values *= unit.fillna(1.0).to_numpy(dtype=np.float64)
    negative = parts[["open", "sign", "minus"]].notna().any(axis=1).to_numpy()
    values[negative] *= -1
    named = parts["before"].fillna(parts["after"]).str.strip()
    currency = named.map(_CURRENCIES).fillna(named.where(named.str.fullmatch("[A-Z]{3}").fillna(False).astype(bool)))
    return Amounts(values, currency.astype("str"), (stated.to_numpy(dtype=bool) & np.isnan(values)))


def _plain(digits: pd.Series, *, comma: bool) -> pd.Series:
    """Numbers with a point for the decimals and no thousands; comma: whether a lone mark before three digits parts
    decimals where it is a comma, and thousands where it is a point."""
    commas, points = digits.str.count(","), digits.str.count(r"\.")
    by_comma = (commas == 1) & (points > 0) & (digits.str.rfind(",") > digits.str.rfind("."))
    by_comma |= (commas == 1) & (points == 0) & (~digits.str.contains(r",\d{3}$") | comma)
    by_comma |= (points > 1) & (commas == 0)
    by_comma |= (points == 1) & (commas == 0) & digits.str.contains(r"\.\d{3}$") & comma
    european = digits.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return digits.str.replace(",", "", regex=False).where(~by_comma, european)


def _is_comma(digits: pd.Series) -> pd.Series:
    """Whether a number can only be read with a decimal comma: 1.234.567, 1.234,50."""
    return digits.str.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d{1,3}(?:\.\d{3})+,\d+")
