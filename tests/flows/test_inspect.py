"""`leads inspect`: what leadflow sees in a file, and its cells exactly as read."""

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from flows.cli import run

LEADS = (
    "2024年展会名单,,,,\n\n公司名称,联系人,手机,邮箱,所在地（省市）,吉祥物\n"
    "甲公司,王明,13812345678,a@a.cn,上海,猫\n乙公司,李,1\n"
)


@pytest.fixture
def inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("LEADS_HOME", str(tmp_path / "home"))

    def see(content: str | bytes | Path, *arguments: str, code: int = 0) -> dict:
        path = content if isinstance(content, Path) else tmp_path / "list.csv"
        if not isinstance(content, Path):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert run(["inspect", str(path), "--json", *arguments]) == code
        return json.loads(capsys.readouterr().out or "{}")

    return see


def _cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_lead_list_is_told_column_by_column(inspect, tmp_path: Path) -> None:
    told = inspect(LEADS.encode("gb18030"), "--out", str(tmp_path / "out.csv"))
    assert (told["encoding"], told["delimiter"]) == ("gb18030", ",")
    (table,) = told["tables"]
    assert (table["header_row"], table["rows"], table["lead_list"]) == (3, 2, True)
    meanings = {column["header"]: (column["field"], column["why"]) for column in table["columns"]}
    assert meanings["手机"] == ("phone", "known")
    assert meanings["所在地（省市）"] == ("region", "bracket")
    assert meanings["吉祥物"] == (None, "unknown")
    assert table["damaged"] == [{"line": 5, "problem": "short"}]
    assert _cells(tmp_path / "out.csv") == [
        ["公司名称", "联系人", "手机", "邮箱", "所在地（省市）", "吉祥物"],
        ["甲公司", "王明", "13812345678", "a@a.cn", "上海", "猫"],
        ["乙公司", "李", "1"],
    ]


@pytest.mark.parametrize(
    ("text", "header_row", "expected"),
    [
        ("a,b\n1,2\n\n", 1, [["a", "b"], ["1", "2"]]),
        ("REPORT,,\n,,\nday,city,rain\n1,X,2\n", 3, [["day", "city", "rain"], ["1", "X", "2"]]),
        ("day;city\n1;X\n", 1, [["day", "city"], ["1", "X"]]),
        ("day|city\n1|X\n2|Y\n", 1, [["day", "city"], ["1", "X"], ["2", "Y"]]),
        ("day\tcity\r1\tX\r2\tY\r", 1, [["day", "city"], ["1", "X"], ["2", "Y"]]),
        ("day, city\n1, X\n2, Y\n3, Z\n4, W\n5, V\n6, U\n", 1, [["day", "city"], ["1", "X"], ["2", "Y"]]),
        ("day,city\nday,city\n1,X\n", 2, [["day day", "city city"], ["1", "X"]]),
        ("day,city,\n1,X,,\n,2\n", 1, [["day", "city", ""], ["1", "X", "", ""], ["", "2"]]),
        ("word\nword\nword\n", 1, [["word"], ["word"], ["word"]]),
        ("a,b\n" * 60, 1, [["a", "b"]] * 60),
        ("1,b\n1,b\n2,c\n1,b\n", 1, [["1", "b"], ["1", "b"], ["2", "c"], ["1", "b"]]),
        ('"', 1, [['"']]),
    ],
)
def test_a_table_of_anything_gives_its_cells(inspect, tmp_path: Path, text: str, header_row: int, expected) -> None:
    told = inspect(text, "--out", str(tmp_path / "out.csv"))
    assert told["tables"][0]["header_row"] == header_row
    assert not told["tables"][0]["lead_list"]
    assert _cells(tmp_path / "out.csv")[: len(expected)] == expected


def test_a_header_that_comes_again_begins_another_table(inspect, tmp_path: Path) -> None:
    told = inspect("day,city,rain\n1,X,2\nday,city,rain,wind\n3,Y,4,5\n6,Z,7,8\n", "--out", str(tmp_path / "out.csv"))
    assert [(table["header_row"], table["rows"]) for table in told["tables"]] == [(1, 1), (3, 2)]
    assert told["out"] == [str(tmp_path / "out.csv"), str(tmp_path / "out-2.csv")]
    assert _cells(tmp_path / "out-2.csv") == [
        ["day", "city", "rain", "wind"],
        ["3", "Y", "4", "5"],
        ["6", "Z", "7", "8"],
    ]


def test_the_sheets_of_a_workbook_are_named(inspect, tmp_path: Path) -> None:
    rows = [["公司名称", "电话"], ["甲公司", "13812345678"], ["", ""], ["乙公司", "13812345679"]]
    made = openpyxl.Workbook()
    made.active.title = "说明"
    made.active.append(["请填写"])
    sheet = made.create_sheet("线索")
    for row in rows:
        sheet.append(row)
    book = tmp_path / "book.xlsx"
    made.save(book)
    told = inspect(book, "--out", str(tmp_path / "out.csv"))
    assert [sheet["sheet"] for sheet in told["sheets"]] == ["说明", "线索"]
    assert told["skipped"] == [{"sheet": "说明", "why": "no_leads"}]
    assert (told["tables"][0]["sheet"], told["tables"][0]["rows"], told["tables"][0]["blank_rows"]) == ("线索", 2, 1)
    assert _cells(tmp_path / "out.csv") == [rows[0], rows[1], rows[3]]


@pytest.mark.parametrize(
    ("content", "arguments", "code"),
    [
        (b"", (), 3),
        (b"PK\x03\x04 no workbook", (), 3),
        ("one two three\nthe first of many\nand another one which is long\n", (), 3),
        ("a,b\n1,2\n", ("--out", "table.xlsx"), 2),
        ("a,b\n1,2\n", ("--out", "nowhere/table.csv"), 2),
        ("a,b\n1,2\n", ("--channel", "nobody"), 2),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_line(inspect, content, arguments: tuple[str, ...], code: int) -> None:
    inspect(content, *arguments, code=code)


def test_the_page_names_columns_and_damaged_lines_in_the_readers_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADS_HOME", str(tmp_path / "home"))
    (tmp_path / "list.csv").write_text(LEADS, "utf-8")
    said = []
    for lang in ("zh_CN", "en"):
        monkeypatch.setenv("LEADS_LANG", lang)
        assert run(["inspect", str(tmp_path / "list.csv")]) == 0
        said.append(capsys.readouterr().out)
    assert "第 5 行：单元格少于表头" in said[0]
    assert "电话 (phone)" in said[0]
    assert "line 5: fewer cells than the header" in said[1]
    assert not (tmp_path / "home").exists()
