"""A company given to another person by hand: all of its open leads go along, so that one person calls it."""

from sqlalchemy import Connection, select

from config.schema import Config
from models import Lead
from tasks.arrival import Arrival
from tasks.ownership import together
from tasks.release import give_leads

BY_HAND = "A-PERSON"


def hand_over(conn: Connection, lead_id: int, owner: str, arrival: Arrival, config: Config) -> None:
    """Give a lead to a person, and with it the owned leads of its company; whoever had them hears of it."""
    account = conn.execute(select(Lead.account_id).where(Lead.id == lead_id)).scalar_one()
    found = together(conn, lead_id, account)
    kept = (found["old_owner"].notna() & (found["old_owner"] != owner)) | (found["lead_id"] == lead_id)
    handed = found[kept.to_numpy(dtype=bool)].reset_index(drop=True)
    handed = handed.assign(owner=owner, owner_rule=BY_HAND, choice=-1, status="owned", lifted_from=handed["old_owner"])
    give_leads(conn, handed, [], arrival, config)
