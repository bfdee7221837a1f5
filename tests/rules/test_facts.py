"""Facts of a row: the named cases, whole columns, and inputs nobody expects."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.facts import WORDS
from config.loader import load_rules
from tasks.rules.clean import clean
from tasks.rules.facts import need_state, row_facts
from tasks.rules.facts.deadlines import days_until, read_limit
from tasks.rules.facts.need import _is_vague
from tasks.rules.facts.words import read_once
from tests.named_cases import RECEIVED_AT, ZONE, each, one_row, with_value

# The first draw of any text builds tables of Unicode, which is slow and nothing of ours.
patient = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
RULES = load_rules().at(date(2024, 3, 15))
FACTS = ("need_state", "chain_state", "urgency_state", "title_state", "junk")
TEXTS = ("company", "contact", "title", "need", "chain", "urgency_text", "email")


@each("facts")
def test_a_named_case_holds(case: dict[str, Any]) -> None:
    cells = {"created": "2024-03-15", **case["cells"]}
    facts = row_facts(one_row(cells), RULES, RECEIVED_AT, ZONE).iloc[0]
    wanted = {fact: case[fact] for fact in FACTS if fact in case}
    assert wanted
    assert {fact: facts[fact] for fact in wanted} == wanted


LISTS = [rule.id for rule in RULES.values["facts"] if isinstance(rule.value, tuple)]


@pytest.mark.parametrize("rule", LISTS)
def test_a_list_without_words_is_found_nowhere(rule: str) -> None:
    cells = {
        "created": "2024-03-15",
        "company": "嘉兴精工机械有限公司",
        "contact": "周建国",
        "title": "科员",
        "need": "注塑车间排程",
        "chain": "车间使用",
        "urgency_text": "三个月内",
        "email": "zhou@example.cn",
    }
    shipped, own = (
        row_facts(one_row(cells), rules, RECEIVED_AT, ZONE).iloc[0] for rules in (RULES, with_value(RULES, rule, ()))
    )
    assert {fact: own[fact] for fact in FACTS} == {fact: shipped[fact] for fact in FACTS}


def test_the_index_is_kept_and_an_empty_frame_stays_empty() -> None:
    rows = pd.DataFrame({"need": pd.Series(["采购MES系统", None, "test"], index=[7, 9, 4], dtype="str")})
    facts = row_facts(rows, RULES, RECEIVED_AT, ZONE)
    assert facts.index.tolist() == [7, 9, 4]
    assert facts["need_state"].tolist() == ["clear", "none", "vague"]
    assert facts["junk"].tolist() == ["", "", "need_test"]
    assert list(row_facts(rows.iloc[:0], RULES, RECEIVED_AT, ZONE).columns) == list(facts.columns)


def test_repeated_and_distinct_columns_say_the_same() -> None:
    needs = ["采购MES系统", "有软件需求", "应聘，附简历", "test", "毕业论文查重平台"]
    distinct = pd.DataFrame({"need": pd.Series(needs, dtype="str")})
    repeated = pd.concat([distinct] * 50, ignore_index=True)
    once, often = (row_facts(frame, RULES, RECEIVED_AT, ZONE) for frame in (distinct, repeated))
    assert often.iloc[:5].equals(once)
    assert often.iloc[-5:].reset_index(drop=True).equals(once)


@patient
@given(st.lists(st.fixed_dictionaries({name: st.none() | st.text(max_size=30) for name in TEXTS}), max_size=5))
def test_no_text_raises_and_every_word_is_a_known_one(rows: list[dict[str, str | None]]) -> None:
    frame = pd.DataFrame({name: pd.array([row[name] for row in rows], dtype="str") for name in TEXTS})
    facts = row_facts(frame, RULES, RECEIVED_AT, ZONE)
    for fact in FACTS[:-1]:
        assert set(facts[fact]) <= set(WORDS[fact])


_PIECES = st.sampled_from(
    ["需要", "系统", "采购", "MES", "测试", "33人", "，", " ", "产线", "test", "报价", "联网", "的", "钉"]
)


@patient
@given(st.lists(st.lists(_PIECES, max_size=8).map("".join), min_size=1, max_size=8))
def test_the_quick_look_at_needs_agrees_with_the_whole_one(needs: list[str]) -> None:
    frame = pd.DataFrame({"need": pd.Series(needs, dtype="str")})
    quick = need_state(frame, RULES) == "vague"
    lowered = pa.array([need.lower() for need in needs], pa.large_string())
    whole = read_once(lowered, lambda texts: _is_vague(texts, RULES), null=False)
    stated = np.array([need != "" for need in needs])
    assert quick.to_numpy().tolist() == (whole.astype(bool) & stated).tolist()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("两周内", 14), ("2周内", 14), ("一个月内", 30), ("1.5个月内", 45), ("半年后", 183), ("十二天内", 12),
        ("3月29日前", 14), ("3月底", 16), ("月底前", 16), ("下个月", 46), ("下周", 9), ("Q1前", 16), ("第二季度", 107),
        ("本季度", 16), ("年底", 291), ("上半年", 107), ("2024-03-28", 13), ("2024年6月", 107), ("within 2 weeks", 14),
        ("2月14日", 336), ("2023-12-31", None), ("2024-13-40", None), ("三年级", 1095),
    ],
)  # fmt: skip
def test_a_time_limit_is_counted_from_its_day(text: str, days: float | None) -> None:
    limit = read_limit(text.replace("within 2 weeks", "within 2weeks").lower(), RULES.value("F-TIME-UNITS"))
    on = np.array(["2024-03-15"], dtype="datetime64[D]")
    found = days_until([limit], np.zeros(1, dtype=np.int64), on)[0] if limit else np.nan
    assert (None if np.isnan(found) else found) == days


@pytest.mark.parametrize(
    ("zone", "state"), [("Asia/Shanghai", "urgent"), ("UTC", "frame"), ("America/New_York", "frame")]
)
def test_days_count_from_the_business_day_on_which_a_row_came(zone: str, state: str) -> None:
    one_at_night_in_shanghai = datetime(2024, 6, 15, 17, 0, tzinfo=UTC)
    rows = one_row({"urgency_text": "6月30日前"})
    assert row_facts(rows, RULES, one_at_night_in_shanghai, zone)["urgency_state"].tolist() == [state]


def test_one_table_of_units_serves_the_fact_and_the_cleaned_urgency() -> None:
    assert RULES.value("F-URGENT-DAYS") == RULES.value("V-URGENCY")["days_high"] == 14
    rows = one_row({"urgency": "6个工作日内", "created": "2024-03-15"})
    units = RULES.value("F-TIME-UNITS")
    for days, level, state in ((1.4, "高", "urgent"), (3, "中", "frame")):
        rules = with_value(RULES, "F-TIME-UNITS", {**units, "工作日": days})
        cleaned = clean(rows, rules, RECEIVED_AT, ZONE)
        facts = row_facts(cleaned, rules, RECEIVED_AT, ZONE)
        assert (cleaned["urgency"][0], facts["urgency_state"][0]) == (level, state)


def test_other_words_in_the_rules_give_other_facts() -> None:
    assert RULES.value("F-URGENT-DAYS") == 14
    other = with_value(RULES, "F-URGENT-DAYS", 30)
    rows = one_row({"urgency_text": "1个月内", "created": "2024-03-15"})
    assert row_facts(rows, RULES, RECEIVED_AT, ZONE)["urgency_state"].tolist() == ["frame"]
    assert row_facts(rows, other, RECEIVED_AT, ZONE)["urgency_state"].tolist() == ["urgent"]
