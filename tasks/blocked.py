"""Which leads of a chunk are on the do-not-contact list: one look at the list a chunk."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from config.facts import BLOCKED
from models.db import look_up, read_frame

#: Kind -> the columns of a row that bear it.
COLUMNS = {"phone": ("phone", "phone2"), "email": ("email",), "company": ("company_key",)}
# a landline with its extension: 0571-88889999-801
_EXTENSION = r"^(\d+-\d+)-\d+$"
# up to here the whole list is read once a chunk; a longer one is asked for the chunk's own values
_READ_WHOLE = 20_000
_LIST = f"SELECT kind, key FROM block WHERE until IS NULL LIMIT {_READ_WHOLE + 1}"
_ASKED = """
SELECT b.kind, b.key FROM wanted w
JOIN block b ON b.kind IN ('phone', 'email', 'company') AND b.key = w.key AND b.until IS NULL
"""


def blocks_of_leads(conn: Connection, rows: pd.DataFrame, label: np.ndarray, leads: pd.Index) -> pd.Series:
    """By which kinds each lead is blocked, joined by '|', '' for none; index `leads`.

    `rows`: the counted rows with phone, phone2, email and company_key, `label` the lead of each. A list that is not
    long is read as it is, a long one is asked for the chunk's own values at once; an empty one costs nothing more.
    """
    blocked = pd.Series("", index=leads, dtype="str")
    live = read_frame(conn, _LIST)
    if live.empty:
        return blocked
    borne = {kind: [form for column in COLUMNS[kind] for form in _forms(rows[column], kind)] for kind in BLOCKED}
    if len(live) > _READ_WHOLE:
        every = pa.chunked_array([form for forms in borne.values() for form in forms])
        live = look_up(conn, pd.Series(pc.unique(every).drop_null()).sort_values(), "TEXT", _ASKED)
    for kind in BLOCKED:
        keys = _text(live.loc[live["kind"] == kind, "key"])
        hit = np.logical_or.reduce(
            [np.asarray(pc.is_in(form, value_set=keys, skip_nulls=True)) for form in borne[kind]]
        )
        hits = leads.isin(label[hit])
        blocked = blocked.mask(hits & (blocked != ""), blocked + "|" + kind).mask(hits & (blocked == ""), kind)
    return blocked


def _forms(column: pd.Series, kind: str) -> list[pa.Array]:
    """What may be listed for a value: itself, and for an extension the number that it belongs to."""
    values = _text(column)
    return [values, pc.replace_substring_regex(values, _EXTENSION, r"\1")] if kind == "phone" else [values]


def _text(values: pd.Series) -> pa.Array:
    return pa.array(values, pa.large_string(), from_pandas=True)
