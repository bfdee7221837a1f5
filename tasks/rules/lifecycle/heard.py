"""What follow-ups say, worked out once where several ask it of the same ones within one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from config.schema import Rules
from tasks.rules.lifecycle.pauses import pause_spans
from tasks.rules.lifecycle.records import noted, told

# what is kept for whoever asks next is small: a record by a person, not a night of all leads
_FEW = 5_000


@dataclass(frozen=True)
class Heard:
    """Follow-ups as `noted` has them, the pauses that they began, and what they say of each lead (`told`)."""

    rows: pd.DataFrame
    spans: pd.DataFrame
    of_lead: pd.DataFrame


@dataclass(frozen=True)
class _Asked:
    records: pd.DataFrame
    rules: str
    zone: str
    heard: Heard


def hear(records: pd.DataFrame, rules: Rules, zone: str) -> Heard:
    """What follow-ups (records.COLUMNS and any others) say.

    It is not worked out anew where all of some leads are those that were asked of last.
    """
    last = _last[0] if _last else None
    if last is not None and (last.rules, last.zone) == (rules.version, zone):
        leads = records["lead_id"].unique()
        some = last.records["lead_id"].isin(leads)
        if last.records[some].reset_index(drop=True).equals(records.reset_index(drop=True)):
            return last.heard if some.all() else _of(last.heard, leads)
    rows = noted(records, rules)
    spans = pause_spans(rows, rules, zone)
    heard = Heard(rows, spans, told(rows, spans, zone))
    if len(records) <= _FEW:
        _last[:] = [_Asked(records, rules.version, zone, heard)]
    return heard


_last: list[_Asked] = []


def _of(heard: Heard, leads: Iterable[Any]) -> Heard:
    rows, spans = (part[part["lead_id"].isin(leads)].reset_index(drop=True) for part in (heard.rows, heard.spans))
    return Heard(rows, spans, heard.of_lead[heard.of_lead.index.isin(leads)])
