"""The lead lists of a file: the one of a text file, or one for each sheet of a workbook that is a lead list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from tasks.headers import Headers, known_headers
from tasks.layout import HEADER_WITHIN, Layout, header_hits, mapped_layout, table_notes
from tasks.sheets import Sheet
from tasks.unreadable import UnreadableFile

if TYPE_CHECKING:
    from config.schema import Channel

# A person can be reached by one of these, or found by all of those: a table without is no lead list.
_REACH, _NAMES = {"phone", "email"}, {"company", "contact"}
_EXAMPLES = re.compile("示例|样例|范例|填写说明|example|sample|instructions", re.IGNORECASE)


class Skipped(NamedTuple):
    """A sheet that is passed over, and why: hidden, empty, example, no_leads."""

    sheet: str
    why: str


@dataclass(frozen=True)
class Tables:
    """The layouts of a file's lead lists in the order of the file, and its sheets that are none."""

    layouts: tuple[Layout, ...]
    skipped: tuple[Skipped, ...] = ()

    @cached_property
    def _by_sheet(self) -> dict[str, Layout]:
        return {layout.sheet: layout for layout in self.layouts}

    def of(self, sheet: str) -> Layout:
        """The layout of a sheet; of the file, where it has no sheets."""
        return self._by_sheet[sheet]

    @property
    def is_book(self) -> bool:
        """Whether the lists are sheets of a workbook."""
        return not self.layouts[0].delimiter

    def to_json(self) -> str:
        """The tables as stored with their batch; a single text file's as its layout."""
        if not self.is_book:
            return self.layouts[0].to_json()
        stated = {"tables": [asdict(layout) for layout in self.layouts], "skipped": self.skipped}
        return json.dumps(stated, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Tables:
        """The tables of a stored batch."""
        stated = json.loads(text)
        if "tables" not in stated:
            return cls((Layout.of(stated),))
        return cls(tuple(map(Layout.of, stated["tables"])), tuple(Skipped(*skipped) for skipped in stated["skipped"]))


def stored_mapping(text: str, sheet: str) -> dict[str, list[int]]:
    """Which columns were which field in a sheet of a stored batch."""
    stated = json.loads(text)
    mappings = {one.get("sheet", ""): one.get("mapping", {}) for one in stated.get("tables", [stated])}
    found: dict[str, list[int]] = mappings.get(sheet, {})
    return found


def sheet_tables(sheets: Sequence[Sheet], channel: Channel) -> Tables:
    """Find the sheets of a workbook that are lead lists; raises UnreadableFile where none is.

    Among several sheets a pivot or a page of notes may hold a known header or two: only those with leads are lists.
    """
    headers = known_headers(channel.synonyms)
    passed = {sheet.name: why for sheet in sheets if (why := _passed_over(sheet))}
    found = [layout for sheet in sheets if sheet.name not in passed and (layout := _sheet_layout(sheet, headers))]
    lists = [layout for layout in found if _holds_leads(layout)]
    real = [layout for layout in lists if not _EXAMPLES.search(layout.sheet)]
    passed |= {layout.sheet: "example" for layout in lists if real and layout not in real}
    chosen = real or lists or found[:1]
    if not chosen:
        names = "、".join(sheet.name for sheet in sheets)
        raise UnreadableFile("no_header" if len(passed) < len(sheets) else "empty", names)
    taken = {layout.sheet for layout in chosen}
    skipped = (Skipped(sheet.name, passed.get(sheet.name, "no_leads")) for sheet in sheets if sheet.name not in taken)
    return Tables(tuple(chosen), tuple(skipped))


def header_block(sheet: Sheet, head: Sequence[Sequence[str]], row: int) -> tuple[int, list[list[str]]]:
    """The last row of a header that begins or ends at `row`, and for each column its texts from top to bottom.

    The header goes as far as cells merged downwards lead from it; a cell merged over columns heads each of them.
    """
    down = [span for span in sheet.merged if span[0] <= row <= span[2] < len(head) and span[2] > span[0]]
    top, last = min((span[0] for span in down), default=row), max((span[2] for span in down), default=row)
    rows = [list(cells) for cells in head[top : last + 1]]
    for first, left, bottom, right in sheet.merged:
        for at in range(max(first, top), min(bottom, last) + 1):
            rows[at - top][left : right + 1] = [head[first][left]] * len(rows[at - top][left : right + 1])
    return last, [list(dict.fromkeys(filter(str.strip, column))) for column in zip(*rows, strict=True)]


def _passed_over(sheet: Sheet) -> str | None:
    if sheet.hidden:
        return "hidden"
    return None if sheet.columns else "empty"


def _sheet_layout(sheet: Sheet, headers: Headers) -> Layout | None:
    head = sheet.head(HEADER_WITHIN)
    found = [(header_hits(cells, headers), -row, last, cells) for row, last, cells in _headers(sheet, head, headers)]
    hits, row, last, cells = max(found, key=lambda vote: vote[:2], default=(0, 0, 0, []))
    if not hits:
        return None
    layout = mapped_layout(cells, last + 1, headers)
    return replace(layout, sheet=sheet.name, notes=tuple(table_notes(1 - row, cells)))


def _headers(sheet: Sheet, head: list[list[str]], headers: Headers) -> Iterator[tuple[int, int, list[str]]]:
    """What each of the first rows would be as the header: its first and last row, and a name for each column."""
    for row in range(len(head)):
        last, columns = header_block(sheet, head, row)
        yield row, last, [_name(texts, headers) for texts in columns]


def _name(texts: list[str], headers: Headers) -> str:
    """The text of a column's header that is known, the lowest first; else all of them."""
    joined = " ".join(texts)
    return next((text for text in (*texts[::-1], joined) if headers.meaning(text)), joined)


def _holds_leads(layout: Layout) -> bool:
    fields = set(layout.mapping)
    return bool(fields & _REACH) or fields >= _NAMES
