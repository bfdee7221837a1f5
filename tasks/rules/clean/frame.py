"""The frame of cleaned values: one reader for each field, column by column."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import Rules
from tasks.rules.clean.budgets import read_budgets
from tasks.rules.clean.companies import read_companies
from tasks.rules.clean.dates import contact_time, fault, other_order, read_dates
from tasks.rules.clean.emails import read_emails
from tasks.rules.clean.lexicon import Lexicon, lexicon
from tasks.rules.clean.names import read_names
from tasks.rules.clean.phones import read_phones
from tasks.rules.clean.texts import (
    TEXT,
    Mask,
    Text,
    choose,
    column,
    extension,
    flat,
    mapped,
    matches,
    one_line,
    placed,
    stated,
    without_padding,
)  # fmt: skip

Columns = dict[str, Any]


def clean(rows: pd.DataFrame, rules: Rules, received_at: datetime, zone: str) -> pd.DataFrame:
    """Return the cleaned columns of received rows, same index; `str` columns have NA for a blank.

    received_at: aware; zone: the business time zone, in which times without an offset are written.
    """
    words = lexicon(rules)
    found: Columns = {}
    for read in READERS:
        found |= read(rows, words, zone)
    _mend_order(rows, found, received_at, zone)
    found["date_bad"] = _too_late(found, received_at)
    ordered = {name: _array(found[name]) for name in COLUMNS}
    ordered["content_key"] = _content_key(found)
    return pd.DataFrame(ordered, index=rows.index)


def _identifiers(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    return {name: column(rows, name) for name in ("external_id", "lead_ref")}


def _company(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    return read_companies(column(rows, "company"), words.forms, words.blanks)


def _contact(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    return read_names(column(rows, "contact"), words.names, words.blanks)


def _phone(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    cells = column(rows, "phone")
    found = read_phones(cells, words.phones, words.blanks)
    unread = stated(found["phone_bad"])
    if "region" not in rows or not unread.any():
        return found
    # what is no number of the mainland may be one of the region that the row names
    regions = mapped(column(rows, "region").filter(pa.array(unread)), words.phones.region)
    named = pc.binary_join_element_wise(regions, cells.filter(pa.array(unread)), pa.scalar(" ", TEXT))
    again = read_phones(flat(named), words.phones, words.blanks)
    where = unread.copy()
    where[unread] = stated(again["phone"])
    return {name: placed(found[name], where, part.filter(pa.array(where[unread]))) for name, part in again.items()}


def _email(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    return read_emails(column(rows, "email"), words.roles, words.mail_placeholders, words.blanks)


def _budget(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    return read_budgets(column(rows, "budget"), words.budgets)


def _dates(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    contact, entered = column(rows, "first_contact"), column(rows, "created")
    first, own = read_dates(contact, zone), read_dates(entered, zone)
    created = flat(pc.coalesce(first, own))
    bad = flat(pc.coalesce(fault(contact, first, words.blanks), fault(entered, own, words.blanks)))
    return {"first_contact": first, "created": created, "contact_at": contact_time(created, zone), "date_bad": bad}


def _mend_order(rows: pd.DataFrame, found: Columns, received_at: datetime, zone: str) -> None:
    """Read a date that may stand either way the other way round where the first reading has not been yet."""
    late = _is_late(found["contact_at"], received_at) & matches(found["date_bad"], "^order$")
    if not late.any():
        return
    turned = [other_order(column(rows, name).filter(pa.array(late))) for name in ("first_contact", "created")]
    first, own = (read_dates(texts, zone) for texts in turned)
    created = flat(pc.coalesce(first, own))
    moments = contact_time(created, zone)
    past = stated(created) & ~_is_late(moments, received_at)
    where = late.copy()
    where[late] = past
    for name, part in (("first_contact", first), ("created", created)):
        found[name] = placed(found[name], where, part.filter(pa.array(past)))
    found["contact_at"] = found["contact_at"].copy()
    found["contact_at"][where] = moments[past]


def _words(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    found: Columns = {}
    for name, text in (
        ("source", "source_detail"),
        ("industry", "industry_text"),
        ("region", "region_text"),
        ("urgency", "urgency_text"),
        ("size", None),
    ):
        cells = column(rows, name)
        found[name] = mapped(cells, words.words[name])
        if text:
            found[text] = cells
    return found


def _texts(rows: pd.DataFrame, words: Lexicon, zone: str) -> Columns:
    found = {name: one_line(column(rows, name)) for name in ("need", "chain", "note", "mark", "status_text")}
    people = ("title", "owner_hint", "entrant", "entry_team")
    return found | {name: without_padding(one_line(column(rows, name))) for name in people}


READERS: tuple[Callable[[pd.DataFrame, Lexicon, str], Columns], ...] = (
    _identifiers, _company, _contact, _phone, _email, _budget, _dates, _words, _texts,
)  # fmt: skip

COLUMNS = (
    "external_id", "lead_ref", "company", "company_key", "contact", "contact_key", "title",
    "phone", "phone_kind", "phone2", "phone2_kind", "phone_bad", "email", "email_kind", "email_bad",
    "need", "budget_min", "budget_max", "budget_state", "chain", "first_contact", "created", "contact_at", "date_bad",
    "source", "source_detail", "industry", "industry_text", "region", "region_text", "size", "urgency", "urgency_text",
    "note", "mark", "owner_hint", "status_text", "entrant", "entry_team",
)  # fmt: skip
# What a row says. Kinds and faults follow from it, and so do the canonical words beside their texts, which a
# new rule may read otherwise: the key of a row must not change with the rules.
CONTENT = (
    "external_id", "lead_ref", "company", "contact", "title", "phone", "phone2", "email", "need", "budget_min",
    "budget_max", "budget_state", "chain", "first_contact", "created", "source_detail", "industry_text",
    "region_text", "size", "urgency_text", "note", "mark", "owner_hint", "status_text", "entrant", "entry_team",
)  # fmt: skip


def _content_key(found: Columns) -> Any:
    """Return a 64-bit hash of what each row says, the same for any encoding, file and line."""
    texts = [_text(found[name]) for name in CONTENT]
    joined = pc.binary_join_element_wise(*texts, pa.scalar("\x1f", TEXT), null_handling="replace", null_replacement="")
    # as bytes: making Python texts of them and encoding those again costs three times the hash
    octets = joined.cast(pa.large_binary()).to_numpy(zero_copy_only=False)
    return pd.util.hash_array(octets, categorize=False).view("int64")


def _text(values: Any) -> Text:
    if isinstance(values, np.ndarray):
        return pa.array(values, from_pandas=True).cast(TEXT)
    return values


def _too_late(found: Columns, received_at: datetime) -> Text:
    """Mark a stated time more than a day after the row came: a slip of the pen, kept as written."""
    late = _is_late(found["contact_at"], received_at)
    return choose(late & ~stated(found["date_bad"]), "future", found["date_bad"])


def _is_late(moments: Any, received_at: datetime) -> Mask:
    tomorrow = received_at.astimezone(UTC).replace(tzinfo=None) + timedelta(days=1)
    return np.asarray(moments > np.datetime64(tomorrow, "us"))


def _array(values: Any) -> Any:
    return values if isinstance(values, np.ndarray) else extension(values)
