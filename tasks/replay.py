"""What other rules would have made of the stored rows: read, cleaned, checked, screened and graded again, and nothing
written. Who belongs to whom stays as it is, and what a person has touched stays as he left it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Channel, Config, Rules
from models.db import as_times, read_frame
from tasks.blocked import blocks_of_leads
from tasks.prepare import prepare
from tasks.read import rows_again
from tasks.rules.cluster import FOLLOWERS
from tasks.rules.decide import decide
from tasks.rules.survive import survive
from tasks.tables import Tables

# leads decided at one time, and rows looked at that no lead was made of
LEADS_AT_ONCE, ROWS_AT_ONCE = 20_000, 30_000
_FOLLOWERS = ", ".join(f"'{why}'" for why in FOLLOWERS)
_ROWS = f"""
SELECT s.id, s.batch_id, s.sheet, s.raw, s.accepted, m.lead_id
FROM membership m JOIN submission s ON s.id = m.submission_id JOIN lead l ON l.id = m.lead_id
WHERE m.until IS NULL AND m.lead_id > :low AND m.lead_id <= :high AND m.why NOT IN ({_FOLLOWERS})
AND l.joined_into IS NULL AND l.touched_at IS NULL ORDER BY s.batch_id, s.id
"""
_LEADS = """
SELECT l.id AS lead_id, l.number, l.verdict, l.verdict_rule, l.grade, l.grade_rule FROM lead l
WHERE l.id > :low AND l.id <= :high AND l.joined_into IS NULL AND l.touched_at IS NULL ORDER BY l.id
"""
_REJECTED = """
SELECT s.id, s.batch_id, s.sheet, s.raw, s.issues FROM submission s
WHERE s.id > :low AND s.id <= :high AND NOT s.accepted ORDER BY s.batch_id, s.id
"""
_BATCHES = "SELECT id, channel, layout, received_at AS at FROM batch ORDER BY id"
_DECIDED = ("verdict", "verdict_rule", "grade", "grade_rule")


@dataclass(frozen=True)
class Replayed:
    """A block of leads as they are and as they would be: number, DECIDED columns, the same with `_new`; rows that
    would be rejected, and rejected ones of which a lead could be made."""

    leads: pd.DataFrame
    rows: int = 0
    newly_rejected: int = 0
    newly_accepted: int = 0


def replay(
    conn: Connection, config: Config, rules: Rules, zone: str, report: Callable[[int, int], None]
) -> Iterator[Replayed]:
    """Decide all stored rows again under `rules`, block by block; report(done, expected) tells how far it is."""
    about = _About(conn, config, rules, zone)
    last = _last(conn, "lead")
    for low in range(0, last, LEADS_AT_ONCE):
        yield _leads(conn, about, low)
        report(min(low + LEADS_AT_ONCE, last), last)
    for low in range(0, _last(conn, "submission"), ROWS_AT_ONCE):
        rejected = _own(read_frame(conn, _REJECTED, low=low, high=low + ROWS_AT_ONCE), rules)
        if len(rejected):
            again = about.prepared(rejected)
            yield Replayed(_none(), newly_accepted=int((~again["rejected"]).sum()))


def _own(rejected: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Keep the rows that stood below their list's own header: of the others the stored layout says nothing."""
    foreign = [rule.id for rule in rules.checklist if rule.test == "other_list"]
    return rejected[~rejected["issues"].isin(foreign)]


def changed(leads: pd.DataFrame) -> pd.DataFrame:
    """Keep the leads of which something that matters would be another: the verdict or the grade."""
    other = np.zeros(len(leads), dtype=bool)
    for column in ("verdict", "grade"):
        other |= (leads[column].fillna("") != leads[f"{column}_new"].fillna("")).to_numpy()
    return leads[other]


class _About:
    """What reading rows again needs: batches with their channels and layouts, and the rules."""

    def __init__(self, conn: Connection, config: Config, rules: Rules, zone: str) -> None:
        found = read_frame(conn, _BATCHES)
        self.rules, self.zone = rules, zone
        self.channels = {
            int(number): config.channels.get(name, Channel(name=name))
            for number, name in zip(found["id"], found["channel"], strict=True)
        }
        self.layouts = dict(zip(found["id"].tolist(), found["layout"], strict=True))
        self.received = dict(zip(found["id"].tolist(), as_times(found["at"]), strict=True))

    def prepared(self, stored: pd.DataFrame) -> pd.DataFrame:
        """Prepare stored rows (id, batch_id, sheet, raw) anew; index: id."""
        lists = stored[["batch_id", "sheet"]].drop_duplicates()
        code = stored.groupby(["batch_id", "sheet"], sort=False).ngroup()
        which = zip(lists["batch_id"].tolist(), lists["sheet"].tolist(), strict=True)
        return pd.concat([self._of_list(number, sheet, stored[code == at]) for at, (number, sheet) in enumerate(which)])

    def _of_list(self, number: int, sheet: str, rows: pd.DataFrame) -> pd.DataFrame:
        layout = Tables.from_json(self.layouts[number]).of(sheet)
        raw = rows_again(rows["raw"].tolist(), np.arange(len(rows)), layout)
        received: datetime = self.received[number].tz_localize("UTC").to_pydatetime()
        made = prepare(raw, self.rules, self.channels[number], received, self.zone)
        return made.set_axis(rows["id"].to_numpy()[raw["line"].to_numpy()], axis=0)


def _leads(conn: Connection, about: _About, low: int) -> Replayed:
    stored = read_frame(conn, _ROWS, low=low, high=low + LEADS_AT_ONCE)
    before = read_frame(conn, _LEADS, low=low, high=low + LEADS_AT_ONCE)
    if stored.empty:
        return Replayed(_none())
    rows = about.prepared(stored)
    lead = stored.set_index("id")["lead_id"].reindex(rows.index)
    label = lead.to_numpy(dtype=np.int64)
    survivors = survive(rows, label)
    survivors["blocked"] = blocks_of_leads(conn, rows, label, survivors.index)
    after = decide(survivors, about.rules)[list(_DECIDED)].add_suffix("_new")
    leads = before.merge(after, left_on="lead_id", right_index=True)
    accepted = stored.set_index("id")["accepted"].astype("bool").reindex(rows.index)
    return Replayed(leads, len(rows), int((rows["rejected"] & accepted).sum()))


def _last(conn: Connection, table: str) -> int:
    found = read_frame(conn, f"SELECT COALESCE(MAX(id), 0) AS id FROM {table}")
    return int(found["id"].iloc[0])


def _none() -> pd.DataFrame:
    columns = ("lead_id", "number", *_DECIDED, *(f"{name}_new" for name in _DECIDED))
    return pd.DataFrame(columns=list(columns))
