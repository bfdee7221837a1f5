"""Verdict and grade of leads: the named cases of both tables, and the grade table from the words of a row."""

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.facts import JUNK, WORDS
from config.loader import load_config
from config.schema import Rules
from tasks.rules.clean import clean
from tasks.rules.decide import decide
from tasks.rules.facts import row_facts
from tests.named_cases import RECEIVED_AT, ZONE, each, one_row

RULES = load_config().rules.at(date(2024, 3, 15))
GOOD_LEAD: dict[str, Any] = {
    "need_state": "clear", "chain_state": "complete", "urgency_state": "urgent", "title_state": "other", "junk": "",
    "budget_min": 200_000, "budget_max": 300_000, "budget_state": "stated", "industry": "制造业",
    "phone_kind": "mobile", "email_kind": None, "company_key": "嘉兴精工机械", "contact_key": "李建国",
}  # fmt: skip
GOOD_CELLS = {
    "company": "嘉兴精工机械有限公司", "contact": "李建国", "phone": "13605731234", "industry": "制造业",
    "first_contact": "2024-03-15",
}  # fmt: skip


def decided(lead: dict[str, Any], rules: Rules = RULES) -> dict[str, Any]:
    row = decide(one_row({**GOOD_LEAD, **lead}), rules).iloc[0]
    return {name: None if pd.isna(value) else value for name, value in row.items()}


def without(*ids: str, **values: Any) -> Rules:
    """The rules without some, and with other values of some (S_FLOOR=2000)."""
    changed = {name.replace("_", "-"): value for name, value in values.items()}
    return RULES.model_copy(
        update={
            "screening": tuple(rule for rule in RULES.screening if rule.id not in ids),
            "values": {
                family: tuple(
                    rule.model_copy(update={"value": changed[rule.id]}) if rule.id in changed else rule
                    for rule in rules
                )
                for family, rules in RULES.values.items()
            },
        }
    ).at(date(2024, 3, 15))


@each("screening")
def test_a_screening_case_holds(case: dict[str, Any]) -> None:
    got = decided(case["lead"])
    assert got["verdict"] == case["verdict"]
    assert got["reasons"] == "|".join(case["reasons"])
    assert got["verdict_rule"] == case["rule"]


@each("grading")
def test_a_grading_case_holds(case: dict[str, Any]) -> None:
    got = decided(case["lead"], without(*case.get("off", ())))
    assert (got["grade"], got["grade_rule"]) == (case["grade"], case["rule"])


@each("grade_table")
def test_a_row_is_decided_by_its_words(case: dict[str, Any]) -> None:
    cleaned = clean(one_row({**GOOD_CELLS, **case["cells"]}), RULES, RECEIVED_AT, ZONE)
    lead = cleaned.join(row_facts(cleaned, RULES, RECEIVED_AT, ZONE))
    got = decide(lead, RULES).iloc[0]
    assert (got["verdict"], None if pd.isna(got["grade"]) else got["grade"]) == (case["verdict"], case["grade"])


def test_a_highest_figure_alone_may_count_by_setting() -> None:
    rules = without(S_LIMIT_ONLY="highest")
    assert decided({"budget_min": None, "budget_max": 100_000}, rules)["verdict"] == "valid"
    assert decided({"budget_min": None, "budget_max": 99_999}, rules)["verdict"] == "invalid"
    assert decided({"budget_min": 50_000, "budget_max": None}, rules)["verdict"] == "to_verify"


def test_another_floor_moves_the_border() -> None:
    rules = without(S_FLOOR=2_000)
    assert decided({"budget_min": 2_000, "budget_max": 2_000}, rules)["verdict"] == "valid"
    assert decided({"budget_min": 1_999, "budget_max": 1_999}, rules)["verdict"] == "invalid"


def test_a_star_serves_every_industry_but_the_refused_ones() -> None:
    rules = without(S_TARGET_INDUSTRIES=("*",))
    verdicts = [decided({"industry": name}, rules)["verdict"] for name in ("其他", "餐饮", None)]
    assert verdicts == ["valid", "invalid", "to_verify"]


def test_many_leads_are_decided_like_each_alone() -> None:
    leads = [{}, {"need_state": "vague"}, {"budget_max": 80_000, "budget_min": 1}, {"junk": "company_test|need_test"}]
    together = decide(pd.concat([one_row({**GOOD_LEAD, **lead}) for lead in leads], ignore_index=True), RULES)
    for place, lead in enumerate(leads):
        alone = decide(one_row({**GOOD_LEAD, **lead}), RULES)
        assert together.iloc[[place]].reset_index(drop=True).equals(alone)


def test_no_leads_are_no_decisions() -> None:
    assert decide(one_row(GOOD_LEAD).iloc[:0], RULES).empty


def test_the_index_of_the_leads_is_kept() -> None:
    assert decide(one_row(GOOD_LEAD).set_axis([42]), RULES).index.tolist() == [42]


_MONEY = st.none() | st.sampled_from([0, 50_000, 99_999, 100_000, 500_000])
_LEADS = st.fixed_dictionaries(
    {
        **{fact: st.sampled_from(WORDS[fact]) for fact in ("need_state", "chain_state", "urgency_state")},
        "budget_min": _MONEY,
        "budget_max": _MONEY,
        "industry": st.sampled_from([None, "制造业", "餐饮", "其他"]),
        "junk": st.lists(st.sampled_from(JUNK), unique=True, max_size=3).map("|".join),
    }
)


@settings(max_examples=40, deadline=None)
@given(_LEADS)
def test_every_lead_gets_one_verdict_with_its_rule_and_a_grade_unless_invalid(lead: dict[str, Any]) -> None:
    got = decided(lead)
    assert got["verdict"] in WORDS["verdict"]
    assert got["verdict_rule"] is not None
    assert got["grade_rule"] is not None
    assert (got["grade"] is None) == (got["verdict"] == "invalid")
    assert (got["reasons"] == "") == (got["verdict"] == "valid")
    if got["grade"] == "A":
        assert lead["budget_min"] is not None
        assert lead["budget_min"] >= 100_000


@pytest.mark.parametrize("signals", ["need_test", "company_none", "title_outsider"])
def test_one_signal_never_makes_a_lead_invalid(signals: str) -> None:
    assert decided({"junk": signals})["verdict"] == "to_verify"
