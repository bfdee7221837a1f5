"""A company given to another person by hand: all of its open leads go along, so that one person calls it."""

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select, update

from config.schema import Config
from models import AccountOwner, Lead
from models.db import insert_frame, look_up, take_ids
from tasks import history
from tasks.arrival import Arrival
from tasks.history import Changes
from tasks.ownership import OTHERS, no_leads

BY_HAND = "A-PERSON"


def hand_over(conn: Connection, lead_id: int, owner: str, arrival: Arrival, config: Config) -> None:
    """Give a lead to a person, and with it the owned leads of its company; whoever had them hears of it."""
    account = conn.execute(select(Lead.account_id).where(Lead.id == lead_id)).scalar_one()
    if account is not None:
        _own_account(conn, account, owner, arrival)
        found = look_up(conn, pd.Series([account]), "BIGINT", OTHERS)
        kept = (found["old_owner"].notna() & (found["old_owner"] != owner)) | (found["lead_id"] == lead_id)
    else:
        found = look_up(conn, pd.Series([lead_id]), "BIGINT", OTHERS.replace("l.account_id = w.key", "l.id = w.key"))
        kept = pd.Series(True, index=found.index)
    handed = found[kept.to_numpy(dtype=bool)].reset_index(drop=True)
    handed = handed.assign(owner=owner, owner_rule=BY_HAND, choice=-1, status="owned", lifted_from=handed["old_owner"])
    changes = Changes(no_leads(), handed, no_leads(), np.empty(0, dtype=np.int64), [])
    history.write_handed(conn, changes, arrival, config)


def _own_account(conn: Connection, account: int, owner: str, arrival: Arrival) -> None:
    live = (AccountOwner.account_id == account, AccountOwner.until.is_(None))
    held = conn.execute(select(AccountOwner.id, AccountOwner.person).where(*live)).one_or_none()
    if held is not None and held.person == owner:
        return
    if held is not None:
        conn.execute(update(AccountOwner).where(AccountOwner.id == held.id).values(until=arrival.as_of))
    [number] = take_ids(conn, "account_owner", 1).tolist()
    begun = {"id": [number], "account_id": [account], "person": [owner], "since": arrival.at, "why": [BY_HAND]}
    insert_frame(conn, AccountOwner, pd.DataFrame(begun))
