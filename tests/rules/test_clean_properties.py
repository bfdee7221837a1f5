"""What holds for every text: nothing raises, a clean value stays, the form is kept, rows do not touch each other."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.loader import load_config
from tasks.rules.clean import clean
from tasks.rules.clean.frame import COLUMNS
from tests.named_cases import ZONE, load

RULES = load_config().rules.at(date(2024, 3, 15))
RECEIVED_AT = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
#: Field -> the columns that are read from it.
READ = {
    "phone": ["phone", "phone_kind", "phone2", "phone2_kind", "phone_bad"],
    "email": ["email", "email_kind", "email_bad"],
    "budget": ["budget_min", "budget_max", "budget_state"],
    "first_contact": ["first_contact", "created", "contact_at", "date_bad"],
    "company": ["company", "company_key"],
    "contact": ["contact", "contact_key"],
    "region": ["region"],
    "industry": ["industry"],
    "source": ["source"],
    "size": ["size"],
    "urgency": ["urgency"],
}
FILES = {"phone": "phones", "budget": "budgets", "first_contact": "dates", "email": "emails",
         "company": "companies", "contact": "names", "region": "regions"}  # fmt: skip
#: Columns that hold a value which, read again, must be itself, with what is known of it.
STAYS = {"phone": "phone_kind", "phone2": "phone2_kind", "email": "email_kind", "company": "company_key",
         "contact": "contact_key", "created": "contact_at", "region": "region", "industry": "industry",
         "source": "source", "urgency": "urgency", "size": "size"}  # fmt: skip
FORMS = {
    "phone": r"1[3-9]\d{9}|0(?:10|2\d|[3-9]\d{2})-[2-9]\d{6,7}(?:-\d{1,6})?|[48]00\d{7}(?:-\d{1,6})?|\+[1-9]\d{6,14}",
    "email": r"[^\sA-Z@]+@(?:[a-z0-9-]+\.)+[a-z0-9-]{2,}",
    "created": r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2})?|\d{4}(?:-\d{2})?|--\d{2}(?:-\d{2})?",
    "budget_state": "blank|unknown|bad|open|stated",
    "phone_bad": "sci_notation|placeholder|text|digits|no_area",
    "email_bad": "placeholder|text",
    "date_bad": "placeholder|sci_notation|text|future|order|span",
    "company": r"\S(?:.*\S)?",
    "urgency": "高|中|低",
    "size": "微型|小型|中型|大型",
}

_PIECES = {
    "phone": "香港 澳门 台湾 0912 138 1234 5678 +86 0086 0571 86012345 - / ( ) （ ） 转"
    " 分机 8012 400 800 852 ext . , 、 手机 传真 １３８ * e+10",
    "budget": "20 30 5000 1,200,000 万 w k 亿 元 - ~ 到 以内 以上 约 左右"
    " + 几 十 百 多 不超过 待定 ¥ $ 级 （ ） 。 二 每年 /月 2024年",
    "first_contact": "2024 03 15 3 24 - / . 年 月 日 : 14 05"
    " T Z +08:00 下午 晚 半 周五 Mar 三 十 45366 上周 PM 2024-03-15 ~ 季度 Q2 至 底",
    "email": "zhang san @ 163 qq . com cn 。 ; , < > ( at ) info test 邮箱 ：",
    "company": "嘉兴 精工 （ ） ( ) 有限公司 股份 分公司 公司 Co Ltd . , ＡＢ \u3000 无 -",
    "contact": "王 小 明 总 经理 先生 ( ) / Mr Wang 欧阳 测试 1 · \u3000",
    "region": "浙江 省 嘉兴 市 北京 朝阳 区 吉林 海南 鼓楼 - / 、 中国 上海 自治州 zhejiang",
    "industry": "C13 C 39 制造 业 / 软件 服务 ( ) 其他 it 、 汽车",
    "source": "展会 展台 2024年 官网 - / 介绍 微信 百度 Google 其他",
    "size": "50 - 150 人 以上 千 万 约 营收 亿 中型 以下 0 几百",
    "urgency": "2 周 内 半 年 后 不 急 高 （ ） Q2 前 个 月 尽快 3-6 非常",
}


def _texts(field: str) -> st.SearchStrategy[str]:
    """Any text, pieces of the field's own forms put together, and the named cases."""
    pieces = st.lists(st.sampled_from([*_PIECES[field].split(" "), " "]), max_size=9).map("".join)
    own = [case["text"] for case in load(f"clean_{FILES[field]}")] if field in FILES else []
    return st.one_of(st.text(max_size=30), pieces, *([st.sampled_from(own)] if own else []))


def _read(field: str, texts: list[str]) -> pd.DataFrame:
    return clean(pd.DataFrame({field: pd.Series(texts, dtype="str")}), RULES, RECEIVED_AT, ZONE)


def _plain(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    as_objects = frame.astype("object")
    return list(as_objects.where(as_objects.notna(), None).itertuples(index=False, name=None))


@pytest.mark.parametrize("field", READ)
def test_a_row_is_read_alike_alone_and_among_others(field: str) -> None:
    @given(st.lists(_texts(field), min_size=1, max_size=12))
    @settings(max_examples=15, deadline=None)
    def holds(texts: list[str]) -> None:
        together = _read(field, texts)
        alone = [_plain(_read(field, [text]))[0] for text in texts[:3]]
        assert _plain(together)[:3] == alone
        assert list(together.columns) == [*COLUMNS, "content_key"]

    holds()


@pytest.mark.parametrize("field", READ)
def test_a_value_has_its_form(field: str) -> None:
    @given(st.lists(_texts(field), min_size=1, max_size=40))
    @settings(max_examples=25, deadline=None)
    def holds(texts: list[str]) -> None:
        got = _read(field, texts)
        for column in {*READ[field]} & {*FORMS}:
            for value in got[column].dropna():
                assert re.fullmatch(FORMS[column], value), column
        if field == "budget":
            ends = got[got["budget_min"].notna() & got["budget_max"].notna()]
            assert (ends["budget_min"] <= ends["budget_max"]).all()
            assert (got[["budget_min", "budget_max"]].fillna(0) >= 0).all(axis=None)
            stated = got["budget_min"].notna() & got["budget_max"].notna()
            assert (stated == (got["budget_state"] == "stated")).all()
        if field == "phone":
            assert (got["phone"].notna() == got["phone_kind"].notna()).all()
            assert not (got["phone"].notna() & got["phone_bad"].notna()).any()
            assert not (got["phone"].isna() & got["phone2"].notna()).any()

    holds()


@pytest.mark.parametrize("column", STAYS)
def test_a_clean_value_stays(column: str) -> None:
    field = {"phone2": "phone", "created": "first_contact"}.get(column, column)
    with_it = STAYS[column]

    @given(st.lists(_texts(field), min_size=1, max_size=40))
    @settings(max_examples=25, deadline=None)
    def holds(texts: list[str]) -> None:
        once = _read(field, texts)
        once = once[once[column].notna()]
        again = _read(field, once[column].tolist())
        value = "phone" if column == "phone2" else column
        known = "phone_kind" if column == "phone2" else with_it
        assert again[value].tolist() == once[column].tolist()
        assert _plain(again[[known]]) == _plain(once[[with_it]])

    holds()


@given(st.lists(_texts("budget"), min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
@example(["50万+", "10万以内", "20-30万", "1.23万"])
def test_a_clean_budget_stays(texts: list[str]) -> None:
    once = _read("budget", texts)
    once = once[once["budget_state"].isin(["stated", "open"])]
    written = [_written(low, high) for low, high in zip(once["budget_min"], once["budget_max"], strict=True)]
    columns = ["budget_min", "budget_max", "budget_state"]
    assert _plain(_read("budget", written)[columns]) == _plain(once[columns])


def _written(low: float, high: float) -> str:
    """A budget as an export writes it, in yuan to the fen."""
    if pd.isna(high):
        return f"{low!r}元以上"
    return f"{high!r}元以内" if pd.isna(low) else f"{low!r}-{high!r}元"


@pytest.mark.parametrize("field", READ)
def test_width_and_outer_spaces_change_nothing(field: str) -> None:
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
    readable = [case["text"] for case in load(f"clean_{FILES[field]}")] if field in FILES else _PIECES[field].split(" ")
    # the apostrophe of a spreadsheet, and a dash in Chinese, have no wide twin that NFKC knows
    readable = [text for text in readable if not re.search(r"[\\'\"—\n]", text)]
    plain = _read(field, readable)[READ[field]]
    for change in (
        lambda text: text.translate(wide),
        lambda text: f" \u3000{text}\t",
        lambda text: f"\ufeff{text}\u200b",
        lambda text: unicodedata.normalize("NFKC", text),
    ):
        changed = _read(field, [change(text) for text in readable])[READ[field]]
        if field in ("company", "contact"):
            assert changed.iloc[:, 1].tolist() == plain.iloc[:, 1].tolist()
        assert _plain(changed) == _plain(plain)


@given(st.lists(st.fixed_dictionaries({field: _texts(field) for field in READ}), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_a_repeated_row_says_the_same_and_only_what_it_says_counts(rows: list[dict[str, str]]) -> None:
    frame = pd.DataFrame(rows, dtype="str")
    got = clean(frame, RULES, RECEIVED_AT, ZONE)
    padded = clean(frame.map(lambda text: f" {text}  "), RULES, RECEIVED_AT, ZONE)
    assert got["content_key"].tolist() == padded["content_key"].tolist()
    turned = clean(frame.iloc[::-1], RULES, RECEIVED_AT, ZONE)
    assert turned["content_key"].tolist() == got["content_key"].tolist()[::-1]


#: Long runs on which a careless pattern or a float would break, and digits that are not ASCII.
HOSTILE = [
    *(piece * 700 for piece in ("(", "+(", "(+86", "00 ", "138 ", "0571-", "传真 1", "1-", "20万", "几十", "千", "亿")),
    *(piece * 700 for piece in ("2024-", "年", "Jan ", "1点", "a.", ".@", "王总", "浙江", "北京、", "🙂", "\u3000")),
    *("9" * 400 + unit for unit in ("", "万", "多万", "人", "个月内", "年")),
    "1e99万", "٢٠٢٤-٠٣-١٥", "١٣٨١٢٣٤٥٦٧٨", "½万", "²³万", "Ⅻ月3日", "㊿万", "民国9999年1月1日", "+1" + "0" * 14,
]  # fmt: skip


@pytest.mark.parametrize("field", [*READ, "created", "need", "chain", "title", "note"])
def test_the_worst_of_cells_is_read_without_an_error(field: str) -> None:
    assert len(_read(field, HOSTILE)) == len(HOSTILE)
