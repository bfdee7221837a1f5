"""Rows of a text file as they were received."""

import csv
import io
import random
from pathlib import Path

import pandas as pd
import pytest

from config.loader import load_channels
from tasks.guard import guarded, guarded_text, unguarded
from tasks.layout import detect_layout
from tasks.read import read_chunks

DEFAULT = load_channels()["default"]
HEADER = "公司名称,联系人,电话,邮箱,需求描述"


def _rows(folder: Path, text: str | bytes, rows: int = 1000) -> pd.DataFrame:
    path = folder / "leads.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return pd.concat(list(read_chunks(path, detect_layout(path, DEFAULT), rows)), ignore_index=True)


def test_a_row_keeps_its_cells_and_its_place(tmp_path: Path) -> None:
    row = _rows(tmp_path, f"{HEADER}\n 某公司 ,李明,138,,\n").iloc[0]
    assert row["raw"] == " 某公司 \x1f李明\x1f138\x1f\x1f"
    assert (row["sheet"], row["line"], row["company"], row["email"]) == ("", 2, " 某公司 ", "")
    assert not row["ragged"]
    assert not row["total_row"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_lines_are_counted_where_records_start(tmp_path: Path, end: str, rows: int) -> None:
    text = f'{HEADER}\n甲,a,1,,\n\n乙,b,2,,"第一行\n第二行"\n,,,,\n丙,c,3,,"他说""急"""\n'.replace("\n", end)
    frame = _rows(tmp_path, text, rows)
    assert dict(zip(frame["company"], frame["line"], strict=True)) == {"甲": 2, "乙": 4, "丙": 7}
    assert frame["need"].tolist() == ["", f"第一行{end}第二行", '他说"急"']


def test_lines_of_totals_are_marked(tmp_path: Path) -> None:
    frame = _rows(tmp_path, f"{HEADER}\n甲,a,1,,\n合计,,,,2\n总计公司,b,2,,\n")
    assert frame["company"].tolist() == ["甲", "合计", "总计公司"]
    assert frame["total_row"].tolist() == [False, True, False]


def test_ragged_rows_keep_every_cell(tmp_path: Path) -> None:
    frame = _rows(tmp_path, f"{HEADER}\n甲,a\n乙,b,2,,需求,多余\n丙,c,3,,x,,\n")
    assert frame["raw"].tolist() == ["甲\x1fa", "乙\x1fb\x1f2\x1f\x1f需求\x1f多余", "丙\x1fc\x1f3\x1f\x1fx\x1f\x1f"]
    assert frame["ragged"].tolist() == [True, True, True]
    assert frame["phone"].tolist() == ["", "2", "3"]


def test_a_delimiter_too_many_is_told_also_where_the_last_cell_is_blank(tmp_path: Path) -> None:
    frame = _rows(tmp_path, f"{HEADER}\n甲,a,1,,\n乙,b,2,,需求一,\n丙,c,3,,\n")
    assert frame["ragged"].tolist() == [False, True, False]


def test_blank_cells_that_most_rows_have_behind_the_header_are_no_damage(tmp_path: Path) -> None:
    frame = _rows(tmp_path, f"{HEADER}\n甲,a,1,,,,\n乙,b,2,,,,\n丙,c,3,,需,,,\n丁,d,4,,\n")
    assert frame["ragged"].tolist() == [False, False, True, False]


@pytest.mark.parametrize("text", ['"', '"\n', '乙,b,2,,"'])
def test_a_quote_that_ends_a_file_is_kept(tmp_path: Path, text: str) -> None:
    frame = _rows(tmp_path, f"{HEADER}\n甲,a,1,,\n{text}")
    assert [raw.rpartition("\x1f")[2] for raw in frame["raw"]] == ["", '"']
    assert frame["ragged"].tolist() == [False, True]


def test_a_quote_astray_leaves_the_other_cells_of_its_row(tmp_path: Path) -> None:
    frame = _rows(tmp_path, f'{HEADER}\n甲,a,1,"x, y","长,短\n乙,b,2,"x, y","\n丙,c,3,,\n')
    assert frame["email"].tolist() == ["x, y", "x, y", ""]
    assert frame["need"].tolist()[1:] == ['"', ""]


def test_several_phones_are_all_kept_of_others_the_first_counts(tmp_path: Path) -> None:
    frame = _rows(tmp_path, "公司,联系电话,手机,备注,备注\n甲,010-1,138,,乙\n丙,,139,一,二\n丁,137,137,,\n")
    assert frame["phone"].tolist() == ["010-1 / 138", "139", "137"]
    assert frame["note"].tolist() == ["乙", "一", ""]


def test_pieces_make_a_field_where_the_whole_is_missing(tmp_path: Path) -> None:
    frame = _rows(
        tmp_path, "First Name,Last Name,省份,城市,Phone\nAlice,Johnson,,,1\n小明,王,浙江省,嘉兴市,2\n,Doe,,杭州,3\n"
    )
    assert frame["contact"].tolist() == ["Alice Johnson", "王小明", "Doe"]
    assert frame["region"].tolist() == ["", "浙江省嘉兴市", "杭州"]


def test_a_unit_of_the_header_stands_behind_bare_numbers(tmp_path: Path) -> None:
    frame = _rows(tmp_path, "公司,预算（万元）\n甲,20-30\n乙,50万\n丙,待确认\n丁,\n")
    assert frame["budget"].tolist() == ["20-30万元", "50万", "待确认", ""]


def test_nul_bytes_are_taken_out(tmp_path: Path) -> None:
    assert _rows(tmp_path, f"{HEADER}\n甲\0,a,1,,\n".encode())["company"].tolist() == ["甲"]


def test_a_quote_that_is_never_closed_swallows_no_rows(tmp_path: Path) -> None:
    rows = "".join(f"公司{n},联系人,{n},,需求\n" for n in range(300))
    frame = _rows(tmp_path, f'{HEADER}\n甲,a,1,,"没有结束\n{rows}')
    assert len(frame) == 301
    assert frame["need"].iloc[0] == '"没有结束'
    assert frame["ragged"].tolist() == [True] + [False] * 300


def test_a_quote_closed_many_rows_later_swallows_no_rows(tmp_path: Path) -> None:
    rows = "".join(f"公司{n},联系人,{n},,需求\n" for n in range(20))
    frame = _rows(tmp_path, f'{HEADER}\n甲,"a,1,,\n{rows}乙,b,2,,"好"\n{rows}')
    assert len(frame) == 42
    assert frame["need"].iloc[21] == "好"


def test_a_file_of_broken_quotes_is_read_line_by_line(tmp_path: Path) -> None:
    frame = _rows(tmp_path, f"{HEADER}\n" + '甲,"a,1,,\n' * 3001)
    assert frame["line"].tolist() == list(range(2, 3003))
    assert set(frame["contact"]) == {'"a'}


def test_any_chunk_size_and_encoding_give_the_same_rows(tmp_path: Path) -> None:
    rng = random.Random(4)
    words = ["甲", "b", "", '他说"急"', "一,二", "上\n下", "+86 138", "三\r\n四"]
    out = io.StringIO()
    csv.writer(out).writerows([HEADER.split(","), *([rng.choice(words) for _ in range(5)] for _ in range(400))])
    whole = _rows(tmp_path, out.getvalue())
    assert len(whole) > 390
    for rows in (1, 3, 50):
        pd.testing.assert_frame_equal(_rows(tmp_path, out.getvalue(), rows), whole)
    for encoding in ("gb18030", "utf-8-sig", "utf-16", "utf-32"):
        pd.testing.assert_frame_equal(_rows(tmp_path, out.getvalue().encode(encoding), 77), whole)


def test_the_fast_way_reads_what_csv_reads(tmp_path: Path) -> None:
    rng = random.Random(7)
    tokens = [
        "a",
        '"',
        '""',
        ",",
        ",",
        ",,",
        "\n",
        "\r\n",
        '"\n"',
        "中",
        ",,,,\n",
        '"b","c"',
        '"d""e",',
        '"f"x',
        ' "g"',
    ]
    for _ in range(300):
        body = "".join(rng.choice(tokens) for _ in range(rng.randrange(1, 12))) + "\n"
        expected = [cells for cells in csv.reader(io.StringIO(body, newline="")) if any(map(str.strip, cells))]
        frame = _rows(tmp_path, f"{HEADER}\n尾,z,9,,\n{body}")[1:]
        if len(frame) and not _was_healed(body):
            assert frame["raw"].tolist() == ["\x1f".join(cells) for cells in expected]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_sound_quotes_are_read_as_csv_reads_them(tmp_path: Path, delimiter: str, end: str) -> None:
    rng = random.Random(11)
    words = ["甲", "b", "", '他说"急"', '"', "一,二;三\t四|五", " ", "上\n下"]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=end)
    cells = [["行", *(rng.choice(words) for _ in range(rng.choice((3, 4, 4, 4, 5))))] for _ in range(400)]
    writer.writerows([HEADER.split(","), *cells])
    for rows in (7, 1000):
        frame = _rows(tmp_path, out.getvalue(), rows)
        assert frame["raw"].tolist() == ["\x1f".join(row) for row in cells]


def _was_healed(body: str) -> bool:
    """Whether csv alone would let a quote run on over other rows."""
    cells = list(csv.reader(io.StringIO(body + "\x1e", newline="")))
    return cells[-1] != ["\x1e"] or any("\n" in cell for row in cells for cell in row)


def test_a_receipt_comes_back_as_what_it_answered(tmp_path: Path) -> None:
    text = (
        "公司名称,电话,备注,leadflow结果,leadflow线索编号,leadflow原因,leadflow建议\n"
        "甲,'+8613812345678,'=1+1,已退回,,原因,建议,多余\n乙,'138,''-x,已创建,XL202403001,,\n"
    )
    frame = _rows(tmp_path, text)
    assert frame["raw"].tolist() == ["甲\x1f+8613812345678\x1f=1+1\x1f多余", "乙\x1f'138\x1f'-x"]
    assert frame["phone"].tolist() == ["+8613812345678", "'138"]


def test_guarding_is_undone_exactly() -> None:
    rng = random.Random(1)
    signs = ["=", "+", "-", "@", "\t", "'", "a", "1", "-5", "+86", "--", "%", "中", ""]
    rows = [["".join(rng.choice(signs) for _ in range(rng.randrange(4))) for _ in range(5)] for _ in range(2000)]
    safe = guarded(rows)
    assert unguarded(safe) == rows
    assert safe == [[guarded_text(cell) for cell in row] for row in rows]
    assert guarded([["-5", "-", "+8613", "=1"]]) == [["-5", "-", "'+8613", "'=1"]]
