"""The shipped rules: traceable to the handbooks, documented, and able to own every lead."""

from datetime import date
from pathlib import Path

import pytest

from config.loader import SHIPPED, load_config
from config.people import Person
from config.rules_doc import render_rules, section_of
from config.schema import CheckRule
from config.yaml_file import read_yaml
from tests.named_cases import load

CONFIG = load_config()
RULES = CONFIG.rules
EVERY = [*(rule for _, rule in RULES.every()), *(rule for rules in RULES.off.values() for rule in rules)]
DOCS = Path(__file__).parents[2] / "docs" / "rules.md"


def test_every_source_is_a_handbook_id() -> None:
    known = set(load("handbook_ids"))
    assert {f"{rule.id}: {source}" for rule in EVERY for source in rule.source if source not in known} == set()


def test_every_handbook_id_is_claimed_by_a_rule_or_listed_as_later() -> None:
    claimed = {source for rule in EVERY for source in rule.source}
    later = [name for names in read_yaml(SHIPPED / "rules" / "later.yaml").data.values() for name in names]
    assert len(later) == len(set(later))
    assert claimed & set(later) == set()
    assert claimed | set(later) == set(load("handbook_ids"))


def test_every_statement_reads_in_both_languages() -> None:
    for rule in EVERY:
        texts = [rule.statement, *([rule.hint] if isinstance(rule, CheckRule) else [])]
        for text in texts:
            zh, en = RULES.fill(text, "zh_CN"), RULES.fill(text, "en")
            assert any("\u4e00" <= letter <= "\u9fff" for letter in zh), rule.id
            assert any(letter.isascii() and letter.isalpha() for letter in en), rule.id
            assert "{" not in zh + en, rule.id


def test_every_rule_holds_from_the_first_day_on() -> None:
    first = RULES.at(date(2024, 1, 1))
    assert {rule.id for _, rule in first.every()} == {rule.id for _, rule in RULES.every()}


def test_the_page_of_the_rules_is_current() -> None:
    assert DOCS.read_text(encoding="utf-8") == render_rules(RULES), "run: leads check-rules --write-docs"


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_the_page_names_every_rule_once(lang: str) -> None:
    page = render_rules(RULES, lang)
    assert all(page.count(f"\n| {rule.id} |") == 1 for rule in EVERY)


def test_a_handbook_section_is_spelled_out() -> None:
    assert section_of("H1-3.2-hard") == "H1 线索管理 §3.2 (H1-3.2-hard)"
    assert section_of("H3-numbers", "en") == "H3 sales process (H3-numbers)"
    assert section_of("later") == "later"


def test_the_sample_roster_can_own_every_lead_wherever_it_is() -> None:
    roles = {role for rule in RULES.assignment for role in rule.then[:1]}
    everywhere: dict[str, list[Person]] = {role: [] for role in roles}
    for person in CONFIG.roster.people:
        if person.role in roles and not person.regions and not person.industries:
            everywhere[person.role].append(person)
    assert [role for role, people in everywhere.items() if not people] == []


def test_everybody_of_the_sample_roster_can_be_written_to_without_harm() -> None:
    assert [person.id for person in CONFIG.roster.people if not person.email.endswith("@example.com")] == []
