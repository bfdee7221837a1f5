"""Facts of a row: the named cases, whole columns, and inputs nobody expects."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.facts import WORDS
from config.loader import load_rules
from config.schema import Rules
from tasks.rules.facts import need_state, row_facts
from tasks.rules.facts.deadlines import days_until, read_limit
from tasks.rules.facts.need import _is_vague
from tasks.rules.facts.words import read_once
from tests.named_cases import RECEIVED_AT, each, one_row

# The first draw of any text builds tables of Unicode, which is slow and nothing of ours.
patient = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
RULES = load_rules().at(date(2024, 3, 15))
FACTS = ("need_state", "chain_state", "urgency_state", "title_state", "junk")
TEXTS = ("company", "contact", "title", "need", "chain", "urgency_text", "email")


@each("facts")
def test_a_named_case_holds(case: dict[str, Any]) -> None:
    cells = {"created": "2024-03-15", **case["cells"]}
    facts = row_facts(one_row(cells), RULES, RECEIVED_AT).iloc[0]
    wanted = {fact: case[fact] for fact in FACTS if fact in case}
    assert wanted
    assert {fact: facts[fact] for fact in wanted} == wanted


def test_the_index_is_kept_and_an_empty_frame_stays_empty() -> None:
    rows = pd.DataFrame({"need": pd.Series(["采购MES系统", None, "test"], index=[7, 9, 4], dtype="str")})
    facts = row_facts(rows, RULES, RECEIVED_AT)
    assert facts.index.tolist() == [7, 9, 4]
    assert facts["need_state"].tolist() == ["clear", "none", "vague"]
    assert facts["junk"].tolist() == ["", "", "need_test"]
    assert list(row_facts(rows.iloc[:0], RULES, RECEIVED_AT).columns) == list(facts.columns)


def test_repeated_and_distinct_columns_say_the_same() -> None:
    needs = ["采购MES系统", "有软件需求", "应聘，附简历", "test", "毕业论文查重平台"]
    distinct = pd.DataFrame({"need": pd.Series(needs, dtype="str")})
    repeated = pd.concat([distinct] * 50, ignore_index=True)
    once, often = (row_facts(frame, RULES, RECEIVED_AT) for frame in (distinct, repeated))
    assert often.iloc[:5].equals(once)
    assert often.iloc[-5:].reset_index(drop=True).equals(once)


@patient
@given(st.lists(st.fixed_dictionaries({name: st.none() | st.text(max_size=30) for name in TEXTS}), max_size=5))
def test_no_text_raises_and_every_word_is_a_known_one(rows: list[dict[str, str | None]]) -> None:
    frame = pd.DataFrame({name: pd.array([row[name] for row in rows], dtype="str") for name in TEXTS})
    facts = row_facts(frame, RULES, RECEIVED_AT)
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
    limit = read_limit(text.replace("within 2 weeks", "within 2weeks").lower())
    on = np.array(["2024-03-15"], dtype="datetime64[D]")
    found = days_until([limit], np.zeros(1, dtype=np.int64), on)[0] if limit else np.nan
    assert (None if np.isnan(found) else found) == days


def test_other_words_in_the_rules_give_other_facts() -> None:
    changed = RULES.value("F-URGENT-DAYS")
    assert changed == 14
    values = {
        family: tuple(r.model_copy(update={"value": 30}) if r.id == "F-URGENT-DAYS" else r for r in rules)
        for family, rules in RULES.values.items()
    }
    other = Rules(version="0" * 12, values=values)
    rows = one_row({"urgency_text": "1个月内", "created": "2024-03-15"})
    assert row_facts(rows, RULES, RECEIVED_AT)["urgency_state"].tolist() == ["frame"]
    assert row_facts(rows, other, RECEIVED_AT)["urgency_state"].tolist() == ["urgent"]
