"""What the database already knows about the people of a chunk, found through indexed keys only."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from models.db import look_up
from tasks.rules.corrections import correct_rows
from tasks.rules.keys import KnownBy, among, identity_keys, profile_keys

# what deciding anew needs of a stored row
ROW_COLUMNS = (
    "id, external_id, lead_ref, company, company_key, contact, contact_key, title, title_state, phone,"
    " phone_kind, phone2, phone2_kind, email, email_kind, need, need_state, budget_min, budget_max,"
    " budget_state, chain, chain_state, created, contact_at, source, source_detail, industry, region,"
    " size, urgency, urgency_state, junk, mark, owner_hint, content_key, same_as, accepted"
).split(", ")
_ROW = ", ".join(f"s.{column.strip()}" for column in ROW_COLUMNS)

_BY_IDENTITY = """
SELECT w.key, i.contact_id, l.id AS lead_id FROM wanted w JOIN identity i ON i.key = w.key
LEFT JOIN lead l ON l.contact_id = i.contact_id AND l.closed_at IS NULL
"""
_BY_PROFILE = """
SELECT p.submission_id, l.id AS lead_id, m.lead_id AS any_lead_id FROM wanted w JOIN profile p ON p.key = w.key
LEFT JOIN membership m ON m.submission_id = p.submission_id AND m.until IS NULL
LEFT JOIN lead l ON l.id = m.lead_id AND l.closed_at IS NULL
"""
_BY_RECORD = """
SELECT r.key AS record, r.submission_id, m.lead_id AS any_lead_id, l.id AS lead_id
FROM wanted w JOIN record r ON r.key = w.key
LEFT JOIN membership m ON m.submission_id = r.submission_id AND m.until IS NULL
LEFT JOIN lead l ON l.id = m.lead_id AND l.closed_at IS NULL
"""
_BY_NUMBER = """
SELECT n.number, n.id, l.id AS lead_id FROM wanted w JOIN lead n ON n.number = w.key
LEFT JOIN membership m ON m.submission_id = n.origin_id AND m.until IS NULL
LEFT JOIN lead l ON l.id = m.lead_id AND l.closed_at IS NULL
"""
_MEMBERS = f"""
SELECT {_ROW}, s.batch_id, m.id AS membership_id, m.lead_id, m.outcome FROM wanted w
JOIN membership m ON m.lead_id = w.key AND m.until IS NULL JOIN submission s ON s.id = m.submission_id
"""
_LOOSE = f"""
SELECT {_ROW}, s.batch_id, CAST(NULL AS BIGINT) AS membership_id, CAST(NULL AS BIGINT) AS lead_id,
CAST(NULL AS TEXT) AS outcome FROM wanted w JOIN submission s ON s.id = w.key
"""
_LEADS = """
SELECT l.id AS lead_id, l.origin_id, l.number, l.status, l.contact_id, l.account_id, l.touched_at, l.verified_at,
l.verified_by, l.verdict, l.verdict_rule, l.reasons, l.grade, l.grade_rule, l.owner, l.owner_rule,
c.account_id AS works_at_id, c.name AS person_name, c.title AS person_title, c.phone AS person_phone,
c.email AS person_email
FROM wanted w JOIN lead l ON l.origin_id = w.key LEFT JOIN contact c ON c.id = l.contact_id
WHERE l.closed_at IS NULL OR l.status = 'joined'
"""
_JUDGED = (
    "SELECT x.submission_id, x.key, x.verdict FROM wanted w JOIN match x ON x.submission_id = w.key AND x.until IS NULL"
)
_NAMED = "SELECT p.key, p.submission_id FROM wanted w JOIN profile p ON p.key = w.key"
_WORDS = """
SELECT j.lead_id, j.field, j.value AS said, j.columns, j.was FROM wanted w
JOIN judgement j ON j.lead_id = w.key AND j.until IS NULL ORDER BY j.id
"""
_NO_WORDS = ("lead_id", "field", "said", "columns", "was")


@dataclass
class Neighbours:
    """The stored rows that a chunk's rows could be joined with, and what is known of their keys.

    `profiles`: those that were asked for, `seen`: the rows that they found, also rows of ended leads.
    `words`: what people said of the leads, in order.
    """

    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    leads: pd.DataFrame = field(default_factory=pd.DataFrame)
    records: pd.DataFrame = field(default_factory=pd.DataFrame)
    judged: pd.DataFrame = field(default_factory=pd.DataFrame)
    identities: pd.DataFrame = field(default_factory=pd.DataFrame)
    profiles: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    seen: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    words: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(_NO_WORDS)))


def find_numbers(conn: Connection, references: pd.Series) -> pd.DataFrame:
    """Find the lead numbers that rows name: number, id, lead_id (the open lead that it is now part of)."""
    return look_up(conn, references.dropna().drop_duplicates(), "TEXT", _BY_NUMBER)


def find_profiles(conn: Connection, profiles: pd.Series) -> pd.DataFrame:
    """Find the stored rows that names at companies (hashes) are those of: key, submission_id."""
    return look_up(conn, profiles, "BIGINT", _NAMED)


def load_neighbours(
    conn: Connection,
    named: pd.DataFrame,
    keys: pd.Series,
    profiles: pd.Series,
    records: pd.Series,
    by: KnownBy,
    leads: tuple[int, ...] = (),
) -> Neighbours:
    """Load all open leads that the chunk's keys touch, and theirs through name at company, whole.

    `named`: of `find_numbers`.
    `keys`: identities, `profiles`: hashes, `records`: hashes of (channel, external id); each distinct.
    `by`: what tells a person. `leads`: ids of leads that are wanted in any case.
    """
    near = Neighbours()
    near.identities = look_up(conn, keys, "TEXT", _BY_IDENTITY)
    near.records = look_up(conn, records, "BIGINT", _BY_RECORD)
    touched = _ids(near.identities["lead_id"], near.records["lead_id"], named["lead_id"], pd.Series(leads))
    # a record that was rejected, or whose lead is closed, still tells what is new in a delivery
    loose = near.records.loc[near.records["any_lead_id"].isna(), "submission_id"]
    near.rows = _close(conn, near, touched, _ids(loose), profiles, by)
    near.leads = look_up(conn, near.rows["id"], "BIGINT", _LEADS)
    touched_leads = near.leads.loc[near.leads["touched_at"].notna(), "lead_id"].drop_duplicates()
    if len(touched_leads):
        # what a person has corrected is what the rows say from now on
        near.words = look_up(conn, touched_leads, "BIGINT", _WORDS)
        near.rows = correct_rows(near.rows, near.words, near.leads)
    stored = identity_keys(near.rows, by)["key"].drop_duplicates()
    more = look_up(conn, stored[~among(stored, keys)].sort_values(), "TEXT", _BY_IDENTITY)
    near.identities = pd.concat([near.identities, more], ignore_index=True).drop_duplicates("key")
    near.identities["contact_id"] = near.identities["contact_id"].astype("Int64")
    near.judged = look_up(conn, near.rows["id"], "BIGINT", _JUDGED)
    return near


def _close(
    conn: Connection, near: Neighbours, leads: np.ndarray, loose: np.ndarray, profiles: pd.Series, by: KnownBy
) -> pd.DataFrame:
    """Load leads and rows until no further lead has a name at a company of theirs."""
    asked, seen_leads, seen_loose = profiles, np.empty(0, np.int64), np.empty(0, np.int64)
    parts: list[pd.DataFrame] = []
    near.profiles = profiles.to_numpy(dtype=np.int64)
    while True:
        found = look_up(conn, asked, "BIGINT", _BY_PROFILE)
        near.seen = np.union1d(near.seen, _ids(found["submission_id"]))
        leads = np.setdiff1d(np.union1d(leads, _ids(found["lead_id"])), seen_leads)
        loose = np.union1d(loose, _ids(found.loc[found["any_lead_id"].isna(), "submission_id"]))
        loose = np.setdiff1d(loose, seen_loose)
        if not len(leads) and not len(loose) and parts:
            break
        members = look_up(conn, pd.Series(leads), "BIGINT", _MEMBERS)
        alone = look_up(conn, pd.Series(loose), "BIGINT", _LOOSE)
        part = pd.concat([members, alone], ignore_index=True)
        parts.append(part)
        seen_leads, seen_loose = np.union1d(seen_leads, leads), np.union1d(seen_loose, loose)
        asked = profile_keys(part).dropna().drop_duplicates().astype("int64")
        asked = asked[~asked.isin(near.profiles)]
        leads = loose = np.empty(0, np.int64)
        if asked.empty or not by.names:
            break
        near.profiles = np.union1d(near.profiles, asked.to_numpy())
    return pd.concat(parts, ignore_index=True).drop_duplicates("id", ignore_index=True)


def _ids(*columns: pd.Series) -> np.ndarray:
    found = pd.concat(columns).dropna()
    return np.unique(found.to_numpy().astype(np.int64))
