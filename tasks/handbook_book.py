"""The handbooks' sheets as one workbook: flat tables, the plan as a gantt, forms per customer, confirmations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from tasks import handbook_words as words
from tasks.handbook_words import Pair, said
from tasks.row_heights import row_height

_FONT = "Microsoft YaHei"
_WIDE = {"need": 40, "summary": 48, "heard": 32, "next": 36, "company": 30, "people": 44, "note": 36, "chain": 30,
         "reach": 30, "source": 24, "would_have_helped": 36, "lost_reason": 22, "node": 24, "opened": 17, "at": 17,
         "first_contact": 17, "last_follow_up": 17, "follow_ups": 10, "grade": 8, "email": 26}  # fmt: skip
_USUAL = 15
_PLAN_WIDE, _FORM_WIDE = (18, 44, 26, 22, 28), (16, 26, 14, 44, 16, 30, 14, 26)
_PLAN_SPANS, _FORM_SPANS = tuple((place, place) for place in range(5)), ((0, 0), (1, 1), (2, 4), (5, 7))
# what a cell may hold
_MOST_SIGNS = 32_767
_A3 = 8
_WEEK_WIDE, _MOST_WEEKS = 3.6, 60
_BARS = {"plan": "#2468A8", "next": "#6BA3D6", "support": "#C77700", "done": "#9AA5B1"}
#: On which black letters cannot be read.
_DARK = ("plan",)
_WEEK = pd.Timedelta(days=7)


@dataclass(frozen=True)
class Pages:
    """What the workbook shows: leads and follow-ups as told (tasks.handbook_texts), and the steps of plans."""

    leads: pd.DataFrame
    records: pd.DataFrame
    steps: pd.DataFrame


def write_handbook(pages: Pages, out: Path | IO[bytes], lang: str, as_of: datetime) -> dict[str, int]:
    """Write the workbook; gives the rows of each sheet, of forms the leads."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    leads = pages.leads
    valid, ended = leads["status"] != "archived", leads["status"]
    with xlsxwriter.Workbook(out, options) as file:
        file.set_properties({"author": "leadflow", "created": as_of.replace(tzinfo=None)})
        file.formats[0].set_font_name(_FONT)
        maker = _Maker(file, lang)
        tables = {"leads": leads, "records": pages.records, "tiers": leads[valid], "customers": leads[valid]}
        for name, rows in tables.items():
            maker.table(name, rows)
        maker.plan(leads[valid], pages)
        maker.forms(leads[valid], pages.records)
        maker.table("lost", leads[ended == "lost"])
        maker.confirmations(leads[ended == "won"])
    return maker.counts


class _Maker:
    """Writes the sheets of one workbook."""

    def __init__(self, file: xlsxwriter.Workbook, lang: str) -> None:
        self.file, self.lang, self.counts = file, lang, dict[str, int]()
        cell = {"font_name": _FONT, "border": 1, "border_color": "#C9D3DE", "valign": "top", "text_wrap": True}
        self.text = file.add_format(cell)
        self.number = file.add_format({**cell, "num_format": "#,##0.##"})
        self.left = file.add_format({**cell, "num_format": "#,##0.##", "align": "left"})
        self.head = file.add_format({**cell, "bold": True, "bg_color": "#EAF2FB"})
        self.week = file.add_format({**cell, "bold": True, "bg_color": "#EAF2FB", "rotation": 90, "font_size": 9})
        self.title = file.add_format({"font_name": _FONT, "bold": True, "font_size": 13})
        self.quiet = file.add_format({"font_name": _FONT, "font_color": "#6B7785", "italic": True})
        white = {"font_color": "#FFFFFF"}
        self.bars = {
            kind: file.add_format({**cell, "bg_color": colour, **(white if kind in _DARK else {})})
            for kind, colour in _BARS.items()
        }

    def table(self, name: str, rows: pd.DataFrame) -> None:
        """A flat sheet: the columns of the handbook, a filter, the header frozen."""
        sheet, columns = self._sheet(name), words.COLUMNS[name]
        for place, (zh, en, key) in enumerate(columns):
            sheet.set_column(place, place, _WIDE.get(key, _USUAL))
            sheet.write_string(0, place, en if self.lang == "en" else zh, self.head)
        widths = [_WIDE.get(key, _USUAL) for _, _, key in columns]
        for line, cells in enumerate(rows[[key for _, _, key in columns]].itertuples(index=False, name=None), 1):
            for place, value in enumerate(cells):
                self._write(sheet, line, place, value)
            sheet.set_row(line, row_height(cells, widths))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
        self._landscape(sheet, repeat=True)
        self.counts[name] = len(rows)

    def plan(self, leads: pd.DataFrame, pages: Pages) -> None:
        """A block a lead: its steps by week with bars over a common row of weeks, then its follow-ups."""
        sheet = self._sheet("plan")
        steps = pages.steps[pages.steps["lead_id"].isin(leads["lead_id"])]
        weeks = _weeks(steps)
        for place, width in enumerate(_PLAN_WIDE):
            sheet.set_column(place, place, width)
        sheet.set_column(len(_PLAN_WIDE), len(_PLAN_WIDE) + max(len(weeks), 1) - 1, _WEEK_WIDE)
        line = self._legend(sheet)
        by_lead, records = dict(list(steps.groupby("lead_id"))), dict(list(pages.records.groupby("lead_id")))
        for lead in leads.to_dict("records"):
            sheet.write_string(
                line, 0, f"{lead['number']}  {lead['company']}  {lead['grade']}  {lead['owner']}", self.title
            )
            line = self._steps(sheet, line + 1, by_lead.get(lead["lead_id"]), weeks)
            keys = ("at", "summary", "heard", "next", "risk")
            line = (
                self._records(
                    sheet, line, words.PLAN_RECORDS, keys, records.get(lead["lead_id"]), _PLAN_SPANS, _PLAN_WIDE
                )
                + 1
            )
        self._landscape(sheet)
        self.counts["plan"] = len(leads)

    def forms(self, leads: pd.DataFrame, records: pd.DataFrame) -> None:
        """A form a customer: what he is, what was done, how it stands (H4 跟进记录表)."""
        sheet = self._form_sheet("form")
        by_lead, line = dict(list(records.groupby("lead_id"))), 0
        keys = ("day", "method", "summary", "heard")
        for lead in leads.to_dict("records"):
            sheet.write_string(line, 0, f"{lead['number']}  {lead['company']}", self.title)
            line = self._pairs(sheet, line + 1, words.FORM_HEAD, lead)
            line = self._records(
                sheet, line, words.FORM_RECORDS, keys, by_lead.get(lead["lead_id"]), _FORM_SPANS, _FORM_WIDE
            )
            line = self._pairs(sheet, line, (words.FORM_FOOT,), lead) + 1
        self.counts["form"] = len(leads)

    def confirmations(self, leads: pd.DataFrame) -> None:
        """A requirement confirmation a won lead, with room to sign."""
        sheet, line = self._form_sheet("won"), 0
        for lead in leads.to_dict("records"):
            sheet.write_string(line, 0, f"{self._name('won')}  {lead['company']}", self.title)
            line = self._pairs(sheet, line + 1, words.CONFIRMATION, lead) + 1
        self.counts["won"] = len(leads)

    def _steps(self, sheet: Worksheet, line: int, steps: pd.DataFrame | None, weeks: pd.DatetimeIndex) -> int:
        self._header(sheet, line, words.PLAN_COLUMNS)
        # weeks of two years tell which
        form, tall = ("%Y-%m-%d", 62) if len(weeks) and weeks[0].year != weeks[-1].year else ("%m-%d", 40)
        for place, week in enumerate(weeks, len(_PLAN_WIDE)):
            sheet.write_string(line, place, f"{week:{form}}", self.week)
        sheet.set_row(line, tall)
        if steps is None:
            sheet.write_string(line + 1, 0, said("no_plan", self.lang), self.quiet)
            return line + 2
        for step in steps.astype("object").where(steps.notna(), None).to_dict("records"):
            line += 1
            goal = said("goal", self.lang).format(kind=said(step["kind"], self.lang), goal=step["goal"])
            begins = said("week", self.lang).format(day=f"{step['week']:{form}}") if step["week"] is not None else ""
            cells = (begins, goal, step["method"], _span(step), step["support"])
            for place, value in enumerate(cells):
                self._write(sheet, line, place, value)
            sheet.set_row(line, row_height(cells, _PLAN_WIDE))
            for place in _covered(step, weeks):
                sheet.write_blank(line, len(_PLAN_WIDE) + place, None, self.bars[step["kind"]])
        return line + 1

    def _records(
        self, sheet: Worksheet, line: int, columns: Sequence[Pair], keys: Sequence[str], rows: pd.DataFrame | None,
        spans: Sequence[tuple[int, int]], widths: Sequence[float],
    ) -> int:  # fmt: skip
        """A table of follow-ups whose columns take spans of the sheet's."""
        for (first, last), pair in zip(spans, columns, strict=True):
            self._spread(sheet, line, first, last, pair[self.lang == "en"], self.head)
        if rows is None:
            sheet.write_string(line + 1, 0, said("no_record", self.lang), self.quiet)
            return line + 2
        room = [sum(widths[first : last + 1]) for first, last in spans]
        for cells in rows[list(keys)].itertuples(index=False, name=None):
            line += 1
            for (first, last), value in zip(spans, cells, strict=True):
                self._spread(sheet, line, first, last, value, self.text)
            sheet.set_row(line, row_height(cells, room))
        return line + 1

    def _pairs(
        self, sheet: Worksheet, line: int, lines: Sequence[Sequence[tuple[str, str, str]]], lead: dict[Any, Any]
    ) -> int:
        """Lines of labels, each with its value behind it; the last value of a line takes what is left of it."""
        end = len(_FORM_WIDE) - 1
        for pairs in lines:
            values, room = [], []
            for place, (zh, en, key) in enumerate(pairs):
                at = 2 * place + 1
                last = end if place == len(pairs) - 1 else at
                self._write(sheet, line, at - 1, en if self.lang == "en" else zh, self.head)
                self._spread(sheet, line, at, last, lead[key] if key else "", self.left)
                values.append(lead[key] if key else "")
                room.append(sum(_FORM_WIDE[at : last + 1]))
            sheet.set_row(line, row_height(values, room))
            line += 1
        return line

    def _legend(self, sheet: Worksheet) -> int:
        sheet.write_string(0, 0, said("legend", self.lang), self.head)
        for place, kind in enumerate(_BARS, 1):
            sheet.write_string(0, place, said(kind, self.lang), self.bars[kind])
        return 2

    def _header(self, sheet: Worksheet, line: int, columns: Sequence[Pair]) -> None:
        for place, pair in enumerate(columns):
            sheet.write_string(line, place, pair[self.lang == "en"], self.head)

    def _spread(self, sheet: Worksheet, line: int, first: int, last: int, value: Any, look: Any) -> None:
        """A value that takes the cells from one column to another."""
        if last > first:
            sheet.merge_range(line, first, line, last, "", look)
        self._write(sheet, line, first, value, look)

    def _write(self, sheet: Worksheet, line: int, place: int, value: Any, look: Any = None) -> None:
        if value is None or value != value:
            sheet.write_blank(line, place, None, look or self.text)
        elif isinstance(value, str):
            sheet.write_string(line, place, value[:_MOST_SIGNS], look or self.text)
        else:
            sheet.write_number(line, place, float(value), look or self.number)

    def _form_sheet(self, name: str) -> Worksheet:
        sheet = self._sheet(name)
        for place, width in enumerate(_FORM_WIDE):
            sheet.set_column(place, place, width)
        self._landscape(sheet)
        return sheet

    def _sheet(self, name: str) -> Worksheet:
        return self.file.add_worksheet(self._name(name))

    def _name(self, name: str) -> str:
        return words.SHEETS[name][self.lang == "en"]

    def _landscape(self, sheet: Worksheet, *, repeat: bool = False) -> None:
        sheet.set_landscape()
        sheet.set_paper(_A3)
        sheet.fit_to_pages(1, 0)
        if repeat:
            sheet.repeat_rows(0)


def _weeks(steps: pd.DataFrame) -> pd.DatetimeIndex:
    """The Mondays of all steps, the last _MOST_WEEKS of them."""
    ends = pd.concat([steps["week"], steps["first"], steps["last"]]).dropna()
    if ends.empty:
        return pd.DatetimeIndex([])
    first, last = (day - pd.Timedelta(days=day.day_of_week) for day in (ends.min(), ends.max()))
    return pd.date_range(max(first, last - (_MOST_WEEKS - 1) * _WEEK), last, freq=_WEEK)


def _covered(step: dict[Any, Any], weeks: pd.DatetimeIndex) -> range:
    """The places of the weeks that a step takes."""
    start = step["first"] or step["week"]
    end = step["last"] or start
    if start is None or not len(weeks) or end < weeks[0]:
        return range(0)
    first, last = ((day - weeks[0]) // _WEEK for day in (max(start, weeks[0]), max(end, start)))
    return range(first, min(last, len(weeks) - 1) + 1)


def _span(step: dict[Any, Any]) -> str:
    first, last = step["first"], step["last"]
    if first is None or last is None or first == last:
        day = first or last
        return "" if day is None else f"{day:%Y-%m-%d}"
    return f"{first:%Y-%m-%d} ~ {last:{'%m-%d' if first.year == last.year else '%Y-%m-%d'}}"
