"""Workbooks as they are read: sheets, headers over several rows, merged cells, damage, and what must not hurt."""

import shutil
import zipfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from config.loader import load_channels
from tasks.sheets import make_sheets
from tasks.source import find_tables, open_source, read_source
from tasks.tables import Tables
from tasks.unreadable import UnreadableFile
from tests.tasks.binary_book import write_xlsb

BOOKS = Path(__file__).parent / "books"
DEFAULT = load_channels()["default"]
HEADER = ["公司名称", "联系人", "手机", "需求"]
ROW = ["嘉兴精工", "李明", 13812345678, "采购系统"]


def _saved(folder: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "leads.xlsx")
    return folder / "leads.xlsx"


def _read(path: Path, rows: int = 1000) -> tuple[Tables, pd.DataFrame]:
    source = open_source(path, path.parent / "made")
    tables = find_tables(source, DEFAULT)
    return tables, pd.concat(list(read_source(source, tables, rows)), ignore_index=True)


def test_numbers_dates_and_errors_are_what_a_reader_sees(tmp_path: Path) -> None:
    moment = datetime(2024, 3, 1, 10, 0)  # noqa: DTZ001 - a cell has no zone
    path = _saved(
        tmp_path, 表=[[*HEADER, "预算", "首次接触时间"], [*ROW, 0.5, moment], ["#N/A", "王芳", 1.0, "x", True, None]]
    )
    _, rows = _read(path)
    assert rows["raw"].str.split("\x1f").tolist() == [
        ["嘉兴精工", "李明", "13812345678", "采购系统", "0.5", "2024-03-01 10:00:00"],
        ["#N/A", "王芳", "1", "x", "TRUE", ""],
    ]
    assert rows["error_cell"].tolist() == [False, True]


@pytest.mark.parametrize("name", ["leads.xls", "leads.ods", "leads.xlsb", "leads.csv", "leads"])
def test_a_workbook_is_what_it_holds_whatever_its_ending(tmp_path: Path, name: str) -> None:
    _, rows = _read(_saved(tmp_path, 表=[HEADER, ROW]).rename(tmp_path / name))
    assert rows["company"].tolist() == ["嘉兴精工"]


def test_a_package_within_a_workbook_of_the_old_format_makes_it_no_other(tmp_path: Path) -> None:
    path = tmp_path / "leads.xls"
    path.write_bytes((BOOKS / "leads.xls").read_bytes())
    inner = tmp_path / "theme.zip"
    with zipfile.ZipFile(inner, "w") as package:
        package.writestr("theme.xml", "x")
    path.write_bytes(path.read_bytes() + inner.read_bytes())
    assert zipfile.is_zipfile(path)
    _, rows = _read(path)
    assert rows["company"].tolist() == [row[1] for row in AS_READ]
    assert rows["error_cell"].tolist() == [row[-1] for row in AS_READ]


@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_each_lead_list_is_read_and_the_others_are_named(tmp_path: Path, rows: int) -> None:
    path = _saved(
        tmp_path,
        说明=[["字段", "说明"], ["公司名称", "工商全称"]],
        三月=[["三月线索"], [], HEADER, ROW, [], ROW],
        统计=[["来源", "数量"], ["展会", 3]],
        网站=[["电话", "公司"], ["13712345678", "杭州一二"]],
        空=[],
    )
    tables, frame = _read(path, rows)
    assert list(zip(frame["sheet"], frame["line"], strict=True)) == [("三月", 4), ("三月", 6), ("网站", 2)]
    assert frame["company"].tolist() == ["嘉兴精工", "嘉兴精工", "杭州一二"]
    assert dict(tables.skipped) == {"说明": "no_leads", "统计": "no_leads", "空": "empty"}
    assert Tables.from_json(tables.to_json()) == tables


def test_a_header_over_two_rows_and_companies_merged_downwards(tmp_path: Path) -> None:
    path = _saved(
        tmp_path,
        表=[["客户", None, "联系方式", "需求"], ["公司名称", "联系人", "手机"], ROW, [None, "王芳", "139"], [None]],
    )
    book = openpyxl.load_workbook(path)
    for span in ("A1:B1", "D1:D2", "A3:A5"):
        book.active.merge_cells(span)
    book.save(path)
    _, rows = _read(path)
    assert rows[["line", "company", "contact", "phone", "need"]].to_numpy().tolist() == [
        [3, "嘉兴精工", "李明", "13812345678", "采购系统"],
        [4, "嘉兴精工", "王芳", "139", ""],
    ]


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    path = _saved(tmp_path, 表=[HEADER, ROW], 旧=[HEADER, ROW])
    book = openpyxl.load_workbook(path)
    book["旧"].sheet_state = "hidden"
    book.save(path)
    tables, rows = _read(path)
    assert len(rows) == 1
    assert dict(tables.skipped) == {"旧": "hidden"}


def _with_sheet(path: Path, end: bytes) -> Path:
    """A workbook with something more at the end of its sheet."""
    made = path.with_name("hostile.xlsx")
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name in whole.namelist():
            content = whole.read(name)
            out.writestr(name, content.replace(b"</sheetData>", end + b"</sheetData>"))
    return made


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "too_large"),
        (b'<row r="9"><c r="A9" t="inlineStr"><is><t>' + b"A" * 60_000_000 + b"</t></is></c></row>", "bomb"),
    ],
    ids=["a cell at the far end", "a bomb"],
)
def test_a_hostile_workbook_ends_only_its_own_reader(tmp_path: Path, end: bytes, why: str) -> None:
    path = _with_sheet(_saved(tmp_path, 表=[HEADER, ROW]), end)
    with pytest.raises(UnreadableFile) as refused:
        make_sheets(path, tmp_path / "made")
    assert refused.value.code == why


def test_what_is_no_workbook_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(_saved(tmp_path, 表=[HEADER, ROW]).read_bytes()[:2000])
    with pytest.raises(UnreadableFile) as refused:
        make_sheets(path, tmp_path / "made")
    assert refused.value.code == "damaged"


AS_READ = [
    [3, "嘉兴精工", "李明", "13812345678", "20-30万", "2024-03-01 10:00:00", False],
    [4, "嘉兴精工", "王芳", "13712345678", "#DIV/0!", "", True],
    [5, "#N/A", "赵云", "13612345678", "50000", "2024-03-02", True],
]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_merged_cells_and_errors_are_seen_in_each_kind_of_workbook(tmp_path: Path, kind: str) -> None:
    path = Path(shutil.copy(BOOKS / f"leads.{kind}", tmp_path))
    _, rows = _read(path)
    rows["first"] = rows["first_contact"].str.removesuffix(" 00:00:00")
    assert rows[["line", "company", "contact", "phone", "budget", "first", "error_cell"]].to_numpy().tolist() == AS_READ


def test_merged_cells_and_errors_of_a_binary_workbook(tmp_path: Path) -> None:
    lists = {"线索": [["客户", None, "联系方式"], ["公司名称", "联系人", "手机"], ["嘉兴精工", "李明", 13812345678.0]]}
    lists["线索"] += [[None, "王芳", "13712345678"], ["#N/A", "赵云", "13612345678"]]
    path = write_xlsb(tmp_path / "leads.xlsb", lists, merged=[(0, 0, 0, 1), (2, 0, 3, 0)])
    _, rows = _read(path)
    assert rows[["line", "company", "contact", "phone", "error_cell"]].to_numpy().tolist() == [
        [3, "嘉兴精工", "李明", "13812345678", False],
        [4, "嘉兴精工", "王芳", "13712345678", False],
        [5, "#N/A", "赵云", "13612345678", True],
    ]


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_a_damaged_binary_workbook_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    whole = BOOKS / "leads.xls" if kind == "xls" else write_xlsb(tmp_path / "whole.xlsb", {"a": [HEADER, ROW]})
    content = whole.read_bytes()
    for cut in range(0, len(content), max(1, len(content) // 6)):
        path = tmp_path / f"cut.{kind}"
        path.write_bytes(content[:cut] + bytes(64) + content[cut + 64 :])
        made = tmp_path / f"made{cut}"
        with suppress(UnreadableFile):  # anything else fails here
            make_sheets(path, made)


_PAGE = """<html xmlns:x="urn:x"><head><meta charset="gb2312"><style>td{}</style></head><body>
<table><tr><td colspan=5>三月线索</td></tr>
<tr><th>公司名称<th>联系人<th>手机<th>需求<th>备注</tr>
<tr><td rowspan="2">嘉兴精工</td><td>李&amp;明</td>
<td style="mso-number-format:'@'">013812345678</td><td>采购<br>系统</td></tr>
<tr><td>王芳</td><td>13912345678</td><td>&nbsp;</td></tr></table>
<table><tr><td>制表人</td></tr></table></body></html>"""
_XML = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="三月"><Table>
<Row ss:Index="2"><Cell><Data ss:Type="String">公司名称</Data></Cell><Cell><Data ss:Type="String">联系人</Data></Cell>
<Cell><Data ss:Type="String">手机</Data></Cell><Cell><Data ss:Type="String">首次接触时间</Data></Cell></Row>
<Row><Cell><Data ss:Type="String"><![CDATA[嘉兴<精工>]]></Data></Cell>
<Cell ss:Index="3"><Data ss:Type="Number">13812345678</Data></Cell>
<Cell><Data ss:Type="DateTime">2024-03-01T00:00:00.000</Data></Cell></Row></Table></Worksheet></Workbook>"""


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_page_named_xls_is_read_as_the_table_that_it_is(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "leads.xls").write_bytes(_PAGE.encode(encoding))
    tables, rows = _read(tmp_path / "leads.xls")
    assert rows["raw"].str.split("\x1f").tolist() == [
        ["嘉兴精工", "李&明", "013812345678", "采购\n系统", ""],
        ["嘉兴精工", "王芳", "13912345678", "", ""],
    ]
    assert (rows["line"].tolist(), dict(tables.skipped)) == ([3, 4], {"Sheet2": "no_leads"})


def test_an_xml_workbook_is_read_with_its_indexes_and_dates(tmp_path: Path) -> None:
    (tmp_path / "leads.xls").write_text(_XML, encoding="utf-8")
    tables, rows = _read(tmp_path / "leads.xls")
    assert rows["raw"].str.split("\x1f").tolist() == [["嘉兴<精工>", "", "13812345678", "2024-03-01"]]
    assert (tables.layouts[0].sheet, rows["line"].tolist()) == ("三月", [3])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<html><body>没有表格</body></html>", "html"),
        ("<table><tr><td colspan=9999999>公司名称<td>电话</tr></table>", "too_wide"),
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb">]><a>&b;&b;</a>', "html"),
        ("<table><tr><td>公司名称" * 3000, "html"),
    ],
)
def test_a_page_that_is_no_lead_list_or_means_harm_is_refused(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "leads.xls").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile) as why:
        _read(tmp_path / "leads.xls")
    assert why.value.code == code
