"""Which leads of a chunk are on the do-not-contact list: one look at the list a chunk."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from models.db import look_up, read_frame

KINDS = ("phone", "email", "company")
#: Kind -> the columns of a row that bear it.
COLUMNS = {"phone": ("phone", "phone2"), "email": ("email",), "company": ("company_key",)}
# up to here the whole list is read once a chunk; a longer one is asked for the chunk's own values
_READ_WHOLE = 20_000
_LIST = f"SELECT kind, key FROM block WHERE until IS NULL LIMIT {_READ_WHOLE + 1}"
_ASKED = "SELECT b.key FROM wanted w JOIN block b ON b.kind = :kind AND b.key = w.key AND b.until IS NULL"


def blocks_of_leads(conn: Connection, rows: pd.DataFrame, label: np.ndarray, leads: pd.Index) -> pd.Series:
    """By which kinds each lead is blocked, joined by '|', '' for none; index `leads`.

    `rows`: the counted rows with phone, phone2, email and company_key, `label` the lead of each. One look at the list,
    whose cost is nothing while it is empty.
    """
    blocked = pd.Series("", index=leads, dtype="str")
    live = read_frame(conn, _LIST)
    if live.empty:
        return blocked
    for kind in KINDS:
        hit = np.zeros(len(rows), dtype=bool)
        for column in COLUMNS[kind]:
            keys = _keys(conn, live, kind, rows[column])
            hit |= np.asarray(pc.is_in(_text(rows[column]), value_set=_text(keys), skip_nulls=True))
        hits = leads.isin(label[hit])
        blocked = blocked.mask(hits & (blocked != ""), blocked + "|" + kind).mask(hits & (blocked == ""), kind)
    return blocked


def _keys(conn: Connection, live: pd.DataFrame, kind: str, values: pd.Series) -> pd.Series:
    if len(live) <= _READ_WHOLE:
        return live.loc[live["kind"] == kind, "key"]
    wanted = values.dropna().drop_duplicates().sort_values()
    return look_up(conn, wanted, "TEXT", _ASKED, kind=kind)["key"]


def _text(values: pd.Series) -> pa.Array:
    return pa.array(values, pa.large_string(), from_pandas=True)
