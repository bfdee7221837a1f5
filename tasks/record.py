"""The writes of a chunk, in bulk: rows, companies, people and their identities."""

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from models import Account, Contact, Identity, Profile, Submission
from models import Record as RecordTable
from models.db import insert_frame, look_up, take_ids, update_frame
from tasks.neighbours import Neighbours
from tasks.rules.cluster import Cluster
from tasks.rules.deliveries import Deliveries
from tasks.rules.keys import profile_keys

_SUBMISSION = [c.name for c in Submission.__table__.columns]


def lock_accounts(conn: Connection, keys: pd.Series) -> None:
    """Make other workers wait with the same companies until this chunk is committed."""
    if conn.dialect.name != "postgresql":
        return
    look_up(
        conn,
        keys.dropna().drop_duplicates().sort_values(),
        "TEXT",
        "SELECT a.id FROM wanted w JOIN account a ON a.key = w.key ORDER BY a.id FOR NO KEY UPDATE OF a",
    )


def write_rows(
    conn: Connection, batch_id: int, rows: pd.DataFrame, outcome: pd.Series, deliveries: Deliveries
) -> None:
    """Store the chunk's rows with their outcomes, the names they can be found by, and the records."""
    stands_for = pd.concat([deliveries.repeats, deliveries.superseded]).astype("Int64")
    stored = rows.assign(
        batch_id=batch_id, outcome=outcome, same_as=stands_for.reindex(rows.index).array
    ).reset_index(names="id")
    insert_frame(conn, Submission.__table__, stored[_SUBMISSION])
    older = stands_for[~stands_for.index.isin(rows.index)]
    update_frame(
        conn,
        Submission.__table__,
        pd.DataFrame({"id": older.index.to_numpy(dtype=np.int64), "same_as": older.astype("int64").to_numpy()}),
    )
    profile = profile_keys(rows[rows["joinable"]]).dropna().astype("int64")
    named = pd.DataFrame({"key": profile.to_numpy(), "submission_id": profile.index.to_numpy()})
    insert_frame(conn, Profile.__table__, named.sort_values(["key", "submission_id"]))
    _write_records(conn, deliveries.current)


def _write_records(conn: Connection, current: pd.DataFrame) -> None:
    known = look_up(
        conn, current["key"], "BIGINT", "SELECT r.key AS record, r.submission_id FROM wanted w JOIN record r ON r.key = w.key"
    )
    known = pd.Series(known["submission_id"].to_numpy(), index=known["record"].to_numpy())
    before = known.reindex(current["key"]).to_numpy()
    new = pd.isna(before)
    insert_frame(conn, RecordTable.__table__, current[new].sort_values("key"))
    update_frame(conn, RecordTable.__table__, current[~new & (before != current["submission_id"].to_numpy())], "key")


def write_people(conn: Connection, leads: pd.DataFrame, found: Cluster, near: Neighbours) -> pd.DataFrame:
    """Store companies, contacts and identities of the affected leads; give leads their ids."""
    leads = leads.assign(account_id=_accounts(conn, leads))
    stored = near.leads.set_index("lead_id") if len(near.leads) else None
    contact = pd.Series(0, index=leads.index, dtype="int64")
    if stored is not None:
        contact[:] = stored["contact_id"].reindex(leads["lead_id"]).fillna(0).astype("int64").to_numpy()
    new = (contact == 0).to_numpy()
    contact[new] = take_ids(conn, "contact", int(new.sum()))
    leads["contact_id"] = contact
    people = pd.DataFrame(
        {
            "id": leads["contact_id"],
            "account_id": leads["account_id"],
            "name": leads["contact"],
            "title": leads["title"],
            "phone": leads["phone"],
            "email": leads["email"],
        }
    )
    insert_frame(conn, Contact.__table__, people[new])
    update_frame(conn, Contact.__table__, people[~new])
    _write_identities(conn, leads, found, near)
    return leads


def _accounts(conn: Connection, leads: pd.DataFrame) -> pd.array:
    """Find or make the company of each lead; NA where none is stated."""
    named = leads[leads["company_key"].notna()].drop_duplicates("company_key")
    wanted = named["company_key"].sort_values()
    known = look_up(conn, wanted, "TEXT", "SELECT a.key, a.id FROM wanted w JOIN account a ON a.key = w.key")
    ids = pd.Series(known["id"].to_numpy(), index=known["key"].to_numpy(), dtype="Int64")
    new = named[~named["company_key"].isin(ids.index)]
    # ids follow arrival, the rows go in sorted by name: the index of names is the cost
    made = pd.DataFrame(
        {
            "id": take_ids(conn, "account", len(new)),
            "key": new["company_key"].array,
            "name": new["company"].array,
            "region": new["region"].array,
            "industry": new["industry"].array,
            "size": new["size"].array,
        }
    )
    insert_frame(conn, Account.__table__, made.sort_values("key"))
    ids = pd.concat([ids, pd.Series(made["id"].array, index=made["key"].array, dtype="Int64")])
    return ids.reindex(leads["company_key"]).array


def _write_identities(conn: Connection, leads: pd.DataFrame, found: Cluster, near: Neighbours) -> None:
    """Point every identity of the affected leads at its contact; a placeholder at nobody."""
    wanted = found.identities[found.identities["label"].isin(leads.index)]
    wanted = pd.DataFrame(
        {"key": wanted["key"].array, "contact_id": leads["contact_id"].reindex(wanted["label"]).array}
    )
    nobody = pd.DataFrame({"key": found.placeholders.array, "contact_id": pd.NA})
    wanted = pd.concat([wanted, nobody], ignore_index=True).astype({"key": "str", "contact_id": "Int64"})
    before = near.identities.set_index("key")["contact_id"]
    known = wanted["key"].isin(before.index)
    old = before.reindex(wanted["key"]).reset_index(drop=True)
    same = (old == wanted["contact_id"]).fillna(False) | (old.isna() & wanted["contact_id"].isna())
    insert_frame(conn, Identity.__table__, wanted[~known].sort_values("key"))
    update_frame(conn, Identity.__table__, wanted[known & ~same], "key")
