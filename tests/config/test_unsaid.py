"""A rule that was changed and still says what was shipped is named."""

from pathlib import Path

import pytest

from config.loader import load_config
from config.settings import Settings
from config.unsaid import unsaid
from flows.commands import check_rules

CHANGED = "- {id: K-FIRST, targets: [{when: {grade: A}, within: {hours: 4}}]"


def company(folder: Path, family: str, text: str) -> Path:
    (folder / "rules").mkdir()
    (folder / "rules" / f"{family}.yaml").write_text(text, encoding="utf-8")
    load_config(folder)
    return folder


@pytest.mark.parametrize(
    ("family", "text", "found"),
    [
        ("sla", CHANGED + "}", [("K-FIRST", "targets")]),
        ("sla", CHANGED + ", statement: {zh: A级线索 4 小时内首次联系, en: Within four hours}}", []),
        ("sla", '- {id: K-HOURS, value: ["08:00-20:00"]}', []),
        ("sla", "- {id: K-FIRST, effective: 2024-01-01}", []),
        ("sla", "- {id: K-FIRST, enabled: false}", []),
        ("facts", "- {id: F-TEST-MAILS, add: [probe]}", []),
    ],
    ids=["another target", "with its sentence", "a figure filled in", "nothing", "switched off", "words"],
)
def test_what_was_changed_and_is_not_said_is_named(
    tmp_path: Path, family: str, text: str, found: list[tuple[str, str]]
) -> None:
    assert unsaid(company(tmp_path, family, text)) == found


def test_check_rules_hints_at_it_and_the_shipped_rules_have_none(tmp_path: Path) -> None:
    folder = company(tmp_path, "sla", CHANGED + "}")
    said = check_rules(Settings(_env_file=None, home=tmp_path / "home", config=folder))
    assert "hint: K-FIRST has another `targets`, but readers are still told: A级线索 24 小时内" in said.text
    assert said.data["unsaid"] == [{"rule": "K-FIRST", "key": "targets"}]
    assert unsaid(None) == []
