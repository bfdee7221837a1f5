"""Which row each field of a lead comes from: the latest that states it; the source from the earliest.

Rows without a stated time come last in either direction; ties go by content, never by arrival.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

# how strongly each row states a field: 0 says nothing, the highest wins, then the latest
Strength = Callable[[pd.DataFrame], np.ndarray]


def _has(*columns: str) -> Strength:
    """Rate a row by how many of the columns it fills."""
    return lambda rows: sum((rows[c].notna().to_numpy().astype(np.int64) for c in columns), np.zeros(1, np.int64))


def _any(*columns: str) -> Strength:
    """Rate a row by whether it fills one of the columns."""
    return lambda rows: np.minimum(_has(*columns)(rows), 1)


def _rated(column: str, ranks: Mapping[str, int], otherwise: int) -> Strength:
    return lambda rows: rows[column].map(dict(ranks)).fillna(otherwise).to_numpy().astype(np.int64)


_KNOWN = _rated("urgency_state", {"unknown": 0}, 1)

# columns that go together, and how a row states them
LATEST: tuple[tuple[tuple[str, ...], Strength], ...] = (
    (("company", "company_key"), _has("company_key")),
    # a full name beats «Manager Li», however late
    (("contact", "contact_key"), _has("contact", "contact_key")),
    (("title", "title_state"), _has("title")),
    (("phone", "phone_kind"), _has("phone")),
    (("email", "email_kind"), _has("email")),
    (("need", "need_state"), _has("need")),
    (
        ("budget_min", "budget_max", "budget_state"),
        _rated("budget_state", {"blank": 0, "bad": 0, "unknown": 1}, 2),
    ),
    (("chain", "chain_state"), _has("chain")),
    (("urgency", "urgency_state"), lambda rows: np.maximum(_has("urgency")(rows), _KNOWN(rows))),
    (("industry",), _has("industry")),
    (("region",), _has("region")),
    (("size",), _has("size")),
    (("mark",), _has("mark")),
    (("owner_hint",), _has("owner_hint")),
)
EARLIEST: tuple[tuple[tuple[str, ...], Strength], ...] = (
    # a later row that knows more of it was not the source
    (("source", "source_detail"), _any("source", "source_detail")),
    (("created", "contact_at"), _has("created")),
)
# junk signals are named for the field that shows them, and survive with it
JUNK_OF = ("company", "contact", "title", "phone", "email", "need")
COLUMNS = (*(column for columns, _ in (*LATEST, *EARLIEST) for column in columns), "junk")


def survive(rows: pd.DataFrame, label: np.ndarray) -> pd.DataFrame:
    """Make one row a label, index sorted labels, columns COLUMNS.

    `rows`: prepared rows with contact_at (naive UTC or NaT) and content_key; `label`: one int a row.
    """
    if not len(rows):
        return rows.reindex(columns=list(COLUMNS))
    picked: dict[str, pd.Series] = {}
    junk: list[pd.Series] = []
    for fields, latest in ((LATEST, True), (EARLIEST, False)):
        order = np.lexsort((rows["content_key"], _stamp(rows, undated_first=latest), label))
        starts = np.flatnonzero(np.r_[True, np.diff(label[order]) != 0])
        for columns, strength in fields:
            at = order[_strongest(strength(rows)[order], starts, latest=latest)]
            for column in columns:
                picked[column] = rows[column].take(at).reset_index(drop=True)
            if columns[0] in JUNK_OF:
                junk.append(_signals(rows["junk"].take(at).reset_index(drop=True), columns[0]))
    picked["junk"] = _joined(junk, len(starts))
    return pd.DataFrame(picked).set_axis(label[order][starts], axis=0)


def _signals(junk: pd.Series, field: str) -> pd.Series:
    """List the signals of one field, one entry each, indexed by place."""
    codes = junk[junk != ""].str.split("|").explode()
    return codes[codes.str.startswith(field + "_")]


def _joined(parts: list[pd.Series], size: int) -> pd.Series:
    codes = pd.concat(parts)
    junk = pd.Series("", index=range(size), dtype="str")
    if len(codes):
        joined = codes.groupby(level=0).agg("|".join)
        junk[joined.index] = joined
    return junk


def _stamp(rows: pd.DataFrame, *, undated_first: bool) -> np.ndarray:
    stamp = rows["contact_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    edge = np.iinfo(np.int64).min if undated_first else np.iinfo(np.int64).max
    return np.where(rows["contact_at"].isna(), edge, stamp)


def _strongest(strength: np.ndarray, starts: np.ndarray, *, latest: bool) -> np.ndarray:
    """Give each run's position of highest strength: the last such one, or the first."""
    size = len(strength)
    position = np.arange(size)
    rank = strength * size + (position if latest else size - 1 - position)
    best = np.maximum.reduceat(rank, starts) % size
    return best if latest else size - 1 - best
