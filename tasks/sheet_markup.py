"""Tables of web pages and of XML Spreadsheet 2003, which many systems export under the name .xls."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from tasks.layout import MAX_COLUMNS
from tasks.sheet_marks import Span

_MOST_ROWS = 1 << 20
_HEAD, _PIECE = 4_096, 1 << 16
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# what the pages and workbooks of Microsoft call the same thing
_ROW, _CELL = ("tr", "row"), ("td", "th", "cell")
_UNSEEN, _BREAKS = ("script", "style", "title"), ("br", "p", "div")


@dataclass
class MarkupSheet:
    """One table as the maker of sheets takes it; a span's text stands in its first cell."""

    name: str
    rows: list[list[str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    @property
    def end(self) -> tuple[int, int] | None:
        """The last row and column, from 0."""
        wide = max(map(len, self.rows), default=0)
        return (len(self.rows) - 1, wide - 1) if wide else None

    @property
    def merged_cell_ranges(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """The first and the last cell of each span."""
        return [((top, left), (bottom, right)) for top, left, bottom, right in self.spans]

    def to_python(self, skip_empty_area: bool = False) -> Iterator[list[str]]:
        """The rows, all as wide as the widest."""
        wide = max(map(len, self.rows), default=0)
        return (row + [""] * (wide - len(row)) for row in self.rows)


def markup_sheets(path: Path) -> list[MarkupSheet]:
    """The tables of a page or XML workbook in their order; none where it has none."""
    text = _text(path.read_bytes())
    tables = _Tables()
    for at in range(0, len(text), _PIECE):
        tables.feed(text[at : at + _PIECE])
    tables.close()
    return [sheet for sheet in tables.sheets if sheet.rows]


def _text(data: bytes) -> str:
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    stated = _CHARSET.search(data[:_HEAD])
    for name in filter(None, (marked, "utf-8", stated and stated[1].decode())):
        try:
            # GBK is the smaller brother of what its writers really use
            return data.decode("gb18030" if name.lower() in ("gb2312", "gbk") else name)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("gb18030", "replace")


class _Tables(HTMLParser):
    """Collects the cells of all tables; it knows no entities but those of HTML, so nothing can be blown up."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sheets: list[MarkupSheet] = []
        self.open: list[MarkupSheet] = []
        self.taken: dict[int, dict[int, int]] = {}
        self.name, self.unseen, self.kind = "", 0, ""
        self.cell: list[str] | None = None
        self.extent = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell; a cell that was not closed ends here."""
        tag, known = tag.rpartition(":")[2], {key.rpartition(":")[2]: value or "" for key, value in attrs}
        if tag == "worksheet":
            self.name = known.get("name", "")
        elif tag == "table":
            self._begin_table()
        elif tag in _ROW and self.open:
            self._end_cell()
            rows = self.open[-1].rows
            rows.extend([] for _ in range(min(_number(known, "index", 0), _MOST_ROWS) - len(rows) - 1))
            rows.append([])
        elif tag in _CELL and self.open and self.open[-1].rows:
            self._end_cell()
            self._begin_cell(known)
        elif tag == "data":
            self.kind = known.get("type", "")
        elif tag in _UNSEEN:
            self.unseen += 1
        elif tag in _BREAKS and self.cell:
            self.cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End a table, a row or a cell."""
        tag = tag.rpartition(":")[2]
        if tag in (*_CELL, *_ROW, "table"):
            self._end_cell()
        if tag == "table" and self.open:
            self.open.pop()
        self.unseen = max(0, self.unseen - (tag in _UNSEEN))

    def handle_data(self, data: str) -> None:
        """Keep the text of a cell."""
        if self.cell is not None and not self.unseen:
            self.cell.append(re.sub(r"[ \t\r\n\f]+", " ", data))

    def unknown_decl(self, data: str) -> None:
        """Keep the text of a CDATA section."""
        if data.startswith("CDATA["):
            self.handle_data(data.removeprefix("CDATA["))

    def _begin_table(self) -> None:
        self._end_cell()
        names = {sheet.name for sheet in self.sheets}
        name = self.name if self.name and self.name not in names else f"Sheet{len(self.sheets) + 1}"
        self.open.append(MarkupSheet(name))
        self.sheets.append(self.open[-1])

    def _begin_cell(self, known: dict[str, str]) -> None:
        sheet = self.open[-1]
        row, at = sheet.rows[-1], len(sheet.rows) - 1
        covered = self.taken.setdefault(id(sheet), {})
        column = min(_number(known, "index", 0), MAX_COLUMNS + 1) - 1
        column = max(column, len(row))
        while covered.get(column, -1) >= at:
            column += 1
        row.extend([""] * (column - len(row) + 1))
        right = max(_number(known, "colspan", 1), _number(known, "mergeacross", 0) + 1)
        down = max(_number(known, "rowspan", 1), _number(known, "mergedown", 0) + 1)
        right, down = min(right, MAX_COLUMNS + 1), min(down, _MOST_ROWS)
        if right > 1 or down > 1:
            sheet.spans.append((at, column, at + down - 1, column + right - 1))
            row.extend([""] * (right - 1))
            covered.update(dict.fromkeys(range(column, column + right), at + down - 1))
        self.cell, self.kind, self.extent = [], "", (column, right)

    def _end_cell(self) -> None:
        if self.cell is not None and self.open:
            text = "\n".join(line.strip() for line in "".join(self.cell).splitlines()).strip(" \n\xa0")
            self.open[-1].rows[-1][self.extent[0]] = _value(text, self.kind)
        self.cell = None


def _value(text: str, kind: str) -> str:
    """The text of a cell of an XML workbook as other workbooks give it."""
    if kind == "Boolean":
        return {"1": "TRUE", "0": "FALSE"}.get(text, text)
    return re.sub(r"(\.0+)$", "", text).removesuffix("T00:00:00").replace("T", " ") if kind == "DateTime" else text


def _number(known: dict[str, str], name: str, default: int) -> int:
    text = known.get(name, "").strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 8 else default
