"""What a row can be recognised by: identities of the person, name at company, and what it says as a whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import ConfigError, Rules

# how the keys of a kind of phone begin; another kind bears its own name
_PREFIX = {"mobile": "m:", "landline_ext": "l:", "foreign": "f:"}


COPY = "c:"


@dataclass(frozen=True)
class KnownBy:
    """What may tell one person: kinds of phone, kinds of e-mail, and whether the name at a company does."""

    phones: tuple[str, ...]
    emails: tuple[str, ...]
    names: bool


def known_by(rules: Rules) -> KnownBy:
    """Read D-SAME-PHONE, D-SAME-EMAIL and D-SAME-NAME; one that is switched off tells nobody."""
    phones, emails, names = (_said(rules, rule) for rule in ("D-SAME-PHONE", "D-SAME-EMAIL", "D-SAME-NAME"))
    return KnownBy(phones or (), emails or (), bool(names))


def _said(rules: Rules, rule_id: str) -> Any:
    try:
        return rules.value(rule_id)
    except ConfigError:
        return None


def identity_keys(rows: pd.DataFrame, by: KnownBy) -> pd.DataFrame:
    """List the identities of rows: row (position), key, kind (phone, email, copy), mobile (bool).

    A row without a full name at a company may have nothing of its own to be found by: its content is its key,
    so that the same row delivered again is the same lead.
    """
    parts = []
    for number, kind in (("phone", "phone_kind"), ("phone2", "phone2_kind")):
        for name in by.phones:
            prefix = _PREFIX.get(name, f"{name}:")
            parts.append(_part(rows[number], rows[kind] == name, prefix, "phone", name == "mobile"))
    for name in by.emails:
        parts.append(_part(rows["email"], rows["email_kind"] == name, "e:", "email", False))
    parts.append(copy_keys(rows, ~_named(rows) | (not by.names), "copy"))
    return pd.concat(parts, ignore_index=True).drop_duplicates(["row", "key"], ignore_index=True)


def copy_keys(rows: pd.DataFrame, wanted: np.ndarray, kind: str) -> pd.DataFrame:
    """List the contents of the wanted rows as keys: rows that say exactly the same are one."""
    at = np.flatnonzero(wanted)
    key = (COPY + rows["content_key"].take(at).astype("str")).astype("str").array
    return pd.DataFrame({"row": at, "key": key, "kind": kind, "mobile": False})


def reference_keys(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """List the lead numbers that rows name in `column`, as keys that always hold."""
    return _part(rows[column], rows[column].notna(), "ref:", "pin", False)


def profile_keys(rows: pd.DataFrame) -> pd.Series:
    """Hash company and full name of each row to an Int64; NA where either is missing."""
    named = _named(rows)
    text = rows.loc[named, "company_key"] + "\x1f" + rows.loc[named, "contact_key"]
    profile = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    profile[named] = hash_text(text)
    return profile


def begins_anew(external_id: pd.Series, rules: Rules) -> np.ndarray:
    """Where an identifier of a file is so short a number that the next file may have it for somebody else (bool)."""
    serial = rf"\d{{1,{int(rules.value('D-SERIAL'))}}}"
    return external_id.astype("str").str.fullmatch(serial).fillna(False).to_numpy(dtype=bool)


def record_keys(rows: pd.DataFrame, anew: np.ndarray | None = None) -> pd.Series:
    """Hash channel and external id of each accepted row to an Int64; NA where a row is no record of its channel's.

    anew: where a number begins anew in each file: one of another company, or, where none is stated, of another person,
    is another record there.
    """
    has = (rows["external_id"].notna() & rows["accepted"].astype(bool)).to_numpy(dtype=bool)
    text = rows.loc[has, "channel"].astype("str") + "\x1f" + rows.loc[has, "external_id"]
    if anew is not None and anew.any():
        named = rows.loc[has, "company_key"].fillna(rows.loc[has, "contact_key"]).fillna("").astype("str")
        text = text.where(~anew[has], text + "\x1f" + named)
    record = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    record[has] = hash_text(text)
    return record


def hash_text(text: pd.Series) -> np.ndarray:
    """Hash text to signed 64-bit numbers that are the same in every process."""
    return pd.util.hash_pandas_object(text, index=False, categorize=False).to_numpy().view(np.int64)


def among(text: pd.Series, wanted: pd.Series | pd.Index) -> np.ndarray:
    """Tell which texts are among the wanted ones; pandas' isin makes Python strings of both sides."""
    if not len(wanted):
        return np.zeros(len(text), dtype=bool)
    values = pa.array(text, pa.large_string(), from_pandas=True)
    value_set = pa.array(wanted, pa.large_string(), from_pandas=True)
    return np.asarray(pc.is_in(values, value_set=value_set, skip_nulls=True))


def _named(rows: pd.DataFrame) -> np.ndarray:
    return (rows["company_key"].notna() & rows["contact_key"].notna()).to_numpy(dtype=bool)


def _part(values: pd.Series, wanted: pd.Series, prefix: str, kind: str, mobile: bool) -> pd.DataFrame:
    at = np.flatnonzero((wanted & values.notna()).fillna(False).to_numpy(dtype=bool))
    key = (prefix + values.take(at)).astype("str").array
    return pd.DataFrame({"row": at, "key": key, "kind": kind, "mobile": mobile})
