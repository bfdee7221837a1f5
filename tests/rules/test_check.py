"""Every rule of the checklist, and all of a row's reasons at once."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from config.loader import load_rules
from config.schema import Channel
from tasks.rules.check import TESTS, check, check_masks
from tasks.rules.clean import clean
from tests.named_cases import ZONE

AT = datetime(2024, 3, 15, 2, 0, tzinfo=UTC)
RULES = load_rules().at(AT.date())
COMPANY = Channel(name="default")
GOOD = {
    "company": "嘉兴精工机械有限公司",
    "industry": "制造业",
    "contact": "李明",
    "title": "总经理",
    "phone": "13812345678",
    "email": "liming@jingong.com.cn",
    "need": "自动化生产线改造，替换两条冲压线",
    "budget": "20-30万",
    "chain": "生产部、总经理",
    "source": "2024年展会展台",
    "first_contact": "2024-03-15 09:30",
    "region": "浙江省嘉兴市",
    "urgency": "高",
}


def _issues(channel: Channel = COMPANY, ragged: bool = False, total_row: bool = False, **changed: str) -> set[str]:
    checked = _check([GOOD | changed], channel, ragged=ragged, total_row=total_row)
    return set(filter(None, checked["issues"].iloc[0].split("|")))


def _check(rows: list[dict[str, str]], channel: Channel = COMPANY, **marks: bool) -> pd.DataFrame:
    frame = pd.DataFrame(rows, dtype="str").assign(**marks)
    return check(frame, clean(frame, RULES, AT, ZONE), RULES, channel)


def test_a_complete_row_fails_nothing() -> None:
    assert _issues() == set()


@pytest.mark.parametrize(
    ("changed", "issues"),
    [
        ({"company": ""}, {"C-COMPANY"}),
        ({"company": "无"}, {"C-COMPANY"}),
        ({"phone": "", "email": ""}, {"C-REACH", "C-PHONE", "C-EMAIL"}),
        ({"contact": ""}, {"C-CONTACT"}),
        ({"phone": ""}, {"C-PHONE"}),
        ({"need": ""}, {"C-NEED"}),
        ({"source": ""}, {"C-SOURCE"}),
        ({"budget": ""}, {"C-BUDGET"}),
        ({"chain": ""}, {"C-CHAIN"}),
        ({"industry": ""}, {"C-INDUSTRY"}),
        ({"title": ""}, {"C-TITLE"}),
        ({"email": ""}, {"C-EMAIL"}),
        ({"first_contact": ""}, {"C-FIRST-CONTACT"}),
        ({"phone": "1.38E+10"}, {"C-PHONE-DIGITS-GONE"}),
        ({"phone": "138****8000"}, {"C-PHONE-UNREADABLE"}),
        ({"phone": "11111111111"}, {"C-PHONE-PLACEHOLDER"}),
        ({"email": "li@"}, {"C-EMAIL-UNREADABLE"}),
        ({"budget": "随便写写"}, {"C-BUDGET-UNREADABLE"}),
        ({"first_contact": "去年某天"}, {"C-DATE-UNREADABLE"}),
        ({"first_contact": "2031-03-15 09:30"}, {"C-DATE-FUTURE"}),
        ({"budget": "预算充足"}, {"C-BUDGET-VAGUE"}),
        ({"budget": "待确认"}, set()),
        ({"need": "有软件需求"}, {"C-NEED-VAGUE"}),
        ({"region": "浙江省"}, {"C-REGION-CITY"}),
        ({"region": "北京"}, set()),
        ({"source": "天外飞来"}, {"C-SOURCE-UNKNOWN"}),
        ({"industry": "占星业"}, {"C-INDUSTRY-UNKNOWN"}),
        ({"urgency": "看心情"}, {"C-URGENCY-UNKNOWN"}),
    ],
)
def test_each_rule_names_the_row_that_fails_it(changed: dict[str, str], issues: set[str]) -> None:
    assert _issues(**changed) == issues


def test_every_rule_of_the_shipped_checklist_has_a_test() -> None:
    assert [rule.id for rule in RULES.checklist if not {(rule.test, rule.field), (rule.test, "")} & TESTS.keys()] == []


def test_a_row_gets_all_its_reasons_in_the_rules_order() -> None:
    issues = _check([GOOD | {"company": "", "phone": "无", "email": "", "budget": ""}])["issues"].iloc[0].split("|")
    order = [rule.id for rule in RULES.checklist]
    assert {"C-COMPANY", "C-REACH", "C-BUDGET"} <= set(issues)
    assert issues == sorted(issues, key=order.index)


def test_a_row_is_rejected_only_where_no_lead_can_be_made_of_it() -> None:
    rows = [
        GOOD,
        GOOD | {"company": ""},
        GOOD | {"phone": "", "email": ""},
        GOOD | {"phone": "", "contact": "", "need": "", "budget": ""},
    ]
    assert _check(rows)["rejected"].tolist() == [False, True, True, False]


def test_a_channel_says_what_it_demands() -> None:
    person = Channel(name="person", subject="person")
    assert _issues(person, company="") == set()
    strict = Channel(name="strict", contact_required=True)
    assert _issues(strict, contact="") == {"C-CONTACT-DEMANDED"}
    assert _check([GOOD | {"contact": ""}], strict)["rejected"].tolist() == [True]


def test_what_the_reader_marked_is_an_issue() -> None:
    assert _issues(ragged=True) == {"C-RAGGED"}


def test_a_line_of_totals_has_that_one_reason() -> None:
    blank = dict.fromkeys(GOOD, "") | {"company": "合计"}
    checked = _check([blank], total_row=True)
    assert (checked["issues"].iloc[0], checked["rejected"].iloc[0]) == ("C-TOTAL", True)


def test_masks_and_issues_say_the_same() -> None:
    rng = np.random.default_rng(3)
    rows = [{name: str(rng.choice([text, "", "无", "xx"])) for name, text in GOOD.items()} for _ in range(200)]
    frame = pd.DataFrame(rows, dtype="str", index=range(1000, 1200))
    cleaned = clean(frame, RULES, AT, ZONE)
    masks = check_masks(frame, cleaned, RULES, COMPANY)
    checked = check(frame, cleaned, RULES, COMPANY)
    expected = ["|".join(rule_id for rule_id, mask in masks.items() if mask[row]) for row in range(200)]
    assert checked["issues"].tolist() == expected
    assert checked.index.equals(frame.index)


def test_an_empty_frame_is_checked_too() -> None:
    assert _check([GOOD])[:0].empty
    frame = pd.DataFrame({name: pd.Series(dtype="str") for name in GOOD})
    assert list(check(frame, clean(frame, RULES, AT, ZONE), RULES, COMPANY).columns) == ["rejected", "issues"]
