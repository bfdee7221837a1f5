"""A file of follow-ups (H1 跟进记录表): its tables as they stand, and each row as the fields of a record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from config.schema import Channel, Config
from tasks.follow_up_words import FIELDS, SHEET
from tasks.follow_ups import METHODS, method_of, typed
from tasks.guard import unguarded
from tasks.headers import header_key, is_added, known_headers
from tasks.inspection import any_tables, records_of
from tasks.rules.clean.dates import read_dates
from tasks.rules.due import Reckoner
from tasks.rules.follow_up_check import AHEAD, DAYS, NUMBERS, fault, fault_frame
from tasks.rules.objections import categories
from tasks.source import Source, open_source
from tasks.tables import Tables
from tasks.unreadable import UnreadableFile

MOST_ROWS = 50_000
_NEEDED = {"number", "at", "method", "summary"}
_OF_LEADS = {"company", "phone", "email"}
_OUTCOMES = {
    "answered": ("已接通", "接通", "是", "有", "yes", "answered"),
    "not_reached": ("未联系上", "未接通", "未接", "无人接听", "否", "无", "no", "not reached", "not_reached"),
    "replied_later": ("稍后回复", "已回复", "later", "replied later", "replied_later"),
}
_SETTLED = {"yes": ("已化解", "是", "yes", "settled"), "no": ("未化解", "否", "no")}
_PAUSES = {"hold": ("暂缓", "hold"), "reactivate": ("待激活", "reactivate")}
_EXAMPLE = re.compile(r"^[（(](?:示例|example)[）)]", re.IGNORECASE)
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_SUM = r"^(-?\d[\d,，]*(?:\.\d+)?)\s*(万?)(?:元|%|％)?$"


@dataclass(frozen=True)
class Sheet:
    """One table as it stands: its sheet, its header, the texts of its rows and their lines."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class RecordFile:
    """The tables of a file that hold follow-ups, and all their rows as texts by field, in their order."""

    sheets: tuple[Sheet, ...]
    texts: pd.DataFrame


def read_record_file(path: Path, scratch: Path) -> RecordFile:
    """Read the follow-ups of a file; raises UnreadableFile where it is none, or longer than MOST_ROWS."""
    source = open_source(path, scratch)
    sheets, frames = [], []
    for layout in any_tables(source):
        fields = {place: name for place, name in enumerate(map(_field, layout.header)) if name}
        if not set(fields.values()) >= _NEEDED:
            continue
        kept = [place for place, cell in enumerate(layout.header) if not is_added(cell)]
        records = []
        for record in records_of(source, layout):
            if any(map(str.strip, record.cells)) and not _is_example(record.cells, fields):
                records.append(record)
            if len(records) > MOST_ROWS:
                raise UnreadableFile("too_large")
        came_back = len(kept) < len(layout.header)
        cells = [[*record.cells, *[""] * (len(layout.header) - len(record.cells))] for record in records]
        # a receipt that was mended comes back with guards before what a spreadsheet would run
        cells = unguarded(cells) if came_back and cells else cells
        sheets.append(
            Sheet(
                layout.sheet,
                tuple(layout.header[place] for place in kept),
                tuple(tuple(row[place] for place in kept) for row in cells),
                tuple(record.line for record in records),
            )
        )
        columns: dict[str, list[str]] = {}
        for place, name in fields.items():
            columns.setdefault(name, [row[place].strip() for row in cells])
        frames.append(pd.DataFrame(columns, dtype="object"))
    if not sheets:
        raise UnreadableFile("no_record_header")
    texts = pd.concat(frames, ignore_index=True).reindex(columns=list(FIELDS)).astype("object").fillna("")
    return RecordFile(tuple(sheets), texts)


def is_record_list(source: Source, tables: Tables | None, channel: Channel) -> bool:
    """Whether a file holds follow-ups, not leads: their columns, and none by which a lead could be reached.

    tables: its lead lists as the channel sees them, None where it sees none.
    """
    headers = known_headers(channel.synonyms)
    layouts = tables.layouts if tables else any_tables(source)
    for layout in layouts:
        if {_field(cell) for cell in layout.header} >= _NEEDED:
            return _OF_LEADS.isdisjoint(headers.meaning(cell) for cell in layout.header)
    return False


def read_records(
    texts: pd.DataFrame, config: Config, zone: str, reckoner: Reckoner
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read texts by field as records; with them what cannot be read of them.

    A date without a time is the end of that day's last working hour (of today: see by_now); a name of the roster is
    its person.
    """
    read, faults = texts.copy(), []
    for name in ("at", *AHEAD):
        read[name] = _moments(texts[name], zone, reckoner)
        faults.append(fault((texts[name] != "") & read[name].isna(), name, "type"))
    for name in DAYS:
        days = _dates(texts[name], zone)
        read[name] = days.where(days.str.match(r"^\d{4}-\d{2}-\d{2}").fillna(False)).str[:10]
        faults.append(fault((texts[name] != "") & read[name].isna(), name, "type"))
    for name in NUMBERS:
        parts = texts[name].str.extract(_SUM)
        number = pd.to_numeric(parts[0].str.replace("[,，]", "", regex=True), errors="coerce")
        read[name] = number * np.where(parts[1] == "万", 10_000.0, 1.0)
        faults.append(fault((texts[name] != "") & read[name].isna(), name, "type"))
    whole = texts["corrects"].str.extract(r"^(\d{1,15})(?:\.0+)?$", expand=False)
    read["corrects"] = whole
    faults.append(fault((texts["corrects"] != "") & whole.isna(), "corrects", "type"))
    people = _people(config)
    for name in ("person", "next_person"):
        read[name] = texts[name].map(lambda text: people.get(text, text))
    methods = {text: method_of(text, config) or text for text in texts["method"].unique()}
    read["method"] = texts["method"].map(methods)
    read["outcome"] = _named(texts["outcome"], _OUTCOMES).mask(texts["outcome"] == "", "answered")
    read["settled"] = _named(texts["settled"], _SETTLED)
    read["pause_kind"] = _named(texts["pause_kind"], _PAUSES)
    for name in ("number", "corrects_lead"):
        read[name] = texts[name].str.upper()
    missing = fault_frame([fault(texts[name] == "", name, "blank") for name in ("number", "at")])
    return typed(read.assign(channel="file", key=None)), fault_frame([*faults, missing])


def whole_days(texts: pd.Series, zone: str) -> pd.Series:
    """The days of texts that say a day without a time, as ISO text; NA of all others."""
    dates = _dates(texts, zone)
    return dates.where(dates.str.match(_DAY).fillna(False))


def choices(config: Config) -> Mapping[str, tuple[str, ...]]:
    """The words that a column offers, by field."""
    people = tuple(person.name for person in config.roster.people if person.active)
    return {
        "method": tuple(config.rules.value(METHODS)),
        "outcome": tuple(words[0] for words in _OUTCOMES.values()),
        "pause_kind": tuple(words[0] for words in _PAUSES.values()),
        "category": categories(config.rules),
        "settled": tuple(words[0] for words in _SETTLED.values()),
        "stage": tuple(rule.stage for rule in config.rules.stages),
        "person": people,
        "next_person": people,
    }


def _field(header: str) -> str | None:
    return _KEYS.get(header_key(header))


_KEYS = {header_key(text): name for name, pair in {**FIELDS, **SHEET}.items() for text in (*pair, *FIELDS[name], name)}


def _is_example(cells: list[str], fields: Mapping[int, str]) -> bool:
    return any(name == "number" and _EXAMPLE.match(cells[place].strip()) for place, name in fields.items()
               if place < len(cells))  # fmt: skip


def _named(texts: pd.Series, words: Mapping[str, tuple[str, ...]]) -> pd.Series:
    known = {word: name for name, every in words.items() for word in every}
    return texts.map(lambda text: known.get(text.lower(), text))


def _people(config: Config) -> dict[str, str]:
    """Names and ids of the roster; a name that two bear is nobody's."""
    names = pd.Series({person.id: person.name for person in config.roster.people}, dtype="object")
    once = names[~names.duplicated(keep=False)]
    return {str(name): str(person) for person, name in once.items()} | {
        str(person): str(person) for person in names.index
    }


def _dates(texts: pd.Series, zone: str) -> pd.Series:
    found = read_dates(pa.array(texts, pa.large_string()), zone).to_pylist()
    return pd.Series(found, index=texts.index, dtype="object").astype("str")


def _moments(texts: pd.Series, zone: str, reckoner: Reckoner) -> pd.Series:
    """Times in UTC; a date alone is that day's end, an incomplete one none."""
    dates = _dates(texts, zone)
    day = dates.str.match(_DAY).fillna(False).to_numpy(dtype=bool)
    timed = dates.str.match(r"^\d{4}-\d{2}-\d{2}T").fillna(False).to_numpy(dtype=bool)
    local = pd.to_datetime(dates.where(timed), errors="coerce", format="ISO8601")
    found = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").dt.tz_convert("UTC")
    found = found.astype("datetime64[us, UTC]")
    if day.any():
        days = pd.to_datetime(dates[day], errors="coerce").to_numpy("datetime64[D]")
        ends = pd.to_datetime(reckoner.day_end(days)).tz_localize("UTC").as_unit("us")
        found.loc[day] = pd.Series(ends, index=found.index[day])
    return found
