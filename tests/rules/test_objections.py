"""Standard answers: which are offered for what, which one a planned answer names, and how they are counted."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from config.errors import ConfigError
from config.loader import load_config
from tasks.rules.objections import (
    answer_id,
    answers_by_category,
    by_answer,
    by_category,
    categories_of,
    moved_up,
    used_answers,
)
from tests.named_cases import each, with_value

RULES = load_config().rules.at(date(2024, 3, 15))


@each("objections")
def test_an_objection_is_offered_the_answers_of_its_case(case: dict[str, Any]) -> None:
    said = pd.DataFrame({"category": [case.get("category")], "text": [case["text"]]}, dtype="str")
    [category] = categories_of(said, RULES)
    assert category == case["is"]
    offered = dict(answers_by_category(RULES, [category]))
    assert [rule.id for rule in offered.get(category, ())] == case["answers"]


def test_what_is_open_comes_first_and_everything_is_offered() -> None:
    order = [category for category, _ in answers_by_category(RULES, ["决策", "外观"])]
    assert order[0] == "决策"
    assert sum(len(rules) for _, rules in answers_by_category(RULES, ["决策"])) == len(RULES.objections)
    assert order == list(dict.fromkeys(order))


@pytest.mark.parametrize(
    ("text", "found"),
    [("O-PRICE-TOTAL", "O-PRICE-TOTAL"), (" O-PRICE-TOTAL 分期", "O-PRICE-TOTAL"), ("O-PRICE-NEVER", "O-PRICE-NEVER"),
     ("分期付款 O-PRICE-TOTAL", ""), ("O-ring 密封圈换型", ""), ("CE-2024 认证", ""), ("O-PRICE", ""), (None, "")],
)  # fmt: skip
def test_an_answer_is_named_by_the_id_with_which_it_begins(text: Any, found: str) -> None:
    assert answer_id(text) == found
    wanted = found if found != "O-PRICE-NEVER" else ""
    assert used_answers(pd.Series([text], dtype="object"), RULES).tolist() == [wanted]


def raised(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"lead_id": 1, "theme": "价格", "answer_id": "", "in_time": True, "worked": "", "won": False, "lost": False,
             "up": False}  # fmt: skip
    return pd.DataFrame([usual | row for row in rows])


def test_figures_of_few_say_so_and_leads_count_once() -> None:
    rules = with_value(RULES, "R-SMALL", 3)
    rows = raised(
        {"worked": "yes", "won": True}, {"won": True, "in_time": False}, {"lead_id": 2, "worked": "no", "lost": True},
        {"lead_id": 3, "theme": "时间"},
    )  # fmt: skip
    price, time = by_category(rows, rules).to_dict("records")
    assert (price["category"], price["raised"], price["in_time"], price["resolved"]) == ("价格", 3, 2, 1)
    assert (price["won"], price["lost"], price["small"]) == (1, 1, False)
    assert (time["category"], time["raised"], time["small"]) == ("时间", 1, True)


def test_an_answer_helped_where_it_settled_moved_up_or_won() -> None:
    rows = raised(
        {"answer_id": "O-PRICE-TOTAL", "worked": "yes"}, {"answer_id": "O-PRICE-TOTAL", "up": True, "won": True},
        {"answer_id": "O-PRICE-TOTAL", "worked": "no", "lost": True}, {"answer_id": ""},
    )  # fmt: skip
    found = by_answer(rows, RULES)
    assert found["answer"].tolist() == [rule.id for rule in RULES.objections]
    first = found.iloc[0]
    assert (first["used"], first["resolved"], first["up"], first["won"], first["helped"]) == (3, 1, 1, 1, 2)
    assert found["used"].iloc[1:].sum() == 0
    assert found["small"].all()


def test_a_lead_moves_up_only_after_the_objection_and_never_by_being_lost() -> None:
    order = RULES.value("R-TIERS")
    objections = pd.DataFrame({"lead_id": [1, 2, 3, 4], "at": pd.to_datetime(["2024-03-10"] * 4)})
    changes = [(1, "03-01", "潜在"), (1, "03-12", "意向"), (2, "03-01", "意向"), (2, "03-12", "流失"), (3, "03-01",
               "高意向"), (3, "03-12", "意向"), (4, "03-02", "意向"), (4, "03-09", "高意向")]  # fmt: skip
    tiers = pd.DataFrame(
        {"lead_id": [one for one, _, _ in changes], "at": pd.to_datetime([f"2024-{day}" for _, day, _ in changes]),
         "tier": [tier for _, _, tier in changes]}
    )  # fmt: skip
    assert moved_up(objections, tiers, order).tolist() == [True, False, False, False]


def own(tmp_path: Path, text: str) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "objections.yaml").write_text(text, encoding="utf-8")
    return tmp_path


NEW = """
- id: O-PRICE-LOCAL
  before: O-PRICE-STEPS
  category: {category}
  statement: {{zh: 本地服务, en: local service}}
  answer: {{zh: 本地有人, en: we are near}}
  proof: {{zh: 网点表, en: a list of offices}}
  source: H4-3-review
  effective: 2024-01-01
- {{id: O-PRICE-SCOPE, enabled: false}}
"""


def test_a_company_adds_its_own_and_switches_off_shipped_ones(tmp_path: Path) -> None:
    rules = load_config(own(tmp_path, NEW.format(category="价格"))).rules
    ids = [rule.id for rule in dict(answers_by_category(rules))["价格"]]
    assert ids == ["O-PRICE-TOTAL", "O-PRICE-LOCAL", "O-PRICE-STEPS"]


def test_an_answer_to_a_category_that_is_never_counted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="外观 is no theme") as refused:
        load_config(own(tmp_path, NEW.format(category="外观")))
    assert refused.value.rule == "O-PRICE-LOCAL"
