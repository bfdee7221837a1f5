"""The workbook in which follow-ups are recorded: the columns of the 跟进记录表, drop-downs, one example row (H1)."""

from __future__ import annotations

from io import BytesIO

import xlsxwriter

from config.schema import Config
from tasks.follow_up_words import FIELDS, SHEET, said
from tasks.record_file import choices
from tasks.template import ROWS, formats_of, written_choices
from tasks.template_words import said as marked

_WIDE = {"number": 24, "at": 18, "summary": 40, "feedback": 24, "next_action": 28, "plan": 28, "support": 24}
_NEEDED = ("number", "at", "person", "method", "summary")
#: The columns of the handbook's sheet, in its order; then the further fields of a record.
_FIRST = ("number", "at", "person", "method", "summary", "feedback", "next_action", "result")
_EXAMPLE = {
    "number": ("（示例）XL202403001", "(Example) XL202403001"),
    "at": ("2024-03-18 10:30", "2024-03-18 10:30"),
    "method": ("电话", "电话"),
    "outcome": ("已接通", "已接通"),
    "summary": ("介绍方案，客户担心生产效率提升不明显", "Told of the offer; the customer doubts the gain"),
    "objection": ("效率提升不明显", "the gain is too small"),
    "next_action": ("发送同行业案例", "send a case of the same industry"),
    "next_at": ("2024-03-20 18:00", "2024-03-20 18:00"),
    "result": ("方案沟通中", "offer discussed"),
}


def make_record_template(config: Config, lang: str) -> bytes:
    """An .xlsx with the sheet to fill in; all its cells are text, and what a column offers may be chosen."""
    file, english = BytesIO(), lang == "en"
    offered = choices(config)
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet, lists = book.add_worksheet(said("records", lang)), book.add_worksheet(marked("choices", lang))
        lists.hide()
        formats = formats_of(book)
        fields = (*_FIRST, *(name for name in FIELDS if name not in _FIRST))
        for column, name in enumerate(fields):
            header = SHEET.get(name, FIELDS[name])[english] + (marked("required", lang) if name in _NEEDED else "")
            sheet.set_column(column, column, _WIDE.get(name, 15), formats.text)
            sheet.write_string(0, column, header, formats.required if name in _NEEDED else formats.optional)
            sheet.write_string(1, column, _EXAMPLE.get(name, ("", ""))[english], formats.example)
            if offered.get(name):
                rule = {
                    "validate": "list",
                    "source": written_choices(lists, column, offered[name]),
                    "show_error": False,
                }
                sheet.data_validation(1, column, ROWS, column, rule)
        sheet.freeze_panes(1, 1)
        sheet.set_row(0, 30)
    return file.getvalue()
