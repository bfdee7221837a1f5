"""Leads that leave their owner with their companies, and what a person said about it."""

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Config
from models import Judgement
from models.db import insert_frame, look_up, take_ids
from tasks import history
from tasks.arrival import Arrival
from tasks.history import Changes
from tasks.orders import Order
from tasks.ownership import POOL, change_owners, no_leads

OWNERS = (
    "SELECT o.id, o.account_id, o.person FROM wanted w JOIN account_owner o ON o.account_id = w.key AND o.until IS NULL"
)


def give_leads(
    conn: Connection, handed: pd.DataFrame, choices: list[dict[str, Any]], arrival: Arrival, config: Config
) -> None:
    """Give open leads to others with their companies: owner (NA: the pool), owner_rule, choice, status, lifted_from.

    handed: lead_id, account_id, contact_id, old_owner, the decision, and kind where the event is to be called so.
    """
    accounts = handed.loc[handed["account_id"].notna(), ["account_id", "owner", "owner_rule"]]
    accounts = accounts.astype({"account_id": "int64"}).drop_duplicates("account_id").sort_values("account_id")
    held = look_up(conn, accounts["account_id"], "BIGINT", OWNERS)
    # whoever has the company already goes on having it
    same = held["person"] == held["account_id"].map(accounts.set_index("account_id")["owner"])
    stays = same.fillna(False).to_numpy(dtype=bool)
    begun = accounts[accounts["owner"].notna() & ~accounts["account_id"].isin(held.loc[stays, "account_id"])]
    change_owners(conn, held.loc[~stays, "id"], begun, arrival)
    changes = Changes(no_leads(), handed, no_leads(), np.empty(0, dtype=np.int64), choices)
    history.write_handed(conn, changes, arrival, config)


def to_pool(conn: Connection, leads: pd.DataFrame, rule: str | pd.Series, arrival: Arrival, config: Config) -> None:
    """Put leads (as `give_leads` takes them) into the pool by a rule; whoever claims one gets it, and no machine."""
    nobody = pd.array([pd.NA] * len(leads), dtype="str")
    pooled = leads.assign(owner=nobody, owner_rule=rule, choice=-1, status=POOL, lifted_from=nobody, kind="pooled")
    give_leads(conn, pooled, [], arrival, config)


def note(conn: Connection, leads: pd.Series, field: str, values: pd.Series, was: pd.Series, order: Order) -> None:
    """Keep a person's word about many leads (ids): the field, and what it was before."""
    rows = pd.DataFrame({"lead_id": leads.array, "value": values.array, "was": was.array})
    at = pd.Timestamp(order.as_of).tz_convert("UTC").tz_localize(None).as_unit("us")
    rows = rows.assign(
        id=take_ids(conn, "judgement", len(rows)),
        field=field,
        columns="{}",
        reason=order.reason.strip(),
        actor=order.actor,
        since=at,
        until=at,
    )
    insert_frame(conn, Judgement, rows)
