"""Prepared rows made by hand, settled as one chunk, and what became of them."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from config.loader import load_config
from config.schema import Channel, Config
from models.db import read_frame
from models.side import SideWriter
from tasks.arrival import Arrival
from tasks.batches import open_batch
from tasks.export import OUTCOME_NOW
from tasks.rules.keys import hash_text
from tasks.settle import settle_chunk
from tests.kept import begin_with

AS_OF = datetime(2024, 3, 15, 2, 0, tzinfo=UTC)
CONFIG = load_config(None)

_TEXT = (
    "external_id lead_ref company company_key contact contact_key title phone phone_kind phone2 phone2_kind email"
    " email_kind need chain first_contact created source source_detail industry region size urgency note mark"
    " owner_hint status_text entrant entry_team"
).split()
_STATES = {
    "title_state": "unknown",
    "need_state": "clear",
    "budget_state": "stated",
    "chain_state": "unknown",
    "urgency_state": "unknown",
    "junk": "",
    "issues": "",
}
_USUAL = {
    "industry": "制造业",
    "need": "采购产线",
    "budget_min": 200_000.0,
    "budget_max": 300_000.0,
    "source": "官网表单",
}


def prepared(*rows: dict[str, Any]) -> pd.DataFrame:
    """Make a prepared frame; what a row does not say is usual: a clear need, a sufficient budget.

    `name` is contact and contact_key, `company` its own key; `mobile`, `mail`, `box` (role mailbox)
    and `at` (stated time) are short for the columns that they fill.
    """
    said = [_row(line, row) for line, row in enumerate(rows, start=2)]
    columns = list(dict.fromkeys([*(name for row in said for name in row), *_TEXT, *_STATES]))
    kinds = dict.fromkeys((*_TEXT, *_STATES), "str") | {"budget_min": "float64", "budget_max": "float64"}
    made = pd.DataFrame({name: pd.Series([row.get(name) for row in said], dtype=kinds.get(name)) for name in columns})
    made["contact_at"] = pd.to_datetime(made["contact_at"]).astype("datetime64[us]")
    shown = sorted(name for name in columns if name not in ("line", "sheet", "raw"))
    content = ["|".join(_told(row.get(name)) for name in shown) for row in said]
    return made.assign(content_key=hash_text(pd.Series(content, dtype="str")))


def _told(value: Any) -> str:
    return "" if pd.isna(value) else str(float(value) if type(value) is int else value)


def _row(line: int, said: dict[str, Any]) -> dict[str, Any]:
    row = {"sheet": "", "line": line, "raw": f"row {line}", "contact_at": None, "rejected": False, **_USUAL, **_STATES}
    row.update({key: value for key, value in said.items() if key not in ("name", "mobile", "mail", "box", "at")})
    if "name" in said:
        row |= {"contact": said["name"], "contact_key": said["name"]}
    if "company" in said:
        row["company_key"] = said["company"]
    if "mobile" in said:
        row |= {"phone": said["mobile"], "phone_kind": "mobile"}
    if "mail" in said:
        row |= {"email": said["mail"], "email_kind": "personal"}
    if "box" in said:
        row |= {"email": said["box"], "email_kind": "role"}
    if "at" in said:
        row["contact_at"] = said["at"]
    if not ({"mobile", "mail", "box"} & set(said)) and "phone" not in said:
        row |= {"rejected": True, "issues": "C-REACH"}
    return row


def settle(
    engine: Engine,
    *rows: dict[str, Any],
    file: str = "a.csv",
    channel: str = "default",
    config: Config = CONFIG,
    as_of: datetime = AS_OF,
    side: SideWriter | None = None,
) -> int:
    """Settle rows as one file of one chunk; gives the batch's id."""
    batch = open_batch(engine, channel, file, file, "{}", as_of, config.rules.version, 50_000)
    arrival = Arrival(batch.id, Channel(name=channel), as_of, as_of, "Asia/Shanghai")
    rows_made = prepared(*rows)
    rows_made["raw"] = file + " " + rows_made["raw"]
    settle_chunk(engine, arrival, batch.chunks, rows_made, config, side)
    return batch.id


def settle_once(engine: Engine, *rows: dict[str, Any], config: Config = CONFIG, **said: Any) -> int:
    """Settle rows, for tests of what comes after: the same rows in an empty base are settled by the first of them."""
    name = repr((rows, config.model_dump_json(), said))
    return begin_with(engine, name, lambda: settle(engine, *rows, config=config, **said))


def outcomes(engine: Engine) -> list[tuple[str, str | None]]:
    """List each stored row's outcome and its lead's number, in order of arrival."""
    with engine.connect() as conn:
        found = read_frame(
            conn,
            f"SELECT {OUTCOME_NOW} AS outcome, l.number FROM submission s"
            " LEFT JOIN membership m ON m.submission_id = s.id AND m.until IS NULL"
            " LEFT JOIN lead l ON l.id = m.lead_id ORDER BY s.id",
        )
    return [(outcome, None if pd.isna(number) else number) for outcome, number in found.itertuples(index=False)]


def leads_as_sets(engine: Engine) -> set[frozenset[str]]:
    """Give the leads as sets of the raw rows that they consist of."""
    with engine.connect() as conn:
        found = read_frame(
            conn,
            "SELECT m.lead_id, s.raw FROM membership m "
            "JOIN submission s ON s.id = m.submission_id WHERE m.until IS NULL",
        )
    return {frozenset(raws) for _, raws in found.groupby("lead_id")["raw"]}


def lead(engine: Engine, number: str) -> dict[str, Any]:
    """Give a lead's current view."""
    with engine.connect() as conn:
        return read_frame(conn, "SELECT * FROM lead WHERE number = :number", number=number).iloc[0].to_dict()
