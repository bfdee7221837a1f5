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
from tasks.unreadable import UnreadableFile

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


def _cells(path: Path, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


def test_every_record_is_answered_in_its_order(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE)
    rows = _cells(made.rows)
    assert rows[0] == ["2024年展会", "", "", ""]
    assert rows[1] == [*HEADER.split(","), *ADDED]
    assert rows[2] == ["嘉兴精工", "李明", "13812345678", "上午,联系", "已创建", "XL202403001", "", ""]
    assert rows[3] == []
    assert rows[4][:6] == ["-", "王芳", "'+86 13912345678", '\'=HYPERLINK("http://x")', "已退回", ""]
    assert rows[4][6] == (
        f"{RULES.statement('C-COMPANY')}（“公司名称”列，C-COMPANY）；{RULES.statement('C-NEED')}（表中没有这一列，C-NEED）"
    )
    assert rows[4][7] == f"{RULES.hint('C-COMPANY')}；{RULES.hint('C-NEED')}"
    assert rows[5][:6] == ["杭州一二", "", "", "第一行\n第二行", "已合并到", "XL202403001"]
    assert rows[5][8:] == ["多余"]
    assert rows[6][:6] == ["合肥三四", "赵六", "", "", "无变化", ""]


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


def test_of_two_workers_at_one_receipt_the_second_finds_it_done(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_text(FILE, encoding="utf-8")
    arguments = (source, detect_layout(source, DEFAULT), _of_file(source), RULES, tmp_path / "out")
    about, others = About("三月.csv", "expo", 7, ""), list[dict[str, bytes]]()

    def meanwhile() -> None:
        write_receipt(*arguments, about)
        others.append(_files(tmp_path / "out"))

    write_receipt(*arguments, about, intact=meanwhile)
    assert [_files(tmp_path / "out")] == others
    assert len(others[0]) == 3


def test_what_dead_or_failing_writers_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("回执.csv", "待修改.csv", "回执.html"):
        (tmp_path / "out" / f".000007_三月_{name}.99-ab.part").touch()
    made = _write(tmp_path, FILE)
    whole = _files(tmp_path / "out")
    assert sorted(whole) == sorted(path.name for path in (made.rows, made.page, made.to_mend) if path)

    def changed() -> None:
        raise UnreadableFile("changed")

    source = tmp_path / "source.csv"
    arguments = (source, detect_layout(source, DEFAULT), _of_file(source), RULES, tmp_path / "out")
    with pytest.raises(UnreadableFile):
        write_receipt(*arguments, About("四月.csv", "expo", 8, ""), intact=changed)
    assert _files(tmp_path / "out") == whole


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
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


@pytest.mark.parametrize("characters", [1, 3, 17, 64, 200])
def test_a_file_read_in_small_pieces_has_the_same_receipt(tmp_path: Path, characters: int) -> None:
    whole = _write(tmp_path, FILE)
    source = tmp_path / "source.csv"
    about = About("三月.csv", "expo", 7, "2024-03-15 10:00")
    layout = detect_layout(source, DEFAULT)
    pieces = write_receipt(source, layout, _of_file(source), RULES, tmp_path / "pieces", about, characters)
    assert pieces.rows.read_bytes() == whole.rows.read_bytes()
    assert pieces.to_mend is not None
    assert whole.to_mend is not None
    assert pieces.to_mend.read_bytes() == whole.to_mend.read_bytes()


def test_quoted_records_keep_the_senders_quotes_and_get_the_answer_behind(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes(f'{HEADER}\r\n"甲,乙","说""好""","138","x"\r\n"丙","-1+1","138","第一行\r\n第二行"\r\n'.encode())
    frame = _outcomes(source, outcome=["created"] * 2, lead=["XL1"] * 2, issues=[""] * 2)
    layout = detect_layout(source, DEFAULT)
    made = write_receipt(source, layout, frame, RULES, tmp_path, About("a.csv", "default", 1, ""))
    assert '"甲,乙","说""好""","138","x",已创建,XL1,,\r\n' in made.rows.read_bytes().decode()
    assert _cells(made.rows)[2][:5] == ["丙", "'-1+1", "138", "第一行\r\n第二行", "已创建"]


def test_a_quote_that_is_never_closed_is_a_letter(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    rows = "".join(f"公司{n},李{n},1380000000{n},备注{n}\n" for n in range(3))
    source.write_text(f'{HEADER}\n甲,乙,138,"没有关上\n{rows}', encoding="utf-8")
    frame = _outcomes(source, outcome=["created"] * 4, lead=["XL1"] * 4, issues=[""] * 4)
    layout = detect_layout(source, DEFAULT)
    made = write_receipt(source, layout, frame, RULES, tmp_path, About("a.csv", "default", 1, ""))
    assert [row[4] for row in _cells(made.rows)[1:]] == ["已创建"] * 4
    assert _cells(made.rows)[1][3] == '"没有关上'


def test_a_spreadsheet_reads_the_answer_as_utf_8(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE)
    for path in (made.rows, made.to_mend):
        assert path is not None
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_reason_names_the_column_by_the_senders_own_header_and_the_rule(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE.replace("公司名称", "客户名称"))
    assert "（“客户名称”列，C-COMPANY）" in _cells(made.rows)[4][6]
    assert (
        "(column 客户名称, C-COMPANY)"
        in _cells(_write(tmp_path, (tmp_path / "source.csv").read_text(), lang="en").rows)[4][6]
    )


def test_only_the_checklist_of_required_fields_counts_as_omissions(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(f"{HEADER}\n甲,乙,138,\n", encoding="utf-8")
    frame = _outcomes(source, outcome=["created"], lead=["XL1"], issues=["C-NEED|C-INDUSTRY|C-TITLE"], entrant=["李娜"])
    made = write_receipt(
        source, detect_layout(source, DEFAULT), frame, RULES, tmp_path, About("a.csv", "default", 1, "")
    )
    assert made.tally.omissions == {("", "李娜"): {"rows": 1, "missing": 1, "omissions": 1}}
    assert made.page.read_text("utf-8").count("待补充</span>") == 2


def _receipt_of(tmp_path: Path, lines: int, lang: str = "zh_CN", **columns: list[str]) -> Receipt:
    source = tmp_path / "a.csv"
    source.write_text(f"{HEADER}\n" + "甲,乙,138,\n" * lines, encoding="utf-8")
    frame = _outcomes(source, outcome=["rejected"] * lines, lead=[None] * lines, **columns)
    about = About("a.csv", "default", 1, "", lang)
    return write_receipt(source, detect_layout(source, DEFAULT), frame, RULES, tmp_path, about)


def test_a_field_left_out_is_one_omission_however_many_checks_name_it(tmp_path: Path) -> None:
    issues = ["C-REACH|C-PHONE|C-EMAIL", "C-COMPANY|C-REACH|C-PHONE", "C-TOTAL"]
    made = _receipt_of(tmp_path, 3, issues=issues, entrant=["李娜"] * 3)
    assert made.tally.omissions == {("", "李娜"): {"rows": 3, "missing": 2, "omissions": 3}}


def test_who_leaves_out_more_than_the_rule_lets_pass_is_named(tmp_path: Path) -> None:
    who = {"entry_team": ["市场部", "市场部", "销售部", ""], "entrant": ["李娜", "李娜", "赵六", ""]}
    issues = ["C-NEED|C-BUDGET", "C-CHAIN", "C-NEED|C-BUDGET", "C-NEED|C-BUDGET|C-CHAIN|C-CONTACT"]
    page = _receipt_of(tmp_path, 4, issues=issues, **who).page.read_text("utf-8")
    assert "漏填超过 2 次：市场部 李娜（3 次）</p>" in page
    page = _receipt_of(tmp_path, 4, "en", issues=issues, **who).page.read_text("utf-8")
    assert "More than 2 omissions: 市场部 李娜 (3)</p>" in page
    assert "漏填超过" not in _receipt_of(tmp_path, 1, issues=["C-NEED|C-BUDGET"]).page.read_text("utf-8")


def test_an_english_receipt_is_known_when_it_comes_back(tmp_path: Path) -> None:
    made = _write(tmp_path, FILE, lang="en")
    assert made.rows.name == "000007_三月_receipt.csv"
    assert _cells(made.rows)[1][4:] == ["leadflow result", "leadflow lead", "leadflow reasons", "leadflow advice"]
    assert detect_layout(made.rows, DEFAULT).is_receipt
