"""Loading rules, channels and roster: overlays, dated entries, and errors that say where to look."""

import pickle
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from config.loader import load_channels, load_config, load_roster, load_rules
from config.overlay import Entry, lay_over, read_entries
from config.schema import ConfigError
from config.yaml_file import Located

DAY = date(2024, 3, 15)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A company's folder, empty."""
    for name in ("rules", "channels"):
        (tmp_path / name).mkdir()
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(dedent(text), encoding="utf-8")


def refused(own: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(own)
    return caught.value


def test_an_empty_folder_changes_nothing(own: Path) -> None:
    assert load_config(own) == load_config(None)
    assert load_rules(own).version == load_rules().version


def test_the_same_id_replaces_and_what_it_leaves_out_stays(own: Path) -> None:
    write(own / "rules" / "screening.yaml", "- {id: S-FLOOR, value: 2000}\n")
    rules = load_rules(own)
    assert rules.value("S-FLOOR") == 2000
    assert rules.statement("S-BUDGET-BELOW", "en") == "The highest budget is below the floor of 2,000 yuan: invalid"
    assert rules.find("S-FLOOR").source == ("H1-3.2-hard",)
    assert rules.version != load_rules().version


def test_enabled_false_switches_off_and_true_switches_on(own: Path) -> None:
    text = "- {id: A-SENIOR-A, enabled: true, before: A-GRADE-A}\n- {id: A-GRADE-C, enabled: false}\n"
    write(own / "rules" / "assignment.yaml", text)
    rules = load_rules(own)
    assert [rule.id for rule in rules.assignment] == ["A-VERIFY", "A-SENIOR-A", "A-GRADE-A", "A-GRADE-B"]
    assert [rule.id for rule in rules.off["assignment"]] == ["A-GRADE-C"]


def test_a_new_rule_stands_before_the_one_it_names_or_at_the_end(own: Path) -> None:
    write(
        own / "rules" / "grading.yaml",
        """\
        - id: X-FAIR
          before: G-VAGUE
          when: {title_state: decider}
          then: A
          statement: {zh: 决策者为A级, en: A decider is A}
          source: H3-1-grade
          effective: 2024-02-01
        - id: X-LAST
          when: {}
          then: C
          statement: {zh: 其余为C级, en: The rest is C}
          source: H3-1-grade
          effective: 2024-02-01
        """,
    )
    ids = [rule.id for rule in load_rules(own).grading]
    assert ids.index("X-FAIR") == ids.index("G-VAGUE") - 1
    assert ids[-1] == "X-LAST"
    assert "X-FAIR" not in [rule.id for rule in load_rules(own).at(date(2024, 1, 15)).grading]


def test_dated_entries_are_kept_and_the_newest_in_force_counts(own: Path) -> None:
    write(
        own / "rules" / "screening.yaml",
        """\
        - {id: S-FLOOR, value: 50000, effective: 2024-01-01}
        - {id: S-FLOOR, value: 80000, effective: 2024-06-01}
        """,
    )
    rules = load_rules(own)
    days = (date(2024, 1, 1), date(2024, 5, 31), date(2024, 6, 1), date(2025, 1, 1))
    assert [rules.at(day).value("S-FLOOR") for day in days] == [50000, 50000, 80000, 80000]
    assert {rules.at(day).version for day in days} == {rules.version}
    with pytest.raises(ConfigError, match="S-FLOOR"):
        rules.at(date(2023, 12, 31)).value("S-FLOOR")


def test_a_later_dated_entry_stands_beside_the_shipped_ones(own: Path) -> None:
    write(own / "rules" / "screening.yaml", "- {id: S-FLOOR, value: 50000, effective: 2024-06-01}\n")
    rules = load_rules(own)
    days = (date(2024, 1, 1), date(2024, 5, 31), date(2024, 6, 1))
    assert [rules.at(day).value("S-FLOOR") for day in days] == [100_000, 100_000, 50_000]


def test_an_entry_without_a_day_holds_whenever_the_shipped_ones_did(own: Path, tmp_path: Path) -> None:
    nowhere = Located(None, tmp_path / "shipped.yaml", None)
    shipped = [
        Entry("S-FLOOR", {"id": "S-FLOOR", "value": value, "effective": date(year, 1, 1)}, nowhere)
        for value, year in ((100_000, 2024), (120_000, 2025))
    ]
    write(own / "rules" / "screening.yaml", "- {id: S-FLOOR, value: 50000}\n")
    [only] = lay_over(shipped, read_entries(own / "rules" / "screening.yaml"))
    assert (only.stated["value"], only.stated["effective"]) == (50_000, date(2024, 1, 1))


def test_a_rule_is_switched_off_from_a_day_on_and_explained_for_the_days_before(own: Path) -> None:
    write(own / "rules" / "assignment.yaml", "- {id: A-GRADE-C, enabled: false, effective: 2024-06-01}\n")
    rules = load_rules(own)
    on = [[rule.id for rule in rules.at(day).assignment] for day in (date(2024, 5, 31), date(2024, 6, 1))]
    assert ["A-GRADE-C" in ids for ids in on] == [True, False]
    assert rules.statement("A-GRADE-C") == load_rules().statement("A-GRADE-C")
    assert rules.off["assignment"] == load_rules().off["assignment"]


def test_a_rule_moved_on_a_day_stood_where_it_was_before(own: Path) -> None:
    write(own / "rules" / "grading.yaml", "- {id: G-B, effective: 2024-06-01, before: G-A}\n")
    rules = load_rules(own)
    orders = [[rule.id for rule in rules.at(day).grading] for day in (date(2024, 5, 31), date(2024, 6, 1))]
    assert [ids.index("G-A") < ids.index("G-B") for ids in orders] == [True, False]
    assert [ids.count("G-B") for ids in orders] == [1, 1]


@pytest.mark.parametrize(
    ("family", "text", "parts"),
    [
        ("screening", "- {id: S-FLOOR, valu: 1}\n", ("screening.yaml:1", "S-FLOOR", "valu", "unknown key")),
        ("screening", "- id: S-FLOOR\n  value:\n", ("S-FLOOR", "value", "empty")),
        ("screening", "- id: S-VERIFICATION\n  value: some\n", ("S-VERIFICATION", "some", "unanswered")),
        ("grading", "\n- {id: G-A, when: {colour: red}}\n", ("grading.yaml:2", "G-A", "when", "unknown fact 'colour'")),
        ("grading", "- id: G-A\n  when:\n    need_state: bright\n", ("grading.yaml:2", "never bright", "clear, vague")),
        ("grading", "- {id: G-A, when: {junk_signals: two}}\n", ("G-A", "junk_signals is compared with ge")),
        ("grading", "- {id: G-A, when: {junk: {has: bad}}}\n", ("G-A", "junk is never bad")),
        ("grading", "- {id: G-A, when: {need_state: {like: c}}}\n", ("G-A", "like", "unknown key")),
        ("grading", "- {id: G-A, then: D}\n", ("G-A", "then", "'D'")),
        ("grading", "- {id: G-A, before: G-ZZ}\n", ("grading.yaml:1", "G-A", "before", "'G-ZZ'")),
        ("grading", "- {id: X-NEW, then: A, when: {}}\n", ("X-NEW", "statement", "is missing")),
        ("grading", "- {id: G-ZZ, enabled: false}\n", ("G-ZZ", "nothing to switch off")),
        ("grading", "- {id: S-FLOOR, value: 3}\n", ("S-FLOOR", "already used in screening.yaml")),
        ("grading", "- {then: A}\n", ("grading.yaml:1", "needs an id")),
        ("grading", "- {id: G-A, id: G-B}\n", ("grading.yaml:1", "id", "twice")),
        ("grading", "- {id: G-A}\n- {id: G-A}\n", ("grading.yaml:2", "G-A", "line 1")),
        ("grading", "- {id: G-A, effective: soon}\n", ("G-A", "effective", "'soon'")),
        ("grading", "- {id: G-A, effective: 2024-02-30}\n", ("2024-02-30",)),
        ("grading", "colour: red\n", ("grading.yaml:1", "colour", "unknown key")),
        ("grading", "- [\n", ("grading.yaml", "not readable as YAML")),
        ("grading", "rules: {a: 1}\n", ("grading.yaml", "must be a list")),
        ("assignment", "- {id: A-VERIFY, then: [boss]}\n", ("A-VERIFY", "then", "'boss'")),
        ("checklist", "- {id: C-NEED, completeness: null}\n", ("C-NEED", "completeness", "required fields")),
        ("facts", "- {id: F-URGENT-DAYS, enabled: false}\n", ("names the value of F-URGENT-DAYS",)),
        ("colours", "[]\n", ("colours.yaml", "no rule family")),
    ],
)
def test_an_error_says_where_to_look(own: Path, family: str, text: str, parts: tuple[str, ...]) -> None:
    (own / "rules" / f"{family}.yaml").write_text(text, encoding="utf-8")
    message = str(refused(own))
    assert [part for part in parts if part not in message] == []


def test_an_id_belongs_to_one_family(own: Path) -> None:
    entry = "- {id: S-FLOOR, value: 1, statement: {zh: 一, en: one}, source: H1-3.2-hard, effective: 2024-01-01}\n"
    write(own / "rules" / "notices.yaml", entry)
    assert "already used in screening.yaml" in str(refused(own))


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere") in str(refused(tmp_path / "nowhere"))


def test_an_error_carries_its_parts(own: Path) -> None:
    write(own / "rules" / "grading.yaml", "\n\n- id: G-A\n  then: D\n")
    error = refused(own)
    assert (Path(error.file or "").name, error.rule, error.key, error.line) == ("grading.yaml", "G-A", "then", 4)


# --- channels


def test_the_shipped_channels_are_there_with_all_headers() -> None:
    channels = load_channels()
    assert set(channels) >= {"default", "expo"}
    assert "公司名称" in channels["default"].synonyms["company"]
    assert (channels["expo"].source, channels["default"].source) == ("行业展会", None)


def test_an_own_header_goes_before_the_shipped_ones_and_leaves_other_fields(own: Path) -> None:
    write(own / "channels" / "fair.yaml", "synonyms: {need: [公司名称, 想法]}\nsubject: person\n")
    fair = load_channels(own)["fair"]
    assert fair.synonyms["need"][:2] == ("公司名称", "想法")
    assert "需求描述" in fair.synonyms["need"]
    assert "公司名称" not in fair.synonyms["company"]
    assert (fair.name, fair.subject) == ("fair", "person")


def test_a_channel_is_laid_over_key_by_key_or_removed(own: Path) -> None:
    write(own / "channels" / "default.yaml", "contact_required: true\n")
    write(own / "channels" / "expo.yaml", "enabled: false\n")
    channels = load_channels(own)
    assert (channels["default"].contact_required, channels["default"].kind) == (True, "folder")
    assert "expo" not in channels


def test_the_default_channel_cannot_be_removed(own: Path) -> None:
    write(own / "channels" / "default.yaml", "enabled: false\n")
    assert "the channel default must exist" in str(refused(own))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("kind: pigeon\n", ("mail.yaml:1", "mail", "kind", "'pigeon'")),
        ("subject: company\ncolour: red\n", ("mail.yaml:2", "colour", "unknown key")),
        ("contact_email: a@example.com\n", ("mail.yaml:1", "contact_email", "unknown key")),
        ("- a\n", ("mail.yaml:1", "mapping")),
    ],
)
def test_a_bad_channel_is_named(own: Path, text: str, parts: tuple[str, ...]) -> None:
    write(own / "channels" / "mail.yaml", text)
    message = str(refused(own))
    assert [part for part in parts if part not in message] == []


# --- roster

PERSON = "{id: a, name: 甲, role: 主管, team: 一组, email: a@example.com}"


def test_an_own_roster_takes_the_place_of_the_sample(own: Path) -> None:
    write(own / "roster.yaml", f"people:\n  - {PERSON}\n")
    roster = load_roster(own)
    assert [(person.id, person.role) for person in roster.people] == [("a", "supervisor")]
    assert roster.person("a") == roster.people[0]
    assert roster.person("b") is None


def test_leave_covers_its_first_and_last_day(own: Path) -> None:
    leave = PERSON.replace("}", ", leave: [{from: 2024-03-11, to: 2024-03-15}]}")
    write(own / "roster.yaml", f"people:\n  - {leave}\n")
    person = load_roster(own).people[0]
    days = [date(2024, 3, day) for day in (10, 11, 15, 16)]
    assert [person.is_away(day) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    ("people", "parts"),
    [
        (f"[{PERSON}, {PERSON}]", ("people twice: a",)),
        (f"[{PERSON.replace('}', ', reports_to: z}')}]", ("a: reports_to names 'z'",)),
        (f"[{PERSON.replace('}', ', deputy: a}')}]", ("a: deputy names 'a'",)),
        (f"[{PERSON.replace('主管', '国王')}]", ("people.0.role", "'国王'")),
        (f"[{PERSON.replace('a@example.com', 'nowhere')}]", ("people.0.email",)),
        (f"[{PERSON.replace('}', ', leave: [{from: 2024-03-15, to: 2024-03-11}]}')}]", ("before it begins",)),
        (f"[{PERSON.replace('}', ', leave: [{from: 2024-03-15, to: 9999-12-31}]}')}]", ("at most 5 years", "active")),
        (f"[{PERSON.replace('}', ', hobby: x}')}]", ("people.0.hobby", "unknown key")),
        (
            "[{id: a, name: 甲, role: 主管, team: 一组, email: a@example.com, reports_to: b},"
            " {id: b, name: 乙, role: 主管, team: 一组, email: b@example.com, reports_to: a}]",
            ("leads back",),
        ),
    ],
)
def test_a_bad_roster_is_refused(own: Path, people: str, parts: tuple[str, ...]) -> None:
    write(own / "roster.yaml", f"people: {people}\n")
    message = str(refused(own))
    assert [part for part in (*parts, "roster.yaml") if part not in message] == []


# --- what others rely on


def test_a_configuration_can_be_sent_to_another_process() -> None:
    config = load_config()
    rules = config.rules.at(DAY)
    rules.value("S-FLOOR")
    assert pickle.loads(pickle.dumps(config)) == config
    assert pickle.loads(pickle.dumps(rules)).value("S-FLOOR") == rules.value("S-FLOOR")


def test_rules_are_looked_up_by_kind() -> None:
    rules = load_rules()
    with pytest.raises(ConfigError, match="X-NONE"):
        rules.value("X-NONE")
    with pytest.raises(ConfigError, match="without a value"):
        rules.value("G-A")
    with pytest.raises(ConfigError, match="no hint"):
        rules.hint("G-A")
    assert "文本" in rules.hint("C-PHONE-DIGITS-GONE")
