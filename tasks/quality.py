"""Reads what arrived, counted in the database by what it can be told apart by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from config.schema import Rules
from models.db import read_frame
from tasks.export import OUTCOME_NOW
from tasks.neglected import neglected
from tasks.rules.check import omissible
from tasks.rules.quality import entered_late, often_missing, tally

_TOGETHER_ROWS = 50_000
ENTRY_DAYS, MISSES = "C-ENTRY-DAYS", "C-MISSES"
_WHO = """s.batch_id, COALESCE(s.source, '') AS source, COALESCE(s.entry_team, '') AS team,
COALESCE(s.entrant, '') AS entrant"""
_ROWS = f"""
SELECT {_WHO}, {OUTCOME_NOW} AS outcome, s.issues, substr(s.created, 1, 10) AS contact, count(*) AS n
FROM submission s
LEFT JOIN membership m ON m.submission_id = s.id AND m.until IS NULL
LEFT JOIN membership x ON x.submission_id = s.same_as AND x.until IS NULL AND m.id IS NULL
LEFT JOIN lead l ON l.id = COALESCE(m.lead_id, x.lead_id)
WHERE s.batch_id IN ({{batches}}) GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_LEADS = f"""
SELECT {_WHO}, l.verdict, l.verdict_rule, l.grade, count(*) AS n
FROM submission s JOIN lead l ON l.origin_id = s.id AND l.joined_into IS NULL
WHERE s.batch_id IN ({{batches}}) GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_MISSING = """
SELECT b.file, s.sheet, s.line, COALESCE(s.entry_team, '') AS team, COALESCE(s.entrant, '') AS entrant, s.issues
FROM submission s JOIN batch b ON b.id = s.batch_id WHERE s.batch_id = :batch AND s.issues <> ''
ORDER BY s.line, s.sheet
"""


@dataclass(frozen=True)
class Quality:
    """What arrived, by dimension; teams that leave out too much; the rows that show it: month, team, entrant, file,
    sheet, line, fields; by owner what nobody tried (tasks.neglected)."""

    figures: dict[str, pd.DataFrame]
    teams: pd.DataFrame
    missing: pd.DataFrame
    neglected: pd.DataFrame


def measure(
    conn: Connection,
    rules: Rules,
    zone: ZoneInfo,
    as_of: datetime,
    by: tuple[str, ...],
    month: str | None = None,
    channel: str | None = None,
) -> Quality:
    """Count what arrived until `as_of` (aware), of one month (2026-10) or channel where they are named."""
    batches = _batches(conn, zone, as_of, month, channel)
    rows, leads = (_counted(conn, query, batches) for query in (_ROWS, _LEADS))
    rows["late"] = entered_late(rows["contact"].fillna(""), rows["received"], int(rules.value(ENTRY_DAYS)))
    asked = {rule.id: rule.field for rule in rules.checklist if rule.level == "required"}
    figures = {one: tally(rows, leads, one, asked) for one in by}
    # the handbook's list of required fields is what a team answers for
    required = omissible(rules)
    teams = often_missing(rows, required, int(rules.value(MISSES)))
    untried = neglected(conn, rules, zone, as_of, month, channel)
    return Quality(figures, teams, _traced(conn, batches, teams, required), untried)


def _batches(conn: Connection, zone: ZoneInfo, as_of: datetime, month: str | None, channel: str | None) -> pd.DataFrame:
    found = read_frame(conn, "SELECT id, channel, rows, received_at AS at FROM batch ORDER BY id")
    at = found["at"].dt.tz_localize("UTC")
    local = at.dt.tz_convert(zone)
    found = found.assign(received=local.dt.tz_localize(None).dt.normalize(), month=local.dt.strftime("%Y-%m"))
    kept = at <= pd.Timestamp(as_of)
    kept &= found["month"] == month if month else True
    kept &= found["channel"] == channel if channel else True
    return pd.DataFrame(found[kept]).reset_index(drop=True)


def _counted(conn: Connection, query: str, batches: pd.DataFrame) -> pd.DataFrame:
    # some at a time: the combinations that occur in a file are few, however many rows it has, and posts come in
    # many small batches
    parts = [read_frame(conn, query.format(batches=some)) for some in _together(batches)]
    counts = pd.concat(parts or [read_frame(conn, query.format(batches="0"))], ignore_index=True)
    about = batches.rename(columns={"id": "batch_id"})[["batch_id", "channel", "month", "received"]]
    return pd.DataFrame(counts.merge(about, on="batch_id", how="left")).astype({"n": "int64"})


def _together(batches: pd.DataFrame) -> list[str]:
    """The numbers of batches as lists of so many that one query holds about as many rows as a large file's chunk."""
    if batches.empty:
        return []
    group = (batches["rows"].cumsum() // _TOGETHER_ROWS).astype("int64") * len(batches) + np.arange(len(batches)) // 500
    return [", ".join(map(str, some)) for _, some in batches["id"].groupby(group.to_numpy())]


def _traced(conn: Connection, batches: pd.DataFrame, teams: pd.DataFrame, omissions: Mapping[str, str]) -> pd.DataFrame:
    """The rows in which the named teams left something out."""
    parts = []
    concerned = batches[batches["month"].isin(teams["month"])]
    for number, month in zip(concerned["id"], concerned["month"], strict=True):
        named = teams.loc[teams["month"] == month, "team"]
        rows = read_frame(conn, _MISSING, batch=int(number))
        rows = rows[rows["team"].isin(named)]
        fields = (
            rows["issues"].str.split("|").map(lambda ids: "|".join(omissions[one] for one in ids if one in omissions))
        )
        parts.append(rows.assign(month=str(month), fields=fields)[fields != ""])
    columns = ["month", "team", "entrant", "file", "sheet", "line", "fields"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
