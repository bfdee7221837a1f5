"""The answer to the sender of a file: every row, in his own form, safe to open."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from config.loader import load_channels, load_rules
from tasks.layout import detect_layout
from tasks.read import read_chunks
from tasks.receipt import About, Receipt, write_receipt

DEFAULT = load_channels()["default"]
RULES = load_rules().at(datetime(2024, 3, 15, tzinfo=UTC).date())
HEADER = "公司名称,联系人,电话,备注"
FILE = f"""2024年展会,,,
{HEADER}
嘉兴精工,李明,13812345678,"上午,联系"

-,王芳,+86 13912345678,=HYPERLINK("http://x")
杭州一二,,,"第一行
第二行",多余
合肥三四,赵六
"""
ADDED = ("leadflow结果", "leadflow线索编号", "leadflow原因", "leadflow建议")


def _outcomes(path: Path, **columns: Iterable[str | None]) -> pd.DataFrame:
    rows = pd.concat(list(read_chunks(path, detect_layout(path, DEFAULT), 100)), ignore_index=True)
    frame = pd.DataFrame({"line": rows["line"]})
    for name, values in columns.items():
        frame[name] = pd.Series(list(values), dtype="str")
    return frame


def _of_file(path: Path) -> pd.DataFrame:
    return _outcomes(
        path,
        outcome=["created", "rejected", "merged", "held"],
        lead=["XL202403001", None, "XL202403001", None],
        issues=["", "C-COMPANY|C-NEED", "C-REACH", "C-RAGGED"],
        reasons=["", "", "S-NEED-VAGUE" if _knows("S-NEED-VAGUE") else "", ""],
        entry_team=["市场部", "市场部", None, None],
        entrant=["李娜", "李娜", None, None],
    )


def _knows(rule_id: str) -> bool:
    return any(rule.id == rule_id for _, rule in RULES.every())


def _write(folder: Path, text: str, encoding: str = "utf-8", lang: str = "zh_CN", name: str = "三月.csv") -> Receipt:
    source = folder / "source.csv"
    source.write_bytes(text.encode(encoding))
    layout = detect_layout(source, DEFAULT)
    return write_receipt(
        source, layout, _of_file(source), RULES, folder / "out", About(name, "expo", 7, "2024-03-15 10:00", lang)
    )


def _cells(path: Path, encoding: str = "utf-8") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


def test_every_record_is_answered_in_its_order(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE)
    rows = _cells(made.rows)
    assert rows[0] == ["2024年展会", "", "", ""]
    assert rows[1] == [*HEADER.split(","), *ADDED]
    assert rows[2] == ["嘉兴精工", "李明", "13812345678", "上午,联系", "已创建", "XL202403001", "", ""]
    assert rows[3] == []
    assert rows[4][:6] == ["-", "王芳", "'+86 13912345678", '\'=HYPERLINK("http://x")', "已拒绝", ""]
    assert rows[4][6] == f"{RULES.statement('C-COMPANY')}；{RULES.statement('C-NEED')}"
    assert rows[4][7] == f"{RULES.hint('C-COMPANY')}；{RULES.hint('C-NEED')}"
    assert rows[5][:6] == ["杭州一二", "", "", "第一行\n第二行", "已合并到", "XL202403001"]
    assert rows[5][8:] == ["多余"]
    assert rows[6][:6] == ["合肥三四", "赵六", "", "", "保留", ""]


def test_lines_stand_where_they_stood(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE)
    again = pd.concat(list(read_chunks(made.rows, detect_layout(made.rows, DEFAULT), 100)))
    assert again["line"].tolist() == _of_file(tmp_path / "source.csv")["line"].tolist()


def test_a_receipt_dropped_back_has_the_rows_of_the_original(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE)
    before, after = (
        pd.concat(list(read_chunks(path, detect_layout(path, DEFAULT), 100)), ignore_index=True)
        for path in (tmp_path / "source.csv", made.rows)
    )
    fields = ["line", "company", "contact", "phone", "note"]
    pd.testing.assert_frame_equal(before[fields], after[fields])
    assert after["raw"].tolist()[:3] == before["raw"].tolist()[:3]


def test_rows_to_mend_come_as_a_file_of_their_own_that_may_come_back(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE)
    assert made.to_mend is not None
    rows = _cells(made.to_mend)
    assert [row[1] for row in rows] == ["联系人", "王芳"]
    layout = detect_layout(made.to_mend, DEFAULT)
    assert layout.is_receipt
    assert next(read_chunks(made.to_mend, layout, 10))["phone"].tolist() == ["+86 13912345678"]


def test_without_rejected_rows_there_is_nothing_to_mend(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(f"{HEADER}\n甲,乙,138,\n")
    frame = _outcomes(source, outcome=["created"], lead=["XL202403001"], issues=[""])
    made = write_receipt(
        source, detect_layout(source, DEFAULT), frame, RULES, tmp_path, About("a.csv", "default", 1, "")
    )
    assert made.to_mend is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000001_a_回执.csv", "000001_a_回执.html", "a.csv"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(("delimiter", "end"), [(",", "\n"), ("\t", "\r\n"), (";", "\n")])
def test_the_answer_is_in_the_senders_own_form(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(csv.reader(io.StringIO(FILE)))
    made = _write(tmp_path, text.getvalue(), encoding)
    answer = made.rows.read_bytes().decode(encoding)
    assert delimiter.join([*HEADER.split(","), *ADDED]) + end in answer
    assert len(list(csv.reader(io.StringIO(answer, newline=""), delimiter=delimiter))) == 7


def test_an_encoding_that_cannot_hold_the_answer_becomes_utf_8_with_its_mark(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes(b"company,phone\nAcme,13812345678\n")
    frame = _outcomes(source, outcome=["created"], lead=["XL202403001"], issues=[""])
    layout = detect_layout(source, DEFAULT)
    made = write_receipt(source, layout, frame, RULES, tmp_path, About("a.csv", "default", 1, ""))
    assert layout.encoding == "ascii"
    assert made.rows.read_bytes().startswith(b"\xef\xbb\xbfcompany")


def test_the_same_input_gives_the_same_bytes_however_it_is_cut(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE)
    files = [path for path in (made.rows, made.page, made.to_mend) if path]
    before = [path.read_bytes() for path in files]
    source = tmp_path / "source.csv"
    frame = _of_file(source)
    pieces = (frame.iloc[at : at + 1] for at in range(len(frame)))
    write_receipt(
        source,
        detect_layout(source, DEFAULT),
        pieces,
        RULES,
        tmp_path / "out",
        About("三月.csv", "expo", 7, "2024-03-15 10:00"),
    )
    assert [path.read_bytes() for path in files] == before


def test_the_page_ties_with_the_rows_and_names_the_files(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE)
    text = made.page.read_text("utf-8")
    cards = re.findall(r"<strong>([\d,]+)</strong>", text)
    assert sum(int(count.replace(",", "")) for count in cards) == made.tally.rows == 4
    assert "合计 4 行" in text
    assert "000007_%E4%B8%89%E6%9C%88_%E5%9B%9E%E6%89%A7.csv" in text
    assert RULES.statement("C-COMPANY") in text
    assert re.search(r"市场部</td><td>李娜</td><td class=\"n\">1 / 2</td><td class=\"n\">2</td>", text)
    assert "（未注明）" in text
    assert "http" not in text


def test_the_page_cannot_be_made_to_run_anything(tmp_path: Path) -> None:
    text = FILE.replace("备注", "<script>alert(1)</script>")
    made = _write(tmp_path, text, name='<img src=x onerror="alert(1)">.csv')
    page = made.page.read_text("utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_no_cell_of_a_receipt_begins_like_a_formula(tmp_path: Path) -> None:
    bad = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", '"=1,1"', '"\r=1"', "'=1"]
    source = tmp_path / "a.csv"
    lines = "".join(f"{cell},乙,138,x{cell if cell[0] != chr(34) else ''}\n" for cell in bad)
    source.write_bytes(f"=标题\n{HEADER}\n{lines}".encode())
    frame = _outcomes(source, outcome=["created"] * 8, lead=[None] * 8, issues=[""] * 8)
    made = write_receipt(
        source, detect_layout(source, DEFAULT), frame, RULES, tmp_path, About("a.csv", "default", 1, "")
    )
    cells = [cell for row in _cells(made.rows) for cell in row if cell]
    assert [cell for cell in cells if cell[0] in "=+-@\t\r"] == []


def test_an_english_receipt_is_known_when_it_comes_back(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE, lang="en")
    assert made.rows.name == "000007_三月_receipt.csv"
    assert _cells(made.rows)[1][4:] == ["leadflow result", "leadflow lead", "leadflow reasons", "leadflow advice"]
    assert detect_layout(made.rows, DEFAULT).is_receipt
