"""The workbook of a review: a sheet a dataset, native charts, definitions on the cover; the same data, same bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from tasks.review_words import RATES, named, review_words
from tasks.row_heights import row_height

#: Datasets in the order of their sheets.
SHEETS = (
    "conversion", "periods", "decisions", "tiers", "funnel", "dimensions", "crosses", "cohorts", "loss_reasons",
    "wins", "objections", "calibration", "channels", "screening", "marks", "promises", "follow_ups", "patterns",
    "entries", "pool",
    "support", "discuss", "stalled", "plans", "restatements", "receipts", "impossible",
)  # fmt: skip
_FONT = "Microsoft YaHei"
_BLUE, _AMBER = "#2468A8", "#C77700"
# a chart of more points tells nothing
_POINTS = 20
# widths of columns, in signs
_TEXT, _FIGURE = 24, 13
# signs of a label that a chart has room for
_LABEL = 16
# charts whose bars lie, for long names
_LYING = ("funnel", "loss_reasons", "objections")
# of what there is too little where a rate would tell nothing
#: Columns that name persons and promises; shares that are stated, however few leads there are.
_CALLED, _STATED = ("owner", "person", "who", "value", "policy"), ("expected", "proposed")
_COUNTS = ("leads", "due", "contacts", "ended")


@dataclass(frozen=True)
class Cover:
    """What a workbook says of itself: title, lines of name and value, definitions, and when it was cut off (UTC)."""

    title: str
    lines: Sequence[tuple[str, str]]
    definitions: Sequence[tuple[str, str]]
    as_of: datetime


def review_book(
    datasets: Mapping[str, pd.DataFrame], cover: Cover, lang: str, names: Mapping[str, str] | None = None
) -> bytes:
    """Make the workbook; names: person → as people call him, promise → what it says."""
    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"title": cover.title, "author": "leadflow", "created": cover.as_of.replace(tzinfo=None)})
    book.formats[0].set_font_name(_FONT)
    maker = _Maker(book, lang, names or {})
    maker.cover(cover)
    for name in SHEETS:
        if name in datasets:
            maker.sheet(name, datasets[name])
    book.close()
    return file.getvalue()


class _Maker:
    """Writes sheets of one workbook."""

    def __init__(self, book: Any, lang: str, names: Mapping[str, str]) -> None:
        self.book, self.lang, self.words, self.names = book, lang, review_words(lang), names
        self.bold = book.add_format({"bold": True, "font_name": _FONT})
        self.title = book.add_format({"bold": True, "font_size": 16, "font_name": _FONT})
        head = {
            "bold": True,
            "bg_color": "#EAF2FB",
            "border": 1,
            "text_wrap": True,
            "valign": "top",
            "font_name": _FONT,
        }
        self.head = book.add_format(head)
        self.percent = book.add_format({"num_format": "0.0%", "valign": "top", "font_name": _FONT})
        self.number = book.add_format({"num_format": "#,##0", "valign": "top", "font_name": _FONT})
        self.decimal = book.add_format({"num_format": "0.0", "valign": "top", "font_name": _FONT})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top", "font_name": _FONT})

    def cover(self, cover: Cover) -> None:
        """The first sheet: what this is, and what its figures mean."""
        sheet = self.book.add_worksheet(self.words["sheet.cover"])
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 100)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, cover.title, self.title)
        for row, (name, value) in enumerate(cover.lines, 2):
            sheet.write_string(row, 0, name, self.bold)
            sheet.write_string(row, 1, value)
        start = len(cover.lines) + 3
        sheet.write_string(start, 0, self.words["definitions"], self.bold)
        for row, (name, value) in enumerate(cover.definitions, start + 1):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, value, self.wrap)

    def sheet(self, name: str, data: pd.DataFrame) -> None:
        """One dataset with its header frozen, filtered, and its chart."""
        sheet = self.book.add_worksheet(self.words[f"sheet.{name}"])
        columns = list(map(str, data))
        for at, column in enumerate(columns):
            sheet.write_string(0, at, named(column, self.lang), self.head)
            sheet.set_column(at, at, _TEXT if data[column].dtype == "str" else _FIGURE)
            self._column(sheet, at, column, data)
        self._heights(sheet, data)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        if name == "cohorts":
            self._curves(sheet, data)
        if len(data):
            sheet.autofilter(0, 0, len(data), len(columns) - 1)
            self._chart(sheet, name, data)

    def _heights(self, sheet: Any, data: pd.DataFrame) -> None:
        """Room for the texts that take more than a line."""
        texts: pd.DataFrame = data.select_dtypes("str").fillna("")
        long = texts.map(len).max(axis=1) * 2 > _TEXT if len(texts.columns) else pd.Series(False, index=data.index)
        for row in np.flatnonzero(long.to_numpy(dtype=bool)).tolist():
            cells = [self._named(str(column), str(value)) for column, value in texts.iloc[row].items()]
            sheet.set_row(row + 1, row_height(cells, [_TEXT] * len(cells)))

    def _column(self, sheet: Any, at: int, column: str, data: pd.DataFrame) -> None:
        small = (
            data["small"].to_numpy(dtype=bool)
            if "small" in data and column in RATES and column not in _STATED
            else None
        )
        form = self.percent if column in RATES else self.decimal
        counts = next((data[name] for name in _COUNTS if name in data), None)
        for row, value in enumerate(data[column], 1):
            if small is not None and counts is not None and small[row - 1]:
                sheet.write_string(row, at, f"—（{counts.iloc[row - 1]}）", self.wrap)
            elif pd.isna(value):
                sheet.write_string(row, at, "—" if column in RATES else "", self.wrap)
            elif isinstance(value, bool | np.bool_):
                sheet.write_string(row, at, "✓" if value else "", self.wrap)
            elif isinstance(value, int | np.integer):
                sheet.write_number(row, at, int(value), self.number)
            elif isinstance(value, float | np.floating):
                sheet.write_number(row, at, float(value), form)
            elif isinstance(value, pd.Timestamp):
                sheet.write_string(
                    row, at, f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
                )
            else:
                sheet.write_string(row, at, self._named(column, str(value)), self.wrap)

    def _curves(self, sheet: Any, data: pd.DataFrame) -> None:
        """A table of the months by days beside the long one, only of mature shares, and its lines as a chart."""
        wide = data[data["mature"] & (data["leads"] > 0)].pivot_table(index="month", columns="days", values="share")
        if wide.empty:
            return
        first = len(data.columns) + 1
        chart = self.book.add_chart({"type": "line"})
        for row, month in enumerate(wide.index, 1):
            sheet.write_string(row, first, str(month))
        for at, days in enumerate(wide, first + 1):
            sheet.write_string(0, at, f"{days} {self.words['days']}", self.head)
            for row, share in enumerate(wide[days], 1):
                if pd.notna(share):
                    sheet.write_number(row, at, float(share), self.percent)
            months = [sheet.get_name(), 1, first, len(wide), first]
            cells = [sheet.get_name(), 1, at, len(wide), at]
            named_by = [sheet.get_name(), 0, at]
            chart.add_series({"name": named_by, "categories": months, "values": cells, "marker": {"type": "circle"}})
        chart.set_title({"name": self.words["sheet.cohorts"], "name_font": {"name": _FONT, "size": 12}})
        chart.set_legend({"position": "bottom"})
        chart.set_y_axis({"num_format": "0%"})
        chart.set_size({"width": 640, "height": 320})
        sheet.insert_chart(len(wide) + 2, first, chart)

    def _named(self, column: str, text: str) -> str:
        """A text as people read it: persons and promises by what they are called."""
        called = self.names.get(text) if column in _CALLED else None
        return called or self.words.get(text, text)

    def _labels(self, sheet: Any, data: pd.DataFrame, label: str) -> int:
        """The column of a chart's labels: the dataset's own, or a hidden one where some are too long to draw."""
        texts = [self._named(label, str(value)) for value in data[label].head(_POINTS)]
        columns = list(map(str, data))
        if max(map(len, texts)) <= _LABEL:
            return columns.index(label)
        for row, text in enumerate(texts, 1):
            sheet.write_string(row, len(columns), text if len(text) <= _LABEL else text[: _LABEL - 1] + "…")
        sheet.set_column(len(columns), len(columns), None, None, {"hidden": True})
        return len(columns)

    def _chart(self, sheet: Any, name: str, data: pd.DataFrame) -> None:
        """Draw what the dataset is about, from its own cells."""
        columns, rows = list(map(str, data)), len(data)
        drawn = {"conversion": ("月份", "线索总数", "转化率"), "periods": ("period", "leads", "conversion"),
                 "funnel": ("stage", "reached", None), "loss_reasons": ("reason", "lost", None),
                 "calibration": ("grade", "expected", "observed"),
                 "tiers": ("tier", "now", None), "objections": ("theme", "objections", None),
                 "channels": ("channel", "leads", "valid_share")}.get(name)  # fmt: skip
        if drawn is None:
            return
        label, bars, line = drawn
        last = min(rows, _POINTS)
        place, labels = sheet.get_name(), self._labels(sheet, data, label)

        def series(column: str, colour: str, **more: Any) -> dict[str, Any]:
            at = columns.index(column)
            return {
                "name": named(column, self.lang),
                "categories": [place, 1, labels, last, labels],
                "values": [place, 1, at, last, at],
                "fill": {"color": colour},
                **more,
            }

        chart = self.book.add_chart({"type": "bar" if name in _LYING else "column"})
        chart.add_series(series(bars, _BLUE, data_labels={"value": True}))
        if name in _LYING:
            chart.set_y_axis({"reverse": True})
        if line is not None and name == "calibration":
            chart.add_series(series(line, _AMBER, data_labels={"value": True}))
        elif line is not None:
            beside = self.book.add_chart({"type": "line"})
            beside.add_series(series(line, _AMBER, y2_axis=True, line={"color": _AMBER, "width": 2}))
            chart.combine(beside)
            beside.set_y2_axis({"num_format": "0%"})
        chart.set_title({"name": self.words[f"sheet.{name}"], "name_font": {"name": _FONT, "size": 12}})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 640, "height": 320})
        chart.show_hidden_data()
        # below the table: beside it a page would be too wide to print
        sheet.insert_chart(rows + 2, 0, chart)
