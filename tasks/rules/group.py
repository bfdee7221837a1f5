"""Which rows are the same person: a function of the set of rows, not of their order.

Rows that share an identity (mobile, extension, personal e-mail) are one person. Rows that name the
same person at the same company are one person too, unless the company has two people of that name:
two whose mobiles differ and who share no e-mail. Then rows without a mobile join neither.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tasks.rules.keys import among


@dataclass(frozen=True)
class Groups:
    """Labels of people, one a row, and the keys that turned out to identify nobody."""

    label: np.ndarray
    placeholders: pd.Index


def group_rows(rows: pd.DataFrame, keys: pd.DataFrame, placeholder_companies: int) -> Groups:
    """Label the rows by person.

    `rows`: RangeIndex; profile (Int64, hash of company and full name, NA when either is missing),
    company_key, email (any, role mailboxes too).
    `keys`: row (position), key (str), kind (phone, email, or pin for what always holds), mobile (bool).
    """
    placeholders = find_placeholders(rows, keys, placeholder_companies)
    keys = keys[~among(keys["key"], placeholders)]
    mobile = np.zeros(len(rows), dtype=bool)
    mobile[keys.loc[keys["mobile"], "row"]] = True
    person = _join(len(rows), keys["row"].to_numpy(), keys["key"])
    first, second = _profile_edges(rows, person, mobile)
    return Groups(_components(len(rows), person, first, second), placeholders)


def find_placeholders(rows: pd.DataFrame, keys: pd.DataFrame, companies: int) -> pd.Index:
    """Name the keys seen at that many companies or more: a switchboard, a default, an entrant's own."""
    keys = keys[keys["kind"] != "pin"]
    count = keys["key"].value_counts()
    often = count.index[count >= companies]
    if often.empty:
        return often
    keys = keys[among(keys["key"], often)]
    seen = keys["key"].to_frame().assign(company=rows["company_key"].take(keys["row"].to_numpy()).array)
    companies_seen = seen.groupby("key")["company"].nunique()
    placeholders: pd.Index = companies_seen.index[companies_seen >= companies]
    return placeholders


def _join(size: int, row: np.ndarray, key: pd.Series) -> np.ndarray:
    """Label rows that share a key, directly or through others."""
    codes, found = pd.factorize(key)
    return _components(size + len(found), np.arange(size + len(found)), row, codes + size)[:size]


def _components(size: int, node: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Label what edges connect; `node` maps each of `size` members to its present label."""
    count = int(node.max()) + 1 if size else 0
    graph = coo_matrix((np.ones(len(first), dtype=np.int8), (first, second)), shape=(count, count))
    labels: np.ndarray = connected_components(graph, directed=False)[1]
    return np.take(labels, node)


def _profile_edges(rows: pd.DataFrame, person: np.ndarray, mobile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find which people, as labelled so far, are one because name and company agree."""
    none = (np.empty(0, dtype=np.int64),) * 2
    profile = rows["profile"]
    named = profile.notna().to_numpy()
    if not named.any():
        return none
    seen = pd.DataFrame(
        {"profile": profile[named].astype("int64").to_numpy(), "person": person[named]}
    ).drop_duplicates()
    seen = seen[seen.duplicated("profile", keep=False)].reset_index(drop=True)
    if seen.empty:
        return none
    has_mobile = np.zeros(int(person.max()) + 1, dtype=bool)
    has_mobile[person[mobile]] = True
    seen["mobile"] = has_mobile[seen["person"]]
    seen["side"] = _sides(rows, person, seen)
    sides = seen.loc[seen["mobile"]].groupby("profile")["side"].nunique()
    clear = ~seen["profile"].isin(sides.index[sides > 1])
    # one person: all of the name; several: only those with a mobile who share an e-mail
    edges = seen[clear | seen["mobile"]]
    anchor = edges.groupby(["profile", edges["side"].where(~clear, -1)])["person"].transform("first")
    return edges["person"].to_numpy(), anchor.to_numpy()


def _sides(rows: pd.DataFrame, person: np.ndarray, seen: pd.DataFrame) -> np.ndarray:
    """Label, inside each name-and-company, the people with a mobile who share any e-mail."""
    side = np.arange(len(seen))
    members = seen[seen["mobile"]].reset_index(names="member")
    mails = pd.DataFrame({"person": person, "email": rows["email"].array}).dropna().drop_duplicates()
    shared = members.merge(mails, on="person")
    if shared.empty:
        return side
    pair = pd.MultiIndex.from_frame(shared[["profile", "email"]]).factorize()[0]
    size = len(seen) + int(pair.max()) + 1
    return _components(size, np.arange(size), shared["member"].to_numpy(), pair + len(seen))[: len(seen)]
