"""Next actions: nearly every vague one is hinted at, hardly a good one; and what else is hinted at, never refused."""

from datetime import date

import pandas as pd
import pytest

from config.errors import ConfigError
from config.loader import load_config
from tasks.follow_ups import typed
from tasks.rules.follow_up_check import faults_of
from tasks.rules.follow_up_hints import hints_of
from tasks.rules.next_action import vague
from tests.named_cases import load, with_value

RULES = load_config().rules
LISTS = {case["name"]: pd.Series(case["phrases"], dtype="object") for case in load("next_actions")}


@pytest.mark.parametrize("name", LISTS)
def test_vague_phrases_are_caught_and_good_ones_left_alone(name: str) -> None:
    """Held-out lists: never looked at when the word lists were made."""
    phrases = LISTS[name]
    assert len(phrases) >= 100
    wrong = phrases[vague(phrases, RULES) != name.endswith("vague")]
    assert len(wrong) / len(phrases) <= 0.05, wrong.tolist()


@pytest.mark.parametrize(
    ("text", "is_vague"),
    [
        ("下周联系", True), ("周三上午10点联系", False), ("联系客户", True), ("联系李经理", False), ("联系老板", True),
        ("等报价", True), ("等图纸到后报价", False), ("过3天再跟", True), ("3月20日发送案例", False), ("", False),
        ("看情况再报价", True), ("看情况，3月5日前报价", False), ("把握时机", True), ("把旧机拆走", False),
        (None, False),
    ],
)  # fmt: skip
def test_the_structure_decides(text: str | None, is_vague: bool) -> None:
    assert vague(pd.Series([text], dtype="object"), RULES).tolist() == [is_vague]


def test_a_company_adds_its_own_words() -> None:
    empty = RULES.value("U-NEXT-EMPTY")
    own = with_value(RULES, "U-NEXT-EMPTY", {**empty, "zh": (*empty["zh"], "添砖加瓦", "推波助澜")})
    acts = RULES.value("U-NEXT-ACTS")
    more = with_value(RULES, "U-NEXT-ACTS", {**acts, "zh": (*acts["zh"], "抚触")})
    said = pd.Series(["推波助澜添砖加瓦", "抚触"], dtype="object")
    assert vague(said, RULES).tolist() == [False, True]
    assert vague(said, own).tolist() == [True, True]
    assert vague(said, more).tolist() == [False, False]


def hinted(**said: str) -> set[tuple[str, str]]:
    usual = {"outcome": "answered", "feedback": "有兴趣", "result": "跟进中", "next_action": "发报价"}
    rows = typed(pd.DataFrame([usual | said]))
    found = hints_of(rows, RULES)
    return set(zip(found["field"], found["code"], strict=True))


def test_what_is_hinted_at() -> None:
    assert hinted() == set()
    assert hinted(next_action="近期跟进", plan="保持联系") == {("next_action", "vague"), ("plan", "vague")}
    assert hinted(feedback="", next_action="") == {("feedback", "unsaid"), ("next_action", "unsaid")}
    # a contract of which half is told wins nothing; its payment may come later
    assert hinted(contract_number="HT-1") == {("contract_on", "unsaid"), ("contract_amount", "unsaid")}
    assert hinted(contract_number="HT-1", contract_on="2024-03-18", contract_amount=1.0) == set()
    assert hinted(first_payment=1.0) == set()
    # of one who was not reached there is nothing to say
    assert hinted(feedback="", result="", next_action="", outcome="not_reached") == set()
    assert hinted(category="外观") == {("category", "own_category")}
    assert hinted(category="价格") == set()


def wrong_of(needed: tuple[str, ...]) -> set[tuple[str, str]]:
    rules = with_value(RULES, "U-RECORD", {"needed": needed, "asked": ()})
    rows = typed(pd.DataFrame([{"person": "a", "method": "电话", "outcome": "answered", "summary": "谈过"}]))
    rows["at"] = pd.Timestamp("2024-03-18T10:00").as_unit("us")
    found = faults_of(rows, ["a"], ["电话"], rules, pd.Timestamp("2024-03-19"), date(2024, 3, 19))
    return set(zip(found["field"], found["code"], strict=True))


def test_a_company_says_what_every_follow_up_must_say() -> None:
    assert wrong_of(("summary", "method")) == set()
    assert wrong_of(("summary", "feedback")) == {("feedback", "blank")}
    with pytest.raises(ConfigError, match="mood is no field") as refused:
        wrong_of(("mood",))
    assert refused.value.rule == "U-RECORD"
