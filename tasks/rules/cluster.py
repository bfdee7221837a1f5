"""One chunk and its neighbours grouped: who is who, and what changes by it. Pure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.rules.deliveries import resolve
from tasks.rules.group import group_rows
from tasks.rules.keys import identity_keys, profile_keys, reference_keys
from tasks.rules.lineage import Lineage, first_rows, follow

SPLIT = "different"


@dataclass(frozen=True)
class Cluster:
    """What grouping found.

    `member`: by submission id of every row that counts for a lead: label, why, new (bool).
    `identities`: key, label of live keys; `placeholders`: keys of nobody; `first`: label → row id.
    """

    member: pd.DataFrame
    lineage: Lineage
    first: pd.Series
    identities: pd.DataFrame
    placeholders: pd.Index


def cluster(
    rows: pd.DataFrame,
    stands_for: pd.Series,
    leads: pd.DataFrame,
    judged: pd.DataFrame,
    known_placeholders: pd.Index,
    companies: int,
) -> Cluster:
    """Group rows (new and stored: index submission id; accepted, new, prepared columns) into leads.

    `stands_for`: a superseded or repeated row → the row that counts. `leads`: lead_id, origin_id,
    number, status. `judged`: submission_id, key, verdict of people's decisions.
    """
    followers = rows.index.isin(stands_for.index)
    counted = rows[~followers]
    frame, keys = _grouping_frame(counted, leads, judged, known_placeholders)
    groups = group_rows(frame, keys, companies)
    keys = keys[~keys["key"].isin(groups.placeholders)]
    label = pd.Series(groups.label.astype(np.int64), index=counted.index)
    if followers.any():
        stand = resolve(stands_for, rows.index[followers])
        label = pd.concat([label, label.reindex(stand.to_numpy()).set_axis(stand.index).dropna().astype(np.int64)])
    accepted = rows["accepted"].reindex(label.index)
    accepted &= ~label.index.isin(stands_for.index)
    lineage = follow(label, accepted, leads)
    label = label[label.isin(lineage.lead.index)]
    why = _reasons(counted, keys)
    member = pd.DataFrame({"label": label, "why": why.reindex(label.index, fill_value="repeat")})
    member["new"] = rows["new"].reindex(member.index)
    identities = keys[keys["kind"] != "pin"]
    identities = pd.DataFrame({"key": identities["key"], "label": groups.label[identities["row"]]})
    identities = identities[identities["label"].isin(lineage.lead.index)].drop_duplicates("key")
    return Cluster(member, lineage, first_rows(label, accepted), identities, groups.placeholders)


def _grouping_frame(
    rows: pd.DataFrame, leads: pd.DataFrame, judged: pd.DataFrame, placeholders: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the input of grouping: one frame of rows by position, one of their keys."""
    rows = rows.reset_index(names="submission_id")
    keys = pd.concat(
        [identity_keys(rows), reference_keys(rows, "lead_ref"), _origins(rows, leads)], ignore_index=True
    )
    keys = keys[~keys["key"].isin(placeholders)]
    frame = pd.DataFrame(
        {"profile": profile_keys(rows), "company_key": rows["company_key"], "email": rows["email"]}
    )
    if judged.empty:
        return frame, keys
    at = pd.Series(rows.index, index=rows["submission_id"])
    judged = judged.assign(row=at.reindex(judged["submission_id"]).to_numpy()).dropna(subset="row")
    judged["row"] = judged["row"].astype(np.int64)
    apart = judged[judged["verdict"] == SPLIT]
    frame.loc[apart.loc[apart["key"] == "profile", "row"], "profile"] = pd.NA
    keys = keys.merge(apart[["row", "key"]], how="left", indicator=True).query("_merge == 'left_only'")
    pins = judged.loc[judged["verdict"] != SPLIT, ["row", "key"]].assign(kind="pin", mobile=False)
    return frame, pd.concat([keys.drop(columns="_merge"), pins], ignore_index=True)


def _origins(rows: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """Tie a lead's number to its first row, for rows that name it."""
    named = leads[leads["number"].isin(rows["lead_ref"].dropna())]
    at = pd.Series(rows.index, index=rows["submission_id"]).reindex(named["origin_id"])
    found = at.notna().to_numpy()
    return pd.DataFrame(
        {
            "row": at[found].to_numpy().astype(np.int64),
            "key": ("ref:" + named.loc[found, "number"]).astype("str").array,
            "kind": "pin",
            "mobile": False,
        }
    )


def _reasons(rows: pd.DataFrame, keys: pd.DataFrame) -> pd.Series:
    """Say for each row what ties it to others: a shared identity, a named lead, else the name."""
    shared = keys[keys.duplicated("key", keep=False)]
    why = np.full(len(rows), "name_company", dtype=object)
    why[shared.loc[shared["kind"] == "pin", "row"]] = "reference"
    why[shared.loc[shared["kind"] != "pin", "row"]] = "identity"
    return pd.Series(why, index=rows.index, dtype="str")
