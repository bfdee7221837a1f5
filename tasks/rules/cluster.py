"""One chunk and its neighbours grouped: who is who, and what changes by it. Pure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.rules.deliveries import resolve
from tasks.rules.group import group_rows
from tasks.rules.keys import COPY, KnownBy, among, copy_keys, identity_keys, profile_keys, reference_keys
from tasks.rules.lineage import Lineage, first_rows, follow

SPLIT = "different"
# rows that another one stands for: they say nothing of their own
FOLLOWERS = ("repeat", "superseded")


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
    by: KnownBy,
) -> Cluster:
    """Group rows (new and stored: index submission id; accepted, new, prepared columns) into leads.

    `stands_for`: a superseded or repeated row → the row that counts. `leads`: lead_id, origin_id,
    number, status. `judged`: submission_id, key, verdict of people's decisions. `by`: what tells a person.
    """
    followers = rows.index.isin(stands_for.index)
    counted = rows[~followers]
    frame, keys = _grouping_frame(counted, leads, judged, known_placeholders, by)
    groups = group_rows(frame, keys, companies)
    keys = keys[~among(keys["key"], groups.placeholders)]
    label = pd.Series(groups.label.astype(np.int64), index=counted.index)
    if followers.any():
        stand = resolve(stands_for, rows.index[followers])
        label = pd.concat([label, label.reindex(stand.to_numpy()).set_axis(stand.index).dropna().astype(np.int64)])
    accepted = rows["accepted"].reindex(label.index)
    accepted &= ~label.index.isin(stands_for.index)
    lineage = follow(label, accepted, leads)
    label = label[label.isin(lineage.lead.index)]
    why = pd.concat([_reasons(counted, keys), _follower_reasons(rows[followers], rows, stands_for)])
    member = pd.DataFrame({"label": label, "why": why.reindex(label.index)})
    member["new"] = rows["new"].reindex(member.index)
    identities = keys[keys["kind"] != "pin"]
    identities = pd.DataFrame({"key": identities["key"], "label": groups.label[identities["row"]]})
    identities = identities[identities["label"].isin(lineage.lead.index)].drop_duplicates("key")
    return Cluster(member, lineage, first_rows(label, accepted), identities, groups.placeholders)


def _grouping_frame(
    rows: pd.DataFrame, leads: pd.DataFrame, judged: pd.DataFrame, placeholders: pd.Index, by: KnownBy
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the input of grouping: one frame of rows by position, one of their keys."""
    rows = rows.reset_index(names="submission_id")
    parts = [identity_keys(rows, by), reference_keys(rows, "lead_ref"), _origins(rows, leads)]
    keys = pd.concat(parts, ignore_index=True)
    keys = keys[~among(keys["key"], placeholders)]
    profile = profile_keys(rows) if by.names else pd.Series(pd.NA, index=rows.index, dtype="Int64")
    frame = pd.DataFrame({"profile": profile, "company_key": rows["company_key"], "email": rows["email"]})
    if judged.empty:
        return frame, pd.concat([keys, _copies(rows, frame)], ignore_index=True)
    at = pd.Series(rows.index, index=rows["submission_id"])
    judged = judged.assign(row=at.reindex(judged["submission_id"]).to_numpy()).dropna(subset="row")
    judged["row"] = judged["row"].astype(np.int64)
    apart = judged[judged["verdict"] == SPLIT]
    frame.loc[apart.loc[apart["key"] == "profile", "row"], "profile"] = pd.NA
    keys = keys.merge(apart[["row", "key"]], how="left", indicator=True).query("_merge == 'left_only'")
    pins = judged.loc[judged["verdict"] != SPLIT, ["row", "key"]].assign(kind="pin", mobile=False)
    return frame, pd.concat([keys.drop(columns="_merge"), pins, _copies(rows, frame)], ignore_index=True)


def _copies(rows: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Tie rows that say the same also where their name alone cannot: a company may have two people of it."""
    again = rows["content_key"].duplicated(keep=False) & frame["profile"].notna()
    return copy_keys(rows, again.to_numpy(dtype=bool), "pin")


def _origins(rows: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """Tie a lead's number to its first row, for rows that name it."""
    named = leads[among(leads["number"], rows["lead_ref"].dropna())]
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


def _follower_reasons(followers: pd.DataFrame, rows: pd.DataFrame, stands_for: pd.Series) -> pd.Series:
    """Say of each row that another stands for whether that one says the same, or something newer."""
    content = rows["content_key"].to_numpy()
    at = rows.index.get_indexer(pd.Index(stands_for.reindex(followers.index)))
    newer = (at >= 0) & (content[at] != followers["content_key"].to_numpy())
    return pd.Series(np.where(newer, "superseded", "repeat"), index=followers.index, dtype="str")


def _reasons(rows: pd.DataFrame, keys: pd.DataFrame) -> pd.Series:
    """Say for each row what ties it to others: a shared identity, a named lead, the same words, else the name."""
    shared = keys[keys.duplicated("key", keep=False)]
    copy = shared["key"].str.startswith(COPY)
    why = np.full(len(rows), "name_company", dtype=object)
    why[shared.loc[copy, "row"]] = "same_content"
    why[shared.loc[~copy & (shared["kind"] == "pin"), "row"]] = "reference"
    why[shared.loc[~copy & (shared["kind"] != "pin"), "row"]] = "identity"
    return pd.Series(why, index=rows.index, dtype="str")
