"""Foreign leads: one row each, with all that the mapping takes from the files."""

from typing import Any

import numpy as np
import pandas as pd

from config.history import DATE_FIELDS, TEXT_FIELDS, FieldMap, History
from tasks.rules.foreign.amounts import read_amounts
from tasks.rules.foreign.dates import read_moments
from tasks.rules.foreign.stages import stages
from tasks.rules.foreign.tables import Joined, Problems, side_by_side
from tasks.rules.foreign.values import results, source_text, told, value_of

#: What a foreign lead says, in the order in which it is compared with what it said before.
SAID = (
    "company", "source", "industry", "region", "size", "need_type", "product", "grade", "owner", "team", "created_at",
    "contact_at", "result", "at", "stage", "place", "reason", "competitor", "amount", "currency", "contract_number",
    "contract_on", "paid_at",
)  # fmt: skip
_STORED_AS = {
    "created": "created_at", "first_contact": "contact_at", "closed": "at", "contract_date": "contract_on",
    "first_payment": "paid_at",
}  # fmt: skip
#: What cannot be, and is kept all the same.
IMPOSSIBLE = ("closed_before_created", "closed_before_contact", "closed_later", "created_later", "no_closing_date")


def foreign_leads(joined: Joined, history: History, business: str, problems: Problems) -> pd.DataFrame:
    """One row a lead: external_id, file, line and SAID; times naive UTC, texts '' where nothing is said.

    business: the business time zone. Rows of which the id is blank, or stands twice, are problems.
    """
    fields = history.fields
    places = joined.rows["file"].str.cat(joined.rows["line"].astype("str"), sep=":")
    ids = places if fields["id"].line else value_of(joined, "id", fields["id"], problems)
    leads = joined.rows[["file", "line"]].assign(external_id=ids)
    leads = _one_a_lead(_with_ids(leads, joined, problems), history)
    joined = Joined(joined.rows.loc[leads.index], joined.parts, joined.unused, joined.alone)
    nothing = pd.Series("", index=leads.index, dtype="str")
    texts = {name: value_of(joined, name, fields[name], problems) if name in fields else nothing
             for name in TEXT_FIELDS[1:]}  # fmt: skip
    leads = leads.assign(**texts)
    for name in DATE_FIELDS:
        leads[_STORED_AS[name]] = _moments(joined, history, name, business, problems)
    leads = _with_amount(leads, joined, history, problems)
    leads["result"] = results(joined, history, problems)
    leads = leads.join(stages(joined, history, leads["result"], problems))
    # the date of an open one is when it is expected to close
    leads["at"] = leads["at"].where(leads["result"] != "open")
    return _without_doubles(leads, problems).reset_index(drop=True)


def _with_ids(leads: pd.DataFrame, joined: Joined, problems: Problems) -> pd.DataFrame:
    """The leads without lines of notes, which have no id and hardly anything else; other blank ids are problems."""
    blank = (leads["external_id"] == "").to_numpy()
    if not blank.any():
        return leads
    own = [name for name in map(str, joined.rows) if name.startswith(f"{joined.parts[0].name}.")]
    filled = (joined.rows[own] != "").sum(axis=1).to_numpy()
    problems.add_rows(leads, blank & (filled > 1), "id", "is blank", leads["external_id"])
    return leads[~blank]


def _one_a_lead(leads: pd.DataFrame, history: History) -> pd.DataFrame:
    """Of several rows of the first file with one id the one that the mapping takes; they stand in its order."""
    several = history.files[0].several
    if several == "refuse":
        return leads
    return leads.drop_duplicates("external_id", keep="first" if several == "first" else "last")


def _moments(joined: Joined, history: History, name: str, business: str, problems: Problems) -> pd.Series:
    field = history.fields.get(name)
    if field is None:
        return pd.Series(pd.NaT, index=joined.rows.index, dtype="datetime64[us]")
    text = source_text(joined, name, field, problems)
    read = read_moments(text, field.dates or history.dates, history.zone or business, business)
    if read.fault:
        problems.add(str(joined.rows["file"].iloc[0]), told(name, field), read.fault)
    else:
        problems.add_rows(joined.rows, read.unread, told(name, field), "{} is no date", text)
    return read.at


def _with_amount(leads: pd.DataFrame, joined: Joined, history: History, problems: Problems) -> pd.DataFrame:
    field: FieldMap | None = history.fields.get("amount")
    if field is None:
        return leads.assign(amount=np.nan)
    text = source_text(joined, "amount", field, problems)
    amounts = read_amounts(text, history.decimal)
    problems.add_rows(joined.rows, amounts.unread, told("amount", field), "{} is no amount", text)
    stated = leads["currency"].where(leads["currency"] != "", amounts.currency.fillna(""))
    return leads.assign(amount=amounts.values, currency=stated)


def _without_doubles(leads: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    once = leads.drop_duplicates(["external_id", *SAID])
    again = once["external_id"].duplicated()
    if again.any():
        first = once.drop_duplicates("external_id").set_index("external_id")
        places = once[again].reset_index(drop=True)
        earlier = first["file"].str.cat(first["line"].astype("str"), sep=":").reindex(places["external_id"])
        told = side_by_side([places["external_id"], earlier.reset_index(drop=True)], " ")
        problems.add_rows(
            places,
            np.ones(len(places), dtype=bool),
            "id",
            "{} says something else (id and place); say several: first, last or furthest",
            told,
        )
    return once[~again]


def impossible(leads: pd.DataFrame, as_of: pd.Timestamp) -> dict[str, Any]:
    """What cannot be, by kind: the places (boolean) of the leads; as_of: naive UTC."""
    at, created, contact = leads["at"], leads["created_at"], leads["contact_at"]
    ended = leads["result"] != "open"
    found = (at < created, at < contact, at > as_of, created > as_of, ended & at.isna())
    return dict(zip(IMPOSSIBLE, (mask.to_numpy(dtype=bool) for mask in found), strict=True))
