"""Workbooks made column-wise hold what was put in, and nothing that runs."""

import io

import openpyxl
import pyarrow as pa

from tasks.workbook import SEPARATOR, SharedText, join_rows, write_workbook


def _book(rows: list[list[str]], codes: list[str] | None = None) -> bytes:
    shared = SharedText()
    text = pa.array([SEPARATOR.join(row) for row in rows], pa.large_string())
    behind = [shared.cells(codes).take(pa.array([0] * len(rows)))] if codes else []
    header = [f"列{n}" for n in range(len(rows[0]) + len(behind))]
    return write_workbook("新线索", header, [12.5] * len(header), join_rows([], text, behind), len(rows), shared)


def _cells(book: bytes) -> list[list[object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]


def test_chinese_and_signs_of_xml_come_back_as_they_were() -> None:
    row = ["上海“晨星”公司", "A&B <甲> \"乙\" 'c'", "第一行\n第二行", "𠮷野家😀"]
    assert _cells(_book([row])) == [row]


def test_no_cell_is_a_formula() -> None:
    row = ["=1+1", '=HYPERLINK("http://x")', "+8613800000000", "-5", "@x"]
    sheet = openpyxl.load_workbook(io.BytesIO(_book([row]))).active
    assert [cell.data_type for cell in sheet[2]] == ["s"] * 5
    assert _cells(_book([row])) == [row]


def test_an_empty_cell_is_empty_and_a_number_stays_text() -> None:
    assert _cells(_book([["", "013800138000", ""]])) == [[None, "013800138000", None]]


def test_signs_that_xml_cannot_hold_are_left_out() -> None:
    assert _cells(_book([["a\x00b\x0b\x1ec\uffff", "d"]])) == [["abc", "d"]]


def test_a_cell_is_cut_at_the_length_that_a_spreadsheet_takes() -> None:
    assert _cells(_book([["甲" * 40_000, "乙"]])) == [["甲" * 32_767, "乙"]]


def test_long_repeated_texts_are_stored_once_and_read_back() -> None:
    long = "需求明确、预算达到 100,000 元、决策链清晰，A级 <&>"
    book = _book([["1"], ["2"], ["3"]], [long])
    assert [row[1] for row in _cells(book)] == [long] * 3


def test_the_header_is_frozen_bold_and_filtered() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(_book([["a", "b"], ["c", "d"]]))).active
    assert (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref) == ("新线索", "A2", "A1:B3")
    assert sheet["A1"].value == "列0"
    assert sheet["A1"].font.b
    assert sheet.column_dimensions["A"].width == 12.5


def test_the_same_rows_give_the_same_bytes() -> None:
    assert _book([["甲", "乙"]]) == _book([["甲", "乙"]])


def test_more_than_twenty_six_columns_have_names() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(_book([["x"] * 30]))).active
    assert sheet.auto_filter.ref == "A1:AD2"


def test_a_workbook_without_rows_opens() -> None:
    shared = SharedText()
    book = write_workbook("x", ["a"], [10], join_rows([], pa.array([], pa.large_string()), []), 0, shared)
    assert openpyxl.load_workbook(io.BytesIO(book)).active.max_row == 1
