"""Records of a partner as rows: what each is known by, when it was changed, and its fields as a file would say them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import numpy as np
import pandas as pd

from config.feed import Feed
from config.json_path import MISSING, one_at, text_at
from tasks.layout import CELL_SEPARATOR
from tasks.read import JOINED
from tasks.rules.keys import hash_text

# a number beyond these counts milliseconds, microseconds: as seconds it would be the year 5138
_MILLISECONDS, _MICROSECONDS = 1e11, 1e14
# the last second of the year 9999
_LAST = 253_402_300_799
# what no database keeps, and no letter of any text
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_UNITS = {"unix": 1, "unix_ms": 1_000, "unix_us": 1_000_000}
_FORMS = {"naive": "%Y-%m-%dT%H:%M:%S", "slashes": "%Y/%m/%d %H:%M:%S", "digits": "%Y%m%d%H%M%S"}
_OFFSET = re.compile(r"([+-]\d{2}):?(\d{2})$")
_NO_ID = "(no id)"


@dataclass(frozen=True)
class Stamp:
    """A moment as a partner writes it: seconds since 1970, and how.

    How: unix, unix_ms, unix_us, iso + offset, naive, slashes, digits, date (`/Date(1709286000000)/`), rfc (of mails).
    """

    seconds: float
    form: str


def read_stamp(value: Any) -> Stamp | None:
    """Read when a record was changed; None where that cannot be told."""
    if isinstance(value, bool) or value is None or value is MISSING:
        return None
    text = str(value).strip()
    is_number = re.fullmatch(r"\d{9,17}(\.\d+)?", text)
    found = _digits(text) or _number(text) if is_number else _moment(text) or _odd_moment(text)
    return found if found and 0 <= found.seconds <= _LAST else None


def _number(text: str) -> Stamp:
    number = float(text)
    if number > _MICROSECONDS:
        return Stamp(number / 1e6, "unix_us")
    return Stamp(number / 1e3, "unix_ms") if number > _MILLISECONDS else Stamp(number, "unix")


def _moment(text: str) -> Stamp | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return Stamp(moment.replace(tzinfo=UTC).timestamp(), "naive")
    offset = "Z" if text.endswith(("Z", "z")) else (_OFFSET.search(text) or [text])[0]
    return Stamp(moment.timestamp(), f"iso{offset}")


def _digits(text: str) -> Stamp | None:
    """20240301100000, which as milliseconds would be beyond the year 2286."""
    return _written(text, "digits") if len(text) == len("YYYYmmddHHMMSS") else None


def _odd_moment(text: str) -> Stamp | None:
    """A moment as some programs write it that keep to no ISO 8601."""
    if found := re.fullmatch(r"/Date\((\d{9,15})(?:[+-]\d{4})?\)/", text):
        return Stamp(int(found[1]) / 1e3, "date")
    if written := _written(text, "slashes"):
        return written
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return Stamp((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), "rfc")


def _written(text: str, form: str) -> Stamp | None:
    try:
        return Stamp(datetime.strptime(text, _FORMS[form]).replace(tzinfo=UTC).timestamp(), form)
    except ValueError:
        return None


def write_stamp(seconds: float, form: str) -> str:
    """Write a moment as its partner does, rounded down to the second (a millisecond where he counts those)."""
    if form in _UNITS:
        return str(math.floor(seconds * _UNITS[form]))
    if form == "date":
        return f"/Date({math.floor(seconds * 1_000)})/"
    moment = datetime.fromtimestamp(max(0, math.floor(seconds)), UTC)
    if form == "rfc":
        return format_datetime(moment, usegmt=True)
    if form in _FORMS:
        return moment.strftime(_FORMS[form])
    offset = form.removeprefix("iso")
    if offset == "Z":
        return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
    return moment.astimezone(zone).isoformat()


def read_records(feed: Feed, channel: str, records: Sequence[Any], first_line: int = 1) -> pd.DataFrame:
    """What each record is: line, id, key, stamp, form, digest, deleted, and the record itself.

    One without an id is known by what it says; so is what is no object at all, which becomes a row that is rejected.
    """
    ids = [_NO_TEXT.sub("", text_at(record, feed.id)).strip() for record in records]
    said = [json.dumps(record, sort_keys=True) for record in records]
    stamps = [read_stamp(one_at(record, feed.updated)) if feed.updated else None for record in records]
    frame = pd.DataFrame(
        {
            "line": np.arange(len(records)) + first_line,
            "id": pd.Series(ids, dtype="str"),
            "stamp": pd.Series([stamp.seconds if stamp else np.nan for stamp in stamps], dtype="float64"),
            "form": pd.Series([stamp.form if stamp else "" for stamp in stamps], dtype="str"),
            "deleted": pd.Series([_is_deleted(feed, record) for record in records], dtype="bool"),
            "record": pd.Series(records, dtype="object"),
        }
    )
    known = pd.Series([one or f"{_NO_ID}{text}" for one, text in zip(ids, said, strict=True)], dtype="str")
    frame["key"] = hash_text(channel + "\x1f" + known) if len(frame) else np.empty(0, np.int64)
    frame["digest"] = hash_text(pd.Series(said, dtype="str")) if len(frame) else np.empty(0, np.int64)
    return frame


def newest(records: pd.DataFrame) -> pd.DataFrame:
    """The last word on each record of several pages: by its stamp, of the same or none by the order of arrival."""
    ordered = records.assign(known=records["stamp"].fillna(-np.inf)).sort_values("known", kind="stable")
    return ordered.drop_duplicates("key", keep="last").drop(columns="known").sort_values("line")


def as_rows(feed: Feed, records: pd.DataFrame) -> pd.DataFrame:
    """Rows as `read_chunks` gives them: sheet, line, raw, what is odd about each, and the mapped fields."""
    names = list(feed.fields)
    cells = {name: _cells(name, feed.fields[name], records["record"]) for name in names}
    if "external_id" not in cells:
        cells["external_id"] = pd.Series(records["id"].to_numpy(), dtype="str")
    frame = pd.DataFrame({"sheet": "", "line": records["line"].to_numpy(), **cells})
    columns = [frame[name] for name in header(feed)]
    frame["raw"] = [CELL_SEPARATOR.join(row) for row in zip(*columns, strict=True)]
    for flag in ("total_row", "error_cell", "example_row"):
        frame[flag] = False
    frame["ragged"] = [not isinstance(record, dict) for record in records["record"]]
    return frame


def header(feed: Feed) -> tuple[str, ...]:
    """The names of a feed's columns: the fields, and the id where no field has it."""
    return tuple(dict.fromkeys(("external_id", *feed.fields)))


def _cells(name: str, paths: str | tuple[str, ...], records: Iterable[Any]) -> pd.Series:
    wanted = (paths,) if isinstance(paths, str) else paths
    return pd.Series([_cell(name, wanted, record) for record in records], dtype="str")


def _cell(name: str, paths: tuple[str, ...], record: Any) -> str:
    texts = (_NO_TEXT.sub("", text_at(record, path)).replace(CELL_SEPARATOR, " ").strip() for path in paths)
    found = list(filter(None, texts))
    if name in JOINED:
        return JOINED[name].join(dict.fromkeys(found))
    return found[0] if found else ""


def _is_deleted(feed: Feed, record: Any) -> bool:
    if feed.deleted is None:
        return False
    found = one_at(record, feed.deleted.path)
    if feed.deleted.values:
        return any(
            found == value and isinstance(found, bool) == isinstance(value, bool) for value in feed.deleted.values
        )
    return bool(found) and found not in ("false", "0", "null")
