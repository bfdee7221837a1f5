"""The receipt of a file of follow-ups: its rows as they were, each with its answer, and apart the ones to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter

from tasks.follow_up_words import said
from tasks.follow_ups import Fault, Taken
from tasks.guard import guarded_text
from tasks.headers import ADDED
from tasks.receipt_words import words
from tasks.record_file import RecordFile
from tasks.whole_file import whole_file

_Told = dict[int, list[Fault]]
_WIDTH, _ADDED_WIDTHS = 16, (10, 16, 60, 48)


def write_record_receipt(
    file: RecordFile,
    taken: Taken,
    folder: Path,
    stem: str,
    lang: str,
    as_of: datetime,
) -> Path:
    """Write the answer to every row, with what is hinted at of those recorded; beside it what must be mended.

    Gives the answer; the same one at the same moment is the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wrong: dict[int, list[Fault]] = {}
    hinted: dict[int, list[Fault]] = {}
    for found, told in ((taken.wrong, wrong), (taken.hints, hinted)):
        for one in found:
            told.setdefault(one.row, []).append(one)
    named = words(lang)
    answer = folder / f"{stem}_{named['receipt']}.xlsx"
    _write(answer, file, (wrong, hinted, taken.ids), lang, as_of, only_wrong=False)
    if wrong:
        _write(
            folder / f"{stem}_{named['to_mend']}.xlsx", file, (wrong, hinted, taken.ids), lang, as_of, only_wrong=True
        )
    return answer


def _write(
    path: Path,
    file: RecordFile,
    told: tuple[_Told, _Told, Mapping[int, int]],
    lang: str,
    as_of: datetime,
    *,
    only_wrong: bool,
) -> None:
    wrong, hinted, ids = told
    with (
        whole_file(path) as part,
        xlsxwriter.Workbook(part, {"constant_memory": True, "strings_to_formulas": False}) as book,
    ):
        book.set_properties({"author": "leadflow", "created": as_of.replace(tzinfo=None)})
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "text_wrap": True})
        row = 0
        for sheet in file.sheets:
            page = book.add_worksheet(sheet.name[:31] or None)
            widths = [*[_WIDTH] * len(sheet.header), *_ADDED_WIDTHS]
            for column, (header, width) in enumerate(zip((*sheet.header, *ADDED[lang]), widths, strict=True)):
                page.set_column(column, column, width, text)
                page.write_string(0, column, guarded_text(header), bold)
            page.freeze_panes(1, 0)
            line = 0
            for cells in sheet.rows:
                mine, hints, recorded = wrong.get(row, []), hinted.get(row, []), ids.get(row)
                row += 1
                if only_wrong and not mine:
                    continue
                line += 1
                number = file.texts["number"].iloc[row - 1].upper()
                for column, cell in enumerate(
                    (*map(guarded_text, cells), *_answer(number, mine, hints, recorded, lang))
                ):
                    page.write_string(line, column, cell, text)


def _answer(
    number: str, wrong: Sequence[Fault], hints: Sequence[Fault], recorded: int | None, lang: str
) -> tuple[str, str, str, str]:
    """Result, lead, reasons, advice."""
    reasons = said("between", lang).join(one.named(lang) for one in wrong or hints)
    if wrong:
        return said("rejected", lang), guarded_text(number), guarded_text(reasons), said("mend", lang)
    advice = said("between", lang).join(
        [said("recorded_as", lang).format(id=recorded), *([said("hinted", lang)] if hints else [])]
    )
    return said("recorded", lang), guarded_text(number), guarded_text(reasons), advice
