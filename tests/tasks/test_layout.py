"""What leadflow sees in a text file before it reads a row."""

import codecs
from pathlib import Path

import pytest

from config.loader import load_channels
from config.schema import Channel
from tasks.layout import Layout, detect_layout
from tasks.tables import Tables
from tasks.unreadable import REASONS, UnreadableFile

DEFAULT = load_channels()["default"]
HEADER = "公司名称,联系人,电话,邮箱,需求描述"
ROW = "嘉兴精工机械有限公司,李明,13812345678,li@example.com,自动化产线改造"
TABLE = f"{HEADER}\r\n{ROW}\r\n"


def _file(folder: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path = folder / "leads.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def _layout(folder: Path, content: bytes | str, encoding: str = "utf-8", channel: Channel = DEFAULT) -> Layout:
    return detect_layout(_file(folder, content, encoding), channel)


def _refused(folder: Path, content: bytes | str, **limits: int) -> str:
    with pytest.raises(UnreadableFile) as why:
        detect_layout(_file(folder, content), DEFAULT, **limits)
    return why.value.code


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), "utf-8"),
        (TABLE.encode("utf-8-sig"), "utf-8-sig"),
        (TABLE.encode("gb18030"), "gb18030"),
        (TABLE.encode("gbk"), "gb18030"),
        (TABLE.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "utf-16"),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("utf-16-be"), "utf-16-be"),
        (TABLE.encode("utf-32"), "utf-32"),
        (codecs.BOM_UTF32_BE + TABLE.encode("utf-32-be"), "utf-32"),
        (TABLE.encode("utf-32-le"), "utf-32-le"),
        (TABLE.encode("utf-32-be"), "utf-32-be"),
        (b"company,phone\nAcme,13812345678\n", "ascii"),
    ],
)
def test_the_encoding_is_what_the_whole_file_decodes_as(tmp_path: Path, content: bytes, encoding: str) -> None:
    layout = _layout(tmp_path, content)
    assert layout.encoding == encoding
    assert layout.mapping["phone"] != ()


def test_a_file_that_starts_like_ascii_and_ends_in_gbk_is_gbk(tmp_path: Path) -> None:
    filler = "Acme,Bob,13812345678\n" * 100_000
    layout = _layout(
        tmp_path, ("company,contact,phone\n" + filler).encode() + "嘉兴精工,李明,13812345678\n".encode("gbk")
    )
    assert layout.encoding == "gb18030"


def test_one_damaged_byte_does_not_refuse_a_file_but_is_named(tmp_path: Path) -> None:
    layout = _layout(tmp_path, TABLE.encode() + f"{ROW}\r\n".encode() * 500 + b"\xff\xff")
    assert layout.encoding == "utf-8"
    assert layout.notes == ("undecodable:2",)


def test_two_encodings_in_one_file_are_refused(tmp_path: Path) -> None:
    assert _refused(tmp_path, TABLE.encode() * 50 + f"{ROW}\r\n".encode("gbk") * 50) == "encoding"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_a_header(tmp_path: Path, delimiter: str) -> None:
    text = "\n".join(
        [HEADER.replace(",", delimiter), delimiter.join(["某公司", "李明", "138", "a@b.cn", "产线,改造;升级"])]
    )
    layout = _layout(tmp_path, text)
    assert (layout.delimiter, layout.header[0]) == (delimiter, "公司名称")


def test_title_rows_above_the_header_are_passed_over(tmp_path: Path) -> None:
    title = '2024年展会线索汇总,,\n"填表说明：\n电话必填",,\n\n'
    layout = _layout(tmp_path, title + TABLE)
    assert (layout.header_line, layout.notes) == (5, ("title_lines:4",))


def test_headers_are_compared_without_width_case_spaces_and_marks(tmp_path: Path) -> None:
    layout = _layout(tmp_path, "＊公司 名称（必填）,E-Mail *,Mobile_Phone,[必填]联系人：\n某公司,a@b.cn,138,李明\n")
    assert layout.mapping == {"company": (0,), "email": (1,), "phone": (2,), "contact": (3,)}


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "线索编号,来源,公司名称,行业,联系人,职位,电话,邮箱,需求描述,预算范围,决策链,负责人,创建时间,状态",
            "lead_ref source company industry contact title phone email need budget chain"
            " owner_hint created status_text",
        ),
        (
            "外部编号,线索来源,公司名称,所属行业,联系人,职位,电话,邮箱,需求描述,预算范围,决策链,首次接触时间,所在地区,紧急程度,备注",
            "external_id source company industry contact title phone email need budget chain"
            " first_contact region urgency note",
        ),
        (
            "客户名称,行业,规模(员工数/营收),联系人,职位,联系方式,需求痛点,预算范围",
            "company industry size contact title phone need budget",
        ),
        ("Lead ID,Company,LeadSource,Status,OwnerId,Phone", "external_id company source status_text owner_hint phone"),
        (
            "Record ID,Phone Number,Lead Status,Create Date,Original Source",
            "external_id phone status_text created source",
        ),
        ("公司,手机号,意向等级,录入人,录入团队", "company phone mark entrant entry_team"),
    ],
)
def test_sheets_and_exports_are_known_without_a_mapping(tmp_path: Path, header: str, fields: str) -> None:
    layout = _layout(tmp_path, f"{header}\n{',x' * header.count(',')}\n")
    assert list(layout.mapping) == fields.split()
    assert layout.unmapped == ()


def test_columns_that_mean_nothing_are_named(tmp_path: Path) -> None:
    layout = _layout(tmp_path, "公司名称,电话,星座,最近跟进时间\n某公司,138,狮子,2024\n")
    assert layout.unmapped == ("星座", "最近跟进时间")


def test_a_channels_own_words_win(tmp_path: Path) -> None:
    words = {**DEFAULT.synonyms, "contact": ("客户名称", *DEFAULT.synonyms["contact"])}
    own = DEFAULT.model_copy(update={"synonyms": {"contact": words.pop("contact"), **words}})
    layout = _layout(tmp_path, "客户名称,电话\n李明,138\n", channel=own)
    assert layout.mapping == {"contact": (0,), "phone": (1,)}


def test_a_unit_in_the_header_is_read(tmp_path: Path) -> None:
    layout = _layout(tmp_path, "公司名称,预算（万元）\n某公司,20-30\n")
    assert (layout.mapping["budget"], layout.units) == ((1,), {"budget": "万元"})


def test_a_receipt_is_known_by_its_added_columns(tmp_path: Path) -> None:
    layout = _layout(tmp_path, "公司名称,leadflow结果,leadflow线索编号,leadflow原因,leadflow建议,电话\n")
    assert layout.is_receipt
    assert (layout.header, layout.added, layout.mapping["phone"]) == (("公司名称", "电话"), (1, 2, 3, 4), (1,))


def test_a_layout_survives_being_stored(tmp_path: Path) -> None:
    layout = _layout(tmp_path, "First Name,Last Name,预算(万),电话,手机\nA,B,1,2,3\n")
    assert Tables.from_json(Tables((layout,)).to_json()) == Tables((layout,))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"PK\x03\x04" + bytes(300), "damaged"),
        (b"\xd0\xcf\x11\xe0" + bytes(300), "damaged"),
        (b"%PDF-1.7 ...", "binary"),
        (b"a,b\n" + bytes([0, 200, 0, 0, 7, 0, 9, 0, 0, 0]) * 400, "binary"),
        (b"a,b,c\n1,2,3\n", "no_header"),
        ("今天天气很好\n".encode(), "no_header"),
        ("\ufeff<html><table><tr><td>公司</td><td>电话</td></tr></table></html>".encode(), "html"),
    ],
)
def test_what_is_no_lead_list_is_refused_with_its_reason(tmp_path: Path, content: bytes, code: str) -> None:
    assert _refused(tmp_path, content) == code
    assert REASONS[code].todo_zh


def test_a_line_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    assert _refused(tmp_path, TABLE.encode() + b"x" * 3_000_000, max_line=1_000_000) == "long_line"


def test_a_refusal_speaks_both_languages() -> None:
    why = UnreadableFile("no_header", "leads.csv")
    assert "表头" in why.wrong("zh_CN")
    assert "header" in why.wrong("en")
    assert why.wrong("en").endswith("(leads.csv)")
