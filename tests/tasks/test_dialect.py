"""Text files in other dialects than usual CSV: every cell as it was written, on the line on which it stood."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dialect import Dialect, cells_of, find_delimiter, odd_dialect
from tasks.encoding import possible_encodings
from tasks.layout import open_text
from tasks.plain import make_plain
from tasks.source import open_source
from tasks.unreadable import UnreadableFile

ROWS = [["公司", "人", "需求", "电话"], ["甲, 乙", "王's 店", '屏 5"宽', "138"], ["丙", "", "两\n行", "139"]]

WRITTEN = {
    "single quotes": "公司,人,需求,电话\n'甲, 乙','王's 店','屏 5\"宽',138\n'丙','','两\n行',139\n",
    "backslashes": '公司,人,需求,电话\n"甲, 乙","王\'s 店","屏 5\\"宽",138\n丙,"","两\n行",139\n',
    "quotes that nothing escapes": '公司,人,需求,电话\n"甲, 乙","王\'s 店","屏 5"宽",138\n丙,"","两\n行",139\n',
    "blanks behind commas": '公司, 人, 需求, 电话\n"甲, 乙", "王\'s 店", "屏 5""宽", 138\n丙, , "两\n行", 139\n',
    "semicolons and single quotes": "公司;人;需求;电话\n'甲, 乙';'王's 店';'屏 5\"宽';138\n'丙';'';'两\n行';139\n",
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_odd_dialects_give_the_cells_that_were_meant(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(WRITTEN[name].encode(encoding))
    source = open_source(path, tmp_path / "made")
    assert source.dialect is not None
    text = source.path.read_bytes().decode(encoding)
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=source.dialect.delimiter)) == ROWS
    assert text.count("\n") == WRITTEN[name].count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "公司,电话\n甲,138\n乙,139\n",
        '公司,需求\n"甲, 乙",5" 屏\n丙,"说 ""好"", 再说"\n',
        "公司,电话\n甲,'00138\n乙,'00139\n",
        '公司\t需求\n甲\t"=HYPERLINK(""http://a"",""点击"")"\n',
        "公司, 电话\n甲,138\n",
        "公司名称\n深圳市 某某 公司\n上海 某某 公司\n",
    ],
)
def test_usual_files_are_left_as_they_are(tmp_path: Path, text: str) -> None:
    path = tmp_path / "usual.csv"
    path.write_text(text, "utf-8")
    assert odd_dialect(path, "utf-8") is None


def test_a_quote_that_never_closes_is_text_and_swallows_no_row(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text('a,b,c\n1,"2,"x"\n' + "3,4,5\n" * 600 + '6,"7,8\n9,"说"好,1\n', "utf-8")
    text = make_plain(path, "utf-8", Dialect(","), tmp_path / "plain.csv").read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 604
    assert [rows[1], rows[602], rows[603]] == [["1", '"2', "x"], ["6", '"7', "8"], ["9", '"说"好', "1"]]


CELLS = st.lists(st.lists(st.text("ab\"',;\n\t| =中0", max_size=6), min_size=3, max_size=4), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(CELLS, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_usual_csv_stays_what_it_says(tmp_path_factory, rows: list[list[str]], delimiter: str, newline: str) -> None:
    folder = tmp_path_factory.mktemp("plain")
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows(rows)
    (folder / "a.csv").write_bytes(text.getvalue().encode())
    plain = make_plain(folder / "a.csv", "utf-8", Dialect(delimiter), folder / "b.csv").read_bytes().decode()
    read = [list(csv.reader(io.StringIO(some, newline=""), delimiter=delimiter)) for some in (text.getvalue(), plain)]
    assert list(filter(any, read[1])) == list(filter(any, read[0]))
    assert plain.count("\n") == text.getvalue().count("\n")


TRADITIONAL = (
    "公司名稱,聯絡人,電話,預算\n台積電股份有限公司,王大明,0912-345-678,五十萬元\n長榮海運,張經理,07-123-4567,待確認\n"
)
SIMPLIFIED = (
    "公司名称,联系人,电话,预算\n深圳市腾讯计算机系统有限公司,王大明,13812345678,五十万元\n杭州网络,张经理,0571-8,待\n"
)
WESTERN = "Name,Company,City\nJosé Muñoz,Peña y Cía,Málaga\nFrançois Lefèvre,Société Générale,Orléans\n"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (WESTERN, "cp1252", "cp1252"),
        (WESTERN, "utf-8", "utf-8"),
    ],
)
@pytest.mark.parametrize("lines", [2, 3])
def test_encodings_are_told_apart_by_a_few_lines(
    tmp_path: Path, text: str, encoding: str, found: str, lines: int
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("".join(text.splitlines(keepends=True)[:lines]).encode(encoding))
    assert possible_encodings(path)[0].name == found


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        ("name,phone\n璟瑄,13812345678\n".encode("gb18030"), "gb18030"),
        ("name,city\nMüßig,Köln\n".encode("cp1252"), "cp1252"),
        ("姓名,公司\n王伟,机械厂\n".encode()[:-2], "utf-8"),
        ("姓名,公司\n王伟,机械厂\n".encode() + b"A\xff,x\n", "utf-8"),
        (b"name,phone\n\0Wang,13812345678\n\0Li,1\n", "ascii"),
        ("\ufeffname,phone\nWang,13812345678\n".encode("gb18030"), "gb18030"),
    ],
)
def test_a_damaged_or_tiny_text_is_read_by_what_is_likely(tmp_path: Path, octets: bytes, found: str) -> None:
    (tmp_path / "list.csv").write_bytes(octets)
    assert possible_encodings(tmp_path / "list.csv")[0].name == found


JAPANESE = "name,company\n田中さん,東京カメラ株式会社\n鈴木さん,ソニー\n"
KOREAN = "name,company\n김철수,삼성전자 주식회사\n이영희,현대자동차\n박민수,네이버 주식회사\n정수진,엘지화학\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (KOREAN, "euc_kr"),
        (KOREAN, "cp949"),
        (SIMPLIFIED, "hz"),
    ],
)
def test_a_script_that_is_not_read_is_refused_and_never_guessed(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "list.csv").write_bytes(text.encode(encoding))
    with pytest.raises(UnreadableFile, match="encoding"):
        possible_encodings(tmp_path / "list.csv")


def test_the_mark_of_gb18030_is_none_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("\ufeffname,phone\n".encode("gb18030"))
    with open_text(path, possible_encodings(path)[0].name) as file:
        assert file.read() == "name,phone\n"


def test_comments_above_a_table_do_not_hide_its_delimiter() -> None:
    assert find_delimiter("# A few words\n# what is in here\na;b\n1;3\n# and one more\n4;5\n") == ";"


def test_a_long_word_is_told_at_once() -> None:
    assert find_delimiter('name;text\n1;"' + "a" * 30_000 + '"\n2;"b"\n') == ";"


def test_a_line_of_quotes_astray_takes_no_longer_than_its_length() -> None:
    cells, _ = cells_of(',"a' * 200_000, Dialect(","), 4)
    assert (len(cells), set(cells)) == (200_001, {"", '"a'})
