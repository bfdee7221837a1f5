"""What a company's own files may say: values of the shipped form, tables without a gap, and nothing left unread."""

from datetime import date
from pathlib import Path

import pytest

from config.fit import Form, misfit
from config.loader import load_config, load_rules
from config.schema import ConfigError, ValueRule

UNITS = "value: {天: 1, 周: 5.5, 旬: 10}"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A company's folder, empty."""
    for name in ("rules", "channels"):
        (tmp_path / name).mkdir()
    return tmp_path


def write(own: Path, name: str, text: str) -> None:
    (own / name).write_text(text, encoding="utf-8")


def refused(own: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(own)
    return caught.value


@pytest.mark.parametrize(
    ("family", "rule", "stated", "key", "line", "told"),
    [
        ("screening", "S-FLOOR", "value: 五十万", "value", 2, "whole number (given: '五十万')"),
        ("screening", "S-FLOOR", 'value: "500000"', "value", 2, "whole number"),
        ("screening", "S-FLOOR", "value: true", "value", 2, "whole number (given: True)"),
        ("screening", "S-FLOOR", "value: -1", "value", 2, "from 0 to"),
        ("screening", "S-FLOOR", "value: [1]", "value", 2, "whole number"),
        ("screening", "S-FLOOR", "least: -9\n  value: -1", "least", 2, "cannot be changed"),
        ("assignment", "A-OPEN-CAP", "value: many", "value", 2, "whole number"),
        ("assignment", "A-OPEN-CAP", "value: -5", "value", 2, "from 0 to"),
        ("assignment", "A-OPEN-CAP", "value: 4.5", "value", 2, "whole number"),
        ("assignment", "A-OPEN-CAP", "value: 99999999999999999999999", "value", 2, "from 0 to 1,000,000,000,000"),
        ("assignment", "A-STICKY", "value: 1", "value", 2, "true or false"),
        ("notices", "N-PAST-HOURS", "value: 1000000", "value", 2, "from 0 to 87,600"),
        ("checklist", "C-TOLERATED", "value: {required: 5}", "value.required", 2, "from 0 to 1"),
        ("screening", "S-TARGET-INDUSTRIES", "value: 制造业", "value", 2, "a list (given: '制造业')"),
        ("screening", "S-TARGET-INDUSTRIES", "value:\n  - 制造业\n  - 2024", "value.1", 4, "text"),
        ("screening", "S-OTHER-INDUSTRIES", 'value: [餐饮, " "]', "value.1", 2, "must not be empty"),
        ("screening", "S-LIMIT-ONLY", "choices: [never]\n  value: never", "choices", 2, "cannot be changed"),
        ("facts", "F-CHAIN-WAITS", "value: {words: [待]}", "value", 2, "lacks gap"),
        ("facts", "F-CHAIN-WAITS", "value: {words: [待], gap: 2.5}", "value.gap", 2, "whole number"),
        ("facts", "F-URGENT-WORDS", "value:\n    whole: [急]\n    part: []\n    end: []", "value.end", 5, "unknown"),
        ("facts", "F-TIME-UNITS", "value: {天: one}", "value.天", 2, "a number"),
        ("facts", "F-TIME-UNITS", "value: {旬: one}", "value.旬", 2, "a number"),
        ("facts", "F-TIME-UNITS", "value: {旬: 1e999}", "value.旬", 2, "from 0 to"),
        ("facts", "F-TIME-UNITS", "value: {1: 2}", "value.1", 2, "must be text"),
        ("facts", "F-TIME-UNITS", "value: [天]", "value", 2, "a mapping"),
        ("vocabulary", "V-REGION", "value: {provinces: 3, ambiguous: a, aliases: {}}", "value.provinces", 2, "mapping"),
    ],
)  # fmt: skip
def test_an_own_value_of_another_form_than_the_shipped_one_is_refused_where_it_stands(
    own: Path, family: str, rule: str, stated: str, key: str, line: int, told: str
) -> None:
    write(own, f"rules/{family}.yaml", f"- id: {rule}\n  {stated}\n")
    error = refused(own)
    assert (Path(error.file or "").name, error.rule, error.key, error.line) == (f"{family}.yaml", rule, key, line)
    assert told in error.message


@pytest.mark.parametrize(
    ("family", "rule", "stated"),
    [
        ("screening", "S-FLOOR", "value: 0"),
        ("screening", "S-TARGET-INDUSTRIES", 'value: ["*"]'),
        ("screening", "S-OTHER-INDUSTRIES", "value: []"),
        ("screening", "S-LIMIT-ONLY", "value: highest"),
        ("screening", "S-NEED-VAGUE", "enabled: false"),
        ("checklist", "C-TOLERATED", "value: {required: 0.05, C-PHONE: 0.1}"),
        ("facts", "F-TIME-UNITS", UNITS),
        ("vocabulary", "V-SOURCE", "value: {官网: [官网], 其他: [其他]}"),
    ],
)
def test_an_own_value_of_the_shipped_form_is_taken(own: Path, family: str, rule: str, stated: str) -> None:
    write(own, f"rules/{family}.yaml", f"- id: {rule}\n  {stated}\n")
    assert load_rules(own).version != load_rules().version


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("screening", "- {id: S-NEED-VAGUE, enabled: false}\n"),
        ("grading", "- {id: G-NO-PLAN, then: B}\n"),
        ("grading", "- {id: G-B, before: G-A}\n"),
        ("assignment", "- {id: A-SENIOR-A, enabled: true}\n"),
        ("checklist", "- {id: C-NEED, rejects: true}\n"),
    ],
)
def test_a_change_to_a_table_makes_another_version(own: Path, family: str, text: str) -> None:
    write(own, f"rules/{family}.yaml", text)
    assert load_rules(own).version != load_rules().version


def test_every_shipped_value_has_its_own_form() -> None:
    for family in load_rules().values.values():
        for rule in family:
            assert isinstance(rule, ValueRule)
            value = _plain(rule.value)
            assert misfit(value, value, Form(rule.least, rule.most, rule.open)) is None, rule.id


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("stated", ["open_cap: 99999999999999999999999", "open_cap: true", "capacity: 1.5"])
def test_a_number_of_the_roster_that_nothing_can_count_to_is_refused(own: Path, stated: str) -> None:
    person = "- id: a\n  name: 甲\n  role: 主管\n  team: 一组\n  email: a@example.com\n"
    write(own, "roster.yaml", f"people:\n{person}  {stated}\n")
    error = refused(own)
    key = f"people.0.{stated.split(':')[0]}"
    assert (Path(error.file or "").name, error.key, error.line) == ("roster.yaml", key, 7)


# --- tables

CATCH_ALL = (
    "- id: X-ALL\n  when: {}\n  then: to_verify\n  source: H1-3.2-hard\n  effective: 2024-03-01\n"
    "  statement: {zh: 其余待核实, en: The rest is to verify}\n"
)


@pytest.mark.parametrize(
    ("table", "text", "rule", "key", "line", "day"),
    [
        ("screening", "- {id: S-TEST, enabled: false}\n- {id: S-VALID, enabled: false}\n", "S-VALID", "enabled", 2,
         "2024-01-01"),
        ("screening", "- id: S-VALID\n  when: {need_state: clear}\n", "S-VALID", "when", 2, "2024-01-01"),
        ("screening", "- id: S-VALID\n  effective: 2024-06-01\n  enabled: false\n", "S-VALID", "enabled", 3,
         "2024-06-01"),
        ("screening", f"- {{id: S-VALID, enabled: false}}\n{CATCH_ALL}", "S-VALID", "enabled", 1, "2024-01-01"),
        ("grading", "- {id: G-NO-PLAN, enabled: false}\n- {id: G-B, enabled: false}\n", "G-B", "enabled", 2,
         "2024-01-01"),
        ("grading", "- id: G-VAGUE\n  when: {need_state: vague}\n", "G-VAGUE", "when", 2, "2024-01-01"),
    ],
)  # fmt: skip
def test_a_table_that_leaves_leads_undecided_is_refused(
    own: Path, table: str, text: str, rule: str, key: str, line: int, day: str
) -> None:
    write(own, f"rules/{table}.yaml", text)
    error = refused(own)
    assert (Path(error.file or "").name, error.rule, error.key, error.line) == (f"{table}.yaml", rule, key, line)
    assert f"from {day} on" in error.message


def test_another_rule_may_take_the_place_of_the_one_for_all_the_rest(own: Path) -> None:
    off = "- {id: S-VALID, effective: 2024-03-01, enabled: false}\n"
    write(own, "rules/screening.yaml", off + CATCH_ALL)
    last = [load_rules(own).at(day).screening[-1].id for day in (date(2024, 2, 29), date(2024, 3, 1))]
    assert last == ["S-VALID", "X-ALL"]


# --- files


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rules/screening.yml", "must end in .yaml"),
        ("rules/screening.YAML", "must end in .yaml"),
        ("channels/fair.yml", "must end in .yaml"),
        ("screening.yaml", "belongs into rules/"),
        ("screening.yml", "belongs into rules/"),
        ("roster.yml", "only roster.yaml, rules/ and channels/ are read"),
        ("fair.yaml", "only roster.yaml, rules/ and channels/ are read"),
    ],
)
def test_a_file_that_would_not_be_read_is_refused(own: Path, name: str, told: str) -> None:
    write(own, name, "[]\n")
    error = refused(own)
    assert (error.file, told in error.message) == (str(own / name), True)


def test_files_of_another_kind_may_stand_beside_the_rules(own: Path) -> None:
    for name in ("README.md", "rules/notes.txt", "channels/.keep"):
        write(own, name, "note\n")
    assert load_config(own) == load_config()


def test_a_file_in_the_place_of_the_rules_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "rules", "[]\n")
    assert "must be a folder" in refused(tmp_path).message


@pytest.mark.parametrize(
    ("text", "key", "line", "told"),
    [
        ("- id: S-FLOOR\n  value: \0\n", None, 2, "U+0000 is not allowed"),
        ("- id: S-FLOOR\n  value: &a [1, *a]\n", "0.value.1", 2, "an anchor holds itself"),
        ("- id: S-FLOOR\n  value: &a {b: *a}\n", "0.value.b", 2, "an anchor holds itself"),
        ("&a [*a]\n", "0", 1, "an anchor holds itself"),
        ("- id: S-FLOOR\n  value: {[1]: 2}\n", "0.value", 2, "a key must be a word"),
        ("- id: S-FLOOR\n---\n- id: S-FLOOR\n", None, 2, "another document"),
        ("[" * 5000 + "]" * 5000, None, None, "too deeply nested"),
    ],
)
def test_yaml_that_no_rules_can_be_read_from_is_refused_where_it_goes_wrong(
    own: Path, text: str, key: str | None, line: int | None, told: str
) -> None:
    write(own, "rules/screening.yaml", text)
    error = refused(own)
    assert (Path(error.file or "").name, error.key, error.line) == ("screening.yaml", key, line)
    assert told in error.message
