"""The suite of great-expectations and the rules' own masks, held to each other."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from config.loader import load_rules
from config.schema import Channel
from tasks.expectations import TOLERATED, batch_of, build_suite, check_file
from tasks.rules.check import check_masks
from tasks.rules.clean import clean
from tasks.rules.facts import need_state
from tests.named_cases import ZONE, with_value

AT = datetime(2024, 3, 15, 2, 0, tzinfo=UTC)
RULES = load_rules().at(AT.date())
CHANNEL = Channel(name="default")
COLUMNS = "company contact phone email need budget chain source industry title first_contact region urgency".split()
ROWS = [
    "嘉兴精工|李明|13812345678|li@jingong.cn|替换两条冲压线|20-30万|总经理|展会展台|制造业|总经理|2024-03-15|嘉兴市|高",
    "|王芳|1.38E+10||有软件需求|预算充足|||占星业|||浙江省|看心情",
    "杭州一二||无|li@||乱写||天外飞来|||去年某天||",
    "合肥三四|赵六|11111111111||安防升级，共三个园区|待确认|||||||",
    "北京五六|钱七|138****8000|x|想了解|10万||官网|IT||2024/3/1|北京|中",
    "||||||||||||",
]


def _frame() -> pd.DataFrame:
    return pd.DataFrame([row.split("|") for row in ROWS], columns=COLUMNS, dtype="str")


def test_the_suite_is_made_of_the_checklist() -> None:
    suite = build_suite(list(RULES.checklist), RULES)
    metas = [one.meta for one in suite.expectations]
    assert [meta["rule"] for meta in metas] == [rule.id for rule in RULES.checklist]
    assert all(meta["source"] for meta in metas)


def test_the_suite_fails_exactly_for_the_rules_whose_masks_hold_a_row() -> None:
    frame = _frame()
    masks = check_masks(frame, clean(frame, RULES, AT, ZONE), RULES, CHANNEL)
    failing = {rule_id: int(mask.sum()) for rule_id, mask in masks.items()}
    result = check_file(failing, len(frame), RULES, CHANNEL)
    assert {rule.rule_id for rule in result.failed} == {rule_id for rule_id, count in failing.items() if count}
    assert {rule.rule_id: rule.failing for rule in result.rules} == failing
    assert not result.success
    assert check_file({}, len(frame), RULES, CHANNEL).success


def test_great_expectations_over_the_whole_frame_counts_what_the_masks_count() -> None:
    import great_expectations.expectations as gxe

    frame = _frame()
    cleaned = clean(frame, RULES, AT, ZONE)
    masks = check_masks(frame, cleaned, RULES, CHANNEL)
    seen = cleaned.assign(
        need_state=need_state(cleaned, RULES),
        reach=cleaned["phone"].fillna(cleaned["email"]),
        a_source=cleaned["source"].fillna(cleaned["source_detail"]),
        an_industry=cleaned["industry"].fillna(cleaned["industry_text"]),
    )

    def missing(column: str) -> Any:
        return gxe.ExpectColumnValuesToNotBeNull(column=column)

    def never(column: str, *words: str) -> Any:
        return gxe.ExpectColumnValuesToNotBeInSet(column=column, value_set=list(words))

    pairs: dict[str, Callable[[], Any]] = {
        "C-COMPANY": lambda: missing("company_key"),
        "C-REACH": lambda: missing("reach"),
        "C-CONTACT": lambda: missing("contact"),
        "C-NEED": lambda: missing("need"),
        "C-CHAIN": lambda: missing("chain"),
        "C-TITLE": lambda: missing("title"),
        "C-SOURCE": lambda: missing("a_source"),
        "C-INDUSTRY": lambda: missing("an_industry"),
        "C-BUDGET": lambda: never("budget_state", "blank"),
        "C-PHONE-DIGITS-GONE": lambda: never("phone_bad", "sci_notation"),
        "C-PHONE-PLACEHOLDER": lambda: never("phone_bad", "placeholder"),
        "C-NEED-VAGUE": lambda: never("need_state", "vague"),
        "C-EMAIL-UNREADABLE": lambda: gxe.ExpectColumnValuesToBeNull(column="email_bad"),
        "C-DATE-UNREADABLE": lambda: gxe.ExpectColumnValuesToBeNull(column="date_bad"),
    }
    batch = batch_of(seen)
    counted = {}
    for rule_id, make in pairs.items():
        counted[rule_id] = batch.validate(make(), result_format="BASIC").result["unexpected_count"]
    assert counted == {rule_id: int(masks[rule_id].sum()) for rule_id in pairs}
    assert sum(1 for count in counted.values() if count) >= 12


def test_the_shipped_rules_tolerate_nothing_and_a_level_may_be_given_a_share() -> None:
    assert RULES.value(TOLERATED) == {"required": 0, "format": 0, "quality": 0}
    rules = with_value(RULES, TOLERATED, {"quality": 0.5, "C-NEED-VAGUE": 0.1})
    failing = {"C-REGION-CITY": 50, "C-NEED-VAGUE": 11, "C-NEED": 1}
    assert [rule.rule_id for rule in check_file(failing, 100, rules, CHANNEL).failed] == ["C-NEED", "C-NEED-VAGUE"]


def test_a_share_that_the_rules_tolerate_is_no_failure() -> None:
    rules = with_value(RULES, TOLERATED, {"C-NEED": 0.2})
    assert check_file({"C-NEED": 20}, 100, rules, CHANNEL).success
    assert not check_file({"C-NEED": 21}, 100, rules, CHANNEL).success


def test_a_result_holds_no_value_of_a_row(capfd: pytest.CaptureFixture[str]) -> None:
    result = check_file({"C-PHONE": 1}, 3, RULES, CHANNEL)
    assert "138" not in repr(result)
    assert capfd.readouterr() == ("", "")


def test_what_makes_batches_is_made_once_for_all_files() -> None:
    frame = pd.DataFrame({"a": [1]})
    assert batch_of(frame).datasource is batch_of(frame).datasource


def test_a_file_whose_rows_all_pass_is_judged_without_great_expectations() -> None:
    code = (
        "import sys; from config.loader import load_rules; from config.schema import Channel;"
        "from tasks.expectations import check_file;"
        "result = check_file({}, 9, load_rules(), Channel(name='default'));"
        "sys.exit('great_expectations' in sys.modules or not (result.success and len(result.rules) > 9))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_great_expectations_is_imported_only_when_it_is_used() -> None:
    code = "import sys, tasks.expectations; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
