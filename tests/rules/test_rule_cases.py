"""Named cases of the checklist and of the owner table, and that every rule of a table has a case."""

from datetime import date
from typing import Any

import pytest

from config.loader import load_config
from config.schema import TABLES, Channel
from tasks.rules.check import check
from tasks.rules.clean import clean
from tasks.rules.tables import first_match
from tests.named_cases import RECEIVED_AT, ZONE, each, load, one_row

RULES = load_config().rules.at(date(2024, 3, 15))
GOOD_CELLS = {
    "source": "2024年展会展台", "company": "嘉兴精工机械有限公司", "industry": "制造业", "contact": "李建国",
    "title": "采购经理", "phone": "13605731234", "email": "lijianguo@example.com", "need": "自动化生产线改造",
    "budget": "20-30万", "chain": "生产部、总经理", "first_contact": "2024-03-15 14:05", "region": "浙江省嘉兴市",
    "urgency": "高",
}  # fmt: skip
#: Which rules the cases of a file name, by the keys under which they name them.
NAMED_IN = {
    "checklist": ("fails",), "screening": ("rule", "reasons"), "grading": ("rule",), "assignment": ("rule",),
    "sla": ("rule",), "lifecycle": ("rule",), "tiers": ("rule",), "stages": ("rule",),
    "objections": ("answers",),
}  # fmt: skip


@each("checklist")
def test_a_checklist_case_holds(case: dict[str, Any]) -> None:
    rows = one_row({**GOOD_CELLS, **case["cells"]})
    channel = Channel(name="default", **case.get("channel", {}))
    got = check(rows, clean(rows, RULES, RECEIVED_AT, ZONE), RULES, channel).iloc[0]
    failed = set(got["issues"].split("|")) - {""}
    assert set(case["fails"]) <= failed
    assert not failed & set(case.get("not", ()))
    if case.get("only"):
        assert failed == set(case["fails"])
    assert bool(got["rejected"]) == case.get("rejected", bool(got["rejected"]))


@each("assignment")
def test_an_owner_case_holds(case: dict[str, Any]) -> None:
    place = int(first_match(one_row(case["lead"]), RULES.assignment)[0])
    found = (RULES.assignment[place].id, list(RULES.assignment[place].then)) if place >= 0 else (None, [])
    assert found == (case["rule"], case["roles"])


@pytest.mark.parametrize("family", TABLES)
def test_every_rule_of_a_table_has_a_case_and_every_case_names_a_rule(family: str) -> None:
    named: set[str] = set()
    for case in load(family):
        for key in NAMED_IN[family]:
            said = case.get(key) or ()
            named |= {said} if isinstance(said, str) else set(said)
    assert {rule.id for rule in getattr(RULES, family)} == named
