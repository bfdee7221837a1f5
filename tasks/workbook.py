"""Workbooks of plain rows, made column-wise: sheets of text, a frozen header, a filter.

String kernels join a block of rows to sheet XML once, and each workbook is a slice of that buffer: a cell-by-cell
writer takes ten times as long. Every cell is text, so no formula can come in, and the same rows give the same bytes.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

#: Between the cells of a row of text.
SEPARATOR = "\x1f"

_OPEN, _CLOSE = '<c t="str"><v>', "</v></c>"
# what XML 1.0 cannot hold; the separator is written as markup before anything is read as XML
_FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1e\ufffe\uffff]"
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 31)])
# a spreadsheet repairs (and so distrusts) a file with a longer cell
_CELL_CHARACTERS = 32_767
_INLINE_CHARACTERS = 16


class SharedText:
    """Texts that many rows repeat: a long one is stored once a workbook and its cells name it."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._package = b""
        self._made_of: tuple[str, int] | None = None

    def cells(self, values: Iterable[str | None]) -> pa.Array:
        """Make one finished cell for each value; take() from it by code gives a column."""
        return pa.array([self._cell(value or "") for value in values], pa.large_string())

    def _cell(self, value: str) -> str:
        if not value:
            return "<c/>"
        if len(value) <= _INLINE_CHARACTERS:
            return f"{_OPEN}{escape(_clean(value))}{_CLOSE}"
        number = self._number.setdefault(value, len(self._number))
        return f'<c t="s"><v>{number}</v></c>'

    def package(self, title: str) -> bytes:
        """A workbook that lacks its sheet; made anew when there are more texts than before, or another title."""
        if self._made_of != (title, len(self._number)):
            self._package, self._made_of = self._packed(title), (title, len(self._number))
        return self._package

    def _packed(self, title: str) -> bytes:
        texts = "".join(f"<si><t>{escape(_clean(text))}</t></si>" for text in self._number)
        book = io.BytesIO()
        with zipfile.ZipFile(book, "w") as package:
            for name, content in _parts([title[:31]], shared=True).items():
                _write(package, name, content.encode())
            _write(package, "xl/sharedStrings.xml", f'{_XML}<sst xmlns="{_MAIN}">{texts}</sst>'.encode())
        return book.getvalue()


def join_rows(before: Sequence[pa.Array], text: pa.Array, behind: Sequence[pa.Array]) -> bytes:
    """Join finished cells, the cells of each text (split at SEPARATOR), and finished cells to the rows of a sheet.

    Best a few thousand rows at a time: larger buffers leave the processor's cache.
    """
    parts = [*before, _plain(_OPEN), _text(text), _plain(_CLOSE), *behind]
    joined = pc.binary_join_element_wise(_plain("<row>"), *parts, _plain("</row>"), _plain(""))
    data = joined.buffers()[2].to_pybytes() if len(joined) else b""
    data = data.replace(SEPARATOR.encode(), (_CLOSE + _OPEN).encode())
    return data.replace((_OPEN + _CLOSE).encode(), b"<c/>")


class Workbook:
    """A workbook of several sheets, written to disk a block of joined rows at a time."""

    def __init__(self, path: Path) -> None:
        self._package = zipfile.ZipFile(path, "w")
        self._titles: list[str] = []

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: object) -> None:
        if kind is None:
            for name, content in _parts(self._titles, shared=False).items():
                _write(self._package, name, content.encode())
        self._package.close()

    @contextmanager
    def sheet(self, title: str, widths: Sequence[float], header: int) -> Iterator[Callable[[bytes], None]]:
        """Give what adds rows to a new sheet; it is frozen below row `header` and filtered by it."""
        self._titles.append(self._free(re.sub(r"[\[\]:*?/\\]", "_", _clean(title)).strip("'") or "Sheet"))
        place = zipfile.ZipInfo(f"xl/worksheets/sheet{len(self._titles)}.xml")
        place.compress_type = zipfile.ZIP_DEFLATED
        rows = 0
        with self._package.open(place, "w") as file:
            file.write(_opening(widths, header).encode())

            def add(block: bytes) -> None:
                nonlocal rows
                rows += block.count(b"<row>")
                file.write(block)

            yield add
            file.write(_closing(len(widths), header, max(rows, header)).encode())

    def _free(self, title: str) -> str:
        """A title that no other sheet has; a spreadsheet takes 31 characters and does not look at case."""
        taken = {name.casefold() for name in self._titles}
        names = [title[:31], *(f"{title[:27]} ({number})" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name.casefold() not in taken)


def head_row(cells: Sequence[str]) -> bytes:
    """A row in bold."""
    marked = "".join(f'<c s="1" t="str"><v>{escape(_clean(cell))}</v></c>' for cell in cells)
    return f"<row>{marked}</row>".encode()


def write_workbook(
    title: str, header: Sequence[str], widths: Sequence[float], rows: bytes, count: int, shared: SharedText
) -> bytes:
    """Make a workbook of `count` joined rows under a header (widths in characters)."""
    parts = (_opening(widths, 1).encode(), head_row(header), rows, _closing(len(header), 1, count + 1).encode())
    book = io.BytesIO(shared.package(title))
    with zipfile.ZipFile(book, "a") as package:
        _write(package, "xl/worksheets/sheet1.xml", b"".join(parts))
    return book.getvalue()


def _text(text: pa.Array) -> pa.Array:
    """Write the signs that XML or a spreadsheet reads otherwise; most blocks have none or few of them."""
    text = _trimmed(pa.concat_arrays([text.cast(pa.large_string())]))
    raw = text.buffers()[2].to_pybytes() if text.buffers()[2] is not None else b""
    if len(raw.translate(None, _CONTROLS)) < len(raw) or b"\xef\xbf\xbe" in raw or b"\xef\xbf\xbf" in raw:
        text = pc.replace_substring_regex(text, _FORBIDDEN, "")
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        if sign.encode() in raw:
            text = pc.replace_substring(text, sign, entity)
    return text


def _trimmed(text: pa.Array) -> pa.Array:
    """Cut the cells that are too long for a spreadsheet, which only freak rows have."""
    long = pc.greater(pc.utf8_length(text), _CELL_CHARACTERS)
    if not pc.any(long).as_py():
        return text
    cut = [
        SEPARATOR.join(cell[:_CELL_CHARACTERS] for cell in row.split(SEPARATOR))
        for row in text.filter(long).to_pylist()
    ]
    return pc.replace_with_mask(text, long, pa.array(cut, pa.large_string()))


def _clean(text: str) -> str:
    return re.sub(_FORBIDDEN, "", text)


def _plain(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _opening(widths: Sequence[float], header: int) -> str:
    """A sheet up to its rows: frozen below row `header`, with the widths of its columns."""
    columns = "".join(
        f'<col min="{i}" max="{i}" width="{width:g}" customWidth="1"/>' for i, width in enumerate(widths, start=1)
    )
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        f'<pane ySplit="{header}" topLeftCell="A{header + 1}" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>"
    )


def _closing(columns: int, header: int, last: int) -> str:
    """The end of a sheet: a filter from row `header` to row `last`."""
    return f'</sheetData><autoFilter ref="A{header}:{_column(columns)}{last}"/></worksheet>'


def _column(number: int) -> str:
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def _parts(titles: Sequence[str], *, shared: bool) -> dict[str, str]:
    """What a workbook of sheets of these titles has beside the sheets, and the shared texts it says it has."""
    numbers = range(1, len(titles) + 1)
    parts = [*((f"worksheets/sheet{number}.xml", "worksheet") for number in numbers), ("styles.xml", "styles")]
    parts += [("sharedStrings.xml", "sharedStrings")] if shared else []
    types = "".join(_TYPE.format(name=name, kind=kind) for name, kind in [("workbook.xml", "sheet.main"), *parts])
    sheets = "".join(
        f'<sheet name="{escape(title, _IN_QUOTES)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, title in zip(numbers, titles, strict=True)
    )
    return {
        "[Content_Types].xml": f"{_TYPES}{types}</Types>",
        "_rels/.rels": _relations([("xl/workbook.xml", "officeDocument")]),
        "xl/_rels/workbook.xml.rels": _relations(parts),
        "xl/styles.xml": _STYLES,
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
    }


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (target, kind) in enumerate(targets, 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>'


def _write(package: zipfile.ZipFile, name: str, content: bytes) -> None:
    # it has no date, so that the bytes follow from the rows alone
    part = zipfile.ZipInfo(name)
    part.compress_type = zipfile.ZIP_DEFLATED
    package.writestr(part, content, compresslevel=1)


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEETML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_IN_QUOTES = {'"': "&quot;"}
_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
)
_TYPE = f'<Override PartName="/xl/{{name}}" ContentType="{_SHEETML}.{{kind}}+xml"/>'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill>'
    '<patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
