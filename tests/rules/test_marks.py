"""Marketing's mark beside grade and budget: named cases, and any text."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from config.loader import load_config
from tasks.rules.marks import CODES, compare_mark
from tests.named_cases import RECEIVED_AT, each, load

RULES = load_config().rules.at(RECEIVED_AT.date())


@each("marks")
def test_a_mark_is_compared(case: dict[str, Any]) -> None:
    said = compare_mark(case["mark"], case["grade"], case.get("low"), case.get("high"), RULES)
    assert list(said) == case["said"]


def test_every_answer_has_a_case() -> None:
    assert {code for case in load("marks") for code in case["said"]} == {*CODES}


@given(st.text(max_size=20), st.sampled_from(["A", "B", "C", "", None]), st.none() | st.floats(0, 1e9))
@settings(max_examples=60, deadline=None)
def test_any_mark_is_compared(mark: str, grade: str | None, low: float | None) -> None:
    assert {*compare_mark(mark, grade, low, None, RULES)} <= {*CODES}
