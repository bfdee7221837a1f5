"""Decision tables over columns: every operator, null, order, and agreement with a look at each row."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.facts import JUNK, WORDS
from config.schema import DecisionRule
from tasks.rules.tables import all_matches, first_match

COMMON = {"statement": {"zh": "规则", "en": "a rule"}, "source": "H1-3.3-grade", "effective": "2024-01-01", "then": "B"}


def rule(when: dict[str, Any]) -> DecisionRule:
    return DecisionRule.model_validate({"id": "T-RULE", "when": when, **COMMON})


def frame(**columns: list[Any]) -> pd.DataFrame:
    numbers = ("budget_min", "junk_signals")
    return pd.DataFrame({k: pd.Series(v, dtype="float64" if k in numbers else "str") for k, v in columns.items()})


def test_the_first_rule_that_fits_decides() -> None:
    facts = frame(need_state=["clear", "vague", "none", None], chain_state=["complete", "complete", None, "complete"])
    table = [rule({"need_state": "clear", "chain_state": "complete"}), rule({"need_state": ["clear", "vague"]})]
    assert first_match(facts, table).tolist() == [0, 1, -1, -1]
    assert all_matches(facts, table).tolist() == [[True, True], [False, True], [False, False], [False, False]]


def test_numbers_are_compared_within_bounds_and_null_fits_nothing() -> None:
    facts = frame(budget_min=[99_999, 100_000, 199_999, 200_000, None])
    table = [rule({"budget_min": {"ge": 100_000, "lt": 200_000}})]
    assert first_match(facts, table).tolist() == [-1, 0, 0, -1, -1]
    assert all_matches(facts, [rule({"budget_min": {"gt": 100_000, "le": 200_000}})])[:, 0].tolist() == [
        False, False, True, True, False,
    ]  # fmt: skip


def test_a_set_of_codes_has_one_of_those_named() -> None:
    facts = frame(junk=["need_test|phone_placeholder", "phone_placeholder", "", None, "email_test"])
    table = [rule({"junk": {"has": ["need_test", "email_test"]}})]
    assert all_matches(facts, table)[:, 0].tolist() == [True, False, False, False, True]


def test_a_rule_without_conditions_always_fits() -> None:
    assert first_match(frame(need_state=["clear", None]), [rule({})]).tolist() == [0, 0]


def test_empty_frames_and_tables_fit_nothing() -> None:
    assert first_match(frame(need_state=[]), [rule({"need_state": "clear"})]).tolist() == []
    assert first_match(frame(need_state=["clear"]), []).tolist() == [-1]


def test_categories_are_read_as_words() -> None:
    facts = pd.DataFrame({"grade": pd.Categorical(["A", None, "C"], categories=["C", "B", "A"])})
    assert first_match(facts, [rule({"grade": ["A", "B"]})]).tolist() == [0, -1, -1]


def test_a_fact_that_the_frame_lacks_is_named() -> None:
    with pytest.raises(KeyError, match="chain_state"):
        first_match(frame(need_state=["clear"]), [rule({"chain_state": "complete"})])


_WORD_FACTS = ("need_state", "chain_state", "grade")
_CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        **{fact: st.lists(st.sampled_from(WORDS[fact]), min_size=1, max_size=3) for fact in _WORD_FACTS},
        "budget_min": st.fixed_dictionaries({"ge": st.integers(0, 5)}, optional={"lt": st.integers(3, 9)}),
        "junk": st.fixed_dictionaries({"has": st.lists(st.sampled_from(JUNK), min_size=1, max_size=3)}),
    },
)
_ROWS = st.fixed_dictionaries(
    {
        **{fact: st.none() | st.sampled_from(WORDS[fact]) for fact in _WORD_FACTS},
        "budget_min": st.none() | st.integers(0, 9),
        "junk": st.none() | st.lists(st.sampled_from(JUNK), unique=True, max_size=3).map("|".join),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_ROWS, max_size=12), st.lists(_CONDITIONS, max_size=5))
def test_columns_agree_with_a_look_at_each_row(rows: list[dict[str, Any]], conditions: list[dict[str, Any]]) -> None:
    facts = frame(**{fact: [row[fact] for row in rows] for fact in (*_WORD_FACTS, "budget_min", "junk")})
    fits = all_matches(facts, [rule(when) for when in conditions])
    wanted = [[all(_holds(row[fact], how) for fact, how in when.items()) for when in conditions] for row in rows]
    assert fits.tolist() == (wanted if conditions else [[] for _ in rows])
    first = np.array([next((i for i, fit in enumerate(line) if fit), -1) for line in wanted], dtype=np.int64)
    assert first_match(facts, [rule(when) for when in conditions]).tolist() == first.tolist()


def _holds(value: Any, how: Any) -> bool:
    if value is None:
        return False
    if isinstance(how, list):
        return value in how
    if "has" in how:
        return bool(set(how["has"]) & set(value.split("|")))
    return bool(how["ge"] <= value < how.get("lt", 99))
