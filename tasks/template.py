"""The workbook that marketing hands out: the columns of the 线索信息表, with drop-downs and one example row."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from config.schema import Rules
from tasks.i18n import words
from tasks.rules.check import omissible
from tasks.template_words import EXAMPLE, HEADERS, HINTS, said

#: Rows that are made ready to be filled in.
ROWS = 2_000
# what Excel shows beside a cell is cut off beyond this
_HINT = 250
_LISTS = {"source": "V-SOURCE", "industry": "V-INDUSTRY", "urgency": "V-URGENCY", "size": "V-SIZE"}
_WIDE = {"need": 40, "company": 30, "chain": 24, "email": 24, "note": 24, "source": 18}
#: The fields of the sheet, in its order (H1 线索信息表).
FIELDS = (
    "source", "company", "industry", "contact", "title", "phone", "email", "need", "budget", "chain",
    "first_contact", "region", "urgency", "size", "note", "entrant", "entry_team",
)  # fmt: skip


class Formats(NamedTuple):
    """How the cells of a template look."""

    required: object
    optional: object
    example: object
    text: object


def make_template(rules: Rules, lang: str) -> bytes:
    """An .xlsx: the sheet to fill in, one with what each column wants, and a hidden one with the choices.

    All cells are text, so that a spreadsheet makes neither 1.38E+10 of a phone nor a date of a budget.
    """
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet, notes, choices = (book.add_worksheet(said(name, lang)) for name in ("leads", "notes", "choices"))
    choices.hide()
    formats = formats_of(book)
    demanded = _demanded(rules)
    for column, field in enumerate(FIELDS):
        header = _header(field, lang) + (said("required", lang) if field in demanded else "")
        sheet.set_column(column, column, _WIDE.get(field, 14), formats.text)
        sheet.write_string(0, column, header, formats.required if field in demanded else formats.optional)
        sheet.write_string(1, column, EXAMPLE[field][lang == "en"], formats.example)
        _advise(sheet, column, field, header, lang, _choices(choices, column, field, rules))
    sheet.freeze_panes(1, 2)
    sheet.set_row(0, 24)
    _explain(notes, demanded, lang, book)
    sheet.activate()
    book.close()
    return file.getvalue()


def _header(field: str, lang: str) -> str:
    return HEADERS[field][lang == "en"] if field in HEADERS else words(lang)[f"column.{field}"]


def formats_of(book: Workbook) -> Formats:
    """Headers that are required or not, the example's cells, and those to fill in: all of them text."""
    head = {"bold": True, "border": 1, "valign": "vcenter", "text_wrap": True}
    return Formats(
        book.add_format({**head, "bg_color": "#C00000", "font_color": "#FFFFFF"}),
        book.add_format({**head, "bg_color": "#DDEBF7"}),
        book.add_format({"italic": True, "font_color": "#808080", "num_format": "@"}),
        book.add_format({"num_format": "@"}),
    )


def written_choices(sheet: Worksheet, column: int, values: Sequence[str]) -> str:
    """Write what a column may be chosen from into a sheet of choices, and name the place."""
    sheet.write_column(0, column, values)
    return f"='{sheet.get_name()}'!{xl_range_abs(0, column, len(values) - 1, column)}"


def _demanded(rules: Rules) -> set[str]:
    """The fields whose omission is counted or rejects the row (H1-5.1-checklist)."""
    return set(omissible(rules).values())


def _choices(sheet: Worksheet, column: int, field: str, rules: Rules) -> str | None:
    """Write the choices of a field and name their place."""
    if field not in _LISTS:
        return None
    told = rules.value(_LISTS[field])
    return written_choices(sheet, column, list(told.get("words", told)))


def _advise(sheet: Worksheet, column: int, field: str, header: str, lang: str, choices: str | None) -> None:
    """Show a hint beside the cells of a column; the choices are offered, other words are allowed."""
    hint = HINTS[field][lang == "en"]
    shown = {"input_title": header[:32], "input_message": hint[:_HINT], "show_error": False}
    kind = {"validate": "list", "source": choices} if choices else {"validate": "any"}
    sheet.data_validation(1, column, ROWS, column, {**kind, **shown})


def _explain(sheet: Worksheet, demanded: set[str], lang: str, book: Workbook) -> None:
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 1, 18, wrap)
    sheet.set_column(2, 2, 80, wrap)
    for column, name in enumerate(("column", "demanded", "hint")):
        sheet.write_string(0, column, said(name, lang), bold)
    for row, field in enumerate(FIELDS, 1):
        sheet.write_string(row, 0, _header(field, lang))
        sheet.write_string(row, 1, said("yes" if field in demanded else "no", lang))
        sheet.write_string(row, 2, HINTS[field][lang == "en"])
    sheet.write_string(len(FIELDS) + 2, 0, said("about_example", lang))
