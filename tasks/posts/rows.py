"""Posts as rows: what was typed or sent, mapped to the fields of a lead as a file would say them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from config.form import CAMPAIGN, Form
from config.schema import FEED_FIELDS, Channel
from config.selector import select, text_of
from config.webhook import Taken, Webhook, When
from tasks.layout import CELL_SEPARATOR, Layout
from tasks.posts.inbox import Stored
from tasks.read import JOINED

# what no database keeps, and no letter of any text
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
#: The most characters of one answer.
MOST = 10_000
#: A column beside the fields of a lead: where a campaign says what brought somebody.
COLUMNS = (*FEED_FIELDS, "campaign")


@dataclass(frozen=True)
class Row:
    """One row to be: whose post it is, and its cells by field."""

    post: str
    cells: Mapping[str, str]


def rows_of(channel: Channel, post: Stored, zone: ZoneInfo) -> list[Row]:
    """The rows of a post, none where no record of it counts."""
    if channel.webhook is not None:
        return [Row(post.id, _usual(cells, post, zone)) for cells in read_message(channel.webhook, post.body)]
    cells = _typed(channel.form, post.body)
    return [Row(post.id, _usual({"external_id": post.reference, **cells}, post, zone))]


def read_message(webhook: Webhook, body: Any) -> Iterator[dict[str, str]]:
    """The records of a message that count, each as its fields."""
    message = body["message"]
    found = body.get("lookup", [])
    for number, record in enumerate(records_of(webhook, message)):
        if number < len(found):
            record = {**record, "lookup": found[number]} if isinstance(record, dict) else {"lookup": found[number]}
        cells = {name: _taken(name, taken, record, message) for name, taken in webhook.fields.items()}
        said = (_taken("", taken, record, message) for taken in webhook.campaign.values())
        known = next(filter(None, (_first(record, path, message) for path in webhook.id)), "")
        if known:
            cells.setdefault("external_id", known)
        yield cells | {"campaign": " / ".join(filter(None, said))}


def records_of(webhook: Webhook, message: Any) -> list[Any]:
    """The records of a message that are to become leads; at most `limits.records`."""
    found = select(message, webhook.items)
    # a path to a list means its items
    found = found[0] if len(found) == 1 and isinstance(found[0], list) else found
    return [one for one in found[: webhook.limits.records] if all(holds(when, one, message) for when in webhook.only)]


def holds(when: When, record: Any, message: Any) -> bool:
    """Whether a record says one of the values."""
    texts = [text_of(one) for one in select(record, when.path, message)]
    return any(text in when.values if when.values else text not in ("", "false", "0", "null") for text in texts)


def frame_of(rows: Sequence[Row], channel: Channel) -> pd.DataFrame:
    """Rows as `read_chunks` gives them: sheet, line, raw, what is odd about each, and the fields."""
    names = header(rows)
    cells = {name: pd.Series([_clean(row.cells.get(name, "")) for row in rows], dtype="str") for name in names}
    frame = pd.DataFrame({"sheet": "", "line": range(1, len(rows) + 1), **cells})
    frame["raw"] = [CELL_SEPARATOR.join(row) for row in zip(*(frame[name] for name in names), strict=True)]
    if "source" not in cells:
        frame["source"] = ""
    said = frame["campaign"] if "campaign" in cells else pd.Series("", index=frame.index, dtype="str")
    usual = frame["source"].where(frame["source"] != "", channel.source or "")
    frame["source"] = usual.where(said == "", usual + "（" + said + "）")
    for flag in ("total_row", "error_cell", "example_row", "ragged"):
        frame[flag] = False
    return frame


def header(rows: Sequence[Row]) -> tuple[str, ...]:
    """The names of the columns that some rows fill."""
    used = {name for row in rows for name, text in row.cells.items() if text}
    return tuple(name for name in COLUMNS if name in used) or ("external_id",)


def layout_of(rows: Sequence[Row]) -> Layout:
    """The layout of a batch of posts: a column a field."""
    names = header(rows)
    return Layout("utf-8", ",", names, 0, {name: (index,) for index, name in enumerate(names)}, (), "\n")


def _typed(form: Form | None, body: Mapping[str, Any]) -> dict[str, str]:
    """What somebody typed, by field; several questions about one field are all kept."""
    sent: Mapping[str, Any] = body.get("fields", {})
    if form is None:
        cells = {name: text_of(value) for name, value in sent.items() if name in FEED_FIELDS}
    else:
        cells = {}
        for one in form.fields:
            cells[one.field] = _joined(one.field, [cells.get(one.field, ""), text_of(sent.get(one.key))])
    campaign: Mapping[str, Any] = body.get("campaign", {})
    return cells | {"campaign": " / ".join(text_of(campaign[name]) for name in CAMPAIGN if campaign.get(name))}


def _taken(name: str, taken: Taken, record: Any, message: Any) -> str:
    found = [_coded(taken, text) for path in taken.path for text in _texts(record, path, message)]
    if taken.join is not None:
        return taken.join.join(found)
    if name in JOINED:
        return _joined(name, found)
    return next((_coded_all(taken, record, path, message) for path in taken.path if _texts(record, path, message)), "")


def _coded_all(taken: Taken, record: Any, path: str, message: Any) -> str:
    return " / ".join(dict.fromkeys(_coded(taken, text) for text in _texts(record, path, message)))


def _texts(record: Any, path: str, message: Any) -> list[str]:
    return [text for one in select(record, path, message) if (text := text_of(one).strip())]


def _first(record: Any, path: str, message: Any) -> str:
    return next(iter(_texts(record, path, message)), "")


def _coded(taken: Taken, text: str) -> str:
    parts = [part.strip() for part in text.split(taken.split)] if taken.split else [text]
    return "、".join(taken.values.get(part, part) for part in parts if part)


def _joined(field: str, texts: Iterable[str]) -> str:
    return JOINED.get(field, " / ").join(dict.fromkeys(filter(None, texts)))


def _usual(cells: Mapping[str, str], post: Stored, zone: ZoneInfo) -> dict[str, str]:
    """A row that does not say when it was made was made when it came."""
    made = f"{post.received_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return {**cells, "created": cells.get("created") or made}


def _clean(text: str) -> str:
    return _NO_TEXT.sub("", text).replace(CELL_SEPARATOR, " ").strip()[:MOST]
