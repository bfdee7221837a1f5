"""What a row can be recognised by: identities of the person, and name at company."""

import numpy as np
import pandas as pd

# kinds of phone that belong to one person; a switchboard or a service number belongs to many
_PERSONAL = {"mobile": "m:", "landline_ext": "l:", "foreign": "f:"}


def identity_keys(rows: pd.DataFrame) -> pd.DataFrame:
    """List the identities of rows: row (position), key, kind (phone, email), mobile (bool)."""
    parts = []
    for number, kind in (("phone", "phone_kind"), ("phone2", "phone2_kind")):
        for name, prefix in _PERSONAL.items():
            parts.append(_part(rows[number], rows[kind] == name, prefix, "phone", name == "mobile"))
    parts.append(_part(rows["email"], rows["email_kind"] == "personal", "e:", "email", False))
    return pd.concat(parts, ignore_index=True).drop_duplicates(["row", "key"], ignore_index=True)


def reference_keys(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """List the lead numbers that rows name in `column`, as keys that always hold."""
    return _part(rows[column], rows[column].notna(), "ref:", "pin", False)


def profile_keys(rows: pd.DataFrame) -> pd.Series:
    """Hash company and full name of each row to an Int64; NA where either is missing."""
    named = (rows["company_key"].notna() & rows["contact_key"].notna()).to_numpy()
    text = rows.loc[named, "company_key"] + "\x1f" + rows.loc[named, "contact_key"]
    profile = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    profile[named] = hash_text(text)
    return profile


def hash_text(text: pd.Series) -> np.ndarray:
    """Hash text to signed 64-bit numbers that are the same in every process."""
    return pd.util.hash_pandas_object(text, index=False, categorize=False).to_numpy().view(np.int64)


def _part(values: pd.Series, wanted: pd.Series, prefix: str, kind: str, mobile: bool) -> pd.DataFrame:
    at = np.flatnonzero((wanted & values.notna()).fillna(False).to_numpy(dtype=bool))
    key = (prefix + values.take(at)).astype("str").array
    return pd.DataFrame({"row": at, "key": key, "kind": kind, "mobile": mobile})
