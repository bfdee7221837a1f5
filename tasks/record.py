"""The writes of a chunk, in bulk: rows, companies, people and their identities."""

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray
from sqlalchemy import Connection

from config.schema import Rules
from models import Account, Contact, Identity, Profile, Submission
from models import Record as RecordTable
from models.db import insert_frame, look_up, take_ids, take_numbers, update_frame
from tasks.arrival import Arrival
from tasks.neighbours import Neighbours
from tasks.rules.cluster import Cluster
from tasks.rules.deliveries import Deliveries
from tasks.rules.differences import said_otherwise
from tasks.rules.keys import among, profile_keys
from tasks.rules.lifecycle.customers import number_prefixes, tags_of

# as tasks.neighbours gives a contact, in the order of the table's columns
_STORED_PERSON = ("works_at_id", "person_name", "person_title", "person_phone", "person_email")
_SUBMISSION = [c.name for c in Submission.__table__.columns]


def write_rows(conn: Connection, batch_id: int, rows: pd.DataFrame) -> None:
    """Store the chunk's rows and the names that they can be found by."""
    stored = rows.assign(batch_id=batch_id, same_as=pd.array([pd.NA] * len(rows), dtype="Int64")).reset_index(
        names="id"
    )
    insert_frame(conn, Submission, stored[_SUBMISSION])
    profile = profile_keys(rows[rows["joinable"]]).dropna().astype("int64")
    named = pd.DataFrame({"key": profile.to_numpy(), "submission_id": profile.index.to_numpy()})
    insert_frame(conn, Profile, named.sort_values(["key", "submission_id"]))


def write_deliveries(conn: Connection, deliveries: Deliveries, near: Neighbours) -> None:
    """Note which rows others stand for, and which delivery of each record counts."""
    stands_for = pd.concat([deliveries.repeats, deliveries.superseded]).astype("int64")
    update_frame(conn, Submission, pd.DataFrame({"id": stands_for.index, "same_as": stands_for.to_numpy()}))
    current = deliveries.current
    stored = pd.Series(near.records["submission_id"].to_numpy(), index=near.records["record"].to_numpy())
    before = stored.reindex(current["key"]).to_numpy()
    new = pd.isna(before)
    insert_frame(conn, RecordTable, current[new].sort_values("key"))
    update_frame(conn, RecordTable, current[~new & (before != current["submission_id"].to_numpy())], "key")


def write_people(
    conn: Connection, leads: pd.DataFrame, found: Cluster, near: Neighbours, arrival: Arrival, rules: Rules
) -> pd.DataFrame:
    """Store companies, contacts and identities of the affected leads; give leads their ids.

    `account_new`: whether the company was not known before.
    """
    account, account_new = _accounts(conn, leads, arrival, rules)
    contact = _contacts(leads, found, near)
    new = (contact == 0).to_numpy()
    contact[new] = take_ids(conn, "contact", int(new.sum()))
    leads = leads.assign(account_id=account, account_new=account_new, contact_id=contact)
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
    insert_frame(conn, Contact, people[new])
    known = people[~new]
    update_frame(conn, Contact, known[_otherwise(known, near)])
    _write_identities(conn, leads, found, near)
    return leads


def _otherwise(people: pd.DataFrame, near: Neighbours) -> np.ndarray:
    """Which known people are others than what is stored of them, or have no lead that was looked up."""
    if people.empty or near.leads.empty:
        return np.ones(len(people), dtype=bool)
    before = near.leads.drop_duplicates("contact_id").set_index("contact_id").reindex(people["id"])
    unknown = before["lead_id"].isna().to_numpy()
    stored = before[list(_STORED_PERSON)].set_axis(people.columns[1:], axis="columns")
    other: np.ndarray = unknown | said_otherwise(people, stored, people.columns[1:])
    return other


def _contacts(leads: pd.DataFrame, found: Cluster, near: Neighbours) -> pd.Series:
    """Find the contact of each lead, 0 for a person not known before: a lead is one cycle of a contact."""
    contact = pd.Series(0, index=leads.index, dtype="int64")
    if len(near.leads):
        stored = near.leads.set_index("lead_id")["contact_id"]
        contact[:] = stored.reindex(leads["lead_id"]).fillna(0).astype("int64").to_numpy()
    free = near.identities[near.identities["contact_id"].notna() & near.identities["lead_id"].isna()]
    free = free[~free["contact_id"].isin(contact)]
    if len(free):
        # his last cycle has ended: the oldest contact that his numbers lead to, for the first lead that needs one
        seen = found.identities.merge(free[["key", "contact_id"]], on="key")
        seen = seen[seen["label"].isin(contact.index[contact == 0])].astype({"contact_id": "int64"})
        seen["at"] = leads.index.get_indexer(pd.Index(seen["label"]))
        seen = seen.sort_values(["at", "contact_id"]).drop_duplicates("contact_id").drop_duplicates("label")
        contact[seen["label"]] = seen["contact_id"].to_numpy()
    return contact


_KNOWN = "SELECT a.key, a.id, a.customer_number, a.tags FROM wanted w JOIN account a ON a.key = w.key"


def _accounts(
    conn: Connection, leads: pd.DataFrame, arrival: Arrival, rules: Rules
) -> tuple[ExtensionArray, np.ndarray]:
    """Find or make the company of each lead, NA where none is stated, and tell which were made.

    A company gets its number with its first valid lead (H3-numbers).
    """
    stated = leads[leads["company_key"].notna()]
    named = stated.drop_duplicates("company_key")
    wanted = named["company_key"].sort_values()
    known = look_up(conn, wanted, "TEXT", _KNOWN)
    ids = pd.Series(known["id"].to_numpy(), index=known["key"].to_numpy(), dtype="Int64")
    account_new = ~among(leads["company_key"], ids.index)
    new = named[~among(named["company_key"], ids.index)]
    valid = stated.loc[stated["verdict"] == "valid", "company_key"].drop_duplicates()
    # ids follow arrival, the rows go in sorted by name: the index of names is the cost
    made = pd.DataFrame(
        {
            "id": take_ids(conn, "account", len(new)),
            "key": new["company_key"].array,
            "name": new["company"].array,
            "region": new["region"].array,
            "industry": new["industry"].array,
            "size": new["size"].array,
            "tags": _blank(tags_of(new, rules)).array,
        }
    )
    due = among(made["key"], valid)
    made["customer_number"] = pd.array([pd.NA] * len(made), dtype="str")
    made.loc[due, "customer_number"] = _numbers(conn, made.loc[due, "region"], arrival, rules)
    insert_frame(conn, Account, made.sort_values("key"))
    _number_known(conn, known, named, valid, arrival, rules)
    ids = pd.concat([ids, pd.Series(made["id"].array, index=made["key"].array, dtype="Int64")])
    account: ExtensionArray = ids.reindex(leads["company_key"]).array
    return account, account_new


def _number_known(
    conn: Connection, known: pd.DataFrame, named: pd.DataFrame, valid: pd.Series, arrival: Arrival, rules: Rules
) -> None:
    """Number known companies that have their first valid lead now, in the order of their leads."""
    due = known[known["customer_number"].isna() & among(known["key"], valid)]
    if due.empty:
        return
    order = named.loc[among(named["company_key"], due["key"]), ["company_key", "region"]]
    ids = due.set_index("key")["id"].reindex(order["company_key"])
    numbers = _numbers(conn, order["region"], arrival, rules)
    update_frame(conn, Account, pd.DataFrame({"id": ids.array, "customer_number": pd.array(numbers, dtype="str")}))


def _numbers(conn: Connection, regions: pd.Series, arrival: Arrival, rules: Rules) -> np.ndarray:
    """The next customer numbers of companies in these regions: HZ2024001 or 202405-001, growing past 999."""
    prefix = number_prefixes(regions, arrival.local.year, arrival.local.month, rules)
    found = np.empty(len(prefix), dtype=object)
    for name in sorted(prefix.unique()):
        mine = (prefix == name).to_numpy(dtype=bool)
        serial = take_numbers(conn, f"customer:{name}", int(mine.sum()))
        found[mine] = [f"{name}{number:03d}" for number in serial]
    return found


def _blank(texts: pd.Series) -> pd.Series:
    return texts.where(texts != "")


def _write_identities(conn: Connection, leads: pd.DataFrame, found: Cluster, near: Neighbours) -> None:
    """Point every identity of the affected leads at its contact; a placeholder at nobody."""
    wanted = found.identities[found.identities["label"].isin(leads.index)]
    wanted = pd.DataFrame(
        {"key": wanted["key"].array, "contact_id": leads["contact_id"].reindex(wanted["label"]).array}
    )
    nobody = pd.DataFrame({"key": found.placeholders.array, "contact_id": pd.NA})
    wanted = pd.concat([wanted, nobody], ignore_index=True).astype({"key": "str", "contact_id": "Int64"})
    before = near.identities.set_index("key")["contact_id"]
    known = among(wanted["key"], before.index)
    old = before.reindex(wanted["key"]).reset_index(drop=True)
    same = (old == wanted["contact_id"]).fillna(False) | (old.isna() & wanted["contact_id"].isna())
    insert_frame(conn, Identity, wanted[~known].sort_values("key"))
    update_frame(conn, Identity, wanted[known & ~same], "key")
